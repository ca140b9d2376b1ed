// SPDX-License-Identifier: MIT
#include "lib/store/quota_warning.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/mime/address.h"
#include "lib/mime/language.h"
#include "lib/mime/writer.h"

namespace jd::store {
namespace {
constexpr const char* state_file = "quota";
constexpr std::string_view magic = "JDQUOTA1";

std::string amounts(const Usage& u, const Quota& q, std::string_view of, std::string_view messages) {
  std::string r;
  if (q.bytes) r = fmt::format("{} {} {}", size_text(u.bytes), of, size_text(q.bytes));
  if (q.messages) r += fmt::format("{}{} {} {} {}", r.empty() ? "" : ", ", u.messages, of, q.messages, messages);
  return r;
}

std::string warning(const Config& c, const Filled& f, const Usage& u, uint64_t level) {
  bool chinese = c.report_language == "zh" || c.report_language == "both" || (c.report_language == "sender" && mime::seems_chinese(f.message));
  bool english = c.report_language != "zh";
  std::string zh_subject = fmt::format("您的邮箱空间已使用 {}% 以上", level), en_subject = fmt::format("Your mailbox is more than {}% full", level);
  std::string zh = fmt::format("您的邮箱 {} 的空间已使用 {}% 以上：{}。\n\n邮箱满后，新邮件将无法送达，寄给您的邮件会被退回发件人。\n"
                               "请删除不再需要的邮件；“已删除邮件”文件夹中的邮件同样占用空间，请将其清空。\n", f.address, level, amounts(u, f.quota, "/", "封邮件"));
  std::string en = fmt::format("Your mailbox {} is more than {}% full: {}.\n\nWhen it is full, new mail does not reach you any more and is returned to its senders.\n"
                               "Please delete what you do not need; mail in the trash takes space, too, until it is emptied.\n",
                               f.address, level, amounts(u, f.quota, "of", "messages"));
  auto both = [&](const std::string& z, const std::string& e, const char* between) { return !english ? z : !chinese ? e : z + between + e; };
  mime::Headers h;
  h.add("Return-Path", "<>");
  h.add("Date", rfc5322_date(now()));
  std::string from = c.postmaster.empty() ? "postmaster@" + c.hostname : c.postmaster;
  auto at = from.rfind('@');
  h.add("From", mime::format_mailbox("Mail System", from.substr(0, at), at == from.npos ? c.hostname : from.substr(at + 1)));
  h.add("To", "<" + f.address + ">");
  h.add_text("Subject", both(zh_subject, en_subject, " / "));
  h.add("Message-ID", mime::new_message_id(c.hostname));
  h.add("Auto-Submitted", "auto-generated");  // RFC 3834 §5
  return mime::write(h, mime::text_part(both(zh, en, "\n")));
}
}  // namespace

std::optional<QuotaState> read_quota_state(int dir) {
  auto text = file::read_all(dir, state_file, 4096);
  if (!text) return std::nullopt;
  auto w = words(*text);
  if (w.size() != 7 || w[0] != magic) return std::nullopt;
  QuotaState s;
  uint64_t* to[] = {&s.level, &s.told, &s.usage.bytes, &s.quota.bytes, &s.usage.messages, &s.quota.messages};
  for (std::size_t i = 0; i < 6; i++) {
    auto n = to_number(w[i + 1]);
    if (!n) return std::nullopt;
    *to[i] = *n;
  }
  if (s.level < 1 || s.level > 100) return std::nullopt;
  return s;
}

Status write_quota_state(int dir, const QuotaState& s) {
  if (s.level == 0) {
    CHECK(file::unlink(dir, state_file));
    return file::sync_directory(dir);
  }
  return file::write_durable(dir, state_file, fmt::format("{} {} {} {} {} {} {}\n", magic, s.level, s.told, s.usage.bytes, s.quota.bytes, s.usage.messages, s.quota.messages));
}

uint64_t quota_level(const Usage& u, const Quota& q, const std::vector<uint64_t>& levels) {
  auto is_at = [](uint64_t used, uint64_t limit, uint64_t percent) {
    return limit && static_cast<unsigned __int128>(used) * 100 >= static_cast<unsigned __int128>(limit) * percent;
  };
  uint64_t r = 0;
  for (uint64_t l : levels)
    if (is_at(u.bytes, q.bytes, l) || is_at(u.messages, q.messages, l)) r = std::max(r, l);
  return r;
}

Result<uint64_t> warn_if_full(Account& a, const Config& c, const Filled& f) {
  if (!f.quota.limits_account() || c.quota_warn.empty()) return uint64_t{0};
  TRY(Usage u, a.usage());
  if (!quota_level(u, f.quota, c.quota_warn) && ::faccessat(a.dir(), state_file, F_OK, 0) < 0) return uint64_t{0};  // most often
  TRY(auto hold, a.lock().hold());  // of two who fill it one warns
  TRY(u, a.usage());
  Usage before{u.bytes - std::min(u.bytes, f.bytes), u.messages - std::min(u.messages, f.messages)};
  uint64_t level = quota_level(u, f.quota, c.quota_warn), level_before = quota_level(before, f.quota, c.quota_warn);
  auto there = read_quota_state(a.dir());
  QuotaState s = there.value_or(QuotaState{});
  s.level = std::min(s.level, level_before);  // below it since: it is told again
  s.told = std::min(s.told, s.level);
  bool is_new = level > s.level;
  if (is_new) {
    std::string text = warning(c, f, u, level);
    TRY(Folder * inbox, a.folder(inbox_id));
    NewMessage m;
    m.bytes = text;
    CHECK(inbox->append(m, true));
    s.level = level, s.usage = u, s.quota = f.quota;
  }
  if (is_new || s.level != (there ? there->level : 0)) CHECK(write_quota_state(a.dir(), s));
  return is_new ? level : 0;
}

}  // namespace jd::store

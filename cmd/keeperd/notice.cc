// SPDX-License-Identifier: MIT
#include "cmd/keeperd/notice.h"

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/ipc/client.h"
#include "lib/mime/address.h"
#include "lib/mime/writer.h"
#include "lib/queue/envelope.h"
#include "lib/store/lock.h"

namespace jd {
namespace {
constexpr std::size_t most_lines = 1000;

std::string postmaster(const Config& c) { return c.postmaster.empty() ? "postmaster@" + c.hostname : c.postmaster; }

std::string line(const Filling& f) {
  std::string r = fmt::format("  {}  {} %", f.address, f.state.level);
  if (f.state.quota.bytes) r += fmt::format("  {} / {}", size_text(f.state.usage.bytes), size_text(f.state.quota.bytes));
  if (f.state.quota.messages) r += fmt::format("  {} / {}", f.state.usage.messages, f.state.quota.messages);
  return r + "\n";
}

Status note_told(const Filling& f) {
  TRY(Fd dir, file::open(f.path, O_RDONLY | O_DIRECTORY));
  TRY(auto lock, store::AccountLock::open(dir.get()));
  TRY(auto hold, lock.hold());
  auto s = store::read_quota_state(dir.get());
  if (!s || s->level < f.state.level) return {};  // it is emptier already
  s->told = f.state.level;
  return store::write_quota_state(dir.get(), *s);
}
}  // namespace

std::string quota_notice(const Config& c, const std::vector<Filling>& all) {
  bool chinese = c.report_language == "zh" || c.report_language == "both", english = c.report_language != "zh";
  std::string lines;
  for (std::size_t i = 0; i < all.size() && i < most_lines; i++) lines += line(all[i]);
  if (all.size() > most_lines) lines += "  ...\n";
  std::string zh = fmt::format("以下 {} 个邮箱的空间使用量达到了设定的比例，用户已收到提醒：\n\n", all.size());
  std::string en = fmt::format("These mailboxes ({}) came to a level of their quota; their users were told:\n\n", all.size());
  std::string subject = english ? fmt::format("{} mailboxes are filling", all.size()) : "";
  if (chinese) subject = fmt::format("{} 个邮箱即将占满{}{}", all.size(), english ? " / " : "", subject);
  std::string text = (chinese ? zh : "") + (english ? en : "") + lines + "\njdctl quota show\n";
  mime::Headers h;
  h.add("Date", rfc5322_date(now()));
  h.add("From", mime::format_mailbox("Mail System", "MAILER-DAEMON", c.hostname));
  h.add("To", "<" + postmaster(c) + ">");
  h.add_text("Subject", subject);
  h.add("Message-ID", mime::new_message_id(c.hostname));
  h.add("Auto-Submitted", "auto-generated");  // RFC 3834 §5
  return mime::write(h, mime::text_part(text));
}

Status tell_postmaster(const Config& c, const std::string& socket, const std::vector<Filling>& all) {
  queue::Envelope e;
  auto& r = e.recipients.emplace_back();
  r.address = postmaster(c);
  r.notify = queue::notify_never;
  e.with = "local";
  e.received = now();
  std::string message = quota_notice(c, all);
  e.size = message.size();
  e.body = is_ascii(message) ? queue::Body::seven_bit : queue::Body::eight_bit;
  e.smtputf8 = !is_ascii(r.address);
  ipc::Message m("inject");
  for (auto& [k, v] : e.pairs()) m.set(k, v);
  m.set_body(std::move(message));
  ipc::BlockingClient client("queue-inject", socket);
  CHECK(client.call(std::move(m), seconds(30)));
  for (auto& f : all) CHECK(note_told(f));
  return {};
}

}  // namespace jd

// SPDX-License-Identifier: MIT
#include "cmd/jdctl/story.h"

#include <stdlib.h>

#include <algorithm>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/base/time.h"

namespace jd::ctl {
namespace {

struct Words { std::string_view event, english, chinese; };
constexpr Words words_of[] = {
    {"accepted", "accepted[ from {ip}][ ({helo})] by smtpd[ over {tls}][, sent by {user}], {rcpts} recipients, {size}",
     "smtpd 已接收[，来自 {ip}][（{helo}）][，经 {tls} 加密][，发件账户 {user}]，收件人 {rcpts} 个，{size}"},
    {"queued", "on the disk, in the queue as {qid}[, Message-ID {msgid}]", "已写入磁盘，队列编号 {qid}[，Message-ID {msgid}]"},
    {"picked_up", "put into the queue by a program of this machine[ ({user})] from <{from}>, {recipients} recipients, {size}[, Message-ID {msgid}]",
     "由本机程序[（{user}）]放入队列，发件人 <{from}>，收件人 {recipients} 个，{size}[，Message-ID {msgid}]"},
    {"stored", "delivered to {to}: in the mailbox[ as UID {uid}][ (Maildir {maildir})]", "已投递到 {to} 的邮箱[，UID {uid}][（Maildir {maildir}）]"},
    {"delivered_before", "delivered to {to}: it was in the mailbox already", "{to} 的邮箱中已有此邮件，不再重复投递"},
    {"delivered", "delivered to {to}[ (for {alias})][ at {host}]", "已投递给 {to}[（原收件人 {alias}）][，对方主机 {host}]"},
    {"deferred", "{to}[ (for {alias})]: [{host} said: ]{reason}[ ({plain})][; next attempt at {when}]",
     "{to}[（原收件人 {alias}）] 暂时无法投递：[{host} 答复：]{reason}[（{plain}）][；下次尝试时间 {when}]"},
    {"bounced", "{to}[ (for {alias})] failed for good: [{host} said: ]{reason}[ ({plain})]", "{to}[（原收件人 {alias}）] 投递失败，不再尝试：[{host} 答复：]{reason}[（{plain}）]"},
    {"remote_answer", "{to}: {host} took it and said: {text}", "{to}：{host} 已接收，答复：{text}"},
    {"host_failed", "{host}[ ({address})] did not take it: {text}; the next host is tried", "主机 {host}[（{address}）] 未接收：{text}；改试下一台主机"},
    {"tls_failed", "TLS with {host} failed: {what}; tried in clear", "与 {host} 的 TLS 连接失败：{what}；改用明文"},
    {"reported", "the sender was told: report {report}", "已通知发件人：通知邮件 {report}"},
    {"report_failed", "the report to the sender could not be written: {what}; tried again", "给发件人的通知无法写入：{what}；稍后重试"},
    {"dropped", "given up without a word to anybody: {reason}", "已放弃且不再通知任何人：{reason}"},
    {"removed", "it has left the queue[: {by}]", "邮件已离开队列[：{by}]"},
    {"held", "held back until an operator releases it", "已暂停投递，等待管理员放行"},
    {"released", "released by the operator", "管理员已放行"},
    {"redirected", "the operator gave {from} another address: {to}", "管理员已将收件人 {from} 改为 {to}"},
    {"delivery_failed", "{to}: the mailbox could not be written: {what}; tried again", "{to}：邮箱无法写入：{what}；稍后重试"},
    {"mailbox_unavailable", "the mailbox could not be opened: {what}; tried again", "邮箱无法打开：{what}；稍后重试"},
    {"corrupt", "its queue file makes no sense and was moved to queue/corrupt: {what}", "队列文件损坏，已移到 queue/corrupt：{what}"},
};

std::string local_clock(std::string_view ns_or_seconds) {
  auto n = to_number(ns_or_seconds);
  if (!n) return std::string(ns_or_seconds);
  Time t = from_seconds(static_cast<int64_t>(*n));
  Civil c = civil(t, local_offset_minutes(t));
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

// The fields of the line, and a few that are worked out from them.
std::string value(const LogLine& l, std::string_view key, bool zh) {
  if (key == "size") {
    uint64_t n = to_number(l.get("bytes")).value_or(0);
    return size_text(n) + (n >= 1024 ? "" : zh ? " 字节" : " bytes");
  }
  if (key == "when") return l.get("next").empty() ? "" : local_clock(l.get("next"));
  if (key == "alias") return iequals(l.get("original"), l.get("to")) ? "" : std::string(l.get("original"));
  if (key == "plain") return l.get("reason").find(l.get("code")) == std::string_view::npos ? std::string(l.get("code")) : "";
  if (key == "tls") {  // RFC 3848: ESMTPS, ESMTPSA, LMTPS ...
    auto with = l.get("with");
    auto at = with.find("MTP");
    return at != with.npos && with.substr(at + 3).starts_with("S") ? "TLS" : "";
  }
  if (key == "by") return l.get("reason") == "by the operator" ? (zh ? "由管理员删除" : "removed by the operator") : "";
  return std::string(l.get(key));
}

std::string fill(std::string_view pattern, const LogLine& l, bool zh) {
  std::string out, part;
  bool in_part = false, is_empty = false;
  for (std::size_t i = 0; i < pattern.size(); i++) {
    std::string& to = in_part ? part : out;
    if (pattern[i] == '[') {
      in_part = true;
      is_empty = false;
      part.clear();
    } else if (pattern[i] == ']') {
      in_part = false;
      if (!is_empty) out += part;
    } else if (pattern[i] == '{') {
      auto end = pattern.find('}', i);
      std::string v = value(l, pattern.substr(i + 1, end - i - 1), zh);
      is_empty = is_empty || v.empty();
      to += v;
      i = end;
    } else {
      to += pattern[i];
    }
  }
  return out;
}

// Said by qrun of what an agent has said with more words, or the other way round.
bool is_told_elsewhere(const LogLine& l, const std::vector<LogLine>& all) {
  auto said = [&](std::string_view event, std::string_view outcome) {
    return std::any_of(all.begin(), all.end(), [&](auto& o) {
      return o.event == event && o.get("qid") == l.get("qid") && iequals(o.get("to"), l.get("to")) && (outcome.empty() || o.get("outcome") == outcome);
    });
  };
  if (l.event == "delivered") return said("stored", "") || said("delivered_before", "") || said("remote_answer", "delivered");
  if (l.event == "remote_answer" && l.get("outcome") != "delivered") return said("deferred", "") || said("bounced", "");
  if (l.event == "picked_up") return said("queued", "");
  return false;
}
}  // namespace

std::string sentence(const LogLine& l, bool zh) {
  for (auto& w : words_of)
    if (w.event == l.event) {
      // One recipient is not "1 recipients".
      std::string s = fill(zh ? w.chinese : w.english, l, zh);
      if (auto at = s.find(", 1 recipients,"); !zh && at != s.npos) s.erase(at + 13, 1);
      return escape(s).size() == s.size() ? s : [&] {
        std::string clean;  // control bytes from outside do not reach a terminal
        for (char c : s) clean += is_ctl(c) ? '?' : c;
        return clean;
      }();
    }
  std::string r(l.event);
  for (auto& [k, v] : l.fields)
    if (k != "prog" && k != "trace" && k != "qid") r += fmt::format(" {}={}", k, escape(v));
  return r;
}

std::vector<Told> tell(const std::vector<Step>& steps, bool chinese) {
  std::vector<LogLine> lines;
  std::vector<const Step*> of;
  for (auto& s : steps)
    if (auto l = parse_log_line(s.raw)) {
      lines.push_back(std::move(*l));
      of.push_back(&s);
    }
  std::vector<Told> r;
  for (std::size_t i = 0; i < lines.size(); i++) {
    auto& l = lines[i];
    if (is_told_elsewhere(l, lines)) continue;
    Told t{std::string(l.time.substr(0, 19)), of[i]->program, std::string(l.event), sentence(l, chinese), {}};
    for (auto& [k, v] : l.fields) t.fields.emplace_back(k, v);
    r.push_back(std::move(t));
  }
  return r;
}

bool wants_chinese(std::string_view lang) {
  if (!lang.empty()) return istarts_with(lang, "zh");
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"})
    if (const char* v = ::getenv(name); v && *v) return istarts_with(v, "zh");
  return false;
}

}  // namespace jd::ctl

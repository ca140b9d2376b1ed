// SPDX-License-Identifier: MIT
#include "lib/queue/bounce.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/address.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "lib/mime/language.h"
#include "lib/mime/writer.h"

namespace jd::queue {
namespace {
constexpr std::size_t max_text_recipients = 100;

struct Words {
  std::string_view action, english_subject, chinese_subject, english, chinese;
};
constexpr Words words[] = {
    {"failed", "Mail could not be delivered", "邮件无法投递",
     "Your message could not be delivered to the recipients below.  This is final: no further\n"
     "attempt will be made.  The reason given for each is what the mail system of the recipient said.",
     "您的邮件无法投递给下列收件人。这是最终结果，系统不会再次尝试。\n"
     "每个收件人下面是对方邮件系统给出的原因。"},
    {"delayed", "Mail is delayed", "邮件投递延迟",
     "Your message could not be delivered yet to the recipients below.  You need not send it again:\n"
     "further attempts will be made until",
     "您的邮件尚未投递给下列收件人。您不需要重新发送：\n系统会继续尝试，直到"},
    {"delivered", "Mail was delivered", "邮件已送达",
     "Your message was delivered to the recipients below, as you asked to be told.",
     "您的邮件已送达下列收件人（应您的回执要求）。"},
    {"relayed", "Mail was passed on", "邮件已转交",
     "Your message was passed on to the mail systems of the recipients below.  They do not tell when it is\n"
     "delivered: you may hear no more of it.",
     "您的邮件已转交给下列收件人的邮件系统。对方系统不提供送达回执，\n您可能不会再收到通知。"},
};

struct Spoken {
  bool english, chinese;
  std::string both(std::string_view en, std::string_view zh, std::string_view between) const {
    if (!english || !chinese) return std::string(english ? en : zh);
    return fmt::format("{}{}{}", zh, between, en);
  }
};

Spoken spoken(const ReportInput& in) {
  switch (in.language) {
    case ReportLanguage::english: return {true, false};
    case ReportLanguage::chinese: return {false, true};
    case ReportLanguage::both: return {true, true};
    case ReportLanguage::sender: break;
  }
  return {true, mime::seems_chinese(in.original)};
}

std::string explanation(const ReportInput& in, Spoken s) {
  const Words& w = words[static_cast<std::size_t>(in.kind)];
  std::string until = in.kind == ReportKind::delayed ? " " + rfc5322_date(in.give_up) : "";
  std::string t = s.both(fmt::format("This is the mail system at {}.\n\n{}{}\n\n", in.hostname, w.english, until),
                         fmt::format("这是 {} 的邮件系统。\n\n{}{}\n\n", in.hostname, w.chinese, until), "");
  std::size_t n = 0;
  for (auto& r : in.recipients) {
    if (n++ == max_text_recipients) {
      t += fmt::format("... ({})\n", in.recipients.size());
      break;
    }
    t += fmt::format("<{}>", r.address);
    if (!r.first.empty() && r.first != r.address) t += fmt::format(" ({} <{}>)", s.both("for", "代收", " / "), r.first);
    t += "\n";
    if (in.kind == ReportKind::failed || in.kind == ReportKind::delayed)
      t += fmt::format("    {}{}{} {}\n", one_line(r.host), r.host.empty() ? "" : ": ", r.code, one_line(r.text));
    t += "\n";
  }
  return t + fmt::format("{}: {}\n", s.both("Queue id", "队列编号", " / "), in.qid);
}

// "rfc822; a@b", or utf-8 for what is not ASCII (RFC 6533 §3).
std::string typed_address(const std::string& address) {
  return (is_ascii(address) ? "rfc822; " : "utf-8; ") + address;
}

std::string typed_orcpt(const std::string& orcpt) {
  auto parts = split_once(orcpt, ';');
  return parts ? fmt::format("{}; {}", parts->first, parts->second) : typed_address(orcpt);
}

std::string status_code(const ReportInput& in, const ReportedRecipient& r) {
  char first = in.kind == ReportKind::failed ? '5' : in.kind == ReportKind::delayed ? '4' : '2';
  if (r.code.size() < 5 || r.code.size() > 9 || !is_digit(r.code[0]) || r.code[1] != '.')
    return fmt::format("{}.0.0", first);
  // RFC 3464 §2.3.4 with §2.3.3: the class agrees with the action; 4.x.x given up on is a failure.
  return in.kind == ReportKind::failed ? r.code : first + r.code.substr(1);
}

std::vector<mime::Group> status_groups(const ReportInput& in, const Envelope& about) {
  std::vector<mime::Group> groups(1);
  if (!about.envid.empty()) groups[0].emplace_back("Original-Envelope-Id", about.envid);
  groups[0].emplace_back("Reporting-MTA", "dns; " + in.hostname);
  groups[0].emplace_back("X-Queue-Id", in.qid);
  groups[0].emplace_back("Arrival-Date", rfc5322_date(about.received));
  for (auto& r : in.recipients) {
    mime::Group g;
    if (!r.orcpt.empty()) g.emplace_back("Original-Recipient", typed_orcpt(r.orcpt));
    else if (!r.first.empty() && r.first != r.address)
      g.emplace_back("Original-Recipient", typed_address(r.first));
    g.emplace_back("Final-Recipient", typed_address(r.address));
    g.emplace_back("Action", std::string(words[static_cast<std::size_t>(in.kind)].action));
    g.emplace_back("Status", status_code(in, r));
    if (!r.host.empty()) g.emplace_back("Remote-MTA", "dns; " + r.host);
    if (!r.text.empty()) g.emplace_back(r.host.empty() ? "X-Reason" : "Diagnostic-Code",
                                        (r.host.empty() ? "" : "smtp; ") + r.text);
    if (in.kind == ReportKind::delayed)
      g.emplace_back("Will-Retry-Until", rfc5322_date(in.give_up));
    groups.push_back(std::move(g));
  }
  return groups;
}

mime::OutPart returned(const ReportInput& in, const Envelope& about) {
  bool whole = in.kind == ReportKind::failed && about.ret == Return::full && !about.requiretls && in.is_whole &&
               in.original.size() <= max_returned_bytes;
  if (whole) return mime::message_part(in.original);
  return mime::header_part(in.original.substr(
      0, std::min(mime::header_size(in.original), max_returned_bytes)));
}

}  // namespace

Report make_report(const ReportInput& in, const Envelope& about, const std::string& to) {
  const Words& w = words[static_cast<std::size_t>(in.kind)];
  mime::Headers h;
  h.add("Date", rfc5322_date(in.now));
  h.add("From", mime::format_mailbox("Mail Delivery System", "MAILER-DAEMON", in.hostname));
  h.add("To", "<" + to + ">");
  Spoken language = spoken(in);
  h.add_text("Subject", language.both(w.english_subject, w.chinese_subject, " / "));
  h.add("Message-ID", mime::new_message_id(in.hostname));
  if (auto id = mime::find(in.original, "message-id")) {
    h.add("In-Reply-To", mime::unfold(*id));
    h.add("References", mime::unfold(*id));
  }
  h.add("Auto-Submitted", "auto-replied");  // RFC 3834 §5
  Report r;
  r.message = mime::write(h, mime::report("delivery-status", {mime::text_part(explanation(in, language)),
                                          mime::status_part(status_groups(in, about)),
                                          returned(in, about)}));
  r.envelope.recipients.emplace_back().address = to;
  r.envelope.recipients.back().notify = notify_never;  // RFC 3461 §6: no report about a report
  r.envelope.body = is_ascii(r.message) ? Body::seven_bit : Body::eight_bit;
  r.envelope.smtputf8 = about.smtputf8 || !is_ascii(to);
  r.envelope.requiretls = about.requiretls;  // RFC 8689 §5: as the message, and its header only
  r.envelope.with = "local";
  r.envelope.received = in.now;
  r.envelope.size = r.message.size();
  r.about = in.qid;
  return r;
}

bool is_double_bounce(const Envelope& e) {
  return std::any_of(e.other.begin(), e.other.end(), [](auto& p) { return p.first == "double"; });
}

void mark_double_bounce(Envelope& e) { e.other.emplace_back("double", "1"); }

}  // namespace jd::queue

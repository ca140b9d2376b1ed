// SPDX-License-Identifier: MIT
#include "lib/smtp/parameters.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/smtp/xtext.h"

namespace jd::smtp {
namespace {
using Refusal = std::optional<Reply>;
constexpr std::size_t max_orcpt = 500, max_envid = 100;  // RFC 3461 §4.2, 4.4

Refusal wrong(std::string_view text) { return Reply{501, "5.5.4", std::string(text)}; }
Refusal unknown(std::string_view key) { return Reply{555, "5.5.4", fmt::format("unknown parameter {}", escape(key.substr(0, 40)))}; }

struct Mail {
  const Offered& offered;
  MailParameters& to;
  queue::Envelope& e;
};

Refusal size(Mail& m, std::string_view value) {
  auto n = value.size() <= 20 ? to_number(value) : std::nullopt;  // RFC 1870 §4
  if (!n) return wrong("SIZE=number");
  m.to.declared_size = *n;
  return {};
}

Refusal body(Mail& m, std::string_view value) {
  if (iequals(value, "7BIT")) m.e.body = queue::Body::seven_bit;
  else if (iequals(value, "8BITMIME")) m.e.body = queue::Body::eight_bit;
  else if (iequals(value, "BINARYMIME")) m.e.body = queue::Body::binary;
  else return wrong("BODY=7BIT, BODY=8BITMIME or BODY=BINARYMIME");
  return {};
}

Refusal smtputf8(Mail& m, std::string_view value) {
  if (!value.empty()) return wrong("SMTPUTF8 has no value");
  m.e.smtputf8 = true;
  return {};
}

Refusal ret(Mail& m, std::string_view value) {
  if (iequals(value, "FULL")) m.e.ret = queue::Return::full;
  else if (iequals(value, "HDRS")) m.e.ret = queue::Return::headers;
  else return wrong("RET=FULL or RET=HDRS");
  return {};
}

Refusal envid(Mail& m, std::string_view value) {
  if (value.empty() || value.size() > max_envid || !is_xtext(value)) return wrong("ENVID=xtext, at most 100 characters");
  m.e.envid = value;
  return {};
}

// RFC 4954 §5: heard, and not believed.
Refusal auth(Mail&, std::string_view value) {
  if (value.empty() || value.size() > max_orcpt || (value != "<>" && !is_xtext(value))) return wrong("AUTH=xtext or AUTH=<>");
  return {};
}

Refusal requiretls(Mail& m, std::string_view value) {
  if (!value.empty()) return wrong("REQUIRETLS has no value");
  // RFC 8689 §4.1: what came here in clear cannot ask for it.
  if (!m.offered.secured) return Reply{530, "5.7.0", "REQUIRETLS is for sessions in TLS: say STARTTLS first"};
  m.e.requiretls = true;
  return {};
}

Refusal hold(Mail& m, Time until) {
  if (m.e.hold_until.ns) return wrong("HOLDFOR or HOLDUNTIL, and once");
  if (until > now() + m.offered.max_hold) return wrong(fmt::format("a message is held for {} at the most", span_text(m.offered.max_hold)));
  m.e.hold_until = until;
  return {};
}

Refusal hold_for(Mail& m, std::string_view value) {
  if (m.offered.max_hold.ns == 0) return unknown("HOLDFOR");
  auto n = value.size() <= 9 ? to_number(value) : std::nullopt;
  if (!n) return wrong("HOLDFOR=seconds");
  return hold(m, now() + seconds(static_cast<int64_t>(*n)));
}

Refusal hold_until(Mail& m, std::string_view value) {
  if (m.offered.max_hold.ns == 0) return unknown("HOLDUNTIL");
  auto t = parse_rfc3339(value);
  if (!t) return wrong("HOLDUNTIL=date-time, such as 2027-01-31T09:00:00Z");
  return hold(m, *t);
}

// RFC 2852 §4: BY=seconds;mode, with a sign perhaps, mode R or N, and T behind it.
Refusal by(Mail& m, std::string_view value) {
  auto bad = [] { return wrong("BY=seconds;R, BY=seconds;N, with T behind it for a trace"); };
  auto pair = split_once(value, ';');
  if (!pair || pair->second.empty() || pair->second.size() > 2) return bad();
  auto [time, mode] = *pair;
  bool is_negative = time.starts_with('-');
  if (is_negative || time.starts_with('+')) time.remove_prefix(1);
  auto n = time.size() <= 9 ? to_number(time) : std::nullopt;
  char what = to_upper(mode[0]);
  if (!n || (what != 'R' && what != 'N') || (mode.size() == 2 && to_upper(mode[1]) != 'T')) return bad();
  Span in = seconds(static_cast<int64_t>(*n)) * (is_negative ? -1 : 1);
  bool is_return = what == 'R';
  if (is_return && in.ns <= 0) return wrong("BY: the time is over already");
  // What cannot be promised is refused now: the sender may have another way.
  if (is_return && in < m.offered.min_by)
    return Reply{555, "5.5.4", fmt::format("BY: less than {} cannot be promised", span_text(m.offered.min_by))};
  m.e.deliver_by = now() + in;
  m.e.by_return = is_return;
  m.e.by_trace = mode.size() == 2;
  return {};
}

struct MailName {
  std::string_view name;
  Refusal (*take)(Mail&, std::string_view);
};
constexpr MailName mail_names[] = {{"SIZE", size},       {"BODY", body},       {"SMTPUTF8", smtputf8},
                                   {"RET", ret},         {"ENVID", envid},     {"AUTH", auth},
                                   {"HOLDFOR", hold_for}, {"HOLDUNTIL", hold_until}, {"BY", by},
                                   {"REQUIRETLS", requiretls}};

Refusal notify(queue::Recipient& r, std::string_view value) {
  auto n = queue::parse_notify(value);
  if (!n) return wrong("NOTIFY=NEVER, or a list of SUCCESS, FAILURE, DELAY");
  r.notify = *n;
  return {};
}

// RFC 3461 §4.2: addr-type ";" xtext; of type utf-8 (RFC 6533 §3) UTF-8 may stand as it is.
Refusal orcpt(queue::Recipient& r, std::string_view value) {
  auto pair = split_once(value, ';');
  bool good = pair && value.size() <= max_orcpt && !pair->first.empty() && !pair->second.empty() &&
              std::all_of(pair->first.begin(), pair->first.end(), [](char c) { return is_alnum(c) || c == '-'; });
  if (good && iequals(pair->first, "utf-8"))
    good = is_utf8(pair->second) && std::none_of(pair->second.begin(), pair->second.end(), [](char c) { return is_ctl(c) || c == ' '; });
  else good = good && is_xtext(pair->second);
  if (!good) return wrong("ORCPT=type;address in xtext, at most 500 characters");
  r.orcpt = value;
  return {};
}

struct RcptName {
  std::string_view name;
  Refusal (*take)(queue::Recipient&, std::string_view);
};
constexpr RcptName rcpt_names[] = {{"NOTIFY", notify}, {"ORCPT", orcpt}};

template <class Names, class To>
Refusal read(std::string_view text, const Offered& offered, const Names& names, To& to) {
  unsigned seen = 0;
  while (!(text = trim(text)).empty()) {
    auto end = std::min(text.find(' '), text.size());
    auto word = text.substr(0, end);
    text.remove_prefix(end);
    if (!offered.extended) return Reply{555, "5.5.4", "parameters need EHLO"};
    auto equal = std::min(word.find('='), word.size());
    auto key = word.substr(0, equal), value = equal < word.size() ? word.substr(equal + 1) : std::string_view();
    auto known = std::find_if(std::begin(names), std::end(names), [&](auto& n) { return iequals(n.name, key); });
    if (known == std::end(names)) return unknown(key);
    unsigned bit = 1u << (known - std::begin(names));
    if (seen & bit) return wrong(fmt::format("{} twice", known->name));
    seen |= bit;
    if (equal < word.size() && value.empty()) return wrong(fmt::format("{}= has no value", known->name));
    if (Refusal r = known->take(to, value)) return r;
  }
  return {};
}
}  // namespace

std::optional<Reply> read_mail_parameters(std::string_view text, const Offered& offered, MailParameters& to) {
  Mail m{offered, to, to.envelope};
  return read(text, offered, mail_names, m);
}

std::optional<Reply> read_rcpt_parameters(std::string_view text, const Offered& offered, queue::Recipient& to) {
  return read(text, offered, rcpt_names, to);
}

std::optional<Time> parse_rfc3339(std::string_view s) {
  if (s.size() < 20 || s.size() > 40 || s[4] != '-' || s[7] != '-' || to_upper(s[10]) != 'T' || s[13] != ':' || s[16] != ':') return std::nullopt;
  auto number = [&](std::size_t at, std::size_t length, int least, int most) -> int {
    auto n = to_number(s.substr(at, length));
    return n && *n >= static_cast<uint64_t>(least) && *n <= static_cast<uint64_t>(most) ? static_cast<int>(*n) : -1;
  };
  Civil c{number(0, 4, 1970, 2200), number(5, 2, 1, 12), number(8, 2, 1, 31),
          number(11, 2, 0, 23), number(14, 2, 0, 59), number(17, 2, 0, 60), 0};
  if (c.year < 0 || c.month < 0 || c.day < 0 || c.hour < 0 || c.minute < 0 || c.second < 0) return std::nullopt;
  std::size_t at = 19;
  if (s[at] == '.') {
    std::size_t digits = ++at;
    while (at < s.size() && is_digit(s[at])) at++;
    if (at == digits) return std::nullopt;
  }
  if (at >= s.size()) return std::nullopt;
  int offset = 0;
  if (to_upper(s[at]) != 'Z') {
    if ((s[at] != '+' && s[at] != '-') || s.size() != at + 6 || s[at + 3] != ':') return std::nullopt;
    int h = number(at + 1, 2, 0, 23), m = number(at + 4, 2, 0, 59);
    if (h < 0 || m < 0) return std::nullopt;
    offset = (h * 60 + m) * (s[at] == '-' ? -1 : 1);
  } else if (s.size() != at + 1) {
    return std::nullopt;
  }
  Time t = from_civil(c, offset);
  // A day that the month does not have comes back as another one.
  Civil back = civil(t, offset);
  if (back.day != c.day && c.second < 60) return std::nullopt;
  return t;
}

}  // namespace jd::smtp

// SPDX-License-Identifier: MIT
// The commands of RFC 5321 §4.1 and its extensions; Server's state is in server.h.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/smtp/address.h"
#include "lib/smtp/server.h"

namespace jd::smtp {

void Server::command(std::string_view line) {
  auto space = line.find(' ');
  std::string verb = upper(line.substr(0, space));
  auto argument = space == line.npos ? std::string_view() : trim(line.substr(space + 1));
  if (line.find('\0') != line.npos) return error(500, "5.5.2", "a command must not have a NUL");
  if (o_.kind == Kind::lmtp ? verb == "LHLO" : verb == "EHLO") return hello(argument, true);
  if (verb == "HELO" && o_.kind != Kind::lmtp) return hello(argument, false);
  if (verb == "MAIL") return mail(argument);
  if (verb == "RCPT") return rcpt(argument);
  if (verb == "DATA") return data(argument);
  if (verb == "BDAT") return bdat(argument);
  if (verb == "AUTH") return auth(argument);
  if (verb == "STARTTLS") return starttls(argument);
  if (verb == "RSET") {
    if (!argument.empty()) return error(501, "5.5.4", "RSET takes no argument");
    reset();
    return reply(250, "2.0.0", "ok");
  }
  if (verb == "NOOP") return reply(250, "2.0.0", "ok");
  if (verb == "VRFY") {
    if (argument.empty()) return error(501, "5.5.4", "VRFY needs a name");
    return reply(252, "2.1.5", "send the message and see");
  }
  if (verb == "EXPN") return error(502, "5.5.1", "lists are not shown");
  if (verb == "HELP") return reply(214, "2.0.0", "jdmail; commands as in RFC 5321, see EHLO for extensions");
  if (verb == "QUIT") {
    reply(221, "2.0.0", fmt::format("{} good bye", o_.hostname));
    wants_ = Wants::close;
    return;
  }
  // A browser or a proxy that was made to talk to us: leave at once.
  if (verb == "GET" || verb == "POST" || verb == "CONNECT" || verb == "HOST:") {
    reply(421, "4.7.0", "this is no web server");
    wants_ = Wants::close;
    return;
  }
  error(500, "5.5.1", "unknown command");
}

void Server::hello(std::string_view argument, bool is_extended) {
  if (argument.empty() || argument.size() > 255 || std::any_of(argument.begin(), argument.end(), [](char c) { return is_ctl(c) || c == ' '; }))
    return error(501, "5.5.4", "say your host name");
  reset();
  helo_ = argument;
  extended_ = is_extended;
  if (!is_extended) return reply(250, "", o_.hostname);
  std::string text = o_.hostname + "\nPIPELINING\nSIZE " + fmt::format("{}", o_.max_message) + "\n8BITMIME\nSMTPUTF8\nENHANCEDSTATUSCODES\nCHUNKING\nDSN";
  if (o_.has_tls && !o_.is_secured) text += "\nSTARTTLS";
  if (may_auth() && o_.kind != Kind::lmtp) {
    text += "\nAUTH";
    for (auto& m : auth::mechanisms()) text += " " + m;
  }
  reply(250, "", text);
}

void Server::mail(std::string_view a) {
  if (helo_.empty()) return error(503, "5.5.1", o_.kind == Kind::lmtp ? "say LHLO first" : "say EHLO first");
  if (has_mail_) return error(503, "5.5.1", "one message at a time: MAIL was given already");
  if (o_.kind == Kind::submission && user_.empty() && !o_.may_relay) return error(530, "5.7.0", "log in first");
  if (!istarts_with(a, "FROM:")) return error(501, "5.5.4", "MAIL FROM:<address>");
  a = trim(a.substr(5));
  auto path = take_path(a);
  if (!path || (!a.empty() && a[0] != ' ') || path->address == "postmaster") return error(501, "5.1.7", "this is no address: MAIL FROM:<user@example.org>");
  reset();
  for (auto p : words(a)) {
    auto pair = split_once(p, '=');
    if (!mail_parameter(pair ? pair->first : p, pair ? pair->second : "")) {
      reset();
      return;
    }
  }
  if (path->needs_utf8 && !envelope_.smtputf8) return error(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8");
  if (declared_size_ > o_.max_message)
    return error(552, "5.3.4", fmt::format("message of {} is larger than the {} allowed", size_text(declared_size_), size_text(o_.max_message)));
  envelope_.reverse_path = path->address;
  has_mail_ = true;
  reply(250, "2.1.0", "sender ok");
}

// Answers and returns false when the parameter is wrong.
bool Server::mail_parameter(std::string_view key, std::string_view value) {
  auto wrong = [&](std::string_view text) {
    error(501, "5.5.4", text);
    return false;
  };
  if (!extended_) {
    error(555, "5.5.4", "parameters need EHLO");
    return false;
  }
  if (iequals(key, "SIZE")) {
    auto n = to_number(value);
    if (!n) return wrong("SIZE=number");
    declared_size_ = *n;
    return true;
  }
  if (iequals(key, "BODY")) {
    if (iequals(value, "7BIT")) envelope_.body = queue::Body::seven_bit;
    else if (iequals(value, "8BITMIME")) envelope_.body = queue::Body::eight_bit;
    else return wrong("BODY=7BIT or BODY=8BITMIME");
    return true;
  }
  if (iequals(key, "SMTPUTF8") && value.empty()) return envelope_.smtputf8 = true;
  if (iequals(key, "RET")) {
    if (iequals(value, "FULL")) envelope_.ret = queue::Return::full;
    else if (iequals(value, "HDRS")) envelope_.ret = queue::Return::headers;
    else return wrong("RET=FULL or RET=HDRS");
    return true;
  }
  if (iequals(key, "ENVID")) {
    if (value.empty() || value.size() > 100 || !is_ascii(value)) return wrong("ENVID=xtext, at most 100 characters");
    envelope_.envid = value;
    return true;
  }
  if (iequals(key, "AUTH")) return true;  // RFC 4954 §5: heard, and not believed
  error(555, "5.5.4", fmt::format("unknown parameter {}", escape(key.substr(0, 40))));
  return false;
}

void Server::rcpt(std::string_view a) {
  if (!has_mail_) return error(503, "5.5.1", "say MAIL first");
  if (!istarts_with(a, "TO:")) return error(501, "5.5.4", "RCPT TO:<address>");
  if (envelope_.recipients.size() >= o_.max_recipients)
    return error(452, "4.5.3", fmt::format("no more than {} recipients at once: send to the rest in another message", o_.max_recipients));
  a = trim(a.substr(3));
  auto path = take_path(a);
  if (!path || path->address.empty() || (!a.empty() && a[0] != ' ')) return error(501, "5.1.3", "this is no address: RCPT TO:<user@example.org>");
  if (path->needs_utf8 && !envelope_.smtputf8) return error(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8");
  queue::Recipient r;
  r.address = path->address;
  for (auto p : words(a)) {
    auto pair = split_once(p, '=');
    if (!rcpt_parameter(r, pair ? pair->first : p, pair ? pair->second : "")) return;
  }
  pending_ = std::move(r);
  wants_ = Wants::lookup;
}

bool Server::rcpt_parameter(queue::Recipient& r, std::string_view key, std::string_view value) {
  if (!extended_) {
    error(555, "5.5.4", "parameters need EHLO");
    return false;
  }
  if (iequals(key, "NOTIFY")) {
    auto n = queue::parse_notify(value);
    if (n) r.notify = *n;
    else error(501, "5.5.4", "NOTIFY=NEVER, or a list of SUCCESS, FAILURE, DELAY");
    return n.has_value();
  }
  if (iequals(key, "ORCPT")) {
    bool good = value.size() <= 500 && value.find(';') != value.npos && is_utf8(value);
    if (good) r.orcpt = value;
    else error(501, "5.5.4", "ORCPT=type;address");
    return good;
  }
  error(555, "5.5.4", fmt::format("unknown parameter {}", escape(key.substr(0, 40))));
  return false;
}

// RFC 2033 §4.2: LMTP's code is 503; RFC 5321 §3.3 has 554.
void Server::no_recipients() { error(o_.kind == Kind::lmtp ? 503 : 554, "5.5.1", "no valid recipients"); }

void Server::data(std::string_view a) {
  if (!a.empty()) return error(501, "5.5.4", "DATA takes no argument");
  if (!has_mail_) return error(503, "5.5.1", "say MAIL first");
  if (envelope_.recipients.empty()) return no_recipients();
  if (!message_.empty() || chunk_refused_) return error(503, "5.5.1", "BDAT has begun: go on with BDAT, or RSET");
  begin_message();
  reader_ = std::make_unique<DataReader>(o_.max_message);
  mode_ = Mode::data;
  reply(354, "", "go ahead, end with a line that has only a dot");
}

void Server::bdat(std::string_view a) {
  auto w = words(a);
  std::optional<uint64_t> size;
  if (!w.empty()) size = to_number(w[0]);
  bool last = w.size() == 2 && iequals(w[1], "LAST");
  if (!size.has_value() || w.size() > 2 || (w.size() == 2 && !last)) return error(501, "5.5.4", "BDAT size [LAST]");
  chunk_left_ = *size;
  last_chunk_ = last;
  // The chunk comes whatever we answer (RFC 3030 §2): it is read and thrown away when refused.
  if (!has_mail_ || envelope_.recipients.empty()) {
    chunk_refused_ = true;
    if (has_mail_) no_recipients();
    else error(503, "5.5.1", "say MAIL first");
  } else if (chunk_refused_ || *size > o_.max_message || message_.size() + *size > o_.max_message) {
    chunk_refused_ = true;
    message_.clear();
    error(552, "5.3.4", fmt::format("message is larger than the {} allowed", size_text(o_.max_message)));
  } else if (message_.empty()) {
    begin_message();
  }
  mode_ = Mode::bdat;
  if (chunk_left_ > 0) return;
  mode_ = Mode::command;
  if (chunk_refused_) return;
  if (last_chunk_) end_message();
  else reply(250, "2.0.0", "0 octets received");
}

void Server::auth(std::string_view a) {
  if (o_.kind == Kind::lmtp) return error(502, "5.5.1", "unknown command");
  if (helo_.empty() || !extended_) return error(503, "5.5.1", "say EHLO first");
  if (!user_.empty()) return error(503, "5.5.1", "you are logged in");
  if (has_mail_) return error(503, "5.5.1", "not within a message");
  if (!may_auth()) return error(538, "5.7.11", "say STARTTLS first: passwords are taken over TLS only");
  auto w = words(a);
  if (w.empty() || w.size() > 2) return error(501, "5.5.4", "AUTH mechanism [initial response]");
  exchange_ = auth::Exchange::start(w[0]);
  if (!exchange_) return error(504, "5.5.4", "unknown mechanism: PLAIN and LOGIN are known");
  auth_step(exchange_->first(w.size() == 2 ? std::optional<std::string_view>(w[1]) : std::nullopt));
}

void Server::starttls(std::string_view a) {
  if (!a.empty()) return error(501, "5.5.4", "STARTTLS takes no argument");
  if (o_.is_secured) return error(503, "5.5.1", "TLS is on");
  if (!o_.has_tls) return error(454, "4.7.0", "TLS is not available here");
  reply(220, "2.0.0", "go ahead");
  wants_ = Wants::starttls;
}

}  // namespace jd::smtp

// SPDX-License-Identifier: MIT
// The commands of RFC 5321 §4.1 about the session; those of a transaction are in transaction.cc.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/smtp/address.h"
#include "lib/smtp/server.h"

namespace jd::smtp {
namespace {
constexpr unsigned max_idle_talk = 100;
}

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
  if (verb == "XCLIENT") return xclient(argument);
  if (verb == "XFORWARD") return xforward(argument);
  if (is_idle_talk()) return;
  if (verb == "ETRN") return etrn(argument);
  if (verb == "RSET") {
    if (!argument.empty()) return error(501, "5.5.4", "RSET takes no argument");
    reset();
    return reply(250, "2.0.0", "ok");
  }
  if (verb == "NOOP") return reply(250, "2.0.0", "ok");
  if (verb == "VRFY") return vrfy(argument);
  if (verb == "EXPN") return error(502, "5.5.1", "lists are not shown");
  if (verb == "HELP") return reply(214, "2.0.0", "jdmail; commands as in RFC 5321, see EHLO for extensions");
  if (verb == "QUIT") {
    if (!argument.empty()) return error(501, "5.5.4", "QUIT takes no argument");
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

// Commands that lead to nothing hold a connection as well as errors do.
bool Server::is_idle_talk() {
  if (++idle_talk_ <= max_idle_talk) return false;
  if (++errors_ < o_.max_errors) return false;
  dismiss("too many commands and no mail, good bye", "4.7.0");
  if (o_.guard) o_.guard->refused(*this, Guard::What::session, {421, "4.7.0", "too many commands and no mail"});
  return true;
}

void Server::hello(std::string_view argument, bool is_extended) {
  if (is_idle_talk()) return;
  // Names of many odd kinds are said by hosts that mean well; what cannot stand in Received is refused.
  if (argument.empty() || argument.size() > 255 || std::any_of(argument.begin(), argument.end(), [](char c) { return is_ctl(c) || c == ' '; }))
    return error(501, "5.5.4", "say your host name");
  // RFC 6531 §3.7.1: before it is known that we take UTF-8, a name is in A-labels.
  if (!is_ascii(argument)) return error(501, "5.5.4", "say your host name in ASCII (A-labels)");
  if (argument[0] == '[' && !is_domain(argument)) return error(501, "5.5.4", "this is no address literal: [192.0.2.1] or [IPv6:2001:db8::1]");
  reset();
  helo_ = argument;
  extended_ = is_extended;
  if (!is_extended) return reply(250, "", o_.hostname);
  std::string text = fmt::format("{}\nPIPELINING\nSIZE {}\n8BITMIME\nSMTPUTF8\nENHANCEDSTATUSCODES\nCHUNKING\nBINARYMIME\nDSN\nDELIVERBY {}\nLIMITS RCPTMAX={}",
                                 o_.hostname, o_.max_message, o_.min_by.seconds(), o_.max_recipients);
  if (o_.max_messages) text += fmt::format(" MAILMAX={}", o_.max_messages);
  if (o_.is_secured) text += "\nREQUIRETLS";  // RFC 8689 §2: in TLS only
  if (o_.may_etrn) text += "\nETRN";
  if (o_.may_xclient) text += fmt::format("\nXCLIENT {}\nXFORWARD {}", attribute_names(Speech::xclient), attribute_names(Speech::xforward));
  if (may_hold()) text += fmt::format("\nFUTURERELEASE {} {}", o_.max_hold.seconds(), iso8601(now() + o_.max_hold).substr(0, 19) + "Z");
  if (o_.has_tls && !o_.is_secured) text += "\nSTARTTLS";
  if (may_auth() && o_.kind != Kind::lmtp) {
    text += "\nAUTH";
    for (auto& m : auth::mechanisms(offer())) text += " " + m;
  }
  reply(250, "", text);
}

// RFC 5321 §7.3: no answer tells who exists.
void Server::vrfy(std::string_view a) {
  bool is_utf8_asked = false;
  if (auto space = a.rfind(' '); space != a.npos && iequals(a.substr(space + 1), "SMTPUTF8")) {  // RFC 6531 §3.7.4.2
    is_utf8_asked = true;
    a = trim(a.substr(0, space));
  }
  if (a.empty()) return error(501, "5.5.4", "VRFY needs a name");
  if (!is_utf8(a)) return error(501, "5.5.2", "this is no UTF-8");
  if (!is_ascii(a) && !is_utf8_asked) return error(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8");
  reply(252, "2.1.5", "send the message and see");
}

void Server::auth(std::string_view a) {
  if (o_.kind == Kind::lmtp) return error(502, "5.5.1", "unknown command");
  if (helo_.empty() || !extended_) return error(503, "5.5.1", "say EHLO first");
  if (!user_.empty()) return error(503, "5.5.1", "you are logged in");
  if (has_mail_) return error(503, "5.5.1", "not within a message");
  if (!may_auth()) return error(538, "5.7.11", "say STARTTLS first: passwords are taken over TLS only");
  auto w = words(a);
  if (w.empty() || w.size() > 2) return error(501, "5.5.4", "AUTH mechanism [initial response]");
  auto started = auth::Exchange::start(w[0], offer());
  exchange_ = started ? std::make_unique<auth::Exchange>(std::move(*started)) : nullptr;
  if (!exchange_) return error(504, "5.5.4", "unknown mechanism: EHLO lists those that are known");
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

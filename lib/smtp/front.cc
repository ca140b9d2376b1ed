// SPDX-License-Identifier: MIT
// XCLIENT and XFORWARD: a front end that the operator trusts speaks for its client.  ETRN (RFC 1985).
#include "lib/base/text.h"
#include "lib/smtp/address.h"
#include "lib/smtp/server.h"

namespace jd::smtp {

void Server::xclient(std::string_view a) {
  if (!o_.may_xclient) return error(550, "5.7.0", "you may not speak for others");
  if (has_mail_) return error(503, "5.5.1", "not within a message");
  Attributes said;
  if (!read_attributes(Speech::xclient, a, said)) return error(501, "5.5.4", "XCLIENT attribute=value ...");
  // The session begins anew with what is now known of the client.
  reset();
  helo_.clear();
  user_.clear();
  extended_ = false;
  forwarded_.reset();
  if (said.ip) {
    o_.client_ip = *said.ip;
    o_.may_relay = o_.may_etrn = o_.may_xclient = o_.may_auth_in_clear = false;
    if (o_.guard && !said.ip->empty()) o_.guard->client_is(o_);
  }
  if (said.name) client_name_ = *said.name;
  if (said.helo) helo_ = *said.helo;
  if (said.proto) extended_ = iequals(*said.proto, "ESMTP");
  if (said.login) user_ = *said.login;
  greet();
}

void Server::xforward(std::string_view a) {
  if (!o_.may_xclient) return error(550, "5.7.0", "you may not speak for others");
  if (has_mail_) return error(503, "5.5.1", "not within a message");
  if (!forwarded_) forwarded_ = std::make_unique<Attributes>();
  Attributes said;
  if (!read_attributes(Speech::xforward, a, said)) return error(501, "5.5.4", "XFORWARD attribute=value ...");
  // Said in several lines when one would be too long.
  for (auto m : {&Attributes::name, &Attributes::ip, &Attributes::port, &Attributes::proto, &Attributes::helo, &Attributes::ident, &Attributes::source})
    if (said.*m) (*forwarded_).*m = said.*m;
  reply(250, "2.0.0", "ok");
}

void Server::etrn(std::string_view a) {
  if (helo_.empty()) return error(503, "5.5.1", "say EHLO first");
  if (has_mail_) return error(503, "5.5.1", "not within a message");
  if (a.empty()) return error(501, "5.5.4", "ETRN domain");
  bool with_below = a[0] == '@', is_queue = a[0] == '#';
  std::string_view name = with_below || is_queue ? a.substr(1) : a;
  if (!is_domain(name) || !is_ascii(name) || name[0] == '[') return error(501, "5.5.4", "this is no domain: ETRN example.org, ETRN @example.org");
  // RFC 1985 §5.3: 459 is for whom the node is not to be started.
  if (!o_.may_etrn) return error(459, "4.7.1", fmt::format("node {} not allowed: your address may not ask for mail", name));
  if (is_queue) return error(459, "4.7.1", fmt::format("node #{} not allowed: there are no queues with names here", name));
  pending().address = lower(name);
  etrn_below_ = with_below;
  wants_ = Wants::etrn;
}

// RFC 1985 §5.2
void Server::etrn_started(const Result<uint64_t>& messages) {
  wants_ = Wants::bytes;
  if (!messages) return error(458, "4.3.0", fmt::format("unable to queue messages for node {}; try again later", pending().address));
  if (*messages == 0) return reply(251, "2.0.0", fmt::format("OK, no messages waiting for node {}", pending().address));
  reply(253, "2.0.0", fmt::format("OK, {} pending messages for node {} started", *messages, pending().address));
}

}  // namespace jd::smtp

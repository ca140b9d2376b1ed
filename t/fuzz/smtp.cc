// SPDX-License-Identifier: MIT
// Any bytes at the SMTP server's engine, in two pieces: it must stay within its bounds and end.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/base/text.h"
#include "lib/smtp/server.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  using namespace jd::smtp;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  ServerOptions o;
  o.hostname = "mail.example.test";
  o.client_ip = "192.0.2.1";
  o.has_tls = true;
  o.may_auth_in_clear = true;
  o.max_message = 10'000;
  o.check_sender = o.check_header_from = true;
  o.kind = size % 3 == 0 ? Kind::smtp : size % 3 == 1 ? Kind::submission : Kind::lmtp;
  o.may_relay = o.may_etrn = size % 2;
  o.may_xclient = size % 5 == 0;
  o.max_hold = size % 7 ? hours(1) : Span{};
  o.tarpit = size % 11 ? Span{} : seconds(1);
  o.hide_client = size % 4 == 0;
  // The attributes by themselves, too: what is taken has no control bytes.
  for (auto speech : {Speech::xclient, Speech::xforward}) {
    Attributes a;
    if (!read_attributes(speech, in.substr(0, 2048), a)) continue;
    for (auto& v : {a.name, a.ip, a.port, a.proto, a.helo, a.login, a.dest_ip, a.dest_port, a.ident, a.source})
      if (v && std::any_of(v->begin(), v->end(), is_ctl)) abort();
  }
  Server s(o);
  std::size_t used = 0;
  for (int turns = 0; used < in.size() && turns < 10'000; turns++) {
    used += s.feed(in.substr(used, turns % 2 ? std::string_view::npos : 3));
    switch (s.wants()) {
      case Server::Wants::lookup: turns % 3 ? s.recipient_is(std::nullopt) : s.recipient_is_remote(); break;
      case Server::Wants::login: turns % 5 ? s.login_failed({535, "5.7.8", "no"}) : s.logged_in("ann@example.test"); break;
      case Server::Wants::sender: s.sender_is(turns % 3 != 0); break;
      case Server::Wants::commit: s.take_message(); s.committed("id"); break;
      case Server::Wants::starttls: s.secured("TLSv1.3", "x"); break;
      case Server::Wants::etrn: s.etrn_started(turns % 2 ? 0 : 7); break;
      case Server::Wants::delay: s.delay_over(); break;
      case Server::Wants::close: return 0;
      case Server::Wants::bytes: if (turns % 2 && used < in.size()) return 0; break;  // an unfinished line
    }
    s.take_output();
  }
  return 0;
}

// SPDX-License-Identifier: MIT
// Any bytes at the SMTP server's engine, in two pieces: it must stay within its bounds and end.
#include <cstdint>
#include <string_view>

#include "lib/smtp/server.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd::smtp;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  ServerOptions o;
  o.hostname = "mail.example.test";
  o.client_ip = "192.0.2.1";
  o.has_tls = true;
  o.may_auth_in_clear = true;
  o.max_message = 10'000;
  o.check_sender = o.check_header_from = true;
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
      case Server::Wants::close: return 0;
      case Server::Wants::bytes: if (turns % 2 && used < in.size()) return 0; break;  // an unfinished line
    }
    s.take_output();
  }
  return 0;
}

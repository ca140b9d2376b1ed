// SPDX-License-Identifier: MIT
// Any bytes at what strangers speak to: IMAP and POP3 before authentication.
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/imap/login.h"
#include "lib/pop3/login.h"

namespace jd::login_fuzz {

// Plays the bytes in pieces; every login fails (what the directory speaks, at its second message), every
// STARTTLS succeeds.  Gives all answers.
template <class L>
std::string play(std::string_view in, std::size_t piece) {
  using Wants = typename L::Wants;
  L l(true, false, true, true);
  std::string waiting, out = l.take_output();
  for (std::size_t at = 0; at < in.size(); at += piece) {
    waiting += in.substr(at, piece);
    for (;;) {
      waiting.erase(0, l.feed(waiting));
      auto w = l.wants();
      out += l.take_output();
      if (w == Wants::close) return out;
      if (w == Wants::bytes) break;
      if (w == Wants::login) {
        auto& c = l.credentials();
        if (!c.mechanism.empty() && c.exchange.empty()) l.goes_on("and?", "x1");
        else l.failed(Error(Fault::perm, "no"));
      }
      if (w == Wants::starttls) l.secured(), waiting.clear();
      out += l.take_output();
    }
    if (waiting.size() > (1 << 20)) __builtin_trap();  // it must take, or end the connection
  }
  return out;
}

}  // namespace jd::login_fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  login_fuzz::play<imap::Login>(in, 7);
  login_fuzz::play<pop3::Login>(in, 7);
  return 0;
}

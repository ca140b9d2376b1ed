// SPDX-License-Identifier: MIT
// A POP3 session on a scratch account, fed with any bytes, whole and then in pieces: it must answer
// the same, with UTF8 and without.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <stdlib.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/pop3/session.h"

namespace {

std::string play(std::string_view bytes, std::size_t piece, bool is_utf8) {
  using namespace jd;
  char name[] = "/tmp/jdmail-fuzz-XXXXXX";
  std::string root = ::mkdtemp(name), said;
  {
    auto account = store::Account::open(root + "/a", true);
    MUST(account);
    auto inbox = (*account)->folder(store::inbox_id);
    MUST(inbox);
    store::NewMessage m;
    m.bytes = "From: \xE4\xBD\xA0 <a@b>\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n";
    m.date = 1'700'000'000;
    MUST((*inbox)->append(m, false));
    m.bytes = "Subject: y\n\n.bare";
    MUST((*inbox)->append(m, false));
    store::Uidls names((*inbox)->state().uid_validity());
    names.add(1, "old");
    MUST(store::write_uidls((*account)->dir(), names));
    pop3::SessionOptions options;
    options.manner.is_utf8 = is_utf8;
    pop3::Session s(**account, options, [&](std::string_view b) { return said += b, true; });
    s.start();
    for (std::size_t i = 0; i < bytes.size() && !s.is_over(); i += piece) s.feed(bytes.substr(i, piece));
  }
  (void)file::remove_tree(root);  // scratch
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace jd;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string logged;
  log::capture(&logged);
  ManualClock clock;
  set_clock(&clock);
  for (bool is_utf8 : {false, true}) {
    std::string whole = play(bytes, size + 1, is_utf8), pieces = play(bytes, 1 + size % 7, is_utf8);
    MUST(whole == pieces);
  }
  set_clock(nullptr);
  log::capture(nullptr);
  return 0;
}

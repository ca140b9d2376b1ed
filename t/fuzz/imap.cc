// SPDX-License-Identifier: MIT
// An IMAP session on a scratch account, fed with any bytes, whole and then in pieces: it must answer
// the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <stdlib.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/imap/mailbox_name.h"
#include "lib/imap/message_url.h"
#include "lib/imap/session.h"

namespace {

// A message's EMAILID is a number drawn by lot.
void without_email_ids(std::string& said) {
  constexpr std::string_view before = "EMAILID (";
  for (auto at = said.find(before); at != said.npos; at = said.find(before, at)) {
    at += before.size();
    auto end = said.find(')', at);
    if (end != said.npos) said.erase(at, end - at);
  }
}

std::string play(std::string_view bytes, std::size_t piece) {
  using namespace jd;
  char name[] = "/tmp/jdmail-fuzz-XXXXXX";
  std::string root = ::mkdtemp(name), said;
  {
    auto account = store::Account::open(root + "/a", true);
    MUST(account);
    auto inbox = (*account)->folder(store::inbox_id);
    MUST(inbox);
    store::NewMessage m;
    m.bytes = "From: a@b\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n";
    m.date = 1'700'000'000;
    for (int i = 0; i < 2; i++) MUST((*inbox)->append(m, false));
    imap::SessionOptions options;
    options.message_limit = bytes.size() % 2;  // RFC 9738: both ways
    options.message_size = 4096;
    imap::Session s(**account, options, [&](std::string_view b) { return said += b, true; });
    s.start();
    for (std::size_t i = 0; i < bytes.size() && !s.is_over(); i += piece) s.feed(bytes.substr(i, piece));
  }
  (void)file::remove_tree(root);  // scratch
  without_email_ids(said);
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
  if (auto utf8 = imap::from_utf7(bytes)) MUST(imap::from_utf7(imap::to_utf7(*utf8)) == *utf8);
  if (auto url = imap::parse_message_url(bytes)) MUST(url->uid && !url->mailbox.empty());
  (void)imap::matches(bytes.substr(0, size / 2), bytes.substr(size / 2));
  std::string whole = play(bytes, size + 1), pieces = play(bytes, 1 + size % 7);
  // How compressed bytes are cut follows the pieces.
  MUST(whole == pieces || ifind(bytes, "compress") != bytes.npos);
  set_clock(nullptr);
  log::capture(nullptr);
  return 0;
}

// SPDX-License-Identifier: MIT
// complete: what local programs give to sendmail, as a message and as a list of recipients.
#include <stdlib.h>

#include "lib/mime/complete.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace jd;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  mime::Completion c{"ann@example.test", "Ann Ex", "example.test", "mail.example.test", true, from_seconds(1'700'000'000)};
  std::string crlf = mime::whole_lines(bytes);
  auto first = mime::complete(crlf, c);
  if (first.message.find("\r\n\r\n") == std::string::npos) abort();
  auto second = mime::complete(first.message, c);  // nothing is missing any more
  if (second.message != first.message) abort();
  for (auto& r : first.recipients)
    if (r.find('@') == std::string::npos) abort();
  mime::mailboxes_of(bytes, "example.test");
  return 0;
}

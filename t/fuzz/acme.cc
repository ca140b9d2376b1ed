// SPDX-License-Identifier: MIT
// Any bytes as an ACME server's answers, and as a request to the answerer of challenges.
#include <cstdint>
#include <string_view>

#include "lib/http/acme.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd::http::acme;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  (void)parse_directory(in);  // good or not
  if (auto o = parse_order(in); o && (o->authorizations.size() > 100 || o->finalize.empty())) __builtin_trap();
  if (auto a = parse_authorization(in, "http-01"); a && !a->url.empty() && a->token.find('/') != a->token.npos) __builtin_trap();
  if (parse_problem(in, 400).text.size() > 3000) __builtin_trap();
  if (auto t = challenge_asked_for(in); t && t->find_first_of("/.\r\n") != t->npos) __builtin_trap();
  return 0;
}

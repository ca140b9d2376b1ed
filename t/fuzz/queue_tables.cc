// SPDX-License-Identifier: MIT
// Any bytes as the tables of the queue that an operator writes or that outlive qrun: etc/routes, etc/retry,
// queue/destinations.  What is read as terms is written again and must read as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/queue/retry_rules.h"
#include "lib/queue/routes.h"
#include "lib/queue/terms.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd::queue;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  if (auto t = decode_terms(in)) {
    auto text = encode_terms(*t);
    auto again = decode_terms(text);
    MUST(again && encode_terms(*again) == text);
  }
  if (auto r = Routes::parse(in, "routes")) {
    for (auto& route : r->all()) MUST(r->find(route.name));
    (void)r->of("a.example.com", "a@example.com", "b@example.com");
  }
  if (auto r = RetryRules::parse({}, in, "retry")) (void)r->of("a.example.com");
  return 0;
}

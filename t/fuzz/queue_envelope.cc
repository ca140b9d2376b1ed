// SPDX-License-Identifier: MIT
// What queue-inject and qrun decode of others' bytes: pairs, envelopes, deliveries, results, the head
// and the notes of a queue file.  What decodes is encoded again and must decode to the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/queue/agent.h"
#include "lib/queue/file_format.h"

namespace {
using namespace jd::queue;

void check_pairs(std::string_view bytes) {
  auto pairs = decode_pairs(bytes);
  if (!pairs) return;
  if (auto e = Envelope::from_pairs(*pairs)) {
    std::string once, twice;
    e->encode(once);
    auto again = Envelope::decode(once);
    MUST(again);
    again->encode(twice);
    MUST(once == twice);
  }
  if (auto d = LocalDelivery::decode(*pairs)) {
    auto p = d->encode();
    auto again = LocalDelivery::decode(views(p));
    MUST(again && again->encode() == p);
  }
  if (auto d = RemoteDelivery::decode(*pairs)) {
    auto p = d->encode();
    MUST(RemoteDelivery::decode(views(p)));
  }
  if (auto d = DeliveryResult::decode(*pairs)) {
    auto p = d->encode();
    auto again = DeliveryResult::decode(views(p));
    MUST(again && again->encode() == p);
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_pairs(bytes);
  if (auto head = decode_file_head(bytes)) (void)is_head_good(bytes, *head);
  Progress p;
  p.errors.resize(3);
  MUST(decode_notes(bytes, p).bytes <= size);
  Envelope two;
  two.recipients.resize(2);
  MUST(decode_history(bytes, two).size() <= max_history * 20 + 1);
  return 0;
}

// SPDX-License-Identifier: MIT
// The fuzz target over our own inputs, each cut and each with every byte changed.
#include "t/fuzz/queue_envelope.cc"

#include <gtest/gtest.h>

using namespace jd::queue;

namespace {
void run(const std::string& s) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(s.data()), s.size());
}
void around(const std::string& s) {
  for (std::size_t n = 0; n <= s.size(); n++) run(s.substr(0, n));
  for (std::size_t i = 0; i < s.size(); i++)
    for (char c : {'\0', '9', ',', ':', '\xff'}) {
      std::string bad = s;
      bad[i] = c;
      run(bad);
    }
}
std::string packed(const OwnPairs& pairs) {
  std::string s;
  for (auto& [k, v] : pairs) put_pair(s, k, v);
  return s;
}
}  // namespace

TEST(QueueFuzz, OwnInputs) {
  LocalDelivery local;
  local.qid = "q";
  local.rcpt = "a@b";
  local.path = "b/a";
  around(packed(local.encode()));
  RemoteDelivery remote;
  remote.qid = "q";
  remote.domain = "b";
  remote.recipients.resize(2);
  remote.recipients[0].address = remote.recipients[1].address = "a@b";
  remote.recipients[1].notify = notify_success;
  around(packed(remote.encode()));
  DeliveryResult result{3, {{0, Fate::temp, "4.0.0", "h", "t", true}, {1, Fate::perm, "", "", "", false}}};
  around(packed(result.encode()));
  Progress p;
  p.attempts = 2;
  p.errors.resize(2);
  p.errors[1].text = "x";
  std::string notes;
  encode_note(notes, p);
  encode_note(notes, p);
  around(notes);
  Envelope e;
  e.recipients.emplace_back().address = "a@b";
  FileHead head;
  head.id = std::string(20, '0');
  around(encode_file_start(head, e, p));
}

// SPDX-License-Identifier: MIT
// The fuzz target of the tables over our own inputs, each cut and each with every byte changed.
#define LLVMFuzzerTestOneInput fuzz_tables
#include "t/fuzz/queue_tables.cc"
#undef LLVMFuzzerTestOneInput

#include <gtest/gtest.h>

#include <string>

TEST(QueueTablesFuzz, OwnInputs) {
  const std::string inputs[] = {
      "jdmail-destinations 1\n* max=5\nexample.net frozen=1 max=3 rate=60 new=7\nexample.net%20via%20office rate=1\n",
      "route a smtp host=a.test:26,[::1] tls=required user=u password_file=p  # x\nroute c mx source=192.0.2.1 helo=c.test\n"
      "all a\nuser ann@x.test c\nto .one.test c\nfrom <> mx\n",
      "# who\nexample.com  1m,2m  2d 30m\n.example.net 10m\n"};
  for (auto& in : inputs) {
    for (std::size_t n = 0; n <= in.size(); n++) EXPECT_EQ(fuzz_tables(reinterpret_cast<const uint8_t*>(in.data()), n), 0);
    for (std::size_t i = 0; i < in.size(); i++)
      for (char c : {'\0', '9', ' ', '=', '\n', '%', '\xff'}) {
        std::string bad = in;
        bad[i] = c;
        EXPECT_EQ(fuzz_tables(reinterpret_cast<const uint8_t*>(bad.data()), bad.size()), 0);
      }
  }
}

// SPDX-License-Identifier: MIT
#include "lib/net/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>

namespace jd::net {
namespace {

TEST(Workers, WorkIsElsewhereAndDoneIsHere) {
  Loop loop;
  Workers w(loop, 1);
  ASSERT_TRUE(w.start());
  std::thread::id worked, done;
  ASSERT_TRUE(w.run([&] { worked = std::this_thread::get_id(); }, [&] { done = std::this_thread::get_id(), loop.stop(); }));
  loop.run();
  EXPECT_EQ(done, std::this_thread::get_id());
  EXPECT_NE(worked, done);
  EXPECT_NE(worked, std::thread::id());
}

TEST(Workers, TheLoopGoesOnMeanwhileAndOneThreadKeepsTheOrder) {
  Loop loop;
  Workers w(loop, 1);
  ASSERT_TRUE(w.start());
  std::promise<void> gate;
  std::string seen;
  Task other(loop, [&] { seen += "loop ", gate.set_value(); });
  for (char c : {'a', 'b', 'c'})
    ASSERT_TRUE(w.run([&, c] { if (c == 'a') gate.get_future().wait(); },
                      [&, c] { if (seen += c; c == 'c') loop.stop(); }));
  other.start();
  loop.run();
  EXPECT_EQ(seen, "loop abc");
}

TEST(Workers, TooMuchIsRefusedAndTheEndWaitsForWhatRuns) {
  Loop loop;
  std::promise<void> gate, begun;
  std::atomic<int> ran = 0;
  std::thread later;
  {
    Workers w(loop, 1);
    ASSERT_TRUE(w.start());
    ASSERT_TRUE(w.run([&] { begun.set_value(), gate.get_future().wait(), ran++; }, [] {}));
    begun.get_future().wait();
    for (std::size_t i = 0; i < Workers::max_waiting; i++) ASSERT_TRUE(w.run([&] { ran++; }, [] {}));
    EXPECT_FALSE(w.run([&] { ran++; }, [] {}));
    later = std::thread([&] { gate.set_value(); });
  }
  EXPECT_GE(ran, 1);
  later.join();
}

}  // namespace
}  // namespace jd::net

// SPDX-License-Identifier: MIT
#include "lib/net/loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace jd::net {
namespace {

struct LoopTest : testing::Test {
  LoopTest() { set_clock(&clock); }
  ~LoopTest() override { set_clock(nullptr); }
  ManualClock clock;
  Loop loop;
};

TEST_F(LoopTest, TimersFireInOrderOfTheirTimes) {
  std::string seen;
  Timer a(loop, [&] { seen += 'a'; }), b(loop, [&] { seen += 'b'; }), c(loop, [&] { seen += 'c'; });
  a.start(seconds(3));
  b.start(seconds(1));
  c.start(seconds(2));
  loop.run_once();
  EXPECT_EQ(seen, "");
  clock.advance(seconds(5));
  loop.run_once();
  EXPECT_EQ(seen, "bca");
  EXPECT_FALSE(a.is_running());
}

TEST_F(LoopTest, ATimerStartedAgainCountsFromThen) {
  int fired = 0;
  Timer t(loop, [&] { fired++; });
  t.start(seconds(1));
  t.start(seconds(10));
  clock.advance(seconds(2));
  loop.run_once();
  EXPECT_EQ(fired, 0);
  t.start(seconds(1));
  clock.advance(seconds(1));
  loop.run_once();
  EXPECT_EQ(fired, 1);
}

TEST_F(LoopTest, ManyTimersStoppedInAnyOrderKeepTheHeap) {
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<int> seen;
  for (int i = 0; i < 200; i++) {
    timers.push_back(std::make_unique<Timer>(loop, [&seen, i] { seen.push_back((i * 37) % 200); }));
    timers.back()->start(seconds((i * 37) % 200 + 1));
  }
  for (int i = 0; i < 200; i += 3) timers[static_cast<std::size_t>(i)].reset();
  clock.advance(seconds(500));
  loop.run_once();
  EXPECT_EQ(seen.size(), 133u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_F(LoopTest, ATimerMayDestroyItselfAndOthers) {
  int fired = 0;
  std::unique_ptr<Timer> a, b;
  a = std::make_unique<Timer>(loop, [&] { fired++; b.reset(); a.reset(); });
  b = std::make_unique<Timer>(loop, [&] { fired++; a.reset(); b.reset(); });
  a->start(seconds(1));
  b->start(seconds(1));
  clock.advance(seconds(1));
  loop.run_once();
  loop.run_once();
  EXPECT_EQ(fired, 1);
}

TEST_F(LoopTest, AWatchMayDestroyAnotherThatIsReadyInTheSameTurn) {
  int one[2], two[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, one), 0);
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
  int calls = 0;
  std::unique_ptr<Watch> a, b;
  a = std::make_unique<Watch>(loop, [&](uint32_t) { calls++; b.reset(); a.reset(); });
  b = std::make_unique<Watch>(loop, [&](uint32_t) { calls++; a.reset(); b.reset(); });
  ASSERT_TRUE(a->start(one[0], EPOLLIN));
  ASSERT_TRUE(b->start(two[0], EPOLLIN));
  ASSERT_EQ(::write(one[1], "x", 1), 1);
  ASSERT_EQ(::write(two[1], "x", 1), 1);
  loop.run_once(seconds(1));
  loop.run_once();
  EXPECT_EQ(calls, 1);
  for (int fd : {one[0], one[1], two[0], two[1]}) ::close(fd);
}

TEST_F(LoopTest, TasksAndPostsRunAtTheEndOfTheTurnAndWhatTheyStartInTheNext) {
  std::string seen;
  Task t(loop, [&] { seen += 't'; t.start(); });
  t.start();
  t.start();
  loop.post([&] { seen += 'p'; loop.post([&] { seen += 'q'; }); });
  loop.run_once();
  EXPECT_EQ(seen, "tp");
  loop.run_once();
  EXPECT_EQ(seen, "tptq");
  t.stop();
  loop.run_once();
  EXPECT_EQ(seen, "tptq");
}

TEST_F(LoopTest, ATaskThatWasStoppedKeepsNobodyAwake) {
  Task stopped(loop, [] {});
  stopped.start();
  stopped.stop();
  auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(loop.run_once(milliseconds(30)), 0u);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
}

TEST_F(LoopTest, ASignalArrivesAsACall) {
  int hups = 0;
  ASSERT_TRUE(loop.on_signal(SIGHUP, [&] { hups++; loop.stop(); }));
  ::raise(SIGHUP);
  loop.run();
  EXPECT_EQ(hups, 1);
}

#ifndef __SANITIZE_ADDRESS__  // it has an allocator of its own
std::size_t resident_pages() {
  std::size_t all = 0, resident = 0;
  FILE* f = ::fopen("/proc/self/statm", "r");
  if (f && ::fscanf(f, "%zu %zu", &all, &resident) != 2) resident = 0;
  if (f) ::fclose(f);
  return resident;
}

TEST_F(LoopTest, MemoryOfManyThatEndedGoesBack) {
  struct Session : Kept {
    std::vector<char> room = std::vector<char>(40 << 10, 'x');
  };
  std::vector<std::unique_ptr<char[]>> between;  // what lives on lies among them
  for (int i = 0; i < 1000; i++) {
    loop.keep(std::make_unique<Session>());
    between.push_back(std::make_unique<char[]>(100));
  }
  std::size_t before = resident_pages();
  int left = 0;
  loop.each_kept([&](Kept& k) {
    if (++left > 100) loop.drop(k);
  });
  loop.run_once();
  EXPECT_EQ(loop.kept(), 100u);
  EXPECT_LT(resident_pages() + 7000, before) << "900 sessions had 9,000 pages";
}
#endif

}  // namespace
}  // namespace jd::net

// SPDX-License-Identifier: MIT
#include "lib/queue/schedule.h"

#include <gtest/gtest.h>

#include <map>

using namespace jd;
using namespace jd::queue;

TEST(RetryPolicy, WaitsGrowThenRepeatAndEndAtTheLimit) {
  RetryPolicy p;
  Time t0 = from_seconds(1'000'000);
  EXPECT_EQ((p.next(t0, 1, t0, 0) - t0), minutes(5));
  EXPECT_EQ((p.next(t0, 2, t0, 0) - t0), minutes(10));
  EXPECT_EQ((p.next(t0, 7, t0, 0) - t0), hours(4));
  EXPECT_EQ((p.next(t0, 99, t0, 0) - t0), hours(4));
  for (uint64_t r : {1ull, 12345678901ull, ~0ull}) {
    Span s = p.next(t0, 1, t0, r) - t0;
    EXPECT_GE(s, minutes(5));
    EXPECT_LT(s, minutes(5) + seconds(30));
  }
  Time late = t0 + days(5) - minutes(1);
  EXPECT_EQ(p.next(t0, 50, late, 0), t0 + days(5));
  EXPECT_FALSE(p.should_give_up(t0, late));
  EXPECT_TRUE(p.should_give_up(t0, t0 + days(5)));
  EXPECT_FALSE(p.should_warn(t0, t0 + hours(3)));
  EXPECT_TRUE(p.should_warn(t0, t0 + hours(4)));
}

TEST(RetryPolicy, TheWholeLifeOfAMessage) {
  RetryPolicy p;
  Time t0 = from_seconds(1'000'000), t = t0;
  uint32_t attempts = 0;
  while (!p.should_give_up(t0, t)) {
    attempts++;
    Time next = p.next(t0, attempts, t, attempts * 7919);
    ASSERT_GT(next, t);
    t = next;
  }
  EXPECT_EQ(t, t0 + days(5));
  EXPECT_GT(attempts, 25u);
  EXPECT_LT(attempts, 45u);
}

TEST(DueHeap, InOrderAndSmall) {
  static_assert(sizeof(DueHeap::Entry) == 24);
  DueHeap h;
  for (int i : {5, 1, 4, 2, 3}) h.add(i, "id" + std::to_string(i));
  EXPECT_EQ(h.next_due(), 1);
  EXPECT_FALSE(h.pop(from_seconds(0)));
  for (uint32_t i = 1; i <= 3; i++) {
    auto e = h.pop(from_seconds(3));
    ASSERT_TRUE(e);
    EXPECT_EQ(e->due, i);
    EXPECT_EQ(e->id[2], static_cast<char>('0' + i));
  }
  EXPECT_FALSE(h.pop(from_seconds(3)));
  EXPECT_EQ(h.size(), 2u);
}

namespace {
struct SchedulerTest : ::testing::Test {
  ConcurrencyLimits limits;
  Time t = from_seconds(1000);
  std::vector<Scheduler::Start> drain(Scheduler& s) {
    std::vector<Scheduler::Start> r;
    while (auto x = s.next(t)) r.push_back(*x);
    return r;
  }
};
}  // namespace

TEST_F(SchedulerTest, WindowGrowsWithSuccessUpToTheLimit) {
  Scheduler s(limits);
  for (uint64_t i = 0; i < 1500; i++) ASSERT_TRUE(s.add("d", i, t));
  auto running = drain(s);
  EXPECT_EQ(running.size(), 5u);
  std::size_t most = 0, under_way = running.size(), done = 0;
  while (under_way) {
    EXPECT_TRUE(s.finished("d", Outcome::success, t).empty());
    done++;
    under_way--;
    under_way += drain(s).size();
    most = std::max(most, under_way);
  }
  EXPECT_EQ(done, 1500u);
  EXPECT_EQ(most, 20u);
  EXPECT_EQ(s.active(), 0u);
  EXPECT_EQ(s.waiting(), 0u);
}

TEST_F(SchedulerTest, ADeadDestinationHandsBackItsJobsAndComesBack) {
  Scheduler s(limits);
  for (uint64_t i = 0; i < 100; i++) s.add("d", i, t);
  std::vector<Scheduler::Job> back;
  int tries = 0;
  while (back.empty()) {
    auto running = drain(s);
    for (std::size_t i = 0; i < running.size() && back.empty(); i++) {
      tries++;
      back = s.finished("d", Outcome::failure, t);
    }
  }
  EXPECT_EQ(tries, 5);
  EXPECT_EQ(back.size(), 95u);
  EXPECT_TRUE(s.is_dead("d", t));
  EXPECT_FALSE(s.add("d", 1000, t));
  EXPECT_TRUE(s.add("other", 1001, t));
  t = t + minutes(1);
  EXPECT_TRUE(s.add("d", 1002, t));
  EXPECT_EQ(drain(s).size(), 2u);
  EXPECT_TRUE(s.finished("d", Outcome::failure, t).empty());  // none waited; dead again at once
  EXPECT_TRUE(s.is_dead("d", t));
  s.revive();
  EXPECT_TRUE(s.add("d", 1003, t));
  EXPECT_EQ(drain(s).size(), 1u);
  s.finished("d", Outcome::success, t);
  EXPECT_FALSE(s.is_dead("d", t));
}

TEST_F(SchedulerTest, DestinationsTakeTurns) {
  Scheduler s(limits);
  for (uint64_t i = 0; i < 100; i++) s.add("big", i, t);
  s.add("small", 1, t);
  std::vector<std::string> first;
  for (int i = 0; i < 2; i++) first.push_back(s.next(t)->destination);
  EXPECT_EQ(first, (std::vector<std::string>{"big", "small"}));
}

TEST_F(SchedulerTest, LimitsChangeWhileRunning) {
  Scheduler s(limits);
  s.set_terms("d", {false, 1, 0, ""});
  for (uint64_t i = 0; i < 10; i++) s.add("d", i, t);
  EXPECT_EQ(drain(s).size(), 1u);
  s.set_terms("d", {false, 3, 0, ""});
  EXPECT_EQ(drain(s).size(), 2u);
  s.set_terms("d", {});
  EXPECT_EQ(s.max_of("d"), 20u);
  EXPECT_EQ(drain(s).size(), 2u);  // the window is still 5
  auto v = s.view(t);
  ASSERT_EQ(v.size(), 1u);
  EXPECT_EQ(v[0].active, 5u);
  EXPECT_EQ(v[0].waiting, 5u);
}

TEST_F(SchedulerTest, AFullListRefuses) {
  limits.max_waiting = 3;
  Scheduler s(limits);
  for (uint64_t i = 0; i < 3; i++) EXPECT_TRUE(s.add("d", i, t));
  EXPECT_FALSE(s.add("d", 3, t));
}

TEST_F(SchedulerTest, SweepForgetsWhatIsIdle) {
  Scheduler s(limits);
  for (int i = 0; i < 50; i++) s.add("d" + std::to_string(i), 1, t);
  for (auto& x : drain(s)) s.finished(x.destination, Outcome::success, t);
  EXPECT_EQ(s.view(t).size(), 50u);
  s.sweep(t);
  EXPECT_EQ(s.view(t).size(), 0u);
}

TEST_F(SchedulerTest, ARateLetsJobsBeginEvenly) {
  Scheduler s(limits);
  s.set_terms("d", {false, 0, 30, ""});  // one in two seconds
  for (uint64_t i = 0; i < 100; i++) s.add("d", i, t);
  s.add("free", 1, t);
  unsigned begun = 0, others = 0;
  for (int i = 0; i < 600; i++, t = t + milliseconds(100))
    for (auto& x : drain(s)) {
      (x.destination == "d" ? begun : others)++;
      s.finished(x.destination, Outcome::success, t);
    }
  EXPECT_EQ(others, 1u);  // at once
  EXPECT_GE(begun, 29u);
  EXPECT_LE(begun, 31u);
  s.set_terms("d", {false, 0, 6000, ""});  // effective at once
  begun = 0;
  for (int i = 0; i < 10; i++, t = t + seconds(1))
    for (auto& x : drain(s)) {
      begun++;
      s.finished(x.destination, Outcome::success, t);
    }
  EXPECT_GE(begun, 69u);
  EXPECT_EQ(s.waiting(), 0u);
}

TEST_F(SchedulerTest, AFrozenDestinationTakesNothing) {
  Scheduler s(limits);
  for (uint64_t i = 0; i < 3; i++) s.add("d", i, t);
  EXPECT_EQ(s.set_terms("d", {true, 0, 0, ""}).size(), 3u);
  EXPECT_EQ(s.waiting(), 0u);
  EXPECT_FALSE(s.add("d", 9, t));
  EXPECT_TRUE(s.add("e", 9, t));
  auto view = s.view(t);
  EXPECT_TRUE(view.at(0).frozen);
  s.set_terms("d", {});
  EXPECT_TRUE(s.add("d", 9, t));
  EXPECT_EQ(drain(s).size(), 2u);
}

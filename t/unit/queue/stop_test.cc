// SPDX-License-Identifier: MIT
// What one run of qrun tells the next.
#include <fcntl.h>
#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "t/unit/queue/runner_fixture.h"

using namespace jd;
using namespace jd::queue;
using namespace jd::test;

// After an orderly stop a mailbox is searched only for what may be in it: here what the agent did not answer for.
TEST_F(RunnerTest, AnOrderlyStopTellsTheNextStartWhatMayHaveBeenDelivered) {
  world.answer_at_once = false;
  inject(envelope({"ann@here.example"}));
  auto lost = inject(envelope({"bob@here.example"}));
  auto half = inject(envelope({"ann@here.example", "bob@here.example"}));
  turn();
  ASSERT_EQ(world.local.size(), 4u);
  for (uint64_t n : {1, 3}) runner->local_lost(world.local[n].id);
  runner->stop_dispatch();
  auto untouched = inject(envelope({"bob@here.example"}));
  world.let_go();  // all of them were delivered, and two answers not heard
  turn();
  ASSERT_TRUE(runner->is_quiet());
  runner->write_stop_note();
  world.local.clear();
  start();
  turn();
  ASSERT_EQ(world.local.size(), 3u);
  for (auto& d : world.local) EXPECT_EQ(d.replay, d.qid != untouched) << d.qid;
  EXPECT_EQ(world.local[0].qid, lost);
  EXPECT_EQ(world.local[1].qid, half);
  // What was said of the run before says nothing of this one.
  world.local.clear();
  start();
  turn();
  ASSERT_EQ(world.local.size(), 3u);
  for (auto& d : world.local) EXPECT_TRUE(d.replay) << d.qid;
  EXPECT_FALSE(file::exists(scratch.path + "/journal/stopped"));
  world.let_go();
  turn();
  EXPECT_EQ(world.mails("ann@here.example"), 2u);
  EXPECT_EQ(world.mails("bob@here.example"), 3u);
}

TEST_F(RunnerTest, WhatAnOrderlyStopTellsHoldsForOneBootAndWhenItIsWhole) {
  world.local_up = false;
  start();
  inject(envelope({"ann@here.example"}));
  auto replayed_after = [&](auto change) {
    world.local_up = false;
    start();
    turn();
    runner->stop_dispatch();
    runner->write_stop_note();
    change();
    world.local_up = true;
    world.answer_at_once = false;
    world.local.clear();
    world.held.clear();
    start();
    turn();
    return world.local.at(0).replay;
  };
  EXPECT_TRUE(replayed_after([] {})) << "the first start found it, and did not know what was before";
  config.boot_id = "1";
  std::string note = scratch.path + "/journal/stopped";
  auto fresh = [&] {  // a message that no run has tried
    world.local_up = true;
    world.answer_at_once = true;
    start();
    turn();
    runner->stop_dispatch();
    inject(envelope({"ann@here.example"}));
    runner->write_stop_note();
    EXPECT_TRUE(file::exists(note));
    world.answer_at_once = false;
    world.local.clear();
  };
  auto is_replayed = [&] {
    start();
    turn();
    return world.local.at(0).replay;
  };
  fresh();
  EXPECT_FALSE(is_replayed());
  fresh();
  config.boot_id = "2";
  EXPECT_TRUE(is_replayed());
  fresh();
  auto fd = file::open(note, O_RDWR);
  ASSERT_TRUE(fd && file::truncate(fd->get(), *file::size_of(fd->get()) - 1));
  EXPECT_TRUE(is_replayed());
}

// Also where there is no journal yet.
TEST_F(RunnerTest, ALargeMessageThatWasBegunIsReplayed) {
  world.answer_at_once = false;
  ASSERT_TRUE(store->add_new(unique_id(now()), envelope({"ann@here.example"}), {{"Subject: x\r\n\r\nlarge\r\n"}}, Durability::durable));
  runner->look_for_new_files();
  turn();
  ASSERT_EQ(world.local.size(), 1u);
  EXPECT_FALSE(world.local[0].replay);
  world.held.clear();
  start();
  turn();
  ASSERT_EQ(world.local.size(), 2u);
  EXPECT_TRUE(world.local[1].replay);
}

// SPDX-License-Identifier: MIT
// Room ahead in a growing segment: several writers in turn, with zeros behind the end, lose nothing.
#include <gtest/gtest.h>

#include <random>

#include "lib/base/file.h"
#include "lib/log/segment.h"
#include "t/unit/fault_disk.h"

using namespace jd;
using namespace jd::journal;
using namespace jd::test;

namespace {
constexpr uint64_t most = 4096;

struct Room : ::testing::Test {
  Scratch scratch;
  Fd dir = *file::open(scratch.path, O_RDONLY | O_DIRECTORY);

  SegmentWriter make() { return *SegmentWriter::create(dir.get(), "s", {1, 5, 0, true, most}); }
  SegmentWriter again(uint64_t max_room = most) { return *SegmentWriter::append_to(dir.get(), "s", 0, 0, max_room); }
  void add(SegmentWriter& w, const std::string& payload) {
    ASSERT_TRUE(w.append(1, 0, 0, {payload}));
    ASSERT_TRUE(w.commit());
  }
  uint64_t size() { return *file::size_of(file::open(dir.get(), "s", O_RDONLY)->get()); }
  std::vector<std::string> payloads() {
    auto r = *SegmentReader::open(dir.get(), "s");
    std::vector<std::string> all;
    while (auto record = *r.next()) all.emplace_back(record->payload);
    EXPECT_TRUE(r.damage().empty());
    EXPECT_EQ(r.torn_tail(), 0u);
    return all;
  }
};
using Strings = std::vector<std::string>;
}  // namespace

TEST_F(Room, TheFileKeepsItsSizeWhileThereIsRoom) {
  auto w = make();
  add(w, "one");
  ASSERT_TRUE(w.make_room(1000, 100));
  uint64_t with_room = size();
  EXPECT_EQ(with_room, w.size() + 1000);
  EXPECT_EQ(payloads(), Strings{"one"});
  for (int i = 0; i < 10; i++) add(w, "more");
  EXPECT_EQ(size(), with_room);
  EXPECT_EQ(w.room(), with_room - w.size());
  EXPECT_EQ(payloads().size(), 11u);
  ASSERT_TRUE(w.make_room(1000, w.room()));  // enough is left
  EXPECT_EQ(size(), with_room);
  add(w, std::string(2000, 'x'));  // beyond it
  EXPECT_EQ(size(), w.size());
  EXPECT_EQ(w.room(), 0u);
  EXPECT_EQ(payloads().size(), 12u);
}

TEST_F(Room, IsGivenBack) {
  auto w = make();
  add(w, "one");
  ASSERT_TRUE(w.make_room(1000, 1));
  ASSERT_TRUE(w.cut_room());
  EXPECT_EQ(size(), w.size());
  ASSERT_TRUE(w.make_room(1000, 1));
  ASSERT_TRUE(w.seal());
  EXPECT_EQ(size(), w.size());
  EXPECT_TRUE(again().is_sealed());
}

TEST_F(Room, WhoOpensTheFileTakesItOver) {
  {
    auto w = make();
    add(w, "one");
    ASSERT_TRUE(w.make_room(1000, 1));
  }
  auto w = again();
  EXPECT_EQ(w.room(), 1000u);
  EXPECT_EQ(w.tail_cut(), 0u);
  add(w, "two");
  EXPECT_EQ(payloads(), (Strings{"one", "two"}));
  auto small = again(100);  // more than it may have
  EXPECT_EQ(size(), small.size());
  add(small, "three");
  EXPECT_EQ(payloads(), (Strings{"one", "two", "three"}));
}

TEST_F(Room, AnotherWroteIntoIt) {
  auto a = make();
  add(a, "one");
  ASSERT_TRUE(a.make_room(1000, 1));
  uint64_t with_room = size();
  auto b = again();
  add(b, "two");
  add(b, "three");
  ASSERT_EQ(size(), with_room);
  ASSERT_TRUE(a.refresh());
  EXPECT_EQ(a.size(), b.size());
  EXPECT_EQ(a.room(), b.room());
  add(a, "four");
  EXPECT_EQ(payloads(), (Strings{"one", "two", "three", "four"}));
}

TEST_F(Room, AnotherFilledItToTheLastByte) {
  auto a = make();
  add(a, "one");
  ASSERT_TRUE(a.make_room(1000, 1));
  uint64_t with_room = size();
  auto b = again(0);  // cuts it
  ASSERT_LT(size(), with_room);
  add(b, std::string(1000 - head_bytes, 'x'));
  ASSERT_EQ(size(), with_room);
  ASSERT_TRUE(a.refresh());
  EXPECT_EQ(a.size(), with_room);
  add(a, "three");
  EXPECT_EQ(payloads(), (Strings{"one", std::string(1000 - head_bytes, 'x'), "three"}));
}

TEST_F(Room, WhatAWriterThatDiedLeftInItIsCut) {
  auto a = make();
  add(a, "one");
  ASSERT_TRUE(a.make_room(1000, 1));
  auto fd = *file::open(dir.get(), "s", O_RDWR);
  ASSERT_TRUE(file::write_at(fd.get(), "torn", a.size() + 4));
  ASSERT_TRUE(a.refresh());
  EXPECT_EQ(a.tail_cut(), 1000u);
  EXPECT_EQ(size(), a.size());
  add(a, "two");
  ASSERT_TRUE(a.make_room(1000, 1));
  uint64_t end = a.size();
  auto b = again();
  add(b, "three");
  ASSERT_TRUE(file::write_at(fd.get(), "torn", b.size()));  // behind a good one
  ASSERT_TRUE(a.refresh());
  EXPECT_GT(a.size(), end);
  EXPECT_EQ(size(), a.size());
  add(a, "four");
  EXPECT_EQ(payloads(), (Strings{"one", "two", "three", "four"}));
}

TEST_F(Room, ItDoesWithoutWhereThereIsNoSpace) {
  auto w = make();
  add(w, "one");
  for (std::size_t k = 1; k < 3; k++) {  // to reserve, to write
    FaultDisk disk(scratch.path);
    disk.fail_at(k, ENOSPC, 10);
    EXPECT_FALSE(w.make_room(1000, 1));
    EXPECT_EQ(w.room(), 0u);
    EXPECT_FALSE(w.is_broken());
    EXPECT_EQ(size(), w.size());
    add(w, "two");
  }
  EXPECT_EQ(payloads(), (Strings{"one", "two", "two"}));
}

// Some that make room, some that only know of it, one of a release that does not; one is opened anew now and then.
TEST_F(Room, ManyInTurn) {
  for (unsigned seed = 0; seed < 200; seed++) {
    (void)file::unlink(dir.get(), "s");
    std::mt19937 random(seed);
    std::vector<SegmentWriter> all;
    all.push_back(make());
    for (int i = 0; i < 3; i++) all.push_back(again(i == 2 ? 0 : most));
    Strings written;
    for (int i = 0; i < 60; i++) {
      std::size_t who = random() % all.size();
      SegmentWriter& w = all[who];
      if (random() % 8 == 0) w = again(who == 3 ? 0 : most);
      else ASSERT_TRUE(w.refresh());
      written.push_back(fmt::format("{}.{}", seed, i) + std::string(random() % 200, 'p'));
      add(w, written.back());
      if (who < 2 && random() % 2) ASSERT_TRUE(w.make_room(64 + random() % 600 / 8 * 8, 100));
      if (random() % 10 == 0) ASSERT_TRUE(w.cut_room());
    }
    ASSERT_EQ(payloads(), written) << seed;
  }
}

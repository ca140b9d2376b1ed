// SPDX-License-Identifier: MIT
// Skimming: of long records that the writer has told of only the start is read, all else is as without.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <random>

#include "lib/base/file.h"
#include "lib/log/segment.h"
#define LLVMFuzzerTestOneInput fuzz_segment
#include "t/fuzz/segment.cc"
#undef LLVMFuzzerTestOneInput
#include "t/unit/fault_disk.h"

using namespace jd;
using namespace jd::journal;
using jd::test::Scratch;

namespace {
constexpr std::size_t short_payload = skim_over - head_bytes;  // the longest that is read whole

// Bytes that this process has read, by any call.
uint64_t bytes_read() {
  std::string io = *file::read_all("/proc/self/io");
  uint64_t n = 0;
  auto at = io.find("rchar: ") + 7;
  std::from_chars(io.data() + at, io.data() + io.size(), n);
  return n;
}

struct SkimTest : ::testing::Test {
  Scratch scratch;
  Fd dir = *file::open(scratch.path, O_RDONLY | O_DIRECTORY);
  SegmentWriter w = *SegmentWriter::create(dir.get(), "s", {1, 5, 4 << 20});
  std::vector<Ref> refs;
  std::vector<std::string> sent;

  void add(std::size_t size) {
    std::string payload = fmt::format("{} ", refs.size());
    payload.resize(std::max(size, payload.size()), static_cast<char>('a' + refs.size() % 26));
    refs.push_back(*w.append(1, 2, refs.size(), {payload}));
    sent.push_back(payload);
    ASSERT_TRUE(w.commit());
  }
  SegmentReader reader() { return *SegmentReader::open(dir.get(), "s"); }
  void flip(uint64_t offset) {
    char c = file::read_at(w.fd(), 1, offset)->at(0);
    ASSERT_TRUE(file::write_at(w.fd(), std::string(1, static_cast<char>(c ^ 0x10)), offset));
  }
  // next() must give record i: whole, or its start.
  void expect(SegmentReader& r, std::size_t i, bool is_skimmed) {
    auto n = r.next();
    ASSERT_TRUE(n && *n) << i;
    EXPECT_EQ((*n)->ref, refs[i]);
    EXPECT_EQ((*n)->is_checked, !is_skimmed) << i;
    EXPECT_EQ((*n)->payload, is_skimmed ? sent[i].substr(0, skim_bytes - head_bytes) : sent[i]) << i;
    EXPECT_EQ((*n)->type, 1);
    EXPECT_EQ((*n)->flags, 2);
    EXPECT_EQ((*n)->stamp, i);
  }
  void expect_end(SegmentReader& r) {
    auto n = r.next();
    ASSERT_TRUE(n);
    EXPECT_FALSE(*n);
  }
};
}  // namespace

TEST_F(SkimTest, LongOnesByTheirStartShortOnesWhole) {
  for (std::size_t n : {std::size_t{5}, std::size_t{20'000}, short_payload, short_payload + 1, skim_bytes, std::size_t{100'000}, std::size_t{0}, std::size_t{9000}}) add(n);
  auto r = reader();
  r.skim_until(w.committed());
  for (std::size_t i = 0; i < sent.size(); i++) expect(r, i, sent[i].size() > short_payload);
  expect_end(r);
  EXPECT_EQ(r.tell(), w.committed());
  EXPECT_EQ(r.torn_tail(), 0u);
  EXPECT_TRUE(r.damage().empty());
}

TEST_F(SkimTest, OnlyWhatEndsBeforeTheToldEnd) {
  for (int i = 0; i < 3; i++) add(20'000);
  for (uint64_t end : {refs[1].offset, refs[1].offset + 8, refs[1].offset + head_bytes, refs[1].offset + skim_bytes, refs[1].end() - 1}) {
    auto r = reader();
    r.skim_until(end);
    for (std::size_t i = 0; i < 3; i++) expect(r, i, i == 0);
    expect_end(r);
  }
  auto r = reader();
  r.skim_until(refs[1].end());
  r.skim_until(refs[0].end());  // an older word
  for (std::size_t i = 0; i < 3; i++) expect(r, i, i < 2);
}

TEST_F(SkimTest, StopsAtItsLimit) {
  for (int i = 0; i < 2; i++) add(20'000);
  auto r = reader();
  r.skim_until(w.committed());
  for (uint64_t limit : {refs[0].offset + 1, refs[0].offset + skim_bytes, refs[0].end() - 8}) {
    r.set_limit(limit);
    expect_end(r);
  }
  r.set_limit(refs[0].end());
  expect(r, 0, true);
  expect_end(r);
  r.set_limit(0);
  expect(r, 1, true);
}

TEST_F(SkimTest, FollowsAWriter) {
  auto r = reader();
  for (std::size_t i = 0; i < 100; i++) {
    r.set_limit(0);
    expect_end(r);  // a look at what is not written yet must not be remembered
    add(i * 7919 % 30'000);
    r.set_limit(w.committed());
    r.skim_until(w.committed());
    expect(r, i, sent[i].size() > short_payload);
    expect_end(r);
  }
  EXPECT_TRUE(r.damage().empty());
}

// The head was written when the block was read, the rest not yet.
TEST_F(SkimTest, WhatWasSeenHalfWrittenIsReadAgain) {
  add(100);
  add(20'000);
  std::string rest = *file::read_at(w.fd(), 10'000, refs[1].offset + 600);
  ASSERT_TRUE(file::write_at(w.fd(), std::string(rest.size(), '\0'), refs[1].offset + 600));
  auto r = reader();
  r.set_limit(w.committed());  // or the end of the file
  expect(r, 0, false);
  expect_end(r);
  ASSERT_TRUE(file::write_at(w.fd(), rest, refs[1].offset + 600));
  r.skim_until(w.committed());
  expect(r, 1, true);
}

TEST_F(SkimTest, AgainWholeAndChecked) {
  for (int i = 0; i < 3; i++) add(20'000);
  flip(refs[2].offset + 15'000);
  auto r = reader();
  r.skim_until(w.committed());
  expect(r, 0, true);
  auto second = *r.next();
  ASSERT_TRUE(second);
  r.reread(*second);
  expect(r, 1, false);
  auto third = *r.next();
  ASSERT_TRUE(third && !third->is_checked);  // nobody has looked at byte 15,000
  r.reread(*third);
  expect_end(r);
  EXPECT_GT(r.torn_tail(), 0u);
  add(20'000);
  r.set_limit(w.committed());
  r.skim_until(w.committed());
  expect(r, 3, false);  // found by its checksum
  ASSERT_EQ(r.damage().size(), 1u);
  EXPECT_EQ(r.damage()[0].offset, refs[2].offset);
  EXPECT_EQ(r.damage()[0].length, record_bytes(20'000));
}

// A broken start: the way over damage is that of the whole reading, and what follows is skimmed again.
TEST_F(SkimTest, ABadHeadIsDamage) {
  for (std::size_t n : {20'000, 20'000, 100, 20'000, 20'000}) add(n);
  for (uint64_t byte : {0, 11}) {  // of the magic, and a length beyond all limits
    for (std::size_t bad : {0, 1, 2, 3}) {
      flip(refs[bad].offset + byte);
      auto r = reader();
      r.skim_until(w.committed());
      for (std::size_t i = 0; i < sent.size(); i++)
        if (i != bad && i != bad + 1) expect(r, i, i != 2);
        else if (i == bad + 1) expect(r, i, false);  // found by its checksum
      expect_end(r);
      ASSERT_EQ(r.damage().size(), 1u);
      EXPECT_EQ(r.damage()[0].offset, refs[bad].offset);
      EXPECT_EQ(r.damage()[0].length, record_bytes(sent[bad].size()));
      flip(refs[bad].offset + byte);
    }
  }
}

TEST_F(SkimTest, AShortRecordIsCheckedAsEver) {
  for (std::size_t n : {20'000, 100, 20'000}) add(n);
  flip(refs[1].offset + head_bytes + 50);
  auto r = reader();
  r.skim_until(w.committed());
  expect(r, 0, true);
  expect(r, 2, false);
  ASSERT_EQ(r.damage().size(), 1u);
  EXPECT_EQ(r.damage()[0].reason, "bad checksum");
}

TEST_F(SkimTest, TheSealEndsIt) {
  add(20'000);
  ASSERT_TRUE(w.seal());
  auto r = reader();
  r.skim_until(w.committed());
  expect(r, 0, true);
  expect_end(r);
  EXPECT_TRUE(r.is_sealed());
}

// A head says seal, but has a length: damage, which must not end the segment.
TEST_F(SkimTest, ALongRecordIsNoSeal) {
  for (int i = 0; i < 2; i++) add(20'000);
  ASSERT_TRUE(file::write_at(w.fd(), "\xff\xff", refs[0].offset + 12));
  auto r = reader();
  r.skim_until(w.committed());
  expect(r, 1, false);
  EXPECT_FALSE(r.is_sealed());
  EXPECT_EQ(r.damage().size(), 1u);
}

TEST_F(SkimTest, AFileShorterThanTold) {
  add(20'000);
  add(20'000);
  for (std::size_t left : {skim_bytes - 1, head_bytes + 1, head_bytes, head_bytes - 1, std::size_t{0}}) {
    ASSERT_TRUE(file::truncate(w.fd(), refs[1].offset + left));
    auto r = reader();
    r.skim_until(w.committed());
    expect(r, 0, true);
    expect_end(r);
  }
}

// The point of it all, and no sequence of sizes may cost much more than reading everything once.
TEST_F(SkimTest, ReadsFewBytes) {
  auto cost = [&](std::vector<std::size_t> sizes, std::size_t count) {
    refs.clear();
    sent.clear();
    w = *SegmentWriter::create(dir.get(), fmt::format("n{}-{}", sizes[0], sizes.size()), {1, 5, 4 << 20});
    while (refs.size() < count) add(sizes[refs.size() % sizes.size()]);
    auto r = *SegmentReader::from(Fd(::dup(w.fd())));
    uint64_t before = bytes_read(), itself = bytes_read() - before;
    before = bytes_read();
    r.skim_until(w.committed());
    for (std::size_t i = 0; i < count; i++) EXPECT_TRUE(*r.next());
    return bytes_read() - before - itself;
  };
  EXPECT_LE(cost({20'000}, 100), 100 * skim_bytes + 200);
  EXPECT_LE(cost({100'000}, 40), 40 * skim_bytes + 200);
  EXPECT_LE(cost({4400}, 400), 400u * 4400 * 12 / 10);
  EXPECT_LE(cost({500}, 4000), 4000u * 528 * 12 / 10);
  EXPECT_LE(cost({4400, 20'000}, 100), 50u * (skim_bytes + skim_over + skim_bytes + 200));
  EXPECT_LE(cost({20'000, 7000, 20'000}, 99), 33u * (2 * skim_bytes + skim_over + skim_bytes + 200));
  std::vector<std::size_t> turns(30, 4400);
  turns.resize(60, 20'000);
  EXPECT_LE(cost(turns, 240), 120u * 4400 * 13 / 10 + 120 * skim_bytes);
  std::mt19937 random(7);
  std::vector<std::size_t> sizes(200);
  for (auto& s : sizes) s = random() % (random() % 2 ? 30'000 : 6000);
  uint64_t all = 0;
  for (auto s : sizes) all += s;
  EXPECT_LE(cost(sizes, sizes.size()), all);
}

// t/fuzz/segment.cc: records of all lengths, spoilt and not, and told ends of all kinds.
TEST(SkimFuzz, AnyBytes) {
  std::mt19937 random(20);
  for (int i = 0; i < 3000; i++) {
    std::string in(1, static_cast<char>(random()));
    for (auto n = random() % 12; n--;) {
      unsigned kind = random() % 8;
      in += kind < 5 ? 'R' : kind < 7 ? 'X' : '\0';
      if (kind < 7) in += static_cast<char>(random());
      if (kind >= 5) in += static_cast<char>(random());
    }
    fuzz_segment(reinterpret_cast<const uint8_t*>(in.data()), in.size());
  }
}

// SPDX-License-Identifier: MIT
#include "lib/queue/journal.h"

#include <errno.h>
#include <gtest/gtest.h>

#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/queue/file_store.h"
#include "t/unit/fault_disk.h"

using namespace jd;
using namespace jd::queue;
using namespace jd::test;

namespace {
Envelope envelope() {
  Envelope e;
  e.reverse_path = "a@b.example";
  e.recipients.emplace_back().address = "c@d.example";
  e.received = from_seconds(1'700'000'000);
  return e;
}

struct JournalTest : ::testing::Test {
  Scratch scratch;
  FileStore store = *FileStore::open(scratch.path);
  Fd dir = *file::open(scratch.path + "/journal", O_RDONLY | O_DIRECTORY);
  JournalOptions options{64 << 10, 4};

  JournalWriter writer() { return *JournalWriter::open(store.root(), options); }
  std::vector<std::string> read(uint32_t n) {
    std::vector<std::string> v;
    auto r = JournalReader::open(dir.get(), n);
    if (!r) return v;
    while (auto e = *r->next()) v.push_back(*e->message.bytes());
    return v;
  }
};
}  // namespace

TEST_F(JournalTest, OneBatchOneSyncReadBackByReference) {
  auto w = writer();
  std::string id = unique_id();
  ASSERT_TRUE(w.add(id, envelope(), {"Subject: 1\r\n", "\r\nx"}));
  ASSERT_TRUE(w.add(unique_id(), envelope(), {"second"}));
  EXPECT_GT(w.batch_bytes(), 0u);
  ASSERT_TRUE(w.commit());
  EXPECT_EQ(w.batch_bytes(), 0u);
  auto r = *JournalReader::open(dir.get(), w.position().segment);
  r.set_limit(w.position().offset);
  auto e = *r.next();
  ASSERT_TRUE(e);
  EXPECT_EQ(*e->message.bytes(), "Subject: 1\r\n\r\nx");
  EXPECT_EQ(e->message.id, id);
  EXPECT_EQ(e->message.envelope.recipients[0].address, "c@d.example");
  EXPECT_EQ(*(*r.next())->message.bytes(), "second");
  EXPECT_FALSE(*r.next());
}

TEST_F(JournalTest, AnOrdinaryBatchCostsTwoOperations) {
  auto w = writer();
  ASSERT_TRUE(w.add(unique_id(), envelope(), {"x"}));
  ASSERT_TRUE(w.commit());
  FaultDisk disk(scratch.path);
  for (int i = 0; i < 20; i++) ASSERT_TRUE(w.add(unique_id(), envelope(), {"x"}));
  ASSERT_TRUE(w.commit());
  EXPECT_EQ(disk.operations(), 2u);  // one write, one sync
}

TEST_F(JournalTest, SegmentsFollowEachOtherAndTheQueueGetsFull) {
  auto w = writer();
  std::string body(10'000, 'b');
  int added = 0;
  Status last;
  for (int i = 0; i < 100; i++) {
    auto r = w.add(unique_id(), envelope(), {body});
    if (!r) {
      EXPECT_NE(r.error().what.find("queue is full"), std::string::npos) << r.error().what;
      EXPECT_EQ(r.error().fault, Fault::temp);
      break;
    }
    ASSERT_TRUE(w.commit());
    added++;
  }
  EXPECT_EQ(added, 24);  // 4 segments of 6
  auto numbers = *list_segments(dir.get());
  ASSERT_EQ(numbers.size(), 4u);
  std::size_t found = 0;
  for (auto n : numbers) found += read(n).size();
  EXPECT_EQ(found, 24u);
  auto sealed = *JournalReader::open(dir.get(), numbers[0]);
  while (*sealed.next()) {}
  EXPECT_TRUE(sealed.is_sealed());
  // One is retired: its file is used again and holds nothing old.
  ASSERT_TRUE(retire_segment(dir.get(), numbers[0]));
  ASSERT_TRUE(w.add(unique_id(), envelope(), {"again"}));
  ASSERT_TRUE(w.commit());
  EXPECT_EQ(read(w.position().segment), std::vector<std::string>{"again"});
  EXPECT_EQ(list_segments(dir.get())->size(), 4u);
  EXPECT_FALSE(file::exists(scratch.path + "/journal/spare.00000001"));
}

TEST_F(JournalTest, ANewSegmentAtEachStart) {
  uint32_t first = 0;
  for (int i = 0; i < 3; i++) {
    auto w = writer();
    ASSERT_TRUE(w.add(unique_id(), envelope(), {"x"}));
    ASSERT_TRUE(w.commit());
    EXPECT_GT(w.position().segment, first);
    first = w.position().segment;
  }
}

TEST_F(JournalTest, TooLargeIsRefused) {
  auto w = writer();
  EXPECT_FALSE(w.add(unique_id(), envelope(), {std::string(70'000, 'x')}));
  EXPECT_FALSE(w.add("short", envelope(), {"x"}));
}

TEST_F(JournalTest, ABatchOverTwoSegments) {
  auto w = writer();
  std::vector<std::string> want;
  for (int i = 0; i < 10; i++) {
    want.push_back(std::string(10'000, static_cast<char>('a' + i)));
    ASSERT_TRUE(w.add(unique_id(), envelope(), {want.back()}));
  }
  ASSERT_TRUE(w.commit());
  std::vector<std::string> got;
  auto numbers = *list_segments(dir.get());
  EXPECT_EQ(numbers.size(), 2u);
  for (auto n : numbers)
    for (auto& s : read(n)) got.push_back(s);
  EXPECT_TRUE(got == want);
}

TEST_F(JournalTest, AFailedSyncFailsTheBatchAndTheNextOneWorks) {
  auto w = writer();
  ASSERT_TRUE(w.prepare_spare());
  ASSERT_TRUE(w.add(unique_id(), envelope(), {"good"}));
  ASSERT_TRUE(w.commit());
  auto before = w.position();
  {
    FaultDisk disk(scratch.path);
    disk.fail_at(2, EIO);
    ASSERT_TRUE(w.add(unique_id(), envelope(), {"doubtful"}));
    ASSERT_FALSE(w.commit());
    EXPECT_EQ(w.position(), before);
  }
  ASSERT_TRUE(w.add(unique_id(), envelope(), {"next"}));
  ASSERT_TRUE(w.commit());
  EXPECT_GT(w.position().segment, before.segment);
  EXPECT_EQ(read(w.position().segment), std::vector<std::string>{"next"});
}

TEST_F(JournalTest, DoneLogRemembers) {
  auto d = *DoneLog::open(dir.get(), 7, 99, "boot");
  d.add(64, 0, true);
  d.add(64, 2, false);
  d.add(128, all_recipients, true);
  ASSERT_TRUE(d.flush());
  auto e = *DoneLog::open(dir.get(), 7, 99, "boot");
  EXPECT_TRUE(e.is_done(64, 0));
  EXPECT_FALSE(e.is_done(64, 1));
  EXPECT_TRUE(e.is_done(64, 2));
  EXPECT_TRUE(e.is_done(128, 5));
  EXPECT_FALSE(e.is_done(256, 0));
  EXPECT_TRUE(e.has_touched(64));
  EXPECT_FALSE(e.has_touched(65));
  auto other = *DoneLog::open(dir.get(), 7, 98, "boot");  // another life of the number
  EXPECT_FALSE(other.is_done(64, 0));
  auto booted = *DoneLog::open(dir.get(), 7, 99, "another boot");  // the store may have lost it
  EXPECT_TRUE(booted.is_done(64, 0));
  EXPECT_FALSE(booted.is_done(64, 2));
  // A torn entry is cut, what follows is read.
  auto fd = file::open(scratch.path + "/journal/00000007.done", O_WRONLY | O_APPEND);
  ASSERT_TRUE(file::append(fd->get(), "torn"));
  auto t = *DoneLog::open(dir.get(), 7, 99, "boot");
  t.add(512, 1, true);
  ASSERT_TRUE(t.flush());
  EXPECT_TRUE(DoneLog::open(dir.get(), 7, 99, "boot")->is_done(512, 1));
  ASSERT_TRUE(clean_journal(dir.get()));
  EXPECT_FALSE(file::exists(scratch.path + "/journal/00000007.done"));
}

TEST_F(JournalTest, ADamagedRecordIsKeptForTheOperator) {
  auto w = writer();
  auto a = *w.add(unique_id(), envelope(), {"first"});
  ASSERT_TRUE(w.add(unique_id(), envelope(), {"second"}));
  ASSERT_TRUE(w.commit());
  auto n = w.position().segment;
  auto fd = file::open(scratch.path + "/journal/" + segment_name(n), O_WRONLY);
  ASSERT_TRUE(file::write_at(fd->get(), "?", a.offset + 30));
  EXPECT_EQ(read(n), std::vector<std::string>{"second"});
  auto r = *JournalReader::open(dir.get(), n);
  while (*r.next()) {}
  EXPECT_TRUE(r.is_damaged());
  ASSERT_TRUE(keep_damaged(store.root(), n));
  EXPECT_EQ(file::list(store.root(), "corrupt")->size(), 1u);
}

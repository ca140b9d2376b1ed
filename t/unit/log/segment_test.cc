// SPDX-License-Identifier: MIT
#include "lib/log/segment.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "t/unit/fault_disk.h"

using namespace jd;
using namespace jd::journal;
using jd::test::FaultDisk;
using jd::test::Scratch;

namespace {
struct SegmentTest : ::testing::Test {
  Scratch scratch;
  Fd dir = *file::open(scratch.path, O_RDONLY | O_DIRECTORY);

  SegmentWriter make(uint64_t preallocate = 0, const std::string& name = "s") {
    auto w = SegmentWriter::create(dir.get(), name, {1, 5, preallocate});
    EXPECT_TRUE(w) << w.error().what;
    return std::move(*w);
  }
  std::vector<std::string> payloads(const std::string& name = "s") {
    auto r = SegmentReader::open(dir.get(), name);
    EXPECT_TRUE(r) << r.error().what;
    std::vector<std::string> v;
    for (;;) {
      auto n = r->next();
      EXPECT_TRUE(n);
      if (!n || !*n) return v;
      v.emplace_back((*n)->payload);
    }
  }
  std::string bytes(const std::string& name = "s") { return *file::read_all(dir.get(), name); }
  void put(const std::string& b, const std::string& name = "s") {
    auto fd = file::open(dir.get(), name, O_RDWR | O_CREAT | O_TRUNC);
    ASSERT_TRUE(file::write_at(fd->get(), b, 0));
  }
};
using Strings = std::vector<std::string>;
}  // namespace

TEST_F(SegmentTest, WhatIsCommittedIsReadBack) {
  auto w = make();
  auto a = *w.append(1, 2, 3, {"al", "pha"});
  auto b = *w.append(4, 5, 6, {""});
  EXPECT_EQ(payloads(), Strings{});
  ASSERT_TRUE(w.commit());
  EXPECT_EQ(payloads(), (Strings{"alpha", ""}));
  auto r = *SegmentReader::open(dir.get(), "s");
  auto x = r.read(a);
  ASSERT_TRUE(x);
  EXPECT_EQ(x->payload, "alpha");
  EXPECT_EQ(x->type, 1);
  EXPECT_EQ(x->flags, 2);
  EXPECT_EQ(x->stamp, 3u);
  EXPECT_EQ(b.segment, 5u);
  EXPECT_FALSE(r.read(a.offset + 8, 5));
  EXPECT_FALSE(r.read(a.offset, 4));
  EXPECT_FALSE(r.read(1 << 20, 4));
}

TEST_F(SegmentTest, ALargeRecordIsWrittenWhereItStands) {
  auto w = make();
  ASSERT_TRUE(w.append(1, 0, 0, {"before"}));
  ASSERT_TRUE(w.flush());
  for (std::size_t n : {0, 1, 8, 1000}) {
    std::string record(head_bytes, '?');
    record.append(n, 'x');
    auto ref = w.write(7, 2, 9, record);
    ASSERT_TRUE(ref);
    EXPECT_EQ(ref->end(), w.flushed());
    auto r = *SegmentReader::open(dir.get(), "s");
    auto got = r.read(*ref);
    ASSERT_TRUE(got) << n;
    EXPECT_EQ(got->payload, std::string(n, 'x'));
    EXPECT_EQ(got->type, 7);
    EXPECT_EQ(got->flags, 2);
    EXPECT_EQ(got->stamp, 9u);
  }
  ASSERT_TRUE(w.append(1, 0, 0, {"after"}));
  ASSERT_TRUE(w.commit());
  EXPECT_EQ(payloads().size(), 6u);
  EXPECT_EQ(payloads().back(), "after");
  std::string record(head_bytes, '?');
  FaultDisk disk(scratch.path);
  disk.fail_at(1, ENOSPC, 10);
  EXPECT_FALSE(w.write(1, 0, 0, record += "lost"));
  EXPECT_FALSE(w.is_broken());
  record.assign(head_bytes, '?');
  EXPECT_TRUE(w.write(1, 0, 0, record += "kept"));
  EXPECT_EQ(payloads().back(), "kept");
}

TEST_F(SegmentTest, ReaderFollowsAWriter) {
  auto w = make(1 << 20);
  auto r = *SegmentReader::open(dir.get(), "s");
  for (int i = 0; i < 50; i++) {
    EXPECT_FALSE(*r.next());
    std::string payload(static_cast<std::size_t>(i) * 97, 'y');
    ASSERT_TRUE(w.append(1, 0, 0, {payload}));
    ASSERT_TRUE(w.commit());
    r.set_limit(w.committed());
    auto n = r.next();
    ASSERT_TRUE(n && *n) << i;
    EXPECT_EQ((*n)->payload, payload);
  }
  EXPECT_TRUE(r.damage().empty());
}

// Records of several pages appear in pieces; none may be taken for damage and passed over.
TEST_F(SegmentTest, ReaderOfAnotherProcessMissesNothing) {
  constexpr uint64_t count = 20'000;
  auto w = make();
  pid_t writer = ::fork();
  ASSERT_GE(writer, 0);
  if (writer == 0) {
    for (uint64_t i = 1; i <= count; i++) {
      std::string payload(i * 37 % 13'000, static_cast<char>('a' + i % 26));
      if (!w.append(7, 0, i, {payload}) || !w.flush()) ::_exit(1);
    }
    ::_exit(0);
  }
  auto r = SegmentReader::open(dir.get(), "s");
  ASSERT_TRUE(r);
  uint64_t seen = 0;
  for (bool is_over = false; seen < count;) {
    auto record = r->next();
    ASSERT_TRUE(record);
    if (*record) {
      ASSERT_EQ((*record)->stamp, ++seen);
    } else {
      ASSERT_FALSE(is_over) << seen;
      is_over = ::waitpid(writer, nullptr, WNOHANG) == writer;
    }
  }
  EXPECT_TRUE(r->damage().empty());
}

TEST_F(SegmentTest, ReaderStopsAtItsLimit) {
  auto w = make();
  auto a = *w.append(1, 0, 0, {"a"});
  (void)*w.append(1, 0, 0, {"b"});
  ASSERT_TRUE(w.commit());
  auto r = *SegmentReader::open(dir.get(), "s");
  r.set_limit(a.end());
  EXPECT_TRUE(*r.next());
  EXPECT_FALSE(*r.next());
  r.set_limit(0);
  EXPECT_EQ((*r.next())->payload, "b");
}

TEST_F(SegmentTest, RecordsLargerThanTheBlock) {
  auto w = make();
  std::string big(1 << 20, 'b');
  ASSERT_TRUE(w.append(1, 0, 0, {"x"}));
  ASSERT_TRUE(w.append(1, 0, 0, {big}));
  ASSERT_TRUE(w.append(1, 0, 0, {"z"}));
  ASSERT_TRUE(w.commit());
  EXPECT_EQ(payloads(), (Strings{"x", big, "z"}));
}

TEST_F(SegmentTest, AFlippedByteCostsOneRecord) {
  auto w = make();
  for (auto p : {"first", "second record", "third"}) (void)*w.append(1, 0, 0, {p});
  ASSERT_TRUE(w.commit());
  std::string good = bytes();
  uint64_t second = header_bytes + record_bytes(5), third = second + record_bytes(13);
  for (std::size_t i = header_bytes; i < good.size(); i++) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    put(bad);
    auto r = *SegmentReader::open(dir.get(), "s");
    Strings v;
    while (auto n = *r.next()) v.emplace_back(n->payload);
    ASSERT_GE(v.size(), 2u) << i;
    if (v.size() == 2 && i < third) {
      ASSERT_EQ(r.damage().size(), 1u);
      EXPECT_EQ(r.damage()[0].offset, i < second ? header_bytes : second);
      EXPECT_EQ(r.damage()[0].length, i < second ? record_bytes(5) : record_bytes(13));
    }
  }
}

TEST_F(SegmentTest, EachTornTailIsCut) {
  auto w = make();
  (void)*w.append(1, 0, 0, {"keep"});
  auto last = *w.append(1, 0, 0, {"this one is torn"});
  ASSERT_TRUE(w.commit());
  std::string good = bytes();
  for (uint64_t n = last.offset; n < last.offset + head_bytes + last.length; n++) {
    put(good.substr(0, n));
    auto again = SegmentWriter::append_to(dir.get(), "s");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->tail_cut(), n - last.offset);
    EXPECT_EQ(again->size(), last.offset);
    ASSERT_TRUE(again->append(1, 0, 0, {"new"}));
    ASSERT_TRUE(again->commit());
    EXPECT_EQ(payloads(), (Strings{"keep", "new"})) << n;
  }
}

TEST_F(SegmentTest, AppendToFromACheckpoint) {
  auto w = make();
  auto a = *w.append(1, 0, 0, {"a"});
  (void)*w.append(1, 0, 0, {"b"});
  ASSERT_TRUE(w.commit());
  auto x = *SegmentWriter::append_to(dir.get(), "s", a.end());
  EXPECT_EQ(x.size(), w.size());
  auto y = *SegmentWriter::append_to(dir.get(), "s", 1 << 30);  // a checkpoint from elsewhere
  EXPECT_EQ(y.size(), w.size());
  EXPECT_EQ(payloads(), (Strings{"a", "b"}));
}

TEST_F(SegmentTest, TwoWritersTakeTurns) {
  auto a = make();
  auto b = *SegmentWriter::append_to(dir.get(), "s");
  Strings want;
  for (int i = 0; i < 10; i++) {
    auto& w = i % 2 ? a : b;
    ASSERT_TRUE(w.refresh());
    want.push_back(std::to_string(i));
    ASSERT_TRUE(w.append(1, 0, 0, {want.back()}));
    ASSERT_TRUE(w.flush());
  }
  EXPECT_EQ(payloads(), want);
  // One dies in the middle of a write: the other cuts that and goes on.
  put(bytes() + std::string("half a record"));
  ASSERT_TRUE(a.refresh());
  EXPECT_EQ(a.tail_cut(), 13u);
  ASSERT_TRUE(a.append(1, 0, 0, {"x"}));
  ASSERT_TRUE(a.flush());
  want.push_back("x");
  EXPECT_EQ(payloads(), want);
  ASSERT_TRUE(file::truncate(a.fd(), header_bytes));
  EXPECT_FALSE(a.refresh());
  EXPECT_TRUE(a.is_broken());
}

TEST_F(SegmentTest, RecycledFileHoldsNothingOld) {
  {
    auto w = make(64 << 10);
    for (int i = 0; i < 100; i++) (void)*w.append(1, 0, 0, {"old record"});
    ASSERT_TRUE(w.commit());
    ASSERT_TRUE(w.seal());
  }
  auto w = SegmentWriter::recycle(dir.get(), "s", "t", {1, 6, 64 << 10});
  ASSERT_TRUE(w) << w.error().what;
  EXPECT_EQ(payloads("t"), Strings{});
  ASSERT_TRUE(w->append(1, 0, 0, {"new"}));
  ASSERT_TRUE(w->commit());
  EXPECT_EQ(payloads("t"), Strings{"new"});
  EXPECT_EQ(w->number(), 6u);
  EXPECT_FALSE(file::exists(scratch.path + "/s"));
}

TEST_F(SegmentTest, FullSealedAndTooLong) {
  auto w = make(4096);
  while (w.fits(100)) ASSERT_TRUE(w.append(1, 0, 0, {std::string(100, 'x')}));
  auto r = w.append(1, 0, 0, {std::string(100, 'x')});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().sys, ENOSPC);
  ASSERT_TRUE(w.seal());  // room for the seal was kept
  EXPECT_EQ(*file::size_of(w.fd()), 4096u);
  EXPECT_FALSE(w.append(1, 0, 0, {"x"}));
  auto reader = *SegmentReader::open(dir.get(), "s");
  while (*reader.next()) {}
  EXPECT_TRUE(reader.is_sealed());
  EXPECT_TRUE(SegmentWriter::append_to(dir.get(), "s", 0, 4096)->is_sealed());
  std::string long_one(max_payload_bytes / 2 + 1, 'x');
  EXPECT_FALSE(make(0, "u").append(1, 0, 0, {long_one, long_one}));
}

TEST_F(SegmentTest, NotASegment) {
  put("");
  EXPECT_EQ(SegmentReader::open(dir.get(), "s").error().sys, ENODATA);
  put(std::string(30, '\0'));
  EXPECT_EQ(SegmentWriter::append_to(dir.get(), "s").error().sys, ENODATA);
  put(std::string(300, 'x'));
  EXPECT_EQ(SegmentReader::open(dir.get(), "s").error().sys, EINVAL);
  EXPECT_EQ(SegmentReader::open(dir.get(), "absent").error().sys, ENOENT);
  auto again = SegmentWriter::create(dir.get(), "s", {});
  EXPECT_EQ(again.error().sys, EEXIST);
  EXPECT_EQ(bytes().size(), 300u);
}

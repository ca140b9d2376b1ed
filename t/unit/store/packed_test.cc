// SPDX-License-Identifier: MIT
#include "lib/store/packed.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "lib/store/gone.h"
#include "lib/store/state.h"
#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {

bool same(const Entry& a, const Entry& b) { return memcmp(&a, &b, entry_bytes) == 0; }

Entry any(std::mt19937_64& rng) {
  auto n = [&](uint64_t most) {
    switch (rng() % 4) {
      case 0: return uint64_t{0};
      case 1: return most;
      case 2: return rng() % 300 & most;
      default: return rng() & most;
    }
  };
  Entry e;
  e.uid = static_cast<uint32_t>(n(UINT32_MAX));
  e.flags = static_cast<uint8_t>(n(255));
  e.kind = static_cast<uint8_t>(n(255));
  e.marks = static_cast<uint16_t>(n(UINT16_MAX));
  e.segment = static_cast<uint32_t>(n(UINT32_MAX));
  e.length = static_cast<uint32_t>(n(UINT32_MAX));
  e.offset = n(UINT64_MAX);
  e.meta = static_cast<uint32_t>(n(UINT32_MAX));
  e.saved = static_cast<uint32_t>(n(UINT32_MAX));
  e.size = n(UINT64_MAX);
  e.date = static_cast<int64_t>(n(UINT64_MAX));
  e.keywords = n(UINT64_MAX);
  e.mod_seq = n(UINT64_MAX);
  e.stamp = n(UINT64_MAX);
  return e;
}

// As they arrive: one after the other in a segment.
std::vector<Entry> arrived(std::size_t many) {
  std::vector<Entry> all(many);
  for (std::size_t i = 0; i < many; i++) {
    Entry& e = all[i];
    e.uid = static_cast<uint32_t>(i + 1);
    e.marks = mark_known;
    e.segment = 1;
    e.length = 4500 + i % 100;
    e.offset = i ? all[i - 1].ref().end() : 64;
    e.meta = 400 + i % 30;
    e.size = e.length - e.meta;
    e.saved = 1'790'000'000;
    e.date = 1'780'000'000 + static_cast<int64_t>(i * 90);
    e.mod_seq = 7;
    e.stamp = i * 0x9e3779b97f4a7c15;
  }
  return all;
}

TEST(Packed, AnyEntriesComeBackAsTheyWere) {
  std::mt19937_64 rng(1);
  for (int round = 0; round < 300; round++) {
    std::vector<Entry> all(rng() % 20);
    for (auto& e : all) e = any(rng);
    std::string text;
    Packer to(text);
    for (auto& e : all) to.add(e);
    EXPECT_LE(text.size(), all.size() * packed_most);
    EXPECT_GE(text.size(), all.size() * packed_least);
    Unpacker in(text);
    for (auto& e : all) {
      Entry got;
      ASSERT_TRUE(in.next(got));
      ASSERT_TRUE(same(got, e));
    }
    EXPECT_TRUE(in.at_end());
  }
}

TEST(Packed, WhatArrivedInTurnTakesLittle) {
  auto all = arrived(1000);
  std::string text;
  Packer to(text);
  for (auto& e : all) to.add(e);
  EXPECT_LT(text.size(), all.size() * 18);
}

TEST(Packed, CutAnywhereIsMalformedOrShorter) {
  std::mt19937_64 rng(2);
  std::string text;
  Packer to(text);
  std::vector<std::size_t> ends = {0};
  for (int i = 0; i < 5; i++) {
    Entry e = any(rng);
    e.uid = static_cast<uint32_t>(i + 1);
    to.add(e);
    ends.push_back(text.size());
  }
  for (std::size_t n = 0; n < text.size(); n++) {
    std::string cut = text.substr(0, n);
    Unpacker in(cut);
    std::size_t got = 0;
    for (Entry e; in.next(e);) got++;
    EXPECT_EQ(got, static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), n) - ends.begin()) - 1);
    EXPECT_EQ(FolderState().apply(type_arrive_packed, 1, cut), std::find(ends.begin(), ends.end(), n) != ends.end());
  }
}

TEST(Packed, NumbersThatAreTooLongOrTooLargeAreMalformed) {
  Entry e;
  EXPECT_FALSE(Unpacker(std::string(40, '\xff')).next(e));
  std::string large("\x02\xff\xff\xff\xff\xff\x7f\0\0\0", 10);  // a UID beyond 32 bits
  EXPECT_FALSE(Unpacker(large + std::string(12, '\0')).next(e));
  EXPECT_TRUE(Unpacker(std::string(12, '\0')).next(e));
}

std::string told(const GoneList& g) {
  std::string r = fmt::format("{}", g.size());
  g.each([&](const Gone& one) { r += fmt::format(" {}@{}:{}", one.entry.uid, one.when, one.entry.mod_seq); });
  return r;
}

TEST(GoneList, KeepsWhatWasAddedInOrder) {
  auto all = arrived(1000);
  GoneList g;
  EXPECT_EQ(g.last_mod_seq(), 0u);
  std::string expected = "1000";
  auto add = [&](std::size_t from, std::size_t to, int64_t when, uint64_t seq) {
    g.add({&all[from], to - from}, when, seq);
    for (std::size_t i = from; i < to; i++) expected += fmt::format(" {}@{}:{}", i + 1, when, seq);
  };
  add(0, 1, 100, 10);
  add(1, 600, 90, 11);  // the clock was set
  add(600, 601, 110, 12);
  add(601, 1000, 120, 15);
  EXPECT_EQ(told(g), expected);
  EXPECT_EQ(g.first_mod_seq(), 10u);
  EXPECT_EQ(g.last_mod_seq(), 15u);
  EXPECT_LT(g.bytes().size(), 1000u * 20);
  std::map<uint64_t, std::size_t> after;
  for (uint64_t since : {0, 9, 10, 11, 12, 14, 15, 16}) g.each_after(since, [&](const Gone& one) { after[since] += one.entry.mod_seq > since; });
  EXPECT_EQ(after, (std::map<uint64_t, std::size_t>{{0, 1000}, {9, 1000}, {10, 999}, {11, 400}, {12, 399}, {14, 399}}));
  EXPECT_TRUE(g.any([](const Gone& one) { return one.entry.uid == 700; }));
  EXPECT_FALSE(g.any([](const Gone& one) { return one.entry.uid == 1001; }));
  auto copy = g.copy();
  g.change([](Entry& e) { return e.uid == 500 ? e.offset++, true : false; });
  EXPECT_EQ(told(g), expected);
  uint64_t offsets[2] = {0, 0};
  g.each([&](const Gone& one) { offsets[0] += one.entry.offset; });
  copy.each([&](const Gone& one) { offsets[1] += one.entry.offset; });
  EXPECT_EQ(offsets[0], offsets[1] + 1);
}

TEST(GoneList, AnyTimesComeBackAsTheyWere) {
  const int64_t times[] = {0, INT64_MAX, INT64_MIN, -1, INT64_MAX, 1, INT64_MIN, INT64_MAX};
  std::string text;
  GonePacker to(text);
  for (auto t : times) to.add(Entry(), t);
  GoneUnpacker in(text);
  for (auto t : times) {
    Gone g;
    ASSERT_TRUE(in.next(g));
    EXPECT_EQ(g.when, t);
  }
  EXPECT_TRUE(in.at_end());
}

TEST(GoneList, BytesOfAnyKindEndIt) {
  auto all = arrived(600);
  GoneList g;
  g.add(all, 5, 9);
  std::string bytes(g.bytes());
  std::mt19937_64 rng(3);
  for (int round = 0; round < 3000; round++) {
    std::string bad = bytes;
    if (round % 3 == 0) bad.resize(rng() % bad.size());
    else for (int i = 0; i < 3; i++) bad[rng() % bad.size()] = static_cast<char>(rng());
    if (round % 3 == 2) bad = bad.substr(rng() % bad.size());
    Records<char> records;
    records.assign(bad);
    GoneList in;
    in.become(std::move(records), 600);
    std::size_t n = 0, after = 0;
    in.each([&](const Gone&) { n++; });
    in.each_after(0, [&](const Gone&) { after++; });
    EXPECT_LE(n, bad.size() / packed_least);
    EXPECT_LE(after, bad.size() / packed_least);
  }
}

TEST(FolderState, LogsOfEarlierReleasesAreRead) {
  FolderState st;
  st.init(1);
  std::string p;
  for (auto& e : arrived(3)) encode(p, e);
  ASSERT_TRUE(st.apply(type_arrive, 7, p));
  EXPECT_EQ(st.entries().size(), 3u);
  p.clear();
  Entry e = arrived(9).back();
  e.mod_seq = 12;
  encode(p, e);
  put(p, int64_t{1234});
  ASSERT_TRUE(st.apply(type_gone, 12, p));
  EXPECT_EQ(told(st.gone()), "1 9@1234:12");
  EXPECT_EQ(st.uid_next(), 10u);
  EXPECT_EQ(st.mod_seq(), 12u);
  EXPECT_FALSE(st.apply(type_gone, 12, p.substr(1)));
  FolderState again;
  for (auto& o : st.snapshot(0)) ASSERT_TRUE(again.apply(o.type, o.stamp, o.payload));
  EXPECT_EQ(told(again.gone()), told(st.gone()));
  for (int i = 0; i < 3; i++) EXPECT_TRUE(same(again.entries()[i], st.entries()[i]));
  EXPECT_EQ(again.uid_next(), 10u);
  EXPECT_EQ(again.bytes(), st.bytes());
}

// Of 64 KB and more the record is not applied by who wrote it: whatever comes next knows all of it.
TEST(Folder, WhatWasCopiedInLargeNumbersIsThereForWhateverComesNext) {
  constexpr uint32_t many = 6000;
  Scratch s;
  auto a = s.open();
  auto in = *a->folder(inbox_id);
  std::vector<NewMessage> messages(100);
  std::string bytes = mail("m");
  for (auto& m : messages) m.bytes = bytes;
  while (in->state().entries().size() < many) ASSERT_TRUE(in->append(messages, false));
  UidSet all;
  all.add(1, many);
  ASSERT_TRUE(a->usage());
  auto check = [&](const char* folder, std::size_t messages_there) {
    auto again = s.open();
    for (Account* x : {a.get(), again.get()}) {
      auto f = *x->folder(folder);
      ASSERT_TRUE(f->refresh());
      EXPECT_EQ(f->state().entries().size(), messages_there) << folder;
    }
    auto kept = a->usage(), counted = again->recount();
    ASSERT_TRUE(kept && counted);
    EXPECT_EQ(kept->messages, counted->messages);
    EXPECT_EQ(kept->bytes, counted->bytes);
  };
  auto to = *a->folder("Archive");
  ASSERT_TRUE(to->copy_from(*in, all, false));
  EXPECT_EQ(to->state().entries().size(), 0u);
  check("Archive", many);
  ASSERT_TRUE(to->copy_from(*in, all, false));  // twice without a look
  ASSERT_TRUE(to->copy_from(*in, all, false));
  check("Archive", 3 * many);
  ASSERT_TRUE(to->copy_from(*in, all, false));
  EXPECT_EQ(add(*a, mail("one more"), "Archive"), 4 * many + 1);
  check("Archive", 4 * many + 1);
  ASSERT_TRUE(to->copy_from(*in, all, false));
  ASSERT_TRUE(to->expunge(uids({4 * many + 2})));  // of those
  check("Archive", 5 * many);
  ASSERT_TRUE(to->copy_from(*to, all, true));  // within itself
  check("Archive", 5 * many);
  EXPECT_EQ(to->state().entries()[0].uid, many + 1);
  EXPECT_LT(to->state().gone().size(), many + 2u);
  for (int i = 0; i < 20; i++) ASSERT_TRUE((*a->folder("Junk"))->copy_from(*in, all, false));  // the log is written anew, perhaps
  check("Junk", 20 * many);
  auto log = [&] { return *file::size_of(file::open(a->dir(), (*a->folder("Sent"))->log_name(), O_RDONLY)->get()); };
  UidSet some, odd;
  some.add(1, 1000);
  for (uint32_t u = 1; u < 1000; u += 2) odd.add(u);
  ASSERT_TRUE((*a->folder("Sent"))->copy_from(*in, some, false));
  for (int i = 0; log() < 500'000; i++) ASSERT_TRUE((*a->folder("Sent"))->store(i % 2 ? FlagOp::remove : FlagOp::add, flagged, {}, odd));
  ASSERT_TRUE((*a->folder("Sent"))->copy_from(*in, all, false));  // where the log would be written anew, were it not for those
  check("Sent", 1000 + many);
  ASSERT_TRUE((*a->folder("Trash"))->copy_from(*in, all, true));
  EXPECT_TRUE(in->state().entries().empty());
  EXPECT_EQ(in->state().gone().size(), many);
  check("Trash", many);
  check("INBOX", 0);
  ASSERT_TRUE(in->restore(all));
  check("INBOX", many);
}

}  // namespace
}  // namespace jd::store

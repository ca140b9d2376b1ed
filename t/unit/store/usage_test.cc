// SPDX-License-Identifier: MIT
// The sums under the lock are what the folders hold, whatever was done and whoever died meanwhile.
#include <errno.h>
#include <gtest/gtest.h>

#include <random>

#include "lib/base/log.h"
#include "lib/store/domain_usage.h"
#include "t/unit/fault_disk.h"
#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {
Usage counted(Account& a) {
  Usage u;
  EXPECT_TRUE(a.tree().refresh());
  for (auto& [id, info] : a.tree().folders()) {
    auto f = a.folder(id);
    EXPECT_TRUE(f && (*f)->refresh());
    if (!f) continue;
    u.bytes += (*f)->state().bytes();
    u.messages += (*f)->state().entries().size();
  }
  return u;
}
std::optional<Usage> noted(Account& a) {
  auto hold = a.lock().hold();
  return a.lock().usage();
}
std::ostream& operator<<(std::ostream& o, const Usage& u) { return o << u.bytes << " bytes, " << u.messages << " messages"; }
}  // namespace

TEST(Usage, IsRightAfterEveryChangeByAnyProcess) {
  Scratch s;
  auto a = s.open(), b = s.open();
  EXPECT_FALSE(noted(*a)) << "nobody has asked yet: changes cost nothing more";
  add(*a, mail("first"));
  EXPECT_FALSE(noted(*a));
  EXPECT_EQ(*b->usage(), (Usage{mail("first").size(), 1}));
  std::mt19937 rng(7);
  std::vector<std::string> folders = {"INBOX", "Sent", "Trash", "Archive"};
  for (int i = 0; i < 300; i++) {
    Account& x = rng() % 2 ? *a : *b;
    std::string name = folders[rng() % folders.size()], other = folders[rng() % folders.size()];
    Folder& f = **x.folder(name);
    ASSERT_TRUE(f.refresh());
    UidSet some;
    for (auto& e : f.state().entries())
      if (rng() % 3 == 0) some.add(e.uid);
    switch (rng() % 6) {
      case 0: case 1: add(x, mail("m", rng() % 3000), name, false); break;
      case 2: ASSERT_TRUE(f.expunge(some)); break;
      case 3: if (name != other) ASSERT_TRUE((*x.folder(other))->copy_from(f, some, rng() % 2)); break;
      case 4: ASSERT_TRUE(f.store(FlagOp::add, seen, {}, some)); break;
      case 5: {
        UidSet all;
        all.add(1, 100000);
        ASSERT_TRUE(f.restore(all));
      }
    }
    ASSERT_TRUE(noted(x)) << i;
    ASSERT_EQ(*noted(x), counted(x)) << i;
  }
}

TEST(Usage, FoldersThatGoAndComeBackCount) {
  Scratch s;
  auto a = s.open();
  uint32_t id = *a->tree().create("x");
  add(*a, mail("m"), "x");
  ASSERT_EQ(a->usage()->messages, 1u);
  ASSERT_TRUE(a->tree().remove("x"));
  EXPECT_EQ(a->usage()->messages, 0u);
  ASSERT_TRUE(a->tree().restore(id, "x"));
  EXPECT_EQ(a->usage()->messages, 1u);
  ASSERT_TRUE((*a->folder("x"))->expunge(uids({1})));
  EXPECT_EQ(*noted(*a), (Usage{0, 0}));
}

TEST(Usage, WhatHappensInADeletedFolderDoesNotCount) {
  Scratch s;
  auto a = s.open(), b = s.open();
  ASSERT_TRUE(a->tree().create("x"));
  Folder& late = **b->folder("x");  // selected by another session, which has not heard of it yet
  NewMessage m;
  std::string bytes = mail("m");
  m.bytes = bytes;
  ASSERT_TRUE(late.append(m, true));
  ASSERT_EQ(a->usage()->messages, 1u);
  ASSERT_TRUE(a->tree().remove("x"));
  ASSERT_EQ(a->usage()->messages, 0u);
  ASSERT_TRUE(late.expunge(uids({1})));
  EXPECT_FALSE(noted(*a)) << "who does not know the folders does not know the sum";
  ASSERT_EQ(*a->usage(), (Usage{0, 0}));
  ASSERT_TRUE(b->tree().refresh());
  ASSERT_TRUE(late.append(m, true));
  EXPECT_EQ(*noted(*a), (Usage{0, 0})) << "it knows that this one counts no more";
  EXPECT_EQ(*a->usage(), counted(*a));
}

TEST(Usage, AHalfRecordAtTheEndOfTheTreeIsNoChangeOfIt) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("m"));
  {
    Fd tree = *file::open(s.account() + "/tree", O_WRONLY);
    ASSERT_TRUE(file::write_at(tree.get(), "half", *file::size_of(tree.get())));
  }
  ASSERT_EQ(a->usage()->messages, 1u);
  add(*a, mail("m"));
  ASSERT_TRUE(noted(*a));
  EXPECT_EQ(noted(*a)->messages, 2u);
  auto b = s.open();  // it learns it at its first change
  add(*b, mail("m"));
  ASSERT_EQ(b->usage()->messages, 3u);
  add(*b, mail("m"));
  ASSERT_TRUE(noted(*a));
  ASSERT_TRUE(a->tree().create("x"));
  EXPECT_EQ(*a->usage(), counted(*a));
}

TEST(Usage, OfARebuiltFolderIsCountedAnew) {
  Scratch s;
  {
    auto a = s.open();
    add(*a, mail("one"), "INBOX", true);
    add(*a, mail("two"), "INBOX", true);
    ASSERT_TRUE((*a->folder(inbox_id))->expunge(uids({1})));
    ASSERT_EQ(a->usage()->messages, 1u);
  }
  ASSERT_TRUE(file::unlink(AT_FDCWD, s.account() + "/box/1.log"));
  file::unlink(AT_FDCWD, s.account() + "/box/1.index");
  std::string said;
  log::capture(&said);
  auto a = s.open();
  add(*a, mail("three"));
  EXPECT_EQ(*a->usage(), counted(*a));
  EXPECT_EQ(a->usage()->messages, 3u);
  log::capture(nullptr);
}

TEST(Usage, OfAnotherBootOrDamagedIsNotBelieved) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("m"));
  ASSERT_EQ(a->usage()->messages, 1u);
  std::string path = s.account() + "/lock", whole = *file::read_all(path);
  ASSERT_EQ(whole.size(), 48u);
  for (std::size_t i = 0; i <= whole.size(); i++) {  // each byte wrong, and the boot's, too
    std::string bad = whole;
    if (i < whole.size()) bad[i] = static_cast<char>(bad[i] ^ 1);
    else bad.resize(20);
    Fd fd = *file::open(path, O_WRONLY | O_TRUNC);
    ASSERT_TRUE(file::write_at(fd.get(), bad, 0));
    EXPECT_FALSE(noted(*a)) << i;
  }
  EXPECT_EQ(a->usage()->messages, 1u);
  EXPECT_TRUE(noted(*a));
}

// The write that fails, or the process that dies, at any step of a change.
TEST(Usage, IsDoubtedAfterAChangeThatFailed) {
  std::string said;
  log::capture(&said);
  bool any_failed = true;
  for (std::size_t k = 1; any_failed && k < 100; k++) {
    Scratch s;
    auto a = s.open();
    for (int i = 0; i < 3; i++) add(*a, mail("m"));
    Folder &in = **a->folder(inbox_id), &to = **a->folder("Archive");
    ASSERT_EQ(a->usage()->messages, 3u);
    {
      test::FaultDisk disk(s.path + "/mail");
      disk.fail_at(k, ENOSPC, k % 20);
      (void)to.copy_from(in, uids({1}), true);
      (void)in.expunge(uids({2}));
      NewMessage m;
      std::string bytes = mail("later");
      m.bytes = bytes;
      (void)in.append(m, true);
      any_failed = disk.has_failed();
    }
    auto b = s.open();
    EXPECT_EQ(*b->usage(), counted(*b)) << "operation " << k << " failed";
    EXPECT_EQ(*a->usage(), counted(*a));
  }
  log::capture(nullptr);
  EXPECT_FALSE(any_failed) << "more operations than were tried";
}

TEST(Usage, LimitsBytesAndMessages) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("one", 1000));
  uint64_t size = mail("one", 1000).size();
  EXPECT_TRUE(a->admit({}, 1 << 30, 1000));
  EXPECT_TRUE(a->admit({.bytes = 2 * size, .messages = 2}, size, 1));
  auto no = a->admit({.bytes = 2 * size}, size + 1, 1);
  ASSERT_FALSE(no);
  EXPECT_EQ(no.error().sys, EDQUOT);
  no = a->admit({.messages = 2}, 10, 2);
  ASSERT_FALSE(no);
  EXPECT_EQ(no.error().what, "mailbox is full: it has 1 of 2 messages");
  EXPECT_FALSE(a->admit({.domain_messages = 1}, 1, 1));
}

TEST(DomainUsage, IsTheSumOfWhatIsNoted) {
  Scratch s;
  ManualClock clock;
  set_clock(&clock);
  std::string dir = s.path + "/mail";
  for (const char* name : {"ann", "bob"}) {
    auto a = *Account::open(dir + "/example.test/" + name, true);
    add(*a, mail("m", 1000));
    ASSERT_TRUE(a->usage());
  }
  uint64_t size = mail("m", 1000).size();
  DomainUsage d(dir);
  std::string ann = "example.test/ann";
  EXPECT_EQ(d.of(ann), (Usage{2 * size, 2}));
  EXPECT_TRUE(d.admit(ann, {.domain_bytes = 3 * size, .domain_messages = 3}, size));
  d.add(ann, size, 1);
  auto no = d.admit(ann, {.domain_messages = 3}, size);
  ASSERT_FALSE(no);
  EXPECT_EQ(no.error().sys, EDQUOT);
  EXPECT_FALSE(d.admit(ann, {.domain_bytes = 3 * size}, 1));
  EXPECT_EQ(d.within(ann, {.bytes = 7, .domain_bytes = 5 * size, .domain_messages = 4}), (Quota{7, 0, 3 * size, 2})) << "what ann may grow to";
  EXPECT_EQ(d.within(ann, {.domain_messages = 1}).domain_messages, 1u) << "a domain that is over it gives no room, and not no limit";
  clock.advance(minutes(2));
  EXPECT_EQ(d.of("example.test/bob"), (Usage{2 * size, 2})) << "read anew: what was added never came";
  EXPECT_EQ(d.of("nowhere.test/x"), (Usage{}));
  set_clock(nullptr);
}

TEST(Quota, TravelsAsText) {
  EXPECT_EQ((Quota{5}.text()), "5");
  for (Quota q : {Quota{}, Quota{5}, Quota{0, 7}, Quota{1, 2, 3, 4}, Quota{0, 0, 0, 9}}) EXPECT_EQ(Quota::parse(q.text()), q);
  EXPECT_EQ(Quota::parse("x 3"), (Quota{0, 3}));
  EXPECT_EQ(Quota::parse(""), Quota{});
}

}  // namespace jd::store

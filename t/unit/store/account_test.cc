// SPDX-License-Identifier: MIT
#include "lib/store/account.h"

#include <errno.h>

#include "lib/base/log.h"
#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {
Account::Delivery delivery(const std::string& bytes, const std::string& queue_id) {
  Account::Delivery d;
  d.bytes = bytes;
  d.id = delivery_id(queue_id, "ann@example.test");
  d.accepted = now();
  return d;
}
}  // namespace

TEST(Deliver, AReplayFindsWhatWasDelivered) {
  Scratch s;
  std::string m = mail("once");
  auto d = delivery(m, "q1");
  auto first = s.open()->deliver(d);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->was_there);
  d.may_be_replay = true;
  auto a = s.open();
  auto second = a->deliver(d);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->was_there);
  EXPECT_EQ(second->uid, first->uid);
  auto other = delivery(m, "q2");
  other.may_be_replay = true;
  auto third = a->deliver(other);
  ASSERT_TRUE(third);
  EXPECT_FALSE(third->was_there);
}

TEST(Deliver, AnExpungedOrMovedMessageStaysDelivered) {
  Scratch s;
  auto a = s.open();
  std::string m = mail("once");
  auto d = delivery(m, "q1"), e = delivery(m, "q2");
  ASSERT_TRUE(a->deliver(d));
  ASSERT_TRUE(a->deliver(e));
  ASSERT_TRUE((*a->folder(inbox_id))->expunge(uids({1})));
  ASSERT_TRUE((*a->folder("Trash"))->copy_from(**a->folder(inbox_id), uids({2}), true));
  for (auto* again : {&d, &e}) {
    again->may_be_replay = true;
    auto r = s.open()->deliver(*again);
    ASSERT_TRUE(r);
    EXPECT_TRUE(r->was_there);
  }
}

TEST(Deliver, FullMailboxIsRefusedWithTheReason) {
  Scratch s;
  auto a = s.open();
  std::string m = mail("m", 1000);
  auto d = delivery(m, "q1");
  d.quota.bytes = 2 * m.size() + 10;
  ASSERT_TRUE(a->deliver(d));
  d.id = delivery_id("q2", "ann@example.test");
  ASSERT_TRUE(a->deliver(d));
  d.id = delivery_id("q3", "ann@example.test");
  auto r = a->deliver(d);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().sys, EDQUOT);
  EXPECT_EQ(r.error().fault, Fault::perm);
  EXPECT_NE(r.error().what.find("2.0K"), std::string::npos) << r.error().what;
  ASSERT_TRUE((*a->folder(inbox_id))->expunge(uids({1})));
  EXPECT_TRUE(a->deliver(d));
}

TEST(PowerCut, UidsOfLostMailAreNotUsedAgain) {
  Scratch s;
  {
    auto a = s.open();
    add(*a, mail("one"));
    add(*a, mail("two"), "INBOX", false);
    add(*a, mail("three"), "INBOX", false);
  }
  // The power went: the log remembers an arrival whose message is not there, and a later boot opens it.
  std::string seg = s.account() + "/seg/00000001.seg";
  auto fd = file::open(seg, O_RDWR);
  ASSERT_TRUE(fd);
  auto a = s.open();
  uint64_t end_of_one = (*a->folder(inbox_id))->state().find(1)->ref().end();
  ASSERT_TRUE(file::truncate(fd->get(), end_of_one));
  std::string log_name = s.account() + "/box/1.log";
  std::string before = *file::read_all(log_name);
  // Rewrite the reservation as one of another boot: the bytes of boot_id() occur only there.
  std::string other = before;
  ASSERT_NE(other.find(boot_id()), std::string::npos);
  auto log_fd = file::open(s.account(), O_RDONLY | O_DIRECTORY);
  auto r = journal::SegmentReader::open(log_fd->get(), "box/1.log");
  ASSERT_TRUE(r);
  auto w = journal::SegmentWriter::create(log_fd->get(), "box/1.new", {kind_box, 1, 0, true});
  ASSERT_TRUE(w);
  for (;;) {
    auto rec = r->next();
    ASSERT_TRUE(rec);
    if (!*rec) break;
    std::string p((*rec)->payload);
    if ((*rec)->type == type_reserve) p.replace(4, 16, std::string(16, 'b'));
    ASSERT_TRUE(w->append((*rec)->type, 0, (*rec)->stamp, {p}));
  }
  ASSERT_TRUE(w->commit());
  ASSERT_TRUE(file::rename(log_fd->get(), "box/1.new", "box/1.log"));
  std::string said;
  log::capture(&said);
  auto again = s.open();
  auto* f = *again->folder(inbox_id);
  log::capture(nullptr);
  EXPECT_NE(said.find("lost_in_power_cut"), std::string::npos) << said;
  EXPECT_EQ(f->state().entries().size(), 1u);
  EXPECT_GT(f->state().uid_next(), 1000u);
  uint32_t fresh = add(*again, mail("four"));
  EXPECT_GT(fresh, 1000u);
  EXPECT_EQ(body_of(*s.open(), "INBOX", fresh), mail("four"));
  EXPECT_EQ((*s.open()->folder(inbox_id))->state().entries().size(), 2u);
}

TEST(Damage, OneFlippedByteCostsOneMessage) {
  Scratch s;
  {
    auto a = s.open();
    for (int i = 0; i < 5; i++) add(*a, mail("m" + std::to_string(i), 500));
  }
  std::string seg = s.account() + "/seg/00000001.seg";
  auto bytes = *file::read_all(seg);
  auto at = bytes.find("m2");
  ASSERT_NE(at, std::string::npos);
  auto fd = file::open(seg, O_RDWR);
  ASSERT_TRUE(file::write_at(fd->get(), "M", bytes.rfind("Subject: m2") + 9));
  auto a = s.open();
  EXPECT_NE(body_of(*a, "INBOX", 3), mail("m2", 500));
  EXPECT_EQ(body_of(*a, "INBOX", 4), mail("m3", 500));
  auto report = a->check(false);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->messages, 5u);
  EXPECT_GE(report->findings.size(), 1u);
  EXPECT_NE(report->findings[0].find("UID 3"), std::string::npos) << report->findings[0];
  auto repaired = a->check(true);
  ASSERT_TRUE(repaired);
  EXPECT_EQ(repaired->repaired, 1u);
  EXPECT_EQ((*a->folder(inbox_id))->state().entries().size(), 4u);
}

TEST(Damage, ALostFolderLogIsRebuiltWithTheSameUids) {
  Scratch s;
  {
    auto a = s.open();
    for (int i = 0; i < 3; i++) add(*a, mail("m" + std::to_string(i)));
  }
  ASSERT_TRUE(file::unlink(AT_FDCWD, s.account() + "/box/1.log"));
  std::string said;
  log::capture(&said);
  auto a = s.open();
  EXPECT_EQ(body_of(*a, "INBOX", 2), mail("m1"));
  log::capture(nullptr);
  EXPECT_NE(said.find("folder_rebuilt"), std::string::npos);
  EXPECT_GT(add(*a, mail("new")), 3u);
}

TEST(Check, AMessageThatADamagedLogLostComesBack) {
  Scratch s;
  uint64_t second = 0, third = 0;
  std::string log_name = s.account() + "/box/1.log";
  {
    auto a = s.open();
    add(*a, mail("one"));
    second = file::read_all(log_name)->size();
    add(*a, mail("two"));
    third = file::read_all(log_name)->size();
    add(*a, mail("three"));
  }
  auto fd = file::open(log_name, O_RDWR);
  ASSERT_TRUE(file::write_at(fd->get(), "?", (second + third) / 2));
  auto a = s.open();
  auto r = a->check(false);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->messages, 2u);
  ASSERT_EQ(r->findings.size(), 2u);
  EXPECT_NE(r->findings[0].find("box/1.log (INBOX)"), std::string::npos) << r->findings[0];
  EXPECT_NE(r->findings[1].find("is in no folder"), std::string::npos) << r->findings[1];
  ASSERT_TRUE(a->check(true));
  auto again = s.open();
  auto& entries = (*again->folder(inbox_id))->state().entries();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(body_of(*again, "INBOX", entries[2].uid), mail("two"));
  auto after = again->check(false);
  ASSERT_TRUE(after);
  EXPECT_TRUE(after->findings.empty()) << after->findings[0];
}

TEST(Check, DamageIsNotForgottenWhenTheLogIsWrittenAnew) {
  Scratch s;
  std::string log_name = s.account() + "/box/1.log";
  {
    auto a = s.open();
    add(*a, mail("one"));
    uint64_t end = file::read_all(log_name)->size();
    add(*a, mail("two"));
    auto fd = file::open(log_name, O_RDWR);
    ASSERT_TRUE(file::write_at(fd->get(), "?", end - 20));
  }
  auto a = s.open();
  auto* inbox = *a->folder(inbox_id);
  UidSet every_second;  // the longer the set, the sooner the log has grown enough
  for (int i = 0; i < 100; i++) {
    every_second.add(add(*a, mail("m")));
    add(*a, mail("m"));
  }
  uint64_t was = file::read_all(log_name)->size();
  for (int i = 0; i < 2000 && file::read_all(log_name)->size() >= was; i++) {
    was = file::read_all(log_name)->size();
    ASSERT_TRUE(inbox->store(i % 2 ? FlagOp::remove : FlagOp::add, seen, {}, every_second));
  }
  ASSERT_TRUE(file::exists(log_name + ".damaged"));
  ASSERT_TRUE(a->check(true));
  EXPECT_EQ((*s.open()->folder(inbox_id))->state().entries().size(), 202u);
  EXPECT_FALSE(file::exists(log_name + ".damaged"));
}

TEST(Check, WhatNoFolderEverAcknowledgedStaysAway) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("known"));
  Meta m;
  m.folder = inbox_id;
  m.uid = 9;
  std::string bytes = mail("unfinished");
  m.size = bytes.size();
  ASSERT_TRUE(a->segments().append(77, encode(m), bytes, kind_inline));
  ASSERT_TRUE(a->segments().commit());
  auto r = a->check(true);
  ASSERT_TRUE(r);
  EXPECT_TRUE(r->findings.empty());
  EXPECT_EQ((*a->folder(inbox_id))->state().entries().size(), 1u);
}

TEST(Delivery, ReplaysOfManyAreFoundEachByItsOwnName) {
  Scratch s;
  std::vector<Account::Delivery> all;
  std::vector<std::string> bytes;
  for (int i = 0; i < 50; i++) bytes.push_back(mail("m" + std::to_string(i)));
  auto give = [&](Account& a, int i, bool replay) {
    Account::Delivery d;
    d.bytes = bytes[static_cast<std::size_t>(i)];
    d.id = delivery_id("q" + std::to_string(i), "ann@example.test");
    d.accepted = now();
    d.may_be_replay = replay;
    return a.deliver(d);
  };
  auto a = s.open();
  for (int i = 0; i < 30; i++) ASSERT_FALSE(give(*a, i, false)->was_there);
  auto b = s.open();  // as after a crash; two replay what the other may have delivered
  for (int i = 0; i < 50; i++) {
    auto r = give(i % 3 ? *a : *b, i, true);
    ASSERT_TRUE(r);
    EXPECT_EQ(r->was_there, i < 30) << i;
  }
  for (int i = 0; i < 50; i++) EXPECT_TRUE(give(*b, i, true)->was_there) << i;
  EXPECT_EQ((*s.open()->folder(inbox_id))->state().entries().size(), 50u);
}

TEST(Inbox, RenamingItMovesTheMailAway) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("m"));
  ASSERT_TRUE(a->rename_inbox("Old"));
  EXPECT_TRUE((*a->folder("INBOX"))->state().entries().empty());
  EXPECT_EQ(body_of(*a, "Old", 1), mail("m"));
}

}  // namespace jd::store

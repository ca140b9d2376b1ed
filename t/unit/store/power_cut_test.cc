// SPDX-License-Identifier: MIT
// Whatever was answered with success is there after the power went at any later moment.
#include <gtest/gtest.h>

#include <functional>

#include "lib/base/log.h"
#include "lib/store/importer.h"
#include "t/unit/fault_disk.h"
#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {
// One promise: after `since` operations this must hold in the account that is left.
struct Promise {
  std::size_t since;
  std::string what;
  std::function<bool(Account&)> holds;
};

std::function<bool(Account&)> has(const std::string& folder, uint32_t uid, const std::string& bytes) {
  return [=](Account& a) { return body_of(a, folder, uid) == bytes; };
}
}  // namespace

TEST(PowerCut, NothingAcknowledgedIsLostAtAnyMoment) {
  Scratch s;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  std::vector<Promise> promises;
  std::string m1 = mail("one", 300), m2 = mail("two", 300), m3 = mail("big", 200'000);
  test::FaultDisk disk(s.path + "/mail");
  auto promise = [&](const std::string& what, std::function<bool(Account&)> holds) {
    promises.push_back({disk.operations(), what, std::move(holds)});
  };
  {
    auto delivery = s.open();
    add(*delivery, mail("not promised"), "INBOX", false);  // makes the segment, syncs nothing
    auto session = s.open();                               // another process appends to it
    uint32_t u1 = add(*session, m1);
    promise("APPEND into a segment that another process made", has("INBOX", u1, m1));
    uint32_t u2 = add(*session, m2, "Archive");
    promise("APPEND into another folder", has("Archive", u2, m2));
    uint32_t u3 = add(*session, m3);
    promise("APPEND of a large message", has("INBOX", u3, m3));
    ASSERT_TRUE((*session->folder("Archive"))->store(FlagOp::add, flagged, {"$Work"}, uids({u2})));
    promise("STORE", [=](Account& a) {
      auto f = a.folder("Archive");
      const Entry* e = f ? (*f)->state().find(u2) : nullptr;
      return e && e->flags == flagged && e->keywords == 1;
    });
    auto moved = (*session->folder("Sent"))->copy_from(**session->folder("INBOX"), uids({u1}), false);
    ASSERT_TRUE(moved);
    promise("COPY", has("Sent", (*moved)[0].second, m1));
    add(*delivery, mail("not promised either"), "Junk", false);
    auto copied = (*session->folder("Trash"))->copy_from(**session->folder("Junk"), uids({1}), false);
    ASSERT_TRUE(copied);
    ASSERT_EQ(copied->size(), 1u);
    promise("COPY of an unsynced delivery", has("Trash", (*copied)[0].second, mail("not promised either")));
    ASSERT_TRUE((*session->folder("Sent"))->expunge(uids({(*moved)[0].second})));
    promise("EXPUNGE", [u = (*moved)[0].second](Account& a) { return body_of(a, "Sent", u) == "absent"; });
    ASSERT_TRUE(session->tree().create("项目/x"));
    promise("CREATE", [](Account& a) { return a.tree().find("项目/x") != nullptr; });
  }
  file::set_faults(nullptr);
  std::size_t unsynced_copy = promises[5].since;  // from here on EXPUNGE may have taken COPY's message
  ASSERT_GT(promises[0].since, 10u);
  std::string said;
  log::capture(&said);
  for (std::size_t k = promises[0].since; k <= disk.operations(); k++)
    for (unsigned round = 0; round < 3; round++) {
      Scratch left;
      std::string mail_dir = left.path + "/mail";
      ASSERT_TRUE(file::make_directories(mail_dir));
      disk.power_cut(k, round == 0 ? test::Keep::none : test::Keep::some, round * 1000 + static_cast<unsigned>(k), mail_dir);
      pretend_boot(fmt::format("{} {}", k, round));
      auto a = left.open();
      ASSERT_TRUE(a) << "after operation " << k;
      for (auto& p : promises) {
        if (p.since > k || (p.what == "COPY" && k > unsynced_copy)) continue;
        EXPECT_TRUE(p.holds(*a)) << p.what << " is lost by a power cut after operation " << k << ", round " << round;
      }
    }
  log::capture(nullptr);
}

// Whoever opens a folder first after a boot notes it; the next who opens it must skip the same UIDs.
TEST(PowerCut, WhoOpensAFolderSecondGivesNoUidAgain) {
  FolderState state;
  state.init(1);
  Entry e;
  e.uid = 1;
  e.stamp = 1;
  std::string p;
  encode(p, e);
  ASSERT_TRUE(state.apply(type_reserve, 1, FolderState::make_reserve(1001, std::string(16, 'a'))));
  ASSERT_TRUE(state.apply(type_arrive, 1, p));  // 2 to 700 were given out and lost with the power
  ASSERT_TRUE(state.apply(type_reserve, 1, FolderState::make_reserve(2001, std::string(16, 'b'))));
  EXPECT_EQ(state.uid_next(), 1001u);
  ASSERT_TRUE(state.apply(type_reserve, 1, FolderState::make_reserve(3001, std::string(16, 'b'))));
  EXPECT_EQ(state.uid_next(), 1001u);
}

namespace {
// What a power cut leaves that keeps only what was synced, opened in the next boot.
struct Cut {
  Scratch left;
  std::unique_ptr<Account> account;
  explicit Cut(const test::FaultDisk& disk) {
    file::set_faults(nullptr);
    EXPECT_TRUE(file::make_directories(left.path + "/mail"));
    disk.power_cut(disk.operations(), test::Keep::none, 1, left.path + "/mail");
    next_boot();
    account = left.open();
  }
  static void next_boot() {
    static int boots = 0;
    pretend_boot(fmt::format("cut {}", ++boots));
  }
  const FolderState& inbox() { return (*account->folder("INBOX"))->state(); }
};

class CountSyncs : public file::Faults {
 public:
  CountSyncs() { file::set_faults(this); }
  ~CountSyncs() override { file::set_faults(nullptr); }
  int before(file::Op op, int, std::string_view, std::string_view, uint64_t, std::size_t*) override {
    syncs += op == file::Op::sync;
    return 0;
  }
  int syncs = 0;
};
}  // namespace

TEST(PowerCut, AnAppendIsOneSync) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("the first"));
  CountSyncs count;
  for (int i = 0; i < 5; i++) add(*a, mail("another"));
  EXPECT_EQ(count.syncs, 5);
}

// Two clients append in turn, with room ahead of them, and mail is delivered between.
TEST(PowerCut, AnAppendIntoRoomIsKeptAtAnyMoment) {
  Scratch s;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  std::vector<Promise> promises;
  test::FaultDisk disk(s.path + "/mail");
  auto size = [&] { return *file::size_of(file::open(AT_FDCWD, s.account() + "/seg/00000001.seg", O_RDONLY)->get()); };
  {
    auto one = s.open(), two = s.open(), delivery = s.open();
    int same = 0;
    for (int i = 0; i < 18; i++) {
      if (i % 5 == 4) add(*delivery, mail("not promised"), "INBOX", false);
      std::string m = mail(fmt::format("{}", i), 50 * static_cast<std::size_t>(i));
      uint64_t before = size();
      uint32_t uid = add(i % 3 ? *one : *two, m);
      same += size() == before;
      promises.push_back({disk.operations(), fmt::format("APPEND {}", i), has("INBOX", uid, m)});
      if (i == 9) one->rest();
    }
    EXPECT_GE(same, 4);  // or this tests nothing
    EXPECT_TRUE(one->segments().has_room());
  }
  std::size_t all = disk.operations();
  file::set_faults(nullptr);
  {
    uint64_t closed = size();
    auto again = s.open();
    add(*again, mail("x"), "INBOX", false);
    EXPECT_LE(size(), closed + 1000) << "room is left behind";
  }
  std::string said;
  log::capture(&said);
  for (std::size_t k = promises[0].since; k <= all; k++)
    for (unsigned round = 0; round < 3; round++) {
      Scratch left;
      std::string mail_dir = left.path + "/mail";
      ASSERT_TRUE(file::make_directories(mail_dir));
      disk.power_cut(k, round == 0 ? test::Keep::none : test::Keep::some, round * 1000 + static_cast<unsigned>(k), mail_dir);
      pretend_boot(fmt::format("room {} {}", k, round));
      auto a = left.open();
      ASSERT_TRUE(a) << "after operation " << k;
      for (auto& p : promises) {
        if (p.since > k) continue;
        EXPECT_TRUE(p.holds(*a)) << p.what << " is lost by a power cut after operation " << k << ", round " << round;
      }
    }
  log::capture(nullptr);
}

TEST(PowerCut, AnAppendComesBackFromItsRecordAsItWas) {
  Scratch s;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  test::FaultDisk disk(s.path + "/mail");
  auto a = s.open();
  auto inbox = *a->folder("INBOX");
  NewMessage m;
  std::string bytes = mail("a", 300), large = mail("b", 200'000);
  m.bytes = bytes;
  m.flags = seen | flagged;
  m.date = 1'234'567'890;
  ASSERT_EQ(*inbox->append(m, true), 1u);
  m.bytes = large;
  ASSERT_EQ(*inbox->append(m, true), 2u);
  m.keywords = {"$Work"};
  ASSERT_EQ(*inbox->append(m, true), 3u);  // and with it the log up to here
  m = {};
  m.bytes = bytes;
  ASSERT_EQ(*inbox->append(m, true), 4u);
  uint64_t told = inbox->state().mod_seq();
  Cut cut(disk);
  auto& state = cut.inbox();
  ASSERT_EQ(state.entries().size(), 4u);
  EXPECT_EQ(state.entries()[0].flags, seen | flagged);
  EXPECT_EQ(state.entries()[0].date, 1'234'567'890);
  EXPECT_EQ(state.entries()[2].keywords, 1u);
  EXPECT_EQ(state.unseen(), 1u);
  EXPECT_GT(state.mod_seq(), told);
  EXPECT_EQ(state.entries()[3].mod_seq, state.mod_seq());
  EXPECT_EQ(body_of(*cut.account, "INBOX", 2), large);
  EXPECT_EQ(body_of(*cut.account, "INBOX", 4), bytes);
  EXPECT_GT(add(*cut.account, bytes), 4u);
  auto again = cut.left.open();  // from the log, which says it now
  EXPECT_EQ((*again->folder("INBOX"))->state().entries().size(), 5u);
  EXPECT_EQ((*again->folder("INBOX"))->state().mod_seq(), cut.inbox().mod_seq());
}

TEST(PowerCut, WhatWasExpungedDoesNotComeBackFromItsRecord) {
  Scratch s;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  test::FaultDisk disk(s.path + "/mail");
  auto a = s.open();
  add(*a, mail("one"));
  add(*a, mail("two"));
  auto inbox = *a->folder("INBOX");
  ASSERT_TRUE(inbox->expunge(uids({1})));
  ASSERT_TRUE((*a->folder("Archive"))->copy_from(*inbox, uids({2}), true));
  {
    Cut cut(disk);
    EXPECT_TRUE(cut.inbox().entries().empty());
    EXPECT_EQ(body_of(*cut.account, "Archive", 1), mail("two"));
  }
  Cut::next_boot();
  EXPECT_TRUE((*s.open()->folder("INBOX"))->state().entries().empty());
}

TEST(PowerCut, MailOfBeforeARenumberDoesNotComeBackFromItsRecord) {
  Scratch s;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  test::FaultDisk disk(s.path + "/mail");
  auto a = s.open();
  for (int i = 0; i < 3; i++) add(*a, mail("old"));
  auto inbox = *a->folder("INBOX");
  ASSERT_TRUE(inbox->expunge(uids({1, 2, 3})));
  ASSERT_TRUE(a->renumber(*inbox, 4711));
  ASSERT_EQ(add(*a, mail("new")), 1u);
  Cut cut(disk);
  ASSERT_EQ(cut.inbox().entries().size(), 1u);
  EXPECT_EQ(cut.inbox().uid_validity(), 4711u);
  EXPECT_EQ(body_of(*cut.account, "INBOX", 1), mail("new"));
}

// It is looked for in the last segment: the logs are synced before there is another one.
TEST(PowerCut, AnAppendBeforeTheLastSegmentIsInTheLog) {
  Scratch s;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  test::FaultDisk disk(s.path + "/mail");
  auto a = s.open();
  add(*a, mail("one"));
  add(*a, mail("two"), "Archive");
  {
    auto hold = a->lock().hold();
    ASSERT_TRUE(a->segments().begin_next());
  }
  add(*a, mail("three"));
  Cut cut(disk);
  EXPECT_EQ(body_of(*cut.account, "INBOX", 1), mail("one"));
  EXPECT_EQ(body_of(*cut.account, "Archive", 1), mail("two"));
  EXPECT_EQ(body_of(*cut.account, "INBOX", 2), mail("three"));
}

// RFC 3502: all or none; what of them reached the disk before the answer is not taken.
TEST(PowerCut, OneOfSeveralAppendsDoesNotComeBackAlone) {
  Scratch s;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  test::FaultDisk disk(s.path + "/mail");
  auto a = s.open();
  add(*a, mail("before"));
  NewMessage two[2];
  std::string bytes = mail("x");
  two[0].bytes = two[1].bytes = bytes;
  ASSERT_TRUE((*a->folder("INBOX"))->append(two, false));
  ASSERT_TRUE(a->segments().commit());
  Cut cut(disk);
  EXPECT_EQ(cut.inbox().entries().size(), 1u);
}

// A reader that was first tells the same as the log does, when another process has written it there.
TEST(PowerCut, AReaderThatCannotWriteFindsItToo) {
  Scratch s;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  test::FaultDisk disk(s.path + "/mail");
  auto a = s.open();
  add(*a, mail("one"));
  add(*a, mail("two"));
  file::set_faults(nullptr);
  Scratch left;
  ASSERT_TRUE(file::make_directories(left.path + "/mail"));
  disk.power_cut(disk.operations(), test::Keep::none, 1, left.path + "/mail");
  Cut::next_boot();
  auto reader = Account::open_shared(left.account(), false);
  ASSERT_TRUE(reader);
  auto inbox = (*reader)->folder("INBOX");
  ASSERT_TRUE(inbox);
  ASSERT_EQ((*inbox)->state().entries().size(), 2u);
  uint64_t told = (*inbox)->state().mod_seq();
  auto writer = left.open();
  EXPECT_EQ((*writer->folder("INBOX"))->state().mod_seq(), told);
  uint32_t uid = add(*writer, mail("three"));
  ASSERT_TRUE((*inbox)->refresh());
  ASSERT_EQ((*inbox)->state().entries().size(), 3u);
  EXPECT_EQ((*inbox)->state().entries()[2].uid, uid);
  EXPECT_EQ((*inbox)->state().mod_seq(), (*writer->folder("INBOX"))->state().mod_seq());
}

// One sync for many messages: small ones, and so many large ones that the file system is synced.
TEST(PowerCut, AnImportThatWasReportedIsWhole) {
  Scratch s;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  std::vector<std::string> source;
  for (std::size_t i = 0; i < 24; i++) source.push_back(mail(fmt::format("{}", i), i % 4 == 3 ? 200 : big_bytes));
  test::FaultDisk disk(s.path + "/mail");
  std::size_t begun = 0, finished = 0;
  {
    auto a = s.open();
    begun = disk.operations();
    auto i = FolderImport::begin(*a, "Lists/x", {77, 1000}, false);
    ASSERT_TRUE(i);
    for (std::size_t n = 0; n < source.size(); n++) {
      PortableMessage m;
      m.bytes = source[n];
      m.uid = static_cast<uint32_t>(10 * n + 1);
      m.date = 1'500'000'000;
      ASSERT_TRUE(i->add(m));
    }
    ASSERT_TRUE(i->finish());
    finished = disk.operations();
    add(*a, mail("later"), "INBOX", true);
  }
  file::set_faults(nullptr);
  std::string said;
  log::capture(&said);
  for (std::size_t k = begun; k <= disk.operations(); k++) {
    if (k < finished && k % 7) continue;
    Scratch left;
    ASSERT_TRUE(file::make_directories(left.path + "/mail"));
    disk.power_cut(k, k % 2 ? test::Keep::none : test::Keep::some, static_cast<unsigned>(k), left.path + "/mail");
    pretend_boot(fmt::format("{}", k));
    auto a = left.open();
    ASSERT_TRUE(a) << "after operation " << k;
    if (k < finished) continue;
    auto f = a->folder("Lists/x");
    ASSERT_TRUE(f) << "after operation " << k;
    EXPECT_EQ((*f)->state().uid_validity(), 77u);
    EXPECT_GE((*f)->state().uid_next(), 1000u);
    EXPECT_EQ((*f)->state().entries().size(), source.size());
    for (std::size_t n = 0; n < source.size(); n++) EXPECT_EQ(body_of(*a, "Lists/x", static_cast<uint32_t>(10 * n + 1)), source[n]) << n << " after " << k;
  }
  log::capture(nullptr);
}

}  // namespace jd::store

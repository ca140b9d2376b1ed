// SPDX-License-Identifier: MIT
#include "lib/store/undelete.h"

#include "t/unit/fault_disk.h"
#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {
std::vector<std::string> listed(Account& a) {
  auto all = deleted_messages(a);
  EXPECT_TRUE(all) << (all ? "" : all.error().what);
  std::vector<std::string> r;
  if (!all) return r;
  for (auto& d : *all) {
    auto bytes = a.segments().message(d.entry);
    EXPECT_TRUE(bytes);
    std::string subject = bytes ? bytes->substr(bytes->find("Subject: ") + 9) : "?";
    r.push_back(d.folder_name + (d.is_folder_deleted ? "(deleted): " : ": ") + subject.substr(0, subject.find("\r\n")));
  }
  return r;
}
using Lines = std::vector<std::string>;

struct Moved {
  ManualClock clock;
  Moved() { set_clock(&clock); }
  ~Moved() { set_clock(nullptr); }
};

std::vector<std::string> bodies(Account& a, const std::string& folder) {
  auto f = a.folder(folder);
  EXPECT_TRUE(f) << folder;
  std::vector<std::string> r;
  if (!f) return r;
  EXPECT_TRUE((*f)->refresh());
  for (auto& e : (*f)->state().entries()) r.push_back(*a.segments().message(e));
  return r;
}
}  // namespace

TEST(Undelete, WhatIsElsewhereIsNotDeleted) {
  Scratch s;
  Moved time;
  auto a = s.open();
  for (const char* m : {"moved", "copied", "trashed", "expunged"}) add(*a, mail(m));
  auto in = *a->folder(inbox_id), trash = *a->folder("Trash"), archive = *a->folder("Archive");
  ASSERT_TRUE(archive->copy_from(*in, uids({1}), true));
  ASSERT_TRUE(archive->copy_from(*in, uids({2}), false));
  ASSERT_TRUE(in->expunge(uids({2})));
  ASSERT_TRUE(trash->copy_from(*in, uids({3}), true));
  EXPECT_EQ(listed(*a), Lines{});
  time.clock.advance(hours(1));
  ASSERT_TRUE(in->expunge(uids({4})));
  time.clock.advance(hours(1));
  ASSERT_TRUE(trash->expunge(uids({1})));
  EXPECT_EQ(listed(*a), (Lines{"INBOX: expunged", "INBOX: trashed"})) << "what was in the trash belongs where it was before";
  auto all = *deleted_messages(*a);
  EXPECT_EQ(all[1].when - all[0].when, 3600);
  auto n = undelete_messages(*a, all, "");
  ASSERT_TRUE(n);
  EXPECT_EQ(*n, 2u);
  EXPECT_EQ(bodies(*a, "INBOX"), (Lines{mail("expunged"), mail("trashed")}));
  EXPECT_EQ(listed(*a), Lines{});
  n = undelete_messages(*a, all, "");
  ASSERT_TRUE(n);
  EXPECT_EQ(*n, 0u) << "what is there already does not come twice";
}

TEST(Undelete, GoesToAnotherFolderWithItsKeywords) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("one"));
  auto in = *a->folder(inbox_id);
  ASSERT_TRUE((*a->folder("Sent"))->store(FlagOp::add, 0, {"other"}, uids({1})));
  ASSERT_TRUE(in->store(FlagOp::add, flagged | deleted, {"Work"}, uids({1})));
  ASSERT_TRUE(in->expunge(uids({1})));
  auto n = undelete_messages(*a, *deleted_messages(*a), "Back/项目");
  ASSERT_TRUE(n) << n.error().what;
  EXPECT_EQ(*n, 1u);
  auto f = *a->folder("Back/项目");
  auto& e = f->state().entries()[0];
  EXPECT_EQ(e.flags, flagged);
  EXPECT_EQ(e.keywords, uint64_t{1} << f->state().keyword_bit("Work"));
  EXPECT_TRUE(in->state().entries().empty());
}

TEST(Undelete, ADeletedFolderComesBackWithItsUids) {
  Scratch s;
  Moved time;
  uint32_t id, validity;
  {
    auto a = s.open();
    id = *a->tree().create("Lists/old");
    for (const char* m : {"one", "two", "three"}) add(*a, mail(m), "Lists/old");
    validity = a->tree().find(id)->uid_validity;
    ASSERT_TRUE((*a->folder(id))->expunge(uids({2})));
    ASSERT_TRUE(a->tree().remove("Lists/old"));
    EXPECT_FALSE(a->folder("Lists/old"));
  }
  auto a = s.open();
  ASSERT_EQ(a->tree().removed().size(), 1u);
  EXPECT_EQ(a->tree().removed().at(id).when, time.clock.at.seconds());
  EXPECT_EQ(a->tree().removed().at(id).name, "Lists/old");
  EXPECT_EQ(listed(*a), (Lines{"Lists/old(deleted): one", "Lists/old(deleted): two", "Lists/old(deleted): three"}));
  ASSERT_TRUE(a->tree().create("Taken"));
  EXPECT_FALSE(a->tree().restore(id, "Taken"));
  EXPECT_FALSE(a->tree().restore(id + 100, "x"));
  ASSERT_TRUE(a->tree().restore(id, "Lists/旧"));
  EXPECT_TRUE(a->tree().removed().empty());
  EXPECT_EQ(a->tree().find("Lists/旧")->uid_validity, validity);
  EXPECT_EQ(body_of(*a, "Lists/旧", 3), mail("three"));
  EXPECT_EQ(body_of(*a, "Lists/旧", 2), "absent");
  EXPECT_EQ(listed(*a), (Lines{"Lists/旧: two"}));
  auto again = s.open();
  EXPECT_EQ(body_of(*again, "Lists/旧", 1), mail("one"));
}

TEST(Undelete, MessagesOfADeletedFolderComeBackIntoOneOfItsName) {
  Scratch s;
  auto a = s.open();
  ASSERT_TRUE(a->tree().create("Old"));
  for (const char* m : {"one", "two"}) add(*a, mail(m), "Old");
  ASSERT_TRUE((*a->folder("Old"))->expunge(uids({1})));
  ASSERT_TRUE(a->tree().remove("Old"));
  auto all = *deleted_messages(*a);
  ASSERT_EQ(all.size(), 2u);
  auto n = undelete_messages(*a, all, "");
  ASSERT_TRUE(n);
  EXPECT_EQ(*n, 2u);
  EXPECT_EQ(bodies(*a, "Old"), (Lines{mail("one"), mail("two")}));
  EXPECT_TRUE(a->tree().subscriptions().count("Old"));
}

TEST(Undelete, OfARemovedFolderIsKeptForItsTimeOnly) {
  Scratch s;
  Moved time;
  Terms week{.keep_gone = days(7)};
  auto a = *Account::open(s.account(), true, week);
  for (const char* name : {"old", "new"}) ASSERT_TRUE(a->tree().create(name));
  for (const char* name : {"old", "new"}) add(*a, mail(name), name);
  uint32_t old = a->tree().find("old")->id, fresh = a->tree().find("new")->id;
  std::string log = s.account() + fmt::format("/box/{}.log", old), kept = s.account() + fmt::format("/box/{}.log", fresh);
  ASSERT_TRUE(a->tree().remove("old"));
  time.clock.advance(days(6));
  ASSERT_TRUE(a->tree().remove("new"));
  EXPECT_EQ(*a->drop_removed(), 0u);
  EXPECT_TRUE(file::exists(log));
  time.clock.advance(days(2));
  EXPECT_EQ(*a->drop_removed(), 1u);
  EXPECT_FALSE(file::exists(log));
  EXPECT_TRUE(file::exists(kept));
  EXPECT_FALSE(a->tree().restore(old, "old"));
  auto b = *Account::open(s.account(), false, week);
  EXPECT_EQ(b->tree().removed().size(), 1u);
  ASSERT_TRUE(b->tree().restore(fresh, "new"));
  EXPECT_EQ(body_of(*b, "new", 1), mail("new"));
  EXPECT_EQ(*b->drop_removed(), 0u);
  EXPECT_TRUE(file::exists(kept));
}

// Earlier releases wrote a removal without its time: it counts from when it was first looked at.
TEST(Undelete, AFolderThatAnEarlierReleaseRemovedIsKeptToo) {
  Scratch s;
  Moved time;
  uint32_t id;
  {
    auto a = s.open();
    id = *a->tree().create("old");
    add(*a, mail("old"), "old");
  }
  {
    Fd dir = *file::open(s.account(), O_RDONLY | O_DIRECTORY);
    auto w = *journal::SegmentWriter::append_to(dir.get(), "tree");
    std::string p;
    put(p, id);
    ASSERT_TRUE(w.append(type_remove, 0, 0, {p}));
    ASSERT_TRUE(w.commit());
  }
  auto a = s.open();
  ASSERT_EQ(a->tree().removed().count(id), 1u);
  EXPECT_EQ(a->tree().removed().at(id).when, 0);
  EXPECT_EQ(*a->drop_removed(), 0u);
  EXPECT_EQ(a->tree().removed().at(id).when, time.clock.at.seconds());
  EXPECT_FALSE(a->tree().find("old"));
  time.clock.advance(days(13));
  EXPECT_EQ(*a->drop_removed(), 0u);
  time.clock.advance(days(2));
  EXPECT_EQ(*a->drop_removed(), 1u);
}

// A folder is wholly deleted, wholly back or wholly forgotten, whenever the power goes.
TEST(Undelete, APowerCutLeavesNothingInBetween) {
  Scratch s;
  Moved time;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  test::FaultDisk disk(s.path + "/mail");
  struct Step { std::size_t since; char state; };  // r removed, b back, f forgotten
  std::vector<Step> steps;
  uint32_t id;
  {
    auto a = s.open();
    id = *a->tree().create("old");
    add(*a, mail("old"), "old");
    steps.push_back({disk.operations(), 'b'});
    ASSERT_TRUE(a->tree().remove("old"));
    steps.push_back({disk.operations(), 'r'});
    ASSERT_TRUE(a->tree().restore(id, "old"));
    steps.push_back({disk.operations(), 'b'});
    ASSERT_TRUE(a->tree().remove("old"));
    steps.push_back({disk.operations(), 'r'});
    time.clock.advance(days(15));
    ASSERT_EQ(*a->drop_removed(), 1u);
    steps.push_back({disk.operations(), 'f'});
  }
  file::set_faults(nullptr);
  for (std::size_t k = steps[0].since; k <= disk.operations(); k++)
    for (auto keep : {test::Keep::none, test::Keep::some, test::Keep::all}) {
      Scratch left;
      ASSERT_TRUE(file::make_directories(left.path + "/mail"));
      disk.power_cut(k, keep, static_cast<unsigned>(k), left.path + "/mail");
      pretend_boot(fmt::format("{} {}", k, static_cast<int>(keep)));
      auto a = left.open();
      ASSERT_TRUE(a) << k;
      char state = a->tree().find("old") ? 'b' : a->tree().removed().count(id) ? 'r' : 'f';
      std::size_t at = 0;
      while (at + 1 < steps.size() && steps[at + 1].since <= k) at++;
      bool is_next = at + 1 < steps.size() && state == steps[at + 1].state;
      EXPECT_TRUE(state == steps[at].state || is_next) << state << " after operation " << k;
      if (state == 'r') {
        ASSERT_TRUE(a->tree().restore(id, "old"));
      }
      if (state != 'f') {
        EXPECT_EQ(body_of(*a, "old", 1), mail("old")) << "after operation " << k;
      }
      EXPECT_TRUE(a->drop_removed());
      EXPECT_TRUE(state != 'f' || !file::exists(left.account() + fmt::format("/box/{}.log", id)));
    }
}

}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include "lib/store/expire.h"

#include <set>

#include "lib/store/undelete.h"
#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {
struct Moved {
  ManualClock clock;
  Moved() { set_clock(&clock); }
  ~Moved() { set_clock(nullptr); }
};
std::string told(const Result<std::vector<Expired>>& r) {
  if (!r) return r.error().what;
  std::string s;
  for (auto& e : *r) s += fmt::format("{} {} {};", e.folder, e.messages, e.bytes);
  return s;
}
}  // namespace

TEST(Expire, CountsFromWhenMailCameIntoTheFolder) {
  Scratch s;
  Moved time;
  auto a = s.open();
  add(*a, mail("old"));
  time.clock.advance(days(40));
  auto in = *a->folder(inbox_id), trash = *a->folder("Trash");
  ASSERT_TRUE(trash->copy_from(*in, uids({1}), true));
  add(*a, mail("kept"));
  std::vector<ExpireRule> rules = {{Special::trash, "", days(30)}};
  EXPECT_EQ(told(expire(*a, rules, false)), "") << "it came into the trash just now";
  time.clock.advance(days(30));
  EXPECT_EQ(told(expire(*a, rules, false)), "") << "not a moment too early";
  time.clock.advance(seconds(1));
  std::string all = fmt::format("Trash 1 {};", mail("old").size());
  EXPECT_EQ(told(expire(*a, rules, true)), all);
  EXPECT_EQ(trash->state().entries().size(), 1u) << "a dry run changes nothing";
  EXPECT_EQ(told(expire(*a, rules, false)), all);
  EXPECT_EQ(told(expire(*a, rules, false)), "");
  EXPECT_EQ(in->state().entries().size(), 1u) << "no rule is about INBOX";
  auto back = deleted_messages(*a);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 1u) << "it can be undeleted";
  EXPECT_EQ(*undelete_messages(*a, *back, ""), 1u);
}

TEST(Expire, HoldsBelowTheFolderAndTheShortestTimeCounts) {
  Scratch s;
  Moved time;
  auto a = s.open();
  for (const char* f : {"Trash/a/b", "Lists/x", "Lists/x/y", "Lists/xy"}) {
    ASSERT_TRUE(a->tree().create(f));
    add(*a, mail("m"), f);
  }
  time.clock.advance(days(8));
  std::vector<ExpireRule> rules = {{Special::trash, "", days(7)}, {Special::none, "Lists/x", days(30)}, {Special::none, "Lists/x/y", days(5)}, {Special::junk, "", days(1)}, {Special::none, "Nowhere", days(1)}};
  auto done = expire(*a, rules, false);
  ASSERT_TRUE(done);
  std::set<std::string> names;
  for (auto& e : *done) names.insert(e.folder);
  EXPECT_EQ(names, (std::set<std::string>{"Lists/x/y", "Trash/a/b"}));
}

// Earlier releases did not note when mail came into a folder.
TEST(Expire, LeavesAloneWhatHasNoTime) {
  Scratch s;
  Moved time;
  auto a = s.open();
  add(*a, mail("m"), "Trash");
  {
    auto w = *journal::SegmentWriter::append_to(a->dir(), fmt::format("box/{}.log", a->tree().find("Trash")->id));
    Entry e = (*a->folder("Trash"))->state().entries()[0];
    e.uid++;
    e.saved = 0;
    std::string p;
    encode(p, e);
    ASSERT_TRUE(w.append(type_arrive, 0, 9, {p}));
    ASSERT_TRUE(w.commit());
  }
  time.clock.advance(days(100));
  auto done = expire(*a, {{Special::trash, "", days(30)}}, false);
  ASSERT_TRUE(done);
  ASSERT_EQ(done->size(), 1u);
  EXPECT_EQ((*done)[0].messages, 1u);
  EXPECT_EQ((*a->folder("Trash"))->state().entries().size(), 1u);
}

TEST(Expire, StopsWhenItIsTold) {
  Scratch s;
  Moved time;
  auto a = s.open();
  for (const char* f : {"Trash", "Junk"}) add(*a, mail("m"), f);
  time.clock.advance(days(2));
  int asked = 0;
  auto done = expire(*a, {{Special::trash, "", days(1)}, {Special::junk, "", days(1)}}, false, [&] { return ++asked < 2; });
  ASSERT_TRUE(done);
  EXPECT_EQ(done->size(), 1u);
}

TEST(Expire, TheSettingsAreChecked) {
  Config c;
  EXPECT_TRUE(expire_rules(c)->empty());
  c.trash_days = 30;
  c.expire = {"通知 公告 90d"};
  auto r = expire_rules(c);
  ASSERT_TRUE(r);
  ASSERT_EQ(r->size(), 2u);
  EXPECT_EQ((*r)[0].special, Special::trash);
  EXPECT_EQ((*r)[1].folder, "通知 公告");
  EXPECT_EQ((*r)[1].age, days(90));
  for (const char* bad : {"Lists", "90d", " 90d", "Lists 90", "Lists 0d", ""}) {
    c.expire = {bad};
    auto wrong = expire_rules(c);
    ASSERT_FALSE(wrong) << bad;
    EXPECT_EQ(wrong.error().fault, Fault::usage);
  }
}

}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include "lib/store/importer.h"

#include <stdio.h>

#include "lib/store/uidl.h"
#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {
PortableMessage message(const std::string& subject, uint32_t uid = 0, int64_t date = 1'500'000'000) {
  PortableMessage m;
  m.bytes = mail(subject);
  m.uid = uid;
  m.date = date;
  return m;
}
FolderImport::Report run(Account& a, const std::vector<PortableMessage>& all, Numbering n = {}, bool force = false,
                         const std::string& folder = "INBOX") {
  auto i = FolderImport::begin(a, folder, n, force);
  EXPECT_TRUE(i) << (i ? "" : i.error().what);
  for (auto& m : all) EXPECT_TRUE(i->add(m));
  EXPECT_TRUE(i->finish());
  return i->report();
}
std::string listed(Account& a, const std::string& folder = "INBOX") {
  auto f = a.folder(folder);
  EXPECT_TRUE((*f)->refresh());
  auto& s = (*f)->state();
  std::string r = fmt::format("{}/{}:", s.uid_validity(), s.uid_next());
  for (auto& e : s.entries()) r += fmt::format(" {}", e.uid);
  return r;
}
}  // namespace

TEST(Import, AnEmptyFolderTakesTheNumberingOfTheSource) {
  Scratch s;
  {
    auto a = s.open();
    auto r = run(*a, {message("a", 5), message("b", 9), message("c")}, {77, 40});
    EXPECT_TRUE(r.keeps_uids);
    EXPECT_EQ(r.renumbered, 0u);
    EXPECT_EQ(listed(*a), "77/40: 5 9 10");
  }
  auto a = s.open();
  EXPECT_EQ(listed(*a), "77/40: 5 9 10");
  EXPECT_EQ(a->tree().find(inbox_id)->uid_validity, 77u);
  EXPECT_EQ(add(*a, mail("later")), 40u);
  EXPECT_EQ(body_of(*a, "INBOX", 9), mail("b"));
  EXPECT_TRUE(a->check(false)->findings.empty());
}

TEST(Import, ComesInOnceHoweverOftenItIsRun) {
  Scratch s;
  auto a = s.open();
  std::vector<PortableMessage> all = {message("a", 1), message("b", 2), message("b", 3), message("c", 8)};
  run(*a, {all[0], all[1]}, {77, 9});  // interrupted
  auto r = run(*a, all, {77, 9});
  EXPECT_EQ(r.present, 2u);
  EXPECT_EQ(r.added, 2u);
  EXPECT_EQ(run(*a, all, {77, 9}).present, 4u);
  // Without UIDs: by date and bytes, and copies within the source stay copies.
  for (auto& m : all) m.uid = 0;
  EXPECT_EQ(run(*a, all, {}, false, "Work").added, 4u);
  EXPECT_EQ(run(*a, all, {}, false, "Work").present, 4u);
  all.push_back(message("b"));
  all.push_back(message("a", 0, 1'500'000'001));
  r = run(*a, all, {}, false, "Work");
  EXPECT_EQ(r.present, 4u);
  EXPECT_EQ(r.added, 2u);
  EXPECT_EQ(run(*a, all, {}, true, "Work").added, 6u);
}

// Names that POP3 clients know: once, whenever they come, and of INBOX alone.
TEST(Import, KeepsTheNamesOfPop3) {
  Scratch s;
  auto a = s.open();
  auto named = [](const std::string& subject, uint32_t uid, const std::string& uidl) {
    auto m = message(subject, uid);
    m.uidl = uidl;
    return m;
  };
  auto r = run(*a, {message("a", 1), named("b", 2, "B"), named("c", 3, "B"), named("d", 4, "has blank")}, {77, 9});
  EXPECT_EQ(r.uidls, 1u);
  EXPECT_EQ(r.uidls_left_out, 2u);
  r = run(*a, {named("a", 1, "A"), named("b", 2, "other"), named("c", 3, "C")}, {77, 9});
  EXPECT_EQ(r.present, 3u);
  EXPECT_EQ(r.uidls, 2u);
  EXPECT_EQ(run(*a, {named("x", 1, "X")}, {5, 9}, false, "Work").uidls, 0u);
  auto kept = read_uidls(a->dir(), 77);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->all(), (std::map<uint32_t, std::string>{{1, "A"}, {2, "B"}, {3, "C"}}));
}

TEST(Import, KeepsAwayFromOtherNumberings) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("there"));
  std::string before = listed(*a);
  auto r = run(*a, {message("a", 50)}, {77, 60});
  EXPECT_FALSE(r.keeps_uids);
  EXPECT_EQ(r.renumbered, 1u);
  EXPECT_NE(r.note.find("another UIDVALIDITY"), std::string::npos);
  EXPECT_EQ(listed(*a).substr(0, 8), before.substr(0, 8));
  EXPECT_EQ(body_of(*a, "INBOX", 2), mail("a"));
}

TEST(Import, AUidThatIsTakenMeansANewOneAndNothingIsTwice) {
  Scratch s;
  auto a = s.open();
  run(*a, {message("a", 1), message("b", 2)}, {77, 3});
  EXPECT_EQ(add(*a, mail("delivered here meanwhile")), 3u);
  std::vector<PortableMessage> all = {message("a", 1), message("b", 2), message("c", 3), message("d", 7)};
  auto r = run(*a, all, {77, 8});
  EXPECT_EQ(r.added, 2u);
  EXPECT_EQ(r.renumbered, 1u);
  EXPECT_EQ(listed(*a), "77/8: 1 2 3 4 7");
  EXPECT_EQ(body_of(*a, "INBOX", 4), mail("c"));
  EXPECT_EQ(run(*a, all, {77, 8}).present, 4u);
}

TEST(Import, WhatCannotKeepItsUidWaits) {
  Scratch s;
  auto a = s.open();
  run(*a, {message("a", 1)}, {77, 3});
  auto i = FolderImport::begin(*a, "INBOX", {77, 10}, false);
  ASSERT_TRUE(i);
  EXPECT_EQ(i->add(message("a", 1), true), FolderImport::Outcome::present);
  EXPECT_EQ(i->add(message("repaired", 2), true), FolderImport::Outcome::later);
  EXPECT_EQ(i->add(message("b", 4), true), FolderImport::Outcome::added);
  ASSERT_TRUE(i->pass_uid_next());
  EXPECT_EQ(i->add(message("repaired", 2)), FolderImport::Outcome::added);
  ASSERT_TRUE(i->finish());
  EXPECT_EQ(listed(*a), "77/11: 1 4 10");
  EXPECT_EQ(i->report().renumbered, 1u);
}

TEST(Import, WhatWasExpungedHereStaysAwayUnlessForced) {
  Scratch s;
  auto a = s.open();
  std::vector<PortableMessage> all = {message("a", 1), message("b", 2)};
  run(*a, all, {77, 3});
  ASSERT_TRUE((*a->folder("INBOX"))->expunge(uids({2})));
  auto r = run(*a, all, {77, 3});
  EXPECT_EQ(r.present, 1u);
  EXPECT_EQ(r.expunged, 1u);
  EXPECT_EQ(r.added, 0u);
  EXPECT_EQ(run(*a, {all[1]}, {77, 3}, true).added, 1u);
}

TEST(Import, FlagsKeywordsAndRecent) {
  Scratch s;
  auto a = s.open();
  PortableMessage m = message("a", 1), n = message("b", 2);
  m.flags = seen | flagged;
  m.keywords = {"$Forwarded", "not an atom", "x(y", "", "\\Seen"};
  n.is_recent = true;
  auto r = run(*a, {m, n}, {77, 3});
  EXPECT_EQ(r.keywords_left_out, 4u);
  auto& state = (*a->folder("INBOX"))->state();
  EXPECT_EQ(state.find(1)->flags, seen | flagged);
  EXPECT_EQ(state.find(1)->keywords, uint64_t{1} << state.keyword_bit("$forwarded"));
  EXPECT_EQ(state.find(1)->date, 1'500'000'000);
  EXPECT_EQ(state.recent(), 2u);
  PortableMessage many = message("c");
  for (int i = 0; i < 70; i++) many.keywords.push_back(fmt::format("k{}", i));
  EXPECT_EQ(run(*a, {many}).keywords_left_out, 7u);
}

TEST(Import, RefusesAFolderWithoutAPossibleName) {
  Scratch s;
  auto a = s.open();
  for (std::string name : {"a//b", "", "\xff", "x\ny"}) {
    auto r = FolderImport::begin(*a, name, {}, false);
    ASSERT_FALSE(r) << name;
    EXPECT_EQ(r.error().fault, Fault::perm);
  }
  EXPECT_FALSE(run(*a, {message("a", UINT32_MAX - 1)}, {77, UINT32_MAX}).keeps_uids);
}

TEST(Renumber, IsSeenByOthersAndSurvivesALostLog) {
  Scratch s;
  auto a = s.open(), b = s.open();
  add(*a, mail("old one"));
  add(*a, mail("old two"));
  Folder* other = *b->folder("INBOX");
  ASSERT_TRUE(other->refresh());
  ASSERT_FALSE(a->renumber(**a->folder("INBOX"), 7));
  ASSERT_TRUE((*a->folder("INBOX"))->expunge(uids({1, 2})));
  run(*a, {message("new", 1)}, {7, 2});
  ASSERT_TRUE(other->refresh());
  EXPECT_EQ(other->state().uid_validity(), 7u);
  EXPECT_EQ(body_of(*b, "INBOX", 1), mail("new"));
  EXPECT_EQ(add(*b, mail("from b")), 2u);
  EXPECT_EQ(listed(*a), "7/3: 1 2");
  ::remove((s.account() + "/box/1.log").c_str());
  auto c = s.open();
  EXPECT_EQ(listed(*c).substr(0, 2), "7/");
  EXPECT_EQ(body_of(*c, "INBOX", 1), mail("new"));
  EXPECT_EQ(body_of(*c, "INBOX", 2), mail("from b"));
}

TEST(SkipTo, RaisesUidNextForAll) {
  Scratch s;
  auto a = s.open(), b = s.open();
  add(*b, mail("x"));
  ASSERT_TRUE((*a->folder("INBOX"))->skip_to(5000));
  ASSERT_TRUE((*a->folder("INBOX"))->skip_to(50));
  EXPECT_EQ(add(*b, mail("y")), 5000u);
  EXPECT_EQ(add(*s.open(), mail("z")), 5001u);
}

}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include "lib/store/folder.h"

#include "t/unit/store/scratch.h"

namespace jd::store {

TEST(Folder, GivesBackEveryByte) {
  Scratch s;
  auto a = s.open();
  std::string small = mail("one"), odd = std::string("no header at all \0 \xff\n", 20), big = mail("big", 300'000);
  uint32_t u1 = add(*a, small), u2 = add(*a, odd), u3 = add(*a, big);
  EXPECT_EQ(u1, 1u);
  EXPECT_EQ(u2, 2u);
  EXPECT_EQ(u3, 3u);
  auto again = s.open();
  EXPECT_EQ(body_of(*again, "INBOX", 1), small);
  EXPECT_EQ(body_of(*again, "INBOX", 2), odd);
  EXPECT_EQ(body_of(*again, "INBOX", 3), big);
  auto meta = again->segments().meta(*(*again->folder(inbox_id))->state().find(1));
  ASSERT_TRUE(meta);
  EXPECT_NE(meta->envelope.find("\"one\""), std::string::npos);
}

TEST(Folder, OtherProcessesSeeEveryChange) {
  Scratch s;
  auto a = s.open(), b = s.open();
  add(*a, mail("one"));
  auto f = *a->folder(inbox_id), g = *b->folder(inbox_id);
  ASSERT_TRUE(g->refresh());
  EXPECT_EQ(g->state().entries().size(), 1u);
  EXPECT_EQ(add(*b, mail("two")), 2u);
  ASSERT_TRUE(f->store(FlagOp::add, seen, {"$Work"}, uids({1})));
  auto changed = g->refresh();
  ASSERT_TRUE(changed);
  EXPECT_TRUE(*changed);
  EXPECT_EQ(g->state().find(1)->flags, seen);
  EXPECT_EQ(g->state().keywords().at(0), "$Work");
  EXPECT_EQ(g->state().unseen(), 1u);
  ASSERT_TRUE(g->expunge(uids({1})));
  ASSERT_TRUE(f->refresh());
  EXPECT_EQ(f->state().find(1), nullptr);
  EXPECT_EQ(f->state().uid_next(), 3u);
  auto nothing = f->refresh();
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
}

TEST(Folder, ManyArriveAtOnceOrNotAtAll) {
  Scratch s;
  auto a = s.open(), b = s.open();
  auto f = *a->folder(inbox_id), g = *b->folder(inbox_id);
  std::vector<std::string> bytes = {mail("one"), mail("two", 200'000), mail("three")};
  std::vector<NewMessage> many(3);
  for (std::size_t i = 0; i < 3; i++) many[i].bytes = bytes[i];
  many[1].keywords = {"k"};
  auto got = f->append(many, true);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, (std::vector<uint32_t>{1, 2, 3}));
  ASSERT_TRUE(g->refresh());
  EXPECT_EQ(g->state().mod_seq(), g->state().find(1)->mod_seq);  // one change, so one record
  for (uint32_t i = 0; i < 3; i++) EXPECT_EQ(body_of(*b, "INBOX", i + 1), bytes[i]);
  for (unsigned i = 0; i < max_keywords; i++) many[2].keywords.push_back("w" + std::to_string(i));
  EXPECT_FALSE(f->append(many, true));
  ASSERT_TRUE(g->refresh());
  EXPECT_EQ(g->state().entries().size(), 3u);
}

TEST(Folder, WhatIsNoLongerDeletedIsNotExpunged) {
  Scratch s;
  auto a = s.open(), b = s.open();
  for (int i = 0; i < 3; i++) add(*a, mail("m"));
  auto f = *a->folder(inbox_id), g = *b->folder(inbox_id);
  ASSERT_TRUE(f->store(FlagOp::add, deleted, {}, uids({1, 2})));
  ASSERT_TRUE(g->refresh());
  ASSERT_TRUE(f->store(FlagOp::remove, deleted, {}, uids({2})));
  ASSERT_TRUE(g->expunge(uids({1, 2}), Folder::Which::deleted));  // it has not heard of that yet
  EXPECT_EQ(g->state().find(1), nullptr);
  EXPECT_NE(g->state().find(2), nullptr);
  uint64_t seq = g->state().mod_seq();
  ASSERT_TRUE(g->expunge(uids({1, 9})));
  EXPECT_EQ(g->state().mod_seq(), seq);  // nothing was there, so nothing has changed
}

TEST(Folder, FlagsAreSetAddedAndRemoved) {
  Scratch s;
  auto a = s.open();
  for (int i = 0; i < 5; i++) add(*a, mail("m"));
  auto f = *a->folder(inbox_id);
  UidSet all;
  all.add(1, 1000);
  ASSERT_TRUE(f->store(FlagOp::add, seen | flagged, {}, all));
  ASSERT_TRUE(f->store(FlagOp::remove, flagged, {}, uids({2, 3})));
  ASSERT_TRUE(f->store(FlagOp::set, answered, {"a", "B"}, uids({5})));
  auto none = f->store(FlagOp::add, seen, {}, uids({1}));
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, 0u);
  auto again = s.open();
  auto& st = (*again->folder(inbox_id))->state();
  EXPECT_EQ(st.find(1)->flags, seen | flagged);
  EXPECT_EQ(st.find(2)->flags, seen);
  EXPECT_EQ(st.find(5)->flags, answered);
  EXPECT_EQ(st.find(5)->keywords, 3u);
  EXPECT_EQ(st.unseen(), 1u);
  EXPECT_EQ(st.mod_seq(), f->state().mod_seq());
}

TEST(Folder, CopyAndMoveKeepFlagsAndWriteNoBodies) {
  Scratch s;
  auto a = s.open();
  for (int i = 0; i < 3; i++) add(*a, mail("m", 1000));
  auto in = *a->folder(inbox_id), to = *a->folder("Archive");
  ASSERT_TRUE(in->store(FlagOp::set, flagged, {"x"}, uids({2})));
  auto fd = file::open(a->dir(), "seg/00000001.seg", O_RDONLY);
  ASSERT_TRUE(fd);
  uint64_t before = *file::size_of(fd->get());
  auto copied = to->copy_from(*in, uids({2, 3}), false);
  ASSERT_TRUE(copied);
  EXPECT_EQ(*copied, (std::vector<std::pair<uint32_t, uint32_t>>{{2, 1}, {3, 2}}));
  auto moved = to->copy_from(*in, uids({1}), true);
  ASSERT_TRUE(moved);
  EXPECT_EQ(*file::size_of(fd->get()), before);
  EXPECT_EQ(in->state().entries().size(), 2u);
  EXPECT_EQ(to->state().find(1)->flags, flagged);
  EXPECT_EQ(to->state().keywords().at(0), "x");
  EXPECT_EQ(body_of(*a, "Archive", 3), mail("m", 1000));
}

TEST(Folder, ExpungedMailComesBackOnceWithANewUid) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("precious"));
  add(*a, mail("other"));
  auto f = *a->folder(inbox_id);
  ASSERT_TRUE(f->store(FlagOp::add, deleted, {}, uids({1})));
  ASSERT_TRUE(f->expunge(uids({1})));
  EXPECT_EQ(f->state().gone().size(), 1u);
  ASSERT_TRUE(f->restore(uids({1})));
  ASSERT_TRUE(f->restore(uids({1})));
  auto again = s.open();
  EXPECT_EQ(body_of(*again, "INBOX", 3), mail("precious"));
  EXPECT_EQ(body_of(*again, "INBOX", 1), "absent");
  EXPECT_EQ((*again->folder(inbox_id))->state().find(3)->flags, 0);
  EXPECT_EQ((*again->folder(inbox_id))->state().entries().size(), 2u);
}

TEST(Folder, ALogThatOutgrewItsStateIsReplacedAndSaysTheSame) {
  Scratch s;
  auto a = s.open(), watcher = s.open();
  for (int i = 0; i < 20; i++) add(*a, mail("m"), "INBOX", false);
  auto f = *a->folder(inbox_id), w = *watcher->folder(inbox_id);
  ASSERT_TRUE(f->expunge(uids({3})));
  UidSet all;  // every second one: records of many ranges, so that the log grows fast
  for (uint32_t u = 1; u <= 20; u += 2) all.add(u);
  std::string log = s.account() + "/box/1.log";
  struct stat first, last;
  ASSERT_EQ(::stat(log.c_str(), &first), 0);
  for (int i = 0; i < 30'000; i++) {
    ASSERT_TRUE(f->store(i % 2 ? FlagOp::remove : FlagOp::add, flagged, {}, all));
    ASSERT_EQ(::stat(log.c_str(), &last), 0);
    if (last.st_ino != first.st_ino) break;
  }
  EXPECT_NE(last.st_ino, first.st_ino);
  ASSERT_TRUE(w->refresh());
  for (auto* x : {f, w}) {
    EXPECT_EQ(x->state().entries().size(), 19u);
    EXPECT_EQ(x->state().gone().size(), 1u);
    EXPECT_EQ(x->state().uid_next(), 21u);
    EXPECT_EQ(x->state().mod_seq(), f->state().mod_seq());
  }
  EXPECT_EQ(add(*watcher, mail("after")), 21u);
  ASSERT_TRUE(f->refresh());
  EXPECT_EQ(f->state().entries().size(), 20u);
}

TEST(Folder, KeywordsHaveALimitThatIsSaid) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("m"));
  auto f = *a->folder(inbox_id);
  for (int i = 0; i < 64; i++) ASSERT_TRUE(f->store(FlagOp::add, 0, {"k" + std::to_string(i)}, uids({1})));
  auto r = f->store(FlagOp::add, 0, {"k64"}, uids({1}));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().fault, Fault::perm);
  EXPECT_TRUE(f->store(FlagOp::remove, 0, {"k63", "never-seen"}, uids({1})));
}

TEST(Tree, FoldersAreMadeRenamedAndRemoved) {
  Scratch s;
  auto a = s.open(), b = s.open();
  auto& t = a->tree();
  EXPECT_EQ(t.find("inbox")->id, inbox_id);
  EXPECT_EQ(t.find(Special::sent)->name, "Sent");
  ASSERT_TRUE(t.create("项目/2026/十一月"));
  EXPECT_NE(t.find("项目/2026"), nullptr);
  ASSERT_TRUE(t.rename("项目", "Projects"));
  ASSERT_TRUE(b->tree().refresh());
  EXPECT_NE(b->tree().find("Projects/2026/十一月"), nullptr);
  EXPECT_EQ(b->tree().find("项目"), nullptr);
  uint32_t before = b->tree().find("Projects/2026")->id;
  ASSERT_TRUE(b->tree().remove("Projects/2026"));
  auto fresh = t.create("Projects/2026");
  ASSERT_TRUE(fresh);
  EXPECT_NE(*fresh, before);
  for (const char* bad : {"", "a//b", "/a", "..", "a\x01", "\xff"}) EXPECT_FALSE(t.create(bad)) << bad;
  EXPECT_FALSE(t.create("INBOX"));
  EXPECT_FALSE(t.remove("INBOX"));
  EXPECT_FALSE(t.rename("Sent", "Sent/x"));
  ASSERT_TRUE(t.subscribe("nowhere", true));
  EXPECT_TRUE(s.open()->tree().subscriptions().count("nowhere"));
}

TEST(Tree, ANewFolderOfAnOldNameHasAnotherUidValidity) {
  Scratch s;
  auto a = s.open();
  ASSERT_TRUE(a->tree().create("x"));
  uint32_t first = a->tree().find("x")->uid_validity;
  ASSERT_TRUE(a->tree().remove("x"));
  ASSERT_TRUE(a->tree().create("x"));
  EXPECT_GT(a->tree().find("x")->uid_validity, first);
}

// Made at the first use, it would take a look at all of the account's mail: it might have been lost.
TEST(Tree, AFolderComesWithItsLog) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("one"));
  EXPECT_TRUE(file::exists(s.account() + "/box/2.log")) << "the usual ones";
  // A crash left a log of a folder that never came to be.
  std::string orphan = s.account() + "/box/7.log";
  auto copy = [&](const std::string& from, const std::string& to) {
    auto made = file::open(to, O_WRONLY | O_CREAT);
    return made && file::write_at(made->get(), *file::read_all(from), 0);
  };
  ASSERT_TRUE(copy(s.account() + "/box/2.log", orphan));
  auto id = a->tree().create("x");
  ASSERT_TRUE(id);
  ASSERT_EQ(*id, 7u);
  auto log = journal::SegmentReader::open(AT_FDCWD, orphan);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->header().number, 7u);
  auto b = s.open();
  auto f = b->folder("x");
  ASSERT_TRUE(f);
  EXPECT_TRUE((*f)->state().entries().empty());
  EXPECT_EQ((*f)->state().uid_validity(), b->tree().find("x")->uid_validity);
  // One with mail was of a folder in a tree that was lost: it is left alone.
  ASSERT_TRUE(copy(s.account() + "/box/1.log", s.account() + "/box/8.log"));
  auto next = b->tree().create("y");
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, 9u);
}

TEST(Tree, ALostOneIsMadeAnewWithTheMailOfTheUsualFolders) {
  Scratch s;
  add(*s.open(), mail("one"));
  ASSERT_TRUE(file::unlink(AT_FDCWD, s.account() + "/tree"));
  EXPECT_EQ(body_of(*s.open(), "INBOX", 1), mail("one"));
}

}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include "lib/store/derived.h"

#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {

using Form = Folder::Form;

DerivedBatch make(const Folder& f) {
  DerivedBatch r;
  for (auto& e : f.state().entries()) r.add(e.uid, e.stamp, fmt::format("made of {}", e.uid));
  return r;
}

std::unique_ptr<Account> open(Scratch& s) { return std::move(*Account::open(s.account(), true, {.maps = true})); }

void expect_all(Folder& f, Form form, std::size_t found) {
  std::size_t n = 0;
  for (auto& e : f.state().entries()) {
    auto d = f.derived(form, e);
    if (!d) continue;
    n++;
    EXPECT_EQ(*d, fmt::format("made of {}", e.uid));
  }
  EXPECT_EQ(n, found);
}

TEST(Derived, IsFoundByTheNextSessionAndDoesNotFollowCopies) {
  Scratch s;
  auto a = open(s);
  for (int i = 0; i < 300; i++) add(*a, mail("m"), "INBOX", false);
  Folder* f = *a->folder(inbox_id);
  expect_all(*f, Form::wire, 0);
  f->keep_derived(Form::wire, make(*f));
  expect_all(*f, Form::wire, 300);
  f->keep_derived(Form::digest, make(*f));
  expect_all(*f, Form::digest, 300);
  add(*a, mail("later"));
  ASSERT_TRUE(f->expunge(uids({7})));
  auto b = open(s);
  Folder* g = *b->folder(inbox_id);
  expect_all(*g, Form::wire, 299);
  expect_all(*g, Form::digest, 299);
  Folder* to = *b->folder("Archive");
  ASSERT_TRUE(to->copy_from(*g, uids({1, 2}), false));
  expect_all(*to, Form::wire, 0);
}

TEST(Derived, AFewAreNotKept) {
  Scratch s;
  auto a = open(s);
  for (int i = 0; i < 5; i++) add(*a, mail("m"));
  Folder* f = *a->folder(inbox_id);
  f->keep_derived(Form::wire, make(*f));
  expect_all(*f, Form::wire, 0);
}

TEST(Derived, DamagedOrLostItIsAsIfItWereNotThere) {
  Scratch s;
  {
    auto a = open(s);
    for (int i = 0; i < 300; i++) add(*a, mail("m"), "INBOX", false);
    Folder* f = *a->folder(inbox_id);
    f->keep_derived(Form::wire, make(*f));
  }
  std::string path = s.account() + "/box/1.wire";
  auto good = *file::read_all(path);
  {
    Fd fd = *file::open(path, O_WRONLY);
    ASSERT_TRUE(file::write_at(fd.get(), "X", 64 + 16 + 3));
    auto a = open(s);
    expect_all(**a->folder(inbox_id), Form::wire, 299);
  }
  for (std::size_t size : {std::size_t{0}, std::size_t{40}, std::size_t{64 + 32 + 5}}) {
    ASSERT_TRUE(file::unlink(AT_FDCWD, path));
    Fd fd = *file::open(path, O_WRONLY | O_CREAT);
    ASSERT_TRUE(file::write_at(fd.get(), good.substr(0, size), 0));
    auto a = open(s);
    expect_all(**a->folder(inbox_id), Form::wire, size > 64 ? 1 : 0);
  }
  ASSERT_TRUE(file::unlink(AT_FDCWD, path));
  auto a = open(s);
  Folder* f = *a->folder(inbox_id);
  expect_all(*f, Form::wire, 0);
  f->keep_derived(Form::wire, make(*f));
  expect_all(*f, Form::wire, 300);
}

TEST(Derived, AFileOfMessagesThatAreGoneIsBegunAnew) {
  Scratch s;
  auto a = open(s);
  for (int i = 0; i < 40; i++) add(*a, mail("m"), "INBOX", false);
  Folder* f = *a->folder(inbox_id);
  for (int round = 0; round < 40; round++) f->keep_derived(Form::wire, make(*f));
  EXPECT_LT(file::read_all(s.account() + "/box/1.wire")->size(), 64u + 40 * 40 * 32);
  expect_all(*f, Form::wire, 40);
}

TEST(Derived, ManyAreWrittenBitByBit) {
  Scratch s;
  auto a = open(s);
  for (int i = 0; i < 700; i++) add(*a, mail("m"), "INBOX", false);
  Folder* f = *a->folder(inbox_id);
  DerivedBatch made;
  std::size_t most = 0;
  for (auto& e : f->state().entries()) {
    made.add(e.uid, e.stamp, fmt::format("made of {}", e.uid));
    if (made.waiting() >= 1000) f->write_derived(Form::wire, made);
    if (made.count() > 200) most = std::max(most, made.waiting());
  }
  EXPECT_LT(most, 1100u);
  expect_all(*f, Form::wire, 0);
  ASSERT_TRUE(f->expunge(uids({9, 600})));  // meanwhile
  f->keep_derived(Form::wire, std::move(made));
  expect_all(*f, Form::wire, 698);
  auto b = open(s);
  expect_all(**b->folder(inbox_id), Form::wire, 698);
}

TEST(Derived, WhatAnotherSessionReplacedMeanwhileIsGivenUp) {
  Scratch s;
  auto a = open(s), b = open(s);
  for (int i = 0; i < 300; i++) add(*a, mail("m"), "INBOX", false);
  Folder *f = *a->folder(inbox_id), *g = *b->folder(inbox_id);
  ASSERT_TRUE(g->refresh());
  DerivedBatch made = make(*f);
  f->write_derived(Form::wire, made);
  EXPECT_EQ(made.waiting(), 0u);
  g->keep_derived(Form::wire, make(*g));  // it knew no file: this one is new
  expect_all(*g, Form::wire, 300);
  for (auto& e : f->state().entries()) made.add(e.uid, e.stamp, "again");
  f->write_derived(Form::wire, made);
  EXPECT_EQ(made.count(), 0u);
  made.add(1, 1, "nothing");
  EXPECT_EQ(made.count(), 0u);
  expect_all(*g, Form::wire, 300);
  auto c = open(s);
  expect_all(**c->folder(inbox_id), Form::wire, 300);
}

TEST(Derived, ABatchIsBounded) {
  DerivedBatch made;
  std::string large(1 << 20, 'x');
  for (uint32_t i = 1; i <= 100; i++) {
    made.add(i, i, large);
    ASSERT_LE(made.waiting(), DerivedBatch::max_room);
  }
  EXPECT_EQ(made.count(), 0u);
}

}  // namespace
}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include "lib/store/derived.h"

#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {

using Form = Folder::Form;

std::vector<Folder::Made> make(const Folder& f) {
  std::vector<Folder::Made> r;
  for (auto& e : f.state().entries()) r.push_back({e.uid, e.stamp, fmt::format("made of {}", e.uid)});
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

}  // namespace
}  // namespace jd::store

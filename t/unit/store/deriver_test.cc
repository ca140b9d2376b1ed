// SPDX-License-Identifier: MIT
#include "lib/store/deriver.h"

#include "lib/mime/digest.h"
#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {

using Form = Folder::Form;

const auto always = [] { return true; };
std::function<bool()> times(int n) {
  return [n]() mutable { return n-- > 0; };
}

std::unique_ptr<Account> open(Scratch& s) { return std::move(*Account::open(s.account(), true, {.maps = true})); }

void fill(Account& a, int n) {
  for (int i = 0; i < n; i++) add(a, mail(fmt::format("letter {}", i)), "INBOX", false);
}

std::size_t places(const Folder& f, Form form) {
  std::size_t n = 0;
  for (auto& e : f.state().entries()) n += !Folder::lacks(form, e);
  return n;
}

// How many messages have it; each is right.
std::size_t good(Account& a, Folder& f, Form form) {
  std::size_t n = 0;
  for (auto& e : f.state().entries()) {
    auto d = f.derived(form, e);
    if (!d) continue;
    n++;
    auto meta = a.segments().meta(e);
    EXPECT_TRUE(meta);
    if (form == Form::wire) {
      auto w = decode_wire(*d);
      EXPECT_TRUE(w);
      EXPECT_TRUE(w && meta && w->envelope == meta->envelope && w->body_structure == meta->bodystructure) << e.uid;
    } else {
      auto message = a.segments().message(e);
      EXPECT_TRUE(message);
      EXPECT_TRUE(message && *d == derive_digest(*message)) << e.uid;
    }
  }
  return n;
}

std::size_t found(Scratch& s, Form form) {
  auto a = open(s);
  return good(*a, **a->folder(inbox_id), form);
}

uint64_t all_of(Account& a) {
  auto r = derive(a, **a.folder(inbox_id), always);
  EXPECT_TRUE(r);
  return r ? *r : 0;
}

TEST(Deriver, MakesWhatTheNextSessionFinds) {
  Scratch s;
  auto a = s.open();  // as a delivery does: nothing is mapped
  fill(*a, 40);
  EXPECT_EQ(all_of(*a), 40u);
  EXPECT_EQ(found(s, Form::wire), 40u);
  EXPECT_EQ(found(s, Form::digest), 40u);
  EXPECT_EQ(all_of(*a), 0u);
  EXPECT_EQ(good(*a, **a->folder(inbox_id), Form::wire), 40u);
}

TEST(Deriver, AFewAreNotWorthIt) {
  Scratch s;
  auto a = s.open();
  fill(*a, 31);
  EXPECT_EQ(all_of(*a), 0u);
  EXPECT_FALSE(file::exists(s.account() + "/box/1.wire"));
  fill(*a, 1);
  EXPECT_EQ(all_of(*a), 32u);
  fill(*a, 31);
  EXPECT_EQ(all_of(*a), 0u);
  fill(*a, 937);  // 1000: 968 lack one
  EXPECT_EQ(all_of(*a), 968u);
  fill(*a, 63);
  EXPECT_EQ(all_of(*a), 0u);  // 1063 / 16 = 66
  fill(*a, 4);
  EXPECT_EQ(all_of(*a), 67u);
  EXPECT_EQ(found(s, Form::digest), 1067u);
}

TEST(Deriver, TakesWhatAnotherProcessHasMade) {
  Scratch s;
  auto a = s.open(), b = s.open();
  fill(*a, 100);
  Folder* other = *b->folder(inbox_id);
  ASSERT_TRUE(other->refresh());
  EXPECT_EQ(all_of(*a), 100u);
  EXPECT_EQ(places(*other, Form::wire), 0u);
  auto size = file::read_all(s.account() + "/box/1.wire")->size();
  EXPECT_EQ(all_of(*b), 0u);
  EXPECT_EQ(good(*b, *other, Form::wire), 100u);
  EXPECT_EQ(file::read_all(s.account() + "/box/1.wire")->size(), size);
  fill(*b, 50);
  EXPECT_EQ(all_of(*a), 50u);
  fill(*b, 40);
  EXPECT_EQ(all_of(*b), 40u);
  EXPECT_EQ(found(s, Form::wire), 190u);
  EXPECT_EQ(found(s, Form::digest), 190u);
}

TEST(Deriver, GoesOnWhereItWasStopped) {
  Scratch s;
  auto a = s.open();
  fill(*a, 100);
  Folder* f = *a->folder(inbox_id);
  Deriver d(*a, *f);
  int steps = 0;
  for (bool done = false; !done; steps++) {
    ASSERT_LT(steps, 1000);
    auto r = d.step(times(4));
    ASSERT_TRUE(r);
    done = *r;
    if (steps == 5) {  // meanwhile
      fill(*a, 10);
      ASSERT_TRUE(f->expunge(uids({3, 90})));
      EXPECT_EQ(places(*f, Form::wire), 0u);
    }
  }
  EXPECT_GT(steps, 25);
  EXPECT_EQ(found(s, Form::wire), 108u);
  EXPECT_EQ(found(s, Form::digest), 108u);
}

TEST(Deriver, KeepsWhatItHasWhenItMustEnd) {
  Scratch s;
  auto a = s.open();
  fill(*a, 100);
  Folder* f = *a->folder(inbox_id);
  EXPECT_EQ(*derive(*a, *f, times(20)), 18u);  // two questions are not of a message
  EXPECT_EQ(found(s, Form::wire), 0u);         // too few
  EXPECT_EQ(*derive(*a, *f, times(60)), 58u);
  EXPECT_EQ(found(s, Form::wire), 58u);
  EXPECT_EQ(*derive(*a, *f, always), 42u);
  EXPECT_EQ(found(s, Form::wire), 100u);
  EXPECT_EQ(found(s, Form::digest), 100u);
}

TEST(Deriver, LeavesOutWhatCannotBeRead) {
  Scratch s;
  auto a = s.open();
  fill(*a, 60);
  Folder* f = *a->folder(inbox_id);
  auto& e = f->state().entries()[7];
  std::string path = s.account() + "/seg/00000001.seg";
  auto bytes = *file::read_all(path);
  Fd fd = *file::open(path, O_WRONLY);
  ASSERT_TRUE(file::write_at(fd.get(), std::string(30, '?'), e.offset + 40));
  EXPECT_EQ(all_of(*a), 59u);
  ASSERT_TRUE(file::write_at(fd.get(), bytes, 0));
  EXPECT_EQ(found(s, Form::wire), 59u);
  EXPECT_EQ(found(s, Form::digest), 59u);
}

TEST(Deriver, ALargeMessageGetsNoDigestAndLacksNone) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("large", 1 << 20));
  add(*a, mail("in a file", 200 << 10));
  fill(*a, 38);
  EXPECT_EQ(all_of(*a), 40u);
  EXPECT_EQ(found(s, Form::wire), 40u);
  EXPECT_EQ(found(s, Form::digest), 39u);
}

TEST(Deriver, NulsAreAsIMAPShowsThem) {
  std::string m = mail("a?b");
  m[m.find('?')] = '\0';
  auto v = derive_digest(m);
  m[m.find('\0')] = '\x80';
  EXPECT_EQ(v, mime::make_digest(m));
}

TEST(Deriver, AnotherWhoMayOnlyReadMakesNothing) {
  Scratch s;
  {
    auto a = s.open();
    fill(*a, 60);
  }
  auto r = Account::open_shared(s.account(), false);
  ASSERT_TRUE(r);
  Folder* f = *(*r)->folder(inbox_id);
  EXPECT_EQ(*derive(**r, *f, always), 0u);
  EXPECT_FALSE(file::exists(s.account() + "/box/1.wire"));
  EXPECT_FALSE(file::exists(s.account() + "/box/1.index"));
}

TEST(Deriver, NothingOfADamagedLog) {
  Scratch s;
  {
    auto a = s.open();
    fill(*a, 60);
  }
  std::string path = s.account() + "/box/1.log";
  Fd fd = *file::open(path, O_WRONLY);
  ASSERT_TRUE(file::write_at(fd.get(), "?", file::read_all(path)->size() / 2));
  auto a = s.open();
  EXPECT_EQ(all_of(*a), 0u);
  EXPECT_FALSE(file::exists(s.account() + "/box/1.wire"));
}

TEST(Deriver, LostFilesAreMadeAgainByWhoHasThemOpen) {
  for (const char* lost : {"wire", "digest"}) {
    Scratch s;
    auto a = s.open();
    fill(*a, 700);
    EXPECT_EQ(all_of(*a), 700u);
    ASSERT_TRUE(file::unlink(AT_FDCWD, s.account() + "/box/1." + lost));
    EXPECT_EQ(all_of(*a), 700u);
    EXPECT_EQ(found(s, Form::wire), 700u);
    EXPECT_EQ(found(s, Form::digest), 700u);
    ASSERT_TRUE(file::unlink(AT_FDCWD, s.account() + "/box/1." + lost));
    auto b = s.open();
    EXPECT_EQ(all_of(*b), 700u);
    EXPECT_EQ(found(s, Form::wire), 700u);
    EXPECT_EQ(found(s, Form::digest), 700u);
  }
}

// What is made is more than what waits for being written: the file is begun while the state still names the lost one.
TEST(Deriver, AlsoInPieces) {
  Scratch s;
  auto a = s.open();
  std::string to(4000, 'x');
  for (int i = 0; i < 400; i++) add(*a, "To: " + to + "@example.test\r\nSubject: " + to + "\r\n\r\n\r\n", "INBOX", false);
  Folder* f = *a->folder(inbox_id);
  EXPECT_EQ(all_of(*a), 400u);
  EXPECT_GT(file::read_all(s.account() + "/box/1.wire")->size(), 1u << 20);
  ASSERT_TRUE(file::unlink(AT_FDCWD, s.account() + "/box/1.wire"));
  EXPECT_EQ(*derive(*a, *f, times(150)), 148u);
  EXPECT_EQ(found(s, Form::wire), 148u);
  EXPECT_EQ(all_of(*a), 252u);
  EXPECT_EQ(found(s, Form::wire), 400u);
  EXPECT_EQ(found(s, Form::digest), 400u);
}

TEST(Deriver, ReadsNoMoreThanItMay) {
  Scratch s;
  auto a = s.open();
  fill(*a, 60);
  Folder* f = *a->folder(inbox_id);
  Deriver little(*a, *f, 1000);
  EXPECT_TRUE(*little.step(always));
  EXPECT_EQ(little.made(), 0u);
}

TEST(Deriver, WhatIsMadeOutlivesTheLogItWasMadeUnder) {
  Scratch s;
  auto a = s.open();
  fill(*a, 300);
  EXPECT_EQ(all_of(*a), 300u);
  Folder* f = *a->folder(inbox_id);
  ASSERT_TRUE(f->expunge(uids({7})));
  auto session = open(s);
  Folder* g = *session->folder(inbox_id);
  ASSERT_TRUE(f->skip_to(1000));  // writes a new one
  EXPECT_EQ(good(*a, *f, Form::wire), 299u);
  EXPECT_EQ(good(*a, *f, Form::digest), 299u);
  ASSERT_TRUE(g->refresh());
  EXPECT_EQ(good(*session, *g, Form::digest), 299u);
  EXPECT_EQ(found(s, Form::wire), 299u);
  EXPECT_EQ(all_of(*a), 0u);
}

TEST(Deriver, AndTheBootOfTheMachine) {
  Scratch s;
  std::string before = boot_id();
  {
    auto a = s.open();
    fill(*a, 300);
    EXPECT_EQ(all_of(*a), 300u);
  }
  pretend_boot("the next");
  EXPECT_EQ(found(s, Form::wire), 300u);
  EXPECT_EQ(found(s, Form::digest), 300u);
  auto a = s.open();
  EXPECT_EQ(all_of(*a), 0u);
  pretend_boot(before);
}

TEST(Deriver, NothingIsInheritedFromADamagedIndex) {
  Scratch s;
  auto a = s.open();
  fill(*a, 300);
  EXPECT_EQ(all_of(*a), 300u);
  std::string path = s.account() + "/box/1.index";
  Fd fd = *file::open(path, O_WRONLY);
  ASSERT_TRUE(file::write_at(fd.get(), "?", 4096 + 500));
  Folder* f = *a->folder(inbox_id);
  ASSERT_TRUE(f->skip_to(1000));
  EXPECT_EQ(places(*f, Form::wire), 0u);
  EXPECT_EQ(all_of(*a), 300u);
  EXPECT_EQ(found(s, Form::wire), 300u);
}

// --- beside sessions

DerivedBatch made_by_session(const Folder& f, uint32_t from, uint32_t to) {
  DerivedBatch r;
  for (auto& e : f.state().entries())
    if (e.uid >= from && e.uid <= to) r.add(e.uid, e.stamp, encode(Wire{"of a", "session"}));
  return r;
}

TEST(Deriver, ASessionThatWasOpenReplacesNothing) {
  Scratch s;
  auto a = s.open();
  fill(*a, 300);
  auto session = open(s);
  Folder* f = *session->folder(inbox_id);
  EXPECT_EQ(all_of(*a), 300u);
  EXPECT_EQ(places(*f, Form::wire), 0u);
  auto made = made_by_session(*f, 1, 100);
  f->write_derived(Form::wire, made);
  EXPECT_NE(made.waiting(), 0u);  // it waits until the newest index is read
  f->keep_derived(Form::wire, std::move(made));
  EXPECT_EQ(places(*f, Form::wire), 300u);
  EXPECT_EQ(places(*f, Form::digest), 300u);
  auto b = open(s);
  Folder* g = *b->folder(inbox_id);
  EXPECT_EQ(decode_wire(*g->derived(Form::wire, g->state().entries()[99]))->envelope, "of a");
  EXPECT_NE(decode_wire(*g->derived(Form::wire, g->state().entries()[100]))->envelope, "of a");
  EXPECT_EQ(found(s, Form::digest), 300u);
}

TEST(Deriver, ASessionInTheMiddleOfItsWorkGoesOn) {
  Scratch s;
  auto a = s.open();
  fill(*a, 300);
  auto session = open(s);
  Folder* f = *session->folder(inbox_id);
  auto made = made_by_session(*f, 1, 100);
  f->write_derived(Form::wire, made);
  EXPECT_EQ(made.waiting(), 0u);
  EXPECT_EQ(all_of(*a), 300u);  // begins a file anew: nobody knows of the session's yet
  f->keep_derived(Form::wire, std::move(made));  // is not kept
  EXPECT_EQ(places(*f, Form::wire), 300u);
  EXPECT_EQ(found(s, Form::wire), 300u);
  EXPECT_EQ(found(s, Form::digest), 300u);
}

TEST(Deriver, ASessionThatCameBetweenIsNotDoneAgain) {
  Scratch s;
  auto a = s.open();
  fill(*a, 300);
  Folder* mine = *a->folder(inbox_id);
  Deriver d(*a, *mine);
  EXPECT_FALSE(*d.step(times(120)));
  auto session = open(s);
  Folder* f = *session->folder(inbox_id);
  f->keep_derived(Form::wire, made_by_session(*f, 1, 300));
  EXPECT_TRUE(*d.step(always));
  EXPECT_EQ(places(*mine, Form::wire), 300u);
  auto b = open(s);
  EXPECT_EQ(places(**b->folder(inbox_id), Form::wire), 300u);
  EXPECT_EQ(found(s, Form::digest), 300u);
}

// The index is written by who only reads the log, while a batch's first file is in no index yet.
TEST(Deriver, AnIndexWrittenMeanwhileLosesNothing) {
  Scratch s;
  auto a = s.open();
  fill(*a, 300);
  Folder* mine = *a->folder(inbox_id);
  DerivedBatch made;
  for (auto& e : mine->state().entries()) made.add(e.uid, e.stamp, encode(Wire{"e", "b"}));
  mine->write_derived(Form::wire, made);
  EXPECT_EQ(made.waiting(), 0u);
  {
    auto b = s.open();
    fill(*b, 900);
  }
  found(s, Form::wire);
  ASSERT_TRUE(file::exists(s.account() + "/box/1.index"));
  mine->keep_derived(Form::wire, std::move(made));
  EXPECT_EQ(places(*mine, Form::wire), 300u);
  auto b = open(s);
  EXPECT_EQ(places(**b->folder(inbox_id), Form::wire), 300u);
}

}  // namespace
}  // namespace jd::store

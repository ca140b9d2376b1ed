// SPDX-License-Identifier: MIT
// Compaction: what is dead goes, what is alive stays as it is, whoever looks meanwhile.
#include "lib/store/compact.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "lib/base/log.h"
#include "lib/base/time.h"
#include "lib/log/crc32c.h"
#include "t/unit/fault_disk.h"
#include "t/unit/store/scratch.h"

#define LLVMFuzzerTestOneInput fuzz_moves
#include "t/fuzz/moves.cc"
#undef LLVMFuzzerTestOneInput

namespace jd::store {
namespace {
CompactOptions eager() {
  CompactOptions o;
  o.dead_percent = 1;
  o.least_dead = 1;
  return o;
}

uint64_t bytes_on_disk(const std::string& account) {
  uint64_t sum = 0;
  for (const char* sub : {"seg", "big"})
    if (auto names = file::list(AT_FDCWD, account + "/" + sub))
      for (auto& n : *names) {
        struct stat st;
        if (::stat((account + "/" + sub + "/" + n).c_str(), &st) == 0) sum += static_cast<uint64_t>(st.st_size);
      }
  return sum;
}

// The clock stands still until it is moved.
struct Later {
  ManualClock clock;
  Later() {
    clock.at = system_clock().now();
    set_clock(&clock);
  }
  ~Later() { set_clock(nullptr); }
  void pass(Span d) { clock.advance(d); }
};

void expunge(Account& a, const std::string& folder, std::initializer_list<uint32_t> which) {
  auto f = a.folder(folder);
  ASSERT_TRUE(f);
  ASSERT_TRUE((*f)->expunge(uids(which)));
}
}  // namespace

TEST(Compact, SpaceComesBackAfterTheUndeleteTime) {
  Later later;
  Scratch s;
  auto a = s.open();
  for (int i = 0; i < 20; i++) add(*a, mail(fmt::format("{}", i), 10'000));
  uint32_t big = add(*a, mail("large", 300'000));
  UidSet most;
  most.add(2, 20);
  most.add(big, big);
  ASSERT_TRUE((*a->folder("INBOX"))->expunge(most));
  a->rest();
  uint64_t before = bytes_on_disk(s.account());
  ASSERT_GT(before, 500'000u);
  auto early = compact(*a, eager());
  ASSERT_TRUE(early) << early.error().what;
  EXPECT_GE(bytes_on_disk(s.account()) + 1000, before);  // all of it may still be asked for
  ASSERT_TRUE((*a->folder("INBOX"))->restore(uids({2})));
  EXPECT_EQ(body_of(*a, "INBOX", 22), mail("1", 10'000));
  later.pass(days(15));
  auto dry = eager();
  dry.dry_run = true;
  auto said = compact(*a, dry);
  ASSERT_TRUE(said);
  EXPECT_GT(said->dead, 480'000u);
  EXPECT_EQ(said->freed, 0u);
  auto r = compact(*a, eager());
  ASSERT_TRUE(r) << r.error().what;
  EXPECT_TRUE(r->findings.empty());
  EXPECT_GT(r->freed, 480'000u);
  EXPECT_EQ(r->large, 1u);
  EXPECT_LT(bytes_on_disk(s.account()), 25'000u);
  auto another = s.open();
  for (auto who : {a.get(), another.get()}) {
    EXPECT_EQ(body_of(*who, "INBOX", 1), mail("0", 10'000));
    EXPECT_EQ(body_of(*who, "INBOX", 22), mail("1", 10'000));
  }
  ASSERT_TRUE((*a->folder("INBOX"))->restore(uids({3})));  // too long ago
  EXPECT_EQ((*a->folder("INBOX"))->state().entries().size(), 2u);
  auto check = s.open()->check(false);
  ASSERT_TRUE(check);
  EXPECT_TRUE(check->findings.empty()) << check->findings.front();
  EXPECT_EQ(add(*a, mail("after")), 23u);
}

TEST(Compact, ACopyKeepsARecordAlive) {
  Later later;
  Scratch s;
  auto a = s.open();
  uint32_t one = add(*a, mail("copied", 5000)), two = add(*a, mail("gone", 5000));
  ASSERT_TRUE((*a->folder("Archive"))->copy_from(**a->folder("INBOX"), uids({one}), false));
  expunge(*a, "INBOX", {one, two});
  later.pass(days(15));
  auto r = compact(*a, eager());
  ASSERT_TRUE(r);
  EXPECT_EQ(r->segments, 1u);
  EXPECT_EQ(body_of(*s.open(), "Archive", 1), mail("copied", 5000));
}

TEST(Compact, WhoHasTheOldPlaceIsLedToTheNewOne) {
  Later later;
  Scratch s;
  auto a = s.open();
  uint32_t one = add(*a, mail("stays", 5000)), two = add(*a, mail("goes", 5000));
  expunge(*a, "INBOX", {two});
  later.pass(days(15));
  auto session = s.open();
  Entry old = *(*session->folder("INBOX"))->state().find(one);  // opened, not read yet
  for (int times = 0; times < 3; times++) {
    uint32_t again = add(*a, mail("goes too", 5000));
    expunge(*a, "INBOX", {again});
    later.pass(days(15));
    auto r = compact(*a, eager());
    ASSERT_TRUE(r);
    EXPECT_EQ(r->segments, 1u);
    if (times < 2) add(*a, mail("more", 200));
  }
  // Each run took away the traces of more than a day ago: only the last one leads on.
  EXPECT_FALSE(session->segments().message(old));
  auto folder = *session->folder("INBOX");
  ASSERT_TRUE(folder->refresh());
  auto now = session->segments().message(*folder->state().find(one));
  ASSERT_TRUE(now) << now.error().what;
  EXPECT_EQ(*now, mail("stays", 5000));
}

TEST(Compact, TracesLeadOverSeveralRuns) {
  Later later;
  Scratch s;
  auto a = s.open();
  uint32_t one = add(*a, mail("stays", 5000)), two = add(*a, mail("goes", 5000)), three = add(*a, mail("goes later", 5000));
  expunge(*a, "INBOX", {two});
  later.pass(hours(1));
  expunge(*a, "INBOX", {three});
  auto session = s.open();
  Entry old = *(*session->folder("INBOX"))->state().find(one);
  later.pass(days(14));
  later.pass(minutes(30));
  ASSERT_EQ(compact(*a, eager())->segments, 1u);
  later.pass(hours(1));
  ASSERT_EQ(compact(*a, eager())->segments, 1u);
  auto m = session->segments().message(old);
  ASSERT_TRUE(m) << m.error().what;
  EXPECT_EQ(*m, mail("stays", 5000));
  EXPECT_TRUE(session->segments().meta(old));
}

TEST(Compact, LeavesADamagedSegmentAlone) {
  Later later;
  Scratch s;
  auto a = s.open();
  uint32_t one = add(*a, mail("hit", 5000)), two = add(*a, mail("goes", 50'000));
  auto ref = (*a->folder("INBOX"))->state().find(one)->ref();
  expunge(*a, "INBOX", {two});
  later.pass(days(15));
  Fd fd = *file::open(s.account() + "/seg/00000001.seg", O_RDWR);
  ASSERT_TRUE(file::write_at(fd.get(), "?", ref.offset + 4000));
  auto r = compact(*a, eager());
  ASSERT_TRUE(r);
  EXPECT_EQ(r->segments, 0u);
  ASSERT_EQ(r->findings.size(), 1u);
  EXPECT_TRUE(file::exists(s.account() + "/seg/00000001.seg"));
}

TEST(Compact, OneAtATime) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("x"));
  auto o = eager();
  bool refused = false;
  auto b = s.open();
  expunge(*a, "INBOX", {add(*a, mail("y"))});
  Later later;
  later.pass(days(15));
  o.pause = [&](uint64_t) {
    auto second = compact(*b, eager());
    refused = !second && second.error().fault == Fault::temp;
    return true;
  };
  ASSERT_TRUE(compact(*a, o));
  EXPECT_TRUE(refused);
}

// Power cuts and full disks at each operation of a run: everything alive is there, with its UID.
TEST(Compact, NothingIsLostAtAnyMoment) {
  Later later;
  Scratch s;
  ASSERT_TRUE(file::make_directories(s.path + "/mail"));
  {
    auto a = s.open();
    for (int i = 0; i < 6; i++) add(*a, mail(fmt::format("{}", i), 3000));
    add(*a, mail("large", 200'000));
    ASSERT_TRUE((*a->folder("Archive"))->copy_from(**a->folder("INBOX"), uids({3, 7}), false));
    expunge(*a, "INBOX", {1, 3, 4});
    later.pass(days(15));
    expunge(*a, "INBOX", {6});
  }
  auto whole = [](Account& a) {
    return body_of(a, "INBOX", 2) == mail("1", 3000) && body_of(a, "INBOX", 5) == mail("4", 3000) &&
           body_of(a, "INBOX", 7) == mail("large", 200'000) && body_of(a, "Archive", 1) == mail("2", 3000) &&
           body_of(a, "Archive", 2) == mail("large", 200'000) && body_of(a, "INBOX", 6) == "absent" &&
           (*a.folder("INBOX"))->restore(uids({6})) &&
           body_of(a, "INBOX", (*a.folder("INBOX"))->state().entries().back().uid) == mail("5", 3000);
  };
  std::string said;
  log::capture(&said);
  std::size_t operations = 0;
  {
    test::FaultDisk disk(s.path + "/mail");
    auto a = s.open();
    std::size_t begun = disk.operations();
    auto r = compact(*a, eager());
    ASSERT_TRUE(r) << r.error().what;
    ASSERT_EQ(r->segments, 1u);
    operations = disk.operations() - begun;
    file::set_faults(nullptr);
    ASSERT_GT(operations, 8u);
    for (std::size_t k = begun; k <= begun + operations; k++)
      for (unsigned round = 0; round < 2; round++) {
        Scratch left;
        ASSERT_TRUE(file::make_directories(left.path + "/mail"));
        disk.power_cut(k, round == 0 ? test::Keep::none : test::Keep::some, round * 1000 + static_cast<unsigned>(k), left.path + "/mail");
        pretend_boot(fmt::format("{} {}", k, round));
        auto b = left.open();
        ASSERT_TRUE(b);
        ASSERT_TRUE(compact(*b, eager())) << "after operation " << k;
        EXPECT_TRUE(whole(*b)) << "after operation " << k << ", round " << round;
      }
  }
  log::capture(nullptr);
}

TEST(Compact, AFullDiskHarmsNothing) {
  Later later;
  std::string said;
  log::capture(&said);
  for (std::size_t k = 1; k < 80; k++) {
    Scratch s;
    auto a = s.open();
    for (int i = 0; i < 4; i++) add(*a, mail(fmt::format("{}", i), 3000), "INBOX", false);
    expunge(*a, "INBOX", {1, 3});
    later.pass(days(15));
    bool failed = false;
    {
      test::FaultDisk disk(s.path);
      disk.fail_at(k, ENOSPC, 100);
      (void)compact(*a, eager());  // it may or may not notice
      failed = disk.has_failed();
    }
    auto another = s.open();
    for (auto who : {a.get(), another.get()}) {
      EXPECT_EQ(body_of(*who, "INBOX", 2), mail("1", 3000)) << k;
      EXPECT_EQ(body_of(*who, "INBOX", 4), mail("3", 3000)) << k;
    }
    auto r = compact(*s.open(), eager());
    ASSERT_TRUE(r) << k << ": " << r.error().what;
    EXPECT_EQ(body_of(*a, "INBOX", 2), mail("1", 3000)) << k;
    EXPECT_EQ(add(*a, mail("after")), 5u);
    if (!failed) break;
    ASSERT_LT(k, 79u);
  }
  log::capture(nullptr);
}

// One file for all who get it.
TEST(SharedBody, IsStoredOnce) {
  Scratch s;
  std::string body = mail("for all", 200'000);
  SharedBody shared;
  shared.bytes = body;
  shared.crc = journal::crc32c(0, body);
  shared.parsed = mime::parse_for_store(body);
  std::vector<std::unique_ptr<Account>> all;
  for (int i = 0; i < 5; i++) {
    auto a = Account::open(fmt::format("{}/mail/example.test/u{}", s.path, i), true);
    ASSERT_TRUE(a);
    std::string before = fmt::format("Delivered-To: u{}@example.test\r\n", i);
    Account::Delivery d;
    d.bytes = before;
    d.shared = &shared;
    d.id = std::string(16, static_cast<char>('a' + i));
    d.durable = true;
    auto r = (*a)->deliver(d);
    ASSERT_TRUE(r) << r.error().what;
    EXPECT_EQ(body_of(**a, "INBOX", r->uid), before + body);
    auto e = (*(*a)->folder("INBOX"))->state().find(r->uid);
    EXPECT_EQ(e->size, before.size() + body.size());
    auto m = (*a)->segments().meta(*e);
    ASSERT_TRUE(m);
    auto parsed = mime::parse_for_store(before + body);
    EXPECT_EQ(m->structure, parsed.structure);
    EXPECT_EQ(m->envelope, parsed.envelope);
    EXPECT_EQ(m->bodystructure, parsed.bodystructure);
    all.push_back(std::move(*a));
  }
  struct stat st;
  ASSERT_EQ(::stat(shared.source.c_str(), &st), 0);
  EXPECT_EQ(st.st_nlink, 5u);
  // Gone for one, there for the others.
  Later later;
  expunge(*all[0], "INBOX", {1});
  later.pass(days(15));
  auto r = compact(*all[0], eager());
  ASSERT_TRUE(r);
  EXPECT_EQ(r->large, 1u);
  EXPECT_EQ(body_of(*all[1], "INBOX", 1).size(), body.size() + 31);
  ASSERT_EQ(::stat(shared.source.c_str(), &st), 0);
  EXPECT_EQ(st.st_nlink, 4u);
  auto check = all[1]->check(true);
  ASSERT_TRUE(check);
  EXPECT_TRUE(check->findings.empty());
}

TEST(SharedBody, WithoutItsSourceItIsAFileOfItsOwn) {
  Scratch s;
  auto a = s.open();
  std::string body = mail("x", 200'000);
  SharedBody shared;
  shared.bytes = body;
  shared.crc = journal::crc32c(0, body);
  shared.parsed = mime::parse_for_store(body);
  shared.source = s.path + "/not/there";
  Account::Delivery d;
  d.bytes = "Delivered-To: a@b.test\r\n";
  d.shared = &shared;
  d.id = std::string(16, 'x');
  ASSERT_TRUE(a->deliver(d));
  EXPECT_EQ(body_of(*a, "INBOX", 1), std::string(d.bytes) + body);
}

TEST(Segments, AKindOfALaterReleaseIsLeftAlone) {
  Scratch s;
  auto a = s.open();
  add(*a, mail("x"));
  Entry e = *(*a->folder("INBOX"))->state().find(1);
  e.kind = 9;
  auto m = a->segments().message(e);
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().sys, ENOTSUP);
}

// The record of what was moved: cut anywhere and with any byte another one.
TEST(Compact, RecordOfMovesIsReadOrRefused) {
  std::string in = encode_moves(7, {{0, 8, 64}, {64, 8, 256}, {1ull << 40, 9, 0}});
  ASSERT_TRUE(decode_moves(in));
  EXPECT_EQ(decode_moves(in)->all.size(), 3u);
  for (std::size_t n = 0; n <= in.size(); n++) {
    fuzz_moves(reinterpret_cast<const uint8_t*>(in.data()), n);
    EXPECT_EQ(decode_moves(std::string_view(in).substr(0, n)).has_value(), n >= 4 && (n - 4) % 20 == 0) << n;
    for (int byte = 0; byte < 256 && n < in.size(); byte++) {
      std::string bad = in;
      bad[n] = static_cast<char>(byte);
      fuzz_moves(reinterpret_cast<const uint8_t*>(bad.data()), bad.size());
    }
  }
  EXPECT_FALSE(decode_moves(encode_moves(7, {{64, 8, 0}, {64, 8, 64}})));  // not rising
  EXPECT_FALSE(decode_moves(encode_moves(7, {{64, 7, 0}})));               // to where it was
}

}  // namespace jd::store

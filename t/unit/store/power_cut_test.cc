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
    auto a = left.open();
    ASSERT_TRUE(a) << "after operation " << k;
    if (k < finished) continue;
    auto f = a->folder("Lists/x");
    ASSERT_TRUE(f) << "after operation " << k;
    EXPECT_EQ((*f)->state().uid_validity(), 77u);
    EXPECT_EQ((*f)->state().uid_next(), 1000u);
    EXPECT_EQ((*f)->state().entries().size(), source.size());
    for (std::size_t n = 0; n < source.size(); n++) EXPECT_EQ(body_of(*a, "Lists/x", static_cast<uint32_t>(10 * n + 1)), source[n]) << n << " after " << k;
  }
  log::capture(nullptr);
}

}  // namespace jd::store

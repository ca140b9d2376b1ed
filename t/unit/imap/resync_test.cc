// SPDX-License-Identifier: MIT
#include "lib/imap/resync.h"

#include <gtest/gtest.h>

#include "t/unit/store/scratch.h"

namespace jd::imap {
namespace {

std::optional<Resync> parse(std::string text) {
  Command c;
  c.text = std::move(text);
  Cursor cursor(c);
  Resync r;
  if (!take_resync(cursor, r) || !cursor.is_end()) return {};
  return r;
}

TEST(Resync, IsReadWhole) {
  auto r = parse(" (67890007 90060115194045000 41:211,214:541)");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->uid_validity, 67890007u);
  EXPECT_EQ(r->mod_seq, 90060115194045000u);
  EXPECT_EQ(r->known, (SequenceSet{{41, 211}, {214, 541}}));
  r = parse(" (1 2 (1:3 4,5,9))");
  ASSERT_TRUE(r);
  EXPECT_TRUE(r->known.empty());
  EXPECT_EQ(r->match_uids.size(), 3u);
  EXPECT_TRUE(parse(" (1 2)"));
  EXPECT_TRUE(parse(" (1 2 1:9 (1 1))"));
  for (const char* bad : {"", " ()", " (1)", " (1 2", " (1 2 *)", " (1 2 1:*)", " (1 2 1:9 (1 1)", " (1 2 1 (1:2 1))", " (1 9999999999999999999)", " (1 2 )"})
    EXPECT_FALSE(parse(bad)) << bad;
}

// However far back the client asks, each UID of its that is gone is told, and none that is there.
TEST(Resync, TellsAllThatIsGone) {
  store::Scratch d;
  auto account = d.open();
  for (int i = 0; i < 20; ++i) store::add(*account, store::mail("m" + std::to_string(i)));
  auto inbox = account->folder(store::inbox_id);
  ASSERT_TRUE(inbox);
  auto& state = (*inbox)->state();
  uint64_t begin = state.mod_seq();
  EXPECT_EQ(vanished(state, {}, begin).text(), "");
  auto expunge = [&](uint32_t a, uint32_t b) {
    store::UidSet uids;
    uids.add(a, b);
    ASSERT_TRUE((*inbox)->expunge(uids));
  };
  expunge(3, 5);
  uint64_t first = state.mod_seq();
  expunge(9, 9);
  uint64_t second = state.mod_seq();
  expunge(18, 20);
  EXPECT_EQ(vanished(state, {}, second).text(), "18:20");
  EXPECT_EQ(vanished(state, {}, first).text(), "9,18:20");
  EXPECT_EQ(vanished(state, {}, begin).text(), "3:5,9,18:20");
  EXPECT_EQ(vanished(state, {}, 0).text(), "3:5,9,18:20");
  EXPECT_EQ(vanished(state, {{4, 10}, {1, 3}, {19, 4000}}, begin).text(), "3:5,9,19:20");
  EXPECT_EQ(vanished(state, {{6, 8}}, begin).text(), "");
  EXPECT_EQ(vanished(state, {{18, 19}}, first).text(), "18:19");
}

TEST(Resync, TrustsPairsThatAgree) {
  store::Scratch d;
  auto account = d.open();
  for (int i = 0; i < 6; ++i) store::add(*account, store::mail("m" + std::to_string(i)));
  auto inbox = account->folder(store::inbox_id);
  ASSERT_TRUE(inbox);
  store::UidSet uids;
  uids.add(4);
  ASSERT_TRUE((*inbox)->expunge(uids));
  auto& state = (*inbox)->state();
  EXPECT_EQ(without_matched(state, {1, 1, {{1, 6}}, {{1, 3}}, {{1, 3}}}), (SequenceSet{{4, 6}}));
  EXPECT_EQ(without_matched(state, {1, 1, {{1, 6}}, {{2, 2}, {4, 4}}, {{2, 2}, {4, 4}}}), (SequenceSet{{3, 6}}));
  EXPECT_EQ(without_matched(state, {1, 1, {{1, 6}}, {{9, 9}}, {{9, 9}}}), (SequenceSet{{1, 6}}));
  EXPECT_EQ(vanished(state, without_matched(state, {1, 1, {{1, 2}}, {{1, 3}}, {{1, 3}}}), 0).text(), "");
}

}  // namespace
}  // namespace jd::imap

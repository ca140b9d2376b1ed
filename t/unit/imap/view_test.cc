// SPDX-License-Identifier: MIT
// A view against a plain model: a list of UIDs that only sync() may change.
#include "lib/imap/view.h"

#include <random>

#include "lib/base/text.h"

#include "t/unit/store/scratch.h"

namespace jd::imap {
namespace {

using store::FlagOp;
using store::Scratch;
using store::UidSet;

struct Model {
  std::vector<uint32_t> told;
  // Applies what sync() said; false: it said something impossible.
  bool take(std::string_view said, const store::FolderState& st) {
    for (auto line : split(said, '\n')) {
      auto w = words(line);
      if (w.size() < 3) continue;
      auto n = to_number(w[1]).value_or(0);
      std::string_view what = w[2];
      if (what.ends_with('\r')) what.remove_suffix(1);
      if (what == "EXPUNGE") {
        if (n == 0 || n > told.size()) return false;
        told.erase(told.begin() + static_cast<long>(n - 1));
      } else if (what == "EXISTS") {
        if (n < told.size()) return false;
        uint32_t last = told.empty() ? 0 : told.back();
        for (auto& e : st.entries())
          if (e.uid > last && told.size() < n) told.push_back(e.uid);
        if (told.size() != n) return false;
      } else if (what == "FETCH") {
        auto at = line.find("UID ");
        auto uid = to_number(line.substr(at + 4, line.find(' ', at + 4) - at - 4)).value_or(0);
        if (n == 0 || n > told.size() || told[n - 1] != uid) return false;
      }
    }
    return true;
  }
};

TEST(View, NumbersChangeOnlyWhenTold) {
  std::mt19937 random(7);
  auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int run = 0; run < 6; run++) {
    Scratch s;
    auto mine = s.open(), other = s.open();
    auto f = *mine->folder(store::inbox_id), g = *other->folder(store::inbox_id);
    for (int i = 0; i < 30; i++) add(*other, store::mail("m"), "INBOX", false);
    View v(*f, false);
    ASSERT_TRUE(v.open());
    Model m;
    for (auto& e : f->state().entries()) m.told.push_back(e.uid);
    for (int step = 0; step < 120; step++) {
      ASSERT_TRUE(g->refresh());
      auto& all = g->state().entries();
      UidSet some;
      for (int i = 0; i < 4 && !all.empty(); i++) some.add(all[pick(all.size())].uid);
      switch (pick(5)) {
        case 0: add(*other, store::mail("new"), "INBOX", false); break;
        case 1: ASSERT_TRUE(g->expunge(some)); break;
        case 2: ASSERT_TRUE(g->store(pick(2) ? FlagOp::add : FlagOp::remove, store::flagged, {}, some)); break;
        case 3: ASSERT_TRUE(f->refresh()); break;
        default: {
          std::string said;
          ASSERT_TRUE(v.sync(said, {.expunge = pick(3) != 0, .uid = true}));
          ASSERT_TRUE(m.take(said, f->state())) << said;
        }
      }
      if (pick(10) == 0) {  // parked, and resumed by another process
        View again(*f, false);
        ASSERT_TRUE(again.resume(v.park()));
        v = again;
      }
      ASSERT_EQ(v.size(), m.told.size());
      for (std::size_t i = 0; i < m.told.size(); i++) {
        ASSERT_EQ(v.uid(i), m.told[i]) << i;
        ASSERT_EQ(v.is_gone(i), f->state().find(m.told[i]) == nullptr);
        ASSERT_EQ(v.first_at_least(m.told[i]), i);
      }
    }
  }
}

TEST(View, RecentIsForOneSession) {
  Scratch s;
  auto a = s.open();
  for (int i = 0; i < 3; i++) add(*a, store::mail("m"));
  View first(**a->folder(store::inbox_id), false), second(**a->folder(store::inbox_id), false);
  ASSERT_TRUE(first.open());
  ASSERT_TRUE(second.open());
  EXPECT_EQ(first.recent(), 3u);
  EXPECT_EQ(second.recent(), 0u);
  add(*a, store::mail("new"));
  std::string said, later;
  ASSERT_TRUE(second.sync(said, {}));
  ASSERT_TRUE(first.sync(later, {}));
  EXPECT_EQ(said, "* 4 EXISTS\r\n* 1 RECENT\r\n");
  EXPECT_EQ(later, "* 4 EXISTS\r\n* 3 RECENT\r\n");
  ASSERT_TRUE((*a->folder(store::inbox_id))->expunge(store::uids({2})));
  EXPECT_EQ(first.recent(), 3u) << "not told yet";
  ASSERT_TRUE(first.sync(later, {}));
  EXPECT_EQ(first.recent(), 2u);
}

TEST(View, VanishedTellsUidsAtOnce) {
  Scratch s;
  auto a = s.open();
  for (int i = 0; i < 5; i++) add(*a, store::mail("m"));
  auto f = *a->folder(store::inbox_id);
  View v(*f, true);
  ASSERT_TRUE(v.open());
  ASSERT_TRUE(f->expunge(store::uids({1, 2, 4})));
  ASSERT_TRUE(f->store(FlagOp::add, store::seen, {}, store::uids({5})));
  std::string said;
  ASSERT_TRUE(v.sync(said, {.vanished = true, .mod_seq = true}));
  EXPECT_EQ(said, fmt::format("* VANISHED 1:2,4\r\n* 2 FETCH (UID 5 MODSEQ ({}) FLAGS (\\Seen \\Recent))\r\n", f->state().mod_seq()));
}

TEST(View, WhatCannotBeExactIsNotResumed) {
  Scratch s;
  auto a = s.open();
  for (int i = 0; i < 3; i++) add(*a, store::mail("m"));
  View v(**a->folder(store::inbox_id), false);
  ASSERT_TRUE(v.open());
  std::string parked = v.park();
  for (std::string wrong : {std::string(), std::string("1 2 3"), std::string("x x x x x x x x x x"), parked + " 1"}) {
    View w(**a->folder(store::inbox_id), false);
    auto r = w.resume(wrong);
    EXPECT_TRUE(!r || w.is_renumbered()) << wrong;
  }
  auto w = words(parked);
  std::string fewer = fmt::format("{} {} {} {} 2 {} {} {} {} {}", w[0], w[1], w[2], w[3], w[5], w[6], w[7], w[8], w[9]);
  View again(**a->folder(store::inbox_id), false);
  EXPECT_FALSE(again.resume(fewer));
}

}  // namespace
}  // namespace jd::imap

// SPDX-License-Identifier: MIT
#include "lib/store/index.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {

constexpr uint32_t many = 1500;

// A folder whose log is long enough to have an index; some read, some gone, one with a keyword.
std::string fill(Scratch& s) {
  auto a = s.open();
  auto f = *a->folder(inbox_id);
  for (uint32_t i = 0; i < many; i++) add(*a, mail(fmt::format("m{}", i)), "INBOX", false);
  UidSet some;
  some.add(1, 700);
  EXPECT_TRUE(f->store(FlagOp::add, seen, {"$Work"}, some));
  EXPECT_TRUE(f->expunge(uids({5, 6, 1000})));
  return s.account() + "/box/1.index";
}

std::string told(const FolderState& st) {
  std::string r = fmt::format("{} {} {} {} {} {} {} {}", st.uid_validity(), st.uid_next(), st.recent(), st.mod_seq(), st.bytes(),
                              st.unseen(), st.first_unseen(), st.gone().size());
  for (auto& k : st.keywords()) r += " " + k;
  for (auto& e : st.entries()) r += fmt::format(" {}:{}:{}:{}", e.uid, e.flags, e.keywords, e.stamp);
  st.gone().each([&](const Gone& g) { r += fmt::format(" -{}", g.entry.uid); });
  return r;
}

std::string of(Scratch& s, bool maps) {
  auto a = Account::open(s.account(), false, {.maps = maps});
  EXPECT_TRUE(a);
  return told((*(*a)->folder(inbox_id))->state());
}

TEST(Index, SaysWhatTheLogSays) {
  Scratch s;
  auto path = fill(s);
  ::unlink(path.c_str());
  auto from_log = of(s, false);  // and writes the index
  struct stat st;
  ASSERT_EQ(::stat(path.c_str(), &st), 0);
  EXPECT_EQ(of(s, true), from_log);
  EXPECT_EQ(of(s, false), from_log);
  EXPECT_NE(from_log.find("$Work"), std::string::npos);
}

TEST(Index, ChangesAfterItAreSeenAndStayOutOfTheFile) {
  Scratch s;
  auto path = fill(s);
  of(s, true);
  auto before = *file::read_all(path);
  {
    auto a = *Account::open(s.account(), false, {.maps = true});
    auto f = *a->folder(inbox_id);
    for (int i = 0; i < 3; i++) add(*a, mail("later"), "INBOX", false);
    ASSERT_TRUE(f->store(FlagOp::set, flagged, {}, uids({1, 900})));
    ASSERT_TRUE(f->expunge(uids({2, 899, many + 1})));
    EXPECT_EQ(*file::read_all(path), before);
    EXPECT_EQ(told(f->state()), of(s, true));
  }
  auto seen_by_index = of(s, true);
  ::unlink(path.c_str());
  EXPECT_EQ(of(s, false), seen_by_index);
}

// A short record may change every entry: whoever opens the folder would do so again each time.
TEST(Index, IsMadeAnewWhenManyEntriesWereTouched) {
  Scratch s;
  auto path = fill(s);
  of(s, true);
  auto before = *file::read_all(path);
  auto a = s.open();
  auto f = *a->folder(inbox_id);
  UidSet all;
  all.add(1, many);
  for (auto op : {FlagOp::add, FlagOp::remove}) ASSERT_TRUE(f->store(op, flagged, {}, all));
  of(s, true);
  EXPECT_EQ(*file::read_all(path), before);
  for (auto op : {FlagOp::add, FlagOp::remove}) ASSERT_TRUE(f->store(op, flagged, {}, all));
  EXPECT_EQ(of(s, true), told(f->state()));
  EXPECT_NE(*file::read_all(path), before);
}

TEST(Index, ADamagedOneIsNotBelieved) {
  Scratch s;
  auto path = fill(s);
  of(s, false);
  auto good = *file::read_all(path);
  auto truth = of(s, true);
  for (std::size_t at : {std::size_t{0}, std::size_t{20}, std::size_t{100}, std::size_t{4096}, good.size() / 2, good.size() - 1}) {
    Fd fd = *file::open(path, O_WRONLY);
    ASSERT_TRUE(file::write_at(fd.get(), std::string(1, static_cast<char>(good[at] ^ 0x20)), at));
    EXPECT_EQ(of(s, true), truth) << at;
    Fd all = *file::open(path, O_WRONLY | O_TRUNC);
    ASSERT_TRUE(file::write_at(all.get(), good, 0));
    EXPECT_EQ(of(s, true), truth) << "the same bytes, of another time";
  }
  for (std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{4096}, good.size() - 1}) {
    ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(size)), 0);
    EXPECT_EQ(of(s, true), truth) << size;
    Fd all = *file::open(path, O_WRONLY | O_TRUNC);
    ASSERT_TRUE(file::write_at(all.get(), good, 0));
  }
}

TEST(Index, OfAnotherLogIsNotBelieved) {
  Scratch s;
  auto path = fill(s);
  of(s, false);
  auto index = file::open(path, O_RDONLY);
  ASSERT_TRUE(index);
  auto a = *Account::open(s.account(), false);
  FolderState st;
  auto log = journal::SegmentReader::open(a->dir(), "box/1.log");
  ASSERT_TRUE(log);
  uint64_t size = *file::size_of(log->fd());
  EXPECT_TRUE(read_index(a->dir(), "box/1.index", log->header().generation, size, true, st));
  EXPECT_FALSE(read_index(a->dir(), "box/1.index", log->header().generation + 1, size, true, st));
  EXPECT_FALSE(read_index(a->dir(), "box/1.index", log->header().generation, 100, true, st));
}

TEST(Records, GrowOutOfTheirMapping) {
  Scratch s;
  Fd fd = *file::open(s.path + "/r", O_RDWR | O_CREAT);
  std::string bytes;
  for (uint64_t i = 0; i < 1000; i++) put(bytes, i);
  ASSERT_TRUE(file::write_at(fd.get(), bytes, 0));
  Records<uint64_t> r;
  ASSERT_TRUE(r.map(fd.get(), 0, 1000));
  for (uint64_t i = 1000; i < 9000; i++) r.push_back(i);
  r.insert(r.begin(), 77);
  r.erase(r.begin() + 1, r.begin() + 3);
  EXPECT_EQ(r.size(), 8999u);
  EXPECT_EQ(r[0], 77u);
  EXPECT_EQ(r[1], 2u);
  EXPECT_EQ(r.back(), 8999u);
  EXPECT_EQ(*file::read_all(s.path + "/r"), bytes);
}

}  // namespace
}  // namespace jd::store

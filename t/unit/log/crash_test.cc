// SPDX-License-Identifier: MIT
// Every operation of a run fails once, and the power goes after every operation: what was committed
// is read back, in order, and nothing else is damaged.
#include <errno.h>
#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "lib/log/segment.h"
#include "t/unit/fault_disk.h"

using namespace jd;
using namespace jd::journal;
using namespace jd::test;

namespace {

struct Run {
  std::vector<std::string> tried, committed;
  std::vector<std::size_t> committed_at;  // operations done when the commit returned
};

struct Mode { uint64_t preallocate = 0, room = 0; };

// Appends in batches; goes on in a new segment when one is broken or full, as a journal does.
Run work(int dir, FaultDisk* disk, Mode mode) {
  Run run;
  int number = 0;
  std::optional<SegmentWriter> w;
  for (int batch = 0; batch < 12; batch++) {
    if (!w || w->is_broken() || !w->fits(600)) {
      if (w) (void)w->seal();
      w.reset();
      for (int tries = 0; tries < 3 && !w; tries++) {
        number++;
        auto made = SegmentWriter::create(dir, fmt::format("{}.seg", number),
                                          {1, static_cast<uint32_t>(number), mode.preallocate, true, mode.room});
        if (made) w.emplace(std::move(*made));
      }
      if (!w) return run;
    }
    std::vector<std::string> now;
    for (int i = 0; i < 3; i++) {
      std::string payload = fmt::format("{}.{} ", batch, i) + std::string(60u * i, 'p');
      if (!w->append(1, 0, 0, {payload})) break;
      now.push_back(payload);
      run.tried.push_back(payload);
    }
    if (!w->flush()) continue;
    if (mode.room) (void)w->make_room(mode.room, 300);  // without it all must go on as well
    if (!w->commit()) continue;
    for (auto& p : now) {
      run.committed.push_back(p);
      run.committed_at.push_back(disk->operations());
    }
  }
  return run;
}

// All records of all segments, through append_to() (recovery) first and a reader then.
std::vector<std::string> recover(const std::string& path, Mode mode) {
  std::vector<std::string> all;
  auto dir = file::open(path, O_RDONLY | O_DIRECTORY);
  auto names = *file::list(dir->get(), ".");
  std::sort(names.begin(), names.end(), [](auto& a, auto& b) {
    return std::stoi(a) < std::stoi(b);
  });
  for (auto& n : names) {
    auto w = SegmentWriter::append_to(dir->get(), n, 0, mode.preallocate, mode.room);
    if (!w) {
      EXPECT_EQ(w.error().sys, ENODATA) << w.error().what;
      continue;
    }
    auto r = SegmentReader::open(dir->get(), n);
    while (auto record = *r->next()) all.emplace_back(record->payload);
  }
  return all;
}

// `must` in order within `got`, and `got` has nothing that was never tried.
void check(const std::vector<std::string>& got, const std::vector<std::string>& must,
           const std::vector<std::string>& tried, const std::string& where) {
  std::size_t at = 0;
  for (auto& m : must) {
    while (at < got.size() && got[at] != m) at++;
    ASSERT_LT(at, got.size()) << where << ": lost " << m.substr(0, 8);
    at++;
  }
  for (auto& g : got)
    ASSERT_NE(std::find(tried.begin(), tried.end(), g), tried.end()) << where << ": invented";
}

void cut_everywhere(Mode mode) {
  Scratch live;
  auto dir = file::open(live.path, O_RDONLY | O_DIRECTORY);
  FaultDisk disk(live.path);
  Run run = work(dir->get(), &disk, mode);
  ASSERT_EQ(run.committed.size(), 36u);
  file::set_faults(nullptr);
  for (std::size_t k = 0; k <= disk.operations(); k++)
    for (unsigned seed = 0; seed < 6; seed++) {
      Keep keep = seed == 0 ? Keep::none : seed == 1 ? Keep::all : Keep::some;
      Scratch after;
      disk.power_cut(k, keep, seed * 7919 + static_cast<unsigned>(k), after.path);
      std::vector<std::string> must;
      for (std::size_t i = 0; i < run.committed.size(); i++)
        if (run.committed_at[i] <= k) must.push_back(run.committed[i]);
      check(recover(after.path, mode), must, run.tried, fmt::format("cut {}/{}", k, seed));
      if (::testing::Test::HasFatalFailure()) return;
    }
}

void fail_everywhere(Mode mode, int error, std::size_t written) {
  for (std::size_t k = 1;; k++) {
    Scratch live;
    auto dir = file::open(live.path, O_RDONLY | O_DIRECTORY);
    FaultDisk disk(live.path);
    disk.fail_at(k, error, written);
    Run run = work(dir->get(), &disk, mode);
    bool failed = disk.has_failed();
    file::set_faults(nullptr);
    check(recover(live.path, mode), run.committed, run.tried, fmt::format("fault {}", k));
    if (::testing::Test::HasFatalFailure()) return;
    ASSERT_GE(run.committed.size(), 30u) << "one failure must cost at most its batch";
    if (!failed) break;
  }
}
}  // namespace

TEST(SegmentCrash, PowerCutAfterEachOperationGrowing) { cut_everywhere({}); }
TEST(SegmentCrash, PowerCutAfterEachOperationPreallocated) { cut_everywhere({4096}); }
TEST(SegmentCrash, PowerCutAfterEachOperationWithRoom) { cut_everywhere({0, 1000}); }
TEST(SegmentCrash, EachOperationFails) {
  for (int error : {ENOSPC, EIO})
    for (Mode mode : {Mode{}, Mode{4096, 0}, Mode{0, 1000}})
      for (std::size_t written : {0, 1, 30, 200}) fail_everywhere(mode, error, written);
}

TEST(SegmentCrash, AfterAFailedSyncNothingMoreIsPromised) {
  Scratch live;
  auto dir = file::open(live.path, O_RDONLY | O_DIRECTORY);
  auto w = *SegmentWriter::create(dir->get(), "s", {});
  FaultDisk disk(live.path);
  ASSERT_TRUE(w.append(1, 0, 0, {"x"}));
  disk.fail_at(2, EIO);  // the write succeeds, the sync does not
  ASSERT_FALSE(w.commit());
  EXPECT_TRUE(w.is_broken());
  EXPECT_FALSE(w.append(1, 0, 0, {"y"}));
  EXPECT_FALSE(w.commit());
}

TEST(SegmentCrash, ServiceResumesWhenThereIsSpaceAgain) {
  Scratch live;
  auto dir = file::open(live.path, O_RDONLY | O_DIRECTORY);
  auto w = *SegmentWriter::create(dir->get(), "s", {});
  FaultDisk disk(live.path);
  disk.fail_at(1, ENOSPC, 20);
  ASSERT_TRUE(w.append(1, 0, 0, {"lost"}));
  ASSERT_FALSE(w.commit());
  EXPECT_FALSE(w.is_broken());
  ASSERT_TRUE(w.append(1, 0, 0, {"kept"}));
  ASSERT_TRUE(w.commit());
  auto r = *SegmentReader::open(dir->get(), "s");
  EXPECT_EQ((*r.next())->payload, "kept");
  EXPECT_FALSE(*r.next());
  EXPECT_EQ(r.torn_tail(), 0u);
}

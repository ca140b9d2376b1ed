// SPDX-License-Identifier: MIT
// A whole life of a queue with the power cut after each operation: whatever queue-inject had
// acknowledged is delivered in the end, and delivered locally once.
#include <gtest/gtest.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/random.h"
#include "t/unit/fault_disk.h"
#include "t/unit/queue/fake_outside.h"
#include "t/unit/queue/orders.h"

using namespace jd;
using namespace jd::queue;
using namespace jd::test;

namespace {

struct Promise {
  std::string id, address;
  std::size_t operations;
};

// What the world had seen after so many operations of the disk.
struct Seen {
  std::size_t operations;
  std::map<std::string, std::map<std::string, std::string>> mailboxes, synced;
  std::map<std::string, std::string> remote;
};

struct Life {
  std::vector<Promise> promises;
  std::vector<Seen> seen;
};

Envelope to(const std::vector<std::string>& addresses) {
  Envelope e;
  e.reverse_path = "sue@far.example";
  for (auto& a : addresses) e.recipients.emplace_back().address = a;
  e.received = now();
  return e;
}

void set_up(FakeOutside& world) {
  world.account("ann@here.example");
  world.account("bob@here.example");
  world.alias("team@here.example", {"ann@here.example", "x@far.example"});
}

Life live(const std::string& path, FaultDisk& disk, ManualClock& clock) {
  Life life;
  FakeOutside world;
  set_up(world);
  world.answers["bob@here.example"] = {0, Fate::temp, "4.2.2", "", "full", false};
  auto opened = Runner::open(path, {}, world);
  if (!opened) opened = Runner::open(path, {}, world);
  auto runner = std::move(*opened);
  world.runner = runner.get();
  runner->local_is(true);
  runner->remote_is(true);
  auto opened_store = FileStore::open(path);
  if (!opened_store) opened_store = FileStore::open(path);
  auto& store = *opened_store;
  auto writer = *JournalWriter::open(store.root(), {4096, 50});
  auto note = [&] {
    life.seen.push_back({disk.operations(), world.mailboxes, world.synced, world.remote_mail});
  };
  world.changed = note;
  auto turn = [&](Span s) {
    clock.advance(s);
    runner->tick();
    runner->pump();
  };
  std::vector<std::vector<std::string>> mails = {
      {"ann@here.example"}, {"bob@here.example", "ann@here.example"}, {"x@far.example"},
      {"team@here.example", "bob@here.example"}, {"bob@here.example"}, {"team@here.example"}};
  for (auto& m : mails) {
    std::string id = unique_id(now());
    std::string body = "to " + m[0] + std::string(900, 'b');
    if (!writer.add(id, to(m), {body}) || !writer.commit()) continue;
    for (auto& a : m) {
      if (a == "team@here.example") {
        life.promises.push_back({id, "ann@here.example", disk.operations()});
        life.promises.push_back({id, "x@far.example", disk.operations()});
      } else {
        life.promises.push_back({id, a, disk.operations()});
      }
    }
    runner->journal_grew(writer.position().segment, writer.position().offset);
    turn(seconds(1));
  }
  turn(seconds(2));
  world.answers.clear();
  for (int i = 0; i < 4; i++) turn(minutes(6));
  return life;
}

// Starts on what the cut left, with the mailboxes as they may have survived, and runs to the end.
void resume(const std::string& path, const Life& life, std::size_t cut, bool keep_unsynced, ManualClock& clock,
            const std::string& where) {
  FakeOutside world;
  RunnerConfig config;
  if (cut != SIZE_MAX) config.boot_id = "the next boot";
  set_up(world);
  // The store's deliveries survive for sure when it was synced after them.
  const Seen* last = nullptr;
  for (auto& s : life.seen) {
    if (s.operations > cut) break;
    last = &s;
  }
  if (last) world.remote_mail = last->remote;
  if (last) world.mailboxes = keep_unsynced ? last->mailboxes : last->synced;
  auto opened = Runner::open(path, config, world);
  ASSERT_TRUE(opened) << where << opened.error().what;
  auto runner = std::move(*opened);
  world.runner = runner.get();
  runner->local_is(true);
  runner->remote_is(true);
  for (int i = 0; i < 5; i++) {
    runner->tick();
    clock.advance(minutes(6));
  }
  for (auto& p : life.promises) {
    if (p.operations > cut) continue;
    bool remote = p.address == "x@far.example";
    bool there = remote ? world.remote_mail.count(p.id + " " + p.address)
                        : world.mailboxes["box/" + p.address].count(p.id + " " + p.address);
    ASSERT_TRUE(there) << where << p.id << " for " << p.address << " is lost";
  }
  ASSERT_TRUE(list_queue(*runner).empty()) << where << "something stays in the queue";
  auto corrupt = file::list(AT_FDCWD, path + "/corrupt");
  for (auto& name : *corrupt)  // torn copies of what the journal still had, never an original
    ASSERT_EQ(name.find(".seg"), std::string::npos) << where << name;
}
}  // namespace

TEST(RunnerCrash, PowerCutAfterEachOperation) {
  Scratch live_dir;
  ManualClock clock;
  set_clock(&clock);
  std::string lines;
  log::capture(&lines);
  FaultDisk disk(live_dir.path);
  Life life = live(live_dir.path, disk, clock);
  file::set_faults(nullptr);
  EXPECT_EQ(life.promises.size(), 10u);
  Time end = clock.at;
  for (std::size_t k = 0; k <= disk.operations(); k++)
    for (unsigned seed = 0; seed < 4; seed++) {
      clock.at = end;
      Scratch after;
      disk.power_cut(k, seed == 0 ? Keep::none : seed == 1 ? Keep::all : Keep::some,
                     seed * 7 + static_cast<unsigned>(k) * 13, after.path);
      resume(after.path, life, k, seed % 2 == 1, clock, fmt::format("cut {}/{}: ", k, seed));
      if (::testing::Test::HasFatalFailure()) {
        k = disk.operations();
        break;
      }
    }
  log::capture(nullptr);
  set_clock(nullptr);
}

// One operation fails: nothing acknowledged is lost, whether qrun goes on or starts anew.
TEST(RunnerCrash, EachOperationFailsOnce) {
  ManualClock clock;
  set_clock(&clock);
  std::string lines;
  log::capture(&lines);
  for (int error : {ENOSPC, EIO})
    for (std::size_t k = 1;; k++) {
      Scratch dir;
      clock.at = from_seconds(1'700'000'000);
      {
        auto made = FileStore::open(dir.path);
        ASSERT_TRUE(made);
      }
      FaultDisk disk(dir.path);
      disk.fail_at(k, error, 10);
      Life life = live(dir.path, disk, clock);
      bool failed = disk.has_failed();
      file::set_faults(nullptr);
      if (!failed) break;
      // The process went on; what it did not finish a start finishes.
      clock.advance(hours(1));
      resume(dir.path, life, SIZE_MAX, true, clock, fmt::format("error {} at {}: ", error, k));
      if (::testing::Test::HasFatalFailure()) break;
    }
  log::capture(nullptr);
  set_clock(nullptr);
}

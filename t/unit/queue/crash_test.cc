// SPDX-License-Identifier: MIT
// The promise of 250: each operation of the queue's writers fails once, and the power goes after each
// operation.  Whatever was acknowledged is found again, whole; nothing half-written is ever seen.
#include <errno.h>
#include <gtest/gtest.h>

#include <map>

#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/queue/file_store.h"
#include "lib/queue/journal.h"
#include "t/unit/fault_disk.h"

using namespace jd;
using namespace jd::queue;
using namespace jd::test;

namespace {

using Mails = std::map<std::string, std::string>;  // id -> bytes

struct Injection {
  Mails tried;
  std::vector<std::pair<std::string, std::size_t>> promised;  // id, operations done by then
};

Envelope envelope() {
  Envelope e;
  e.reverse_path = "a@b.example";
  e.recipients.emplace_back().address = "c@d.example";
  return e;
}

// Batches through the journal, some large ones as files; after a failure it goes on.
Injection inject(const std::string& path, FaultDisk* disk) {
  Injection run;
  auto store = FileStore::open(path);
  if (!store) return run;
  auto w = JournalWriter::open(store->root(), {4096, 50});
  if (!w) return run;
  for (int batch = 0; batch < 10; batch++) {
    std::vector<std::string> ids;
    for (int i = 0; i < 3; i++) {
      std::string id = unique_id(), body = fmt::format("{}.{} ", batch, i) + std::string(200, 'm');
      run.tried[id] = body;
      if (i == 2 && batch % 3 == 0) {
        if (store->add_new(id, envelope(), {{body}}, Durability::durable))
          run.promised.emplace_back(id, disk->operations());
      } else if (w->add(id, envelope(), {body})) {
        ids.push_back(id);
      }
    }
    if (!w->commit()) continue;
    for (auto& id : ids) run.promised.emplace_back(id, disk->operations());
  }
  return run;
}

// What a start of qrun would find.
Mails recover(const std::string& path) {
  Mails found;
  auto store = FileStore::open(path);
  EXPECT_TRUE(store);
  auto dir = file::open(path + "/journal", O_RDONLY | O_DIRECTORY);
  auto numbers = *list_segments(dir->get());
  for (auto n : numbers) {
    auto r = JournalReader::open(dir->get(), n);
    if (!r) {
      EXPECT_EQ(r.error().sys, ENODATA) << r.error().what;
      continue;
    }
    while (auto e = *r->next()) found[e->message.id] = *e->message.bytes();
  }
  auto files = *store->list_new();
  for (auto& f : files) {
    auto q = store->load(f);
    EXPECT_TRUE(q) << f << ": " << q.error().what;  // no half-written file has a name in new/
    if (q) found[q->message.id] = *q->message.bytes();
  }
  return found;
}

void check(const Mails& found, const Injection& run, std::size_t operations, const std::string& where) {
  for (auto& [id, at] : run.promised) {
    if (at > operations) continue;
    auto it = found.find(id);
    ASSERT_NE(it, found.end()) << where << ": an acknowledged message is lost";
    ASSERT_EQ(it->second, run.tried.at(id)) << where;
  }
  for (auto& [id, bytes] : found) {
    auto it = run.tried.find(id);
    ASSERT_TRUE(it != run.tried.end() && it->second == bytes) << where << ": half-written or invented";
  }
}
}  // namespace

TEST(QueueCrash, PowerCutAfterEachOperationOfInjection) {
  Scratch live;
  FaultDisk disk(live.path);
  Injection run = inject(live.path, &disk);
  file::set_faults(nullptr);
  ASSERT_EQ(run.promised.size(), 30u);
  for (std::size_t k = 0; k <= disk.operations(); k++)
    for (unsigned seed = 0; seed < 5; seed++) {
      Scratch after;
      disk.power_cut(k, seed == 0 ? Keep::none : seed == 1 ? Keep::all : Keep::some,
                     seed * 104729 + static_cast<unsigned>(k), after.path);
      check(recover(after.path), run, k, fmt::format("cut {}/{}", k, seed));
      if (::testing::Test::HasFatalFailure()) return;
    }
}

TEST(QueueCrash, EachOperationOfInjectionFailsOnce) {
  for (int error : {ENOSPC, EIO})
    for (std::size_t written : {0, 50}) {
      for (std::size_t k = 1;; k++) {
        Scratch live;
        FaultDisk disk(live.path);
        disk.fail_at(k, error, written);
        Injection run = inject(live.path, &disk);
        file::set_faults(nullptr);
        if (!disk.has_failed()) break;
        check(recover(live.path), run, SIZE_MAX, fmt::format("fault {}", k));
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
}

// The move of what is undone from a segment to deferred/, then retirement.  At each cut the message
// is in the journal (and not said to be done) or a whole file; never nowhere.
TEST(QueueCrash, MovingOutOfTheJournalLosesNothing) {
  Scratch live;
  Mails all;
  {
    auto store = *FileStore::open(live.path);
    auto w = *JournalWriter::open(store.root(), {8192, 10});
    for (int i = 0; i < 6; i++) {
      std::string id = unique_id();
      all[id] = fmt::format("{} ", i) + std::string(500, 'm');
      ASSERT_TRUE(w.add(id, envelope(), {all[id]}));
    }
    ASSERT_TRUE(w.commit());
  }
  FaultDisk disk(live.path);
  {
    auto store = *FileStore::open(live.path);
    auto dir = *file::open(live.path + "/journal", O_RDONLY | O_DIRECTORY);
    auto n = list_segments(dir.get())->back();
    auto r = *JournalReader::open(dir.get(), n);
    auto done = *DoneLog::open(dir.get(), n, r.generation(), "boot");
    std::vector<uint64_t> offsets;
    while (auto e = *r.next()) {
      Time due = from_seconds(1'700'000'000 + static_cast<int64_t>(offsets.size()) * 100);
      Source s{{}, e->message.fd->get(), e->message.offset, e->message.length};
      ASSERT_TRUE(store.add_deferred(e->message.id, e->message.envelope, s, {}, due));
      offsets.push_back(e->offset);
    }
    ASSERT_TRUE(store.sync_all());
    for (auto o : offsets) done.add(o, all_recipients, true);
    ASSERT_TRUE(done.flush());
    ASSERT_TRUE(retire_segment(dir.get(), n));
  }
  file::set_faults(nullptr);
  for (std::size_t k = 0; k <= disk.operations(); k++)
    for (unsigned seed = 0; seed < 8; seed++) {
      Scratch after;
      disk.power_cut(k, seed == 0 ? Keep::none : seed == 1 ? Keep::all : Keep::some,
                     seed * 31 + static_cast<unsigned>(k), after.path);
      Mails found;
      auto store = *FileStore::open(after.path);
      auto slots = *store.list_slots();
      for (auto slot : slots) {
        auto waiting = *store.list_slot(slot);
        for (auto& w : waiting) {
          auto f = store.load(FileStore::deferred_path(w.due, w.id));
          if (f && store.verify(*f)) found[w.id] = *f->message.bytes();
        }
      }
      auto dir = *file::open(after.path + "/journal", O_RDONLY | O_DIRECTORY);
      auto numbers = *list_segments(dir.get());
      for (auto n : numbers) {
        auto r = *JournalReader::open(dir.get(), n);
        auto done = *DoneLog::open(dir.get(), n, r.generation(), "boot");
        while (auto e = *r.next()) {
          if (done.is_done(e->offset, 0)) continue;
          found[e->message.id] = *e->message.bytes();
        }
      }
      ASSERT_EQ(found, all) << k << "/" << seed;
    }
}

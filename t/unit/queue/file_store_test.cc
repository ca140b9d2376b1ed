// SPDX-License-Identifier: MIT
#include "lib/queue/file_store.h"

#include <errno.h>
#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/queue/file_format.h"
#include "t/unit/fault_disk.h"

using namespace jd;
using namespace jd::queue;
using namespace jd::test;

namespace {
Envelope envelope(std::size_t recipients = 3) {
  Envelope e;
  e.reverse_path = "a@b.example";
  for (std::size_t i = 0; i < recipients; i++)
    e.recipients.emplace_back().address = fmt::format("r{}@c.example", i);
  e.received = from_seconds(1'700'000'000);
  return e;
}

struct FileStoreTest : ::testing::Test {
  Scratch scratch;
  FileStore store = *FileStore::open(scratch.path);
  std::string id = unique_id();
  std::string text = "Subject: x\r\n\r\nhello\r\n";
};
}  // namespace

TEST_F(FileStoreTest, AddLoadMarkDefer) {
  auto path = store.add_new(id, envelope(), {{"Subject: x\r\n", "\r\nhello\r\n"}}, Durability::durable);
  ASSERT_TRUE(path) << path.error().what;
  auto f = store.load(*path);
  ASSERT_TRUE(f) << f.error().what;
  EXPECT_EQ(*f->message.bytes(), text);
  EXPECT_EQ(*f->message.read(9, 100), text.substr(9));
  EXPECT_EQ(f->message.id, id);
  EXPECT_EQ(f->message.envelope.recipients[2].address, "r2@c.example");
  EXPECT_TRUE(store.verify(*f));
  ASSERT_TRUE(store.mark(*f, 1, RcptStatus::delivered));
  f->progress.attempts = 1;
  f->progress.errors[2] = {"4.4.1", "mx.example", "no answer", {}, true};
  f->progress.errors[0] = {"4.2.2", "mx.example", "full"};
  Time due = from_seconds(1'700'000'300);
  ASSERT_TRUE(store.defer(*f, due));
  EXPECT_EQ(f->path, FileStore::deferred_path(due.seconds(), id));
  EXPECT_FALSE(store.load(*path));
  auto g = store.load(f->path);
  ASSERT_TRUE(g);
  EXPECT_EQ(g->progress.status[0], RcptStatus::queued);
  EXPECT_EQ(g->progress.status[1], RcptStatus::delivered);
  EXPECT_EQ(g->progress.attempts, 1u);
  EXPECT_EQ(g->progress.errors[2].text, "no answer");
  EXPECT_TRUE(g->progress.errors[2].of_address);
  EXPECT_FALSE(g->progress.errors[0].of_address);
  g->progress.attempts = 2;
  g->progress.warned = true;
  g->progress.errors[2].text = std::string(5000, 'x');
  ASSERT_TRUE(store.defer(*g, due + hours(1)));
  auto h = store.load(g->path);
  EXPECT_EQ(h->progress.attempts, 2u);
  EXPECT_TRUE(h->progress.warned);
  EXPECT_EQ(h->progress.errors[2].text.size(), max_error_text);
  EXPECT_EQ(*h->message.bytes(), text);
  auto slots = *store.list_slots();
  EXPECT_EQ(slots, (std::vector<int64_t>{slot_of(1'700'000'300), slot_of(1'700'003'900)}));
  store.remove_slot_if_empty(slots[0]);
  store.remove_slot_if_empty(slots[1]);
  EXPECT_EQ(store.list_slots()->size(), 1u);
  auto waiting = *store.list_slot(slots[1]);
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].due, 1'700'003'900);
  EXPECT_EQ(waiting[0].id, id);
}

TEST_F(FileStoreTest, FromADescriptor) {
  std::string big = random_bytes(700'001);
  auto fd = file::open(scratch.path + "/source", O_RDWR | O_CREAT);
  ASSERT_TRUE(file::write_at(fd->get(), big, 0));
  auto path = store.add_new(id, envelope(), {{"Received: x\r\n"}, fd->get(), 1, 700'000}, Durability::durable);
  ASSERT_TRUE(path);
  auto f = *store.load(*path);
  EXPECT_EQ(*f.message.bytes(), "Received: x\r\n" + big.substr(1));
  EXPECT_TRUE(store.verify(f));
  // Shorter than announced: nothing remains.
  EXPECT_FALSE(store.add_new(unique_id(), envelope(), {{}, fd->get(), 0, 700'002}, Durability::durable));
  EXPECT_TRUE(file::list(store.root(), "tmp")->empty());
}

TEST_F(FileStoreTest, HoldReleaseRewrite) {
  auto f = *store.load(*store.add_new(id, envelope(), {{text}}, Durability::durable));
  ASSERT_TRUE(store.move(f, "hold"));
  EXPECT_EQ(store.list_held()->size(), 1u);
  ASSERT_TRUE(store.move(f, "new"));
  Progress p;
  p.attempts = 3;
  p.errors.resize(1);
  p.errors[0].code = "4.2.2";
  ASSERT_TRUE(store.rewrite(f, envelope(1), p));
  auto g = *store.load(f.path);
  EXPECT_EQ(g.message.envelope.recipients.size(), 1u);
  EXPECT_EQ(g.progress.attempts, 3u);
  EXPECT_EQ(g.progress.errors[0].code, "4.2.2");
  EXPECT_EQ(*g.message.bytes(), text);
  EXPECT_EQ(g.message.id, id);
}

TEST_F(FileStoreTest, EachFlippedByteOfTheHeadAndEachCutIsSeen) {
  auto path = *store.add_new(id, envelope(), {{text}}, Durability::durable);
  auto f = *store.load(path);
  std::string good = *file::read_all(store.root(), path);
  auto put = [&](const std::string& b) {
    auto fd = file::open(store.root(), path, O_WRONLY | O_TRUNC);
    ASSERT_TRUE(file::write_at(fd->get(), b, 0));
  };
  for (std::size_t i = 0; i < f.status_at; i++) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    put(bad);
    EXPECT_FALSE(store.load(path)) << i;
  }
  for (std::size_t n = 0; n < f.message.offset + f.message.length; n++) {
    put(good.substr(0, n));
    EXPECT_FALSE(store.load(path)) << n;
  }
  std::string bad = good;
  bad[f.message.offset] ^= 1;
  put(bad);
  auto g = store.load(path);
  ASSERT_TRUE(g);
  EXPECT_FALSE(store.verify(*g));
  ASSERT_TRUE(store.quarantine(path));
  EXPECT_EQ(file::list(store.root(), "corrupt")->size(), 1u);
}

TEST_F(FileStoreTest, ATornNoteIsReplaced) {
  auto f = *store.load(*store.add_new(id, envelope(), {{text}}, Durability::durable));
  f.progress.attempts = 1;
  ASSERT_TRUE(store.defer(f, from_seconds(1000)));
  uint64_t end = f.notes_end;
  f.progress.attempts = 2;
  ASSERT_TRUE(store.defer(f, from_seconds(2000)));
  std::string good = *file::read_all(store.root(), f.path);
  for (std::size_t n = end; n < good.size(); n++) {
    auto fd = file::open(store.root(), f.path, O_WRONLY | O_TRUNC);
    ASSERT_TRUE(file::write_at(fd->get(), good.substr(0, n), 0));
    auto g = store.load(f.path);
    ASSERT_TRUE(g) << n;
    EXPECT_LE(g->progress.attempts, 2u);
    EXPECT_TRUE(g->progress.attempts == 2 || g->notes_end == end);
  }
}

TEST_F(FileStoreTest, ForeignNamesAndKindsAreLeftAlone) {
  EXPECT_TRUE(file::make_directory(store.root(), "deferred/zz"));
  EXPECT_TRUE(file::make_directory(store.root(), "deferred/00000a"));
  EXPECT_TRUE(file::make_directory(store.root(), "new/dir"));
  EXPECT_TRUE(file::open(store.root(), "deferred/00000a/junk", O_WRONLY | O_CREAT));
  EXPECT_EQ(*store.list_slots(), std::vector<int64_t>{10});
  EXPECT_TRUE(store.list_slot(10)->empty());
  EXPECT_TRUE(store.list_slot(11)->empty());
  EXPECT_FALSE(store.load("new/dir"));
  EXPECT_EQ(::symlink("/etc/passwd", (scratch.path + "/new/link").c_str()), 0);
  EXPECT_FALSE(store.load("new/link"));
}

TEST_F(FileStoreTest, TmpIsCleanedByAge) {
  EXPECT_TRUE(file::open(store.root(), "tmp/left", O_WRONLY | O_CREAT));
  ASSERT_TRUE(store.clean_tmp(hours(1)));
  EXPECT_EQ(file::list(store.root(), "tmp")->size(), 1u);
  ManualClock clock;
  clock.at = system_clock().now() + hours(2);
  set_clock(&clock);
  ASSERT_TRUE(store.clean_tmp(hours(1)));
  set_clock(nullptr);
  EXPECT_TRUE(file::list(store.root(), "tmp")->empty());
}

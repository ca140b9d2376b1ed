// SPDX-License-Identifier: MIT
// What the living writer says is committed qrun reads by its start; all else record by record, checked.
#include <gtest/gtest.h>

#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/queue/journal.h"
#include "t/unit/fault_disk.h"
#include "t/unit/queue/fake_outside.h"

using namespace jd;
using namespace jd::queue;
using namespace jd::test;

namespace {
Envelope to(const std::string& address, std::size_t recipients = 1) {
  Envelope e;
  e.reverse_path = "sue@far.example";
  e.recipients.resize(recipients);
  for (auto& r : e.recipients) r.address = address;
  e.received = from_seconds(1'700'000'000);
  return e;
}

struct QueueSkim : ::testing::Test {
  Scratch scratch;
  std::string lines;
  FileStore store = *FileStore::open(scratch.path);
  Fd dir = *file::open(scratch.path + "/journal", O_RDONLY | O_DIRECTORY);
  std::optional<JournalWriter> writer;
  const std::string body = "Subject: x\r\n\r\n" + std::string(20'000, 'b');
  FakeOutside world;
  std::unique_ptr<Runner> runner;

  QueueSkim() {
    log::capture(&lines);
    world.account("ann@here.example");
  }
  ~QueueSkim() override { log::capture(nullptr); }

  void open_writer() { writer.emplace(*JournalWriter::open(store.root(), {4 << 20, 20})); }
  journal::Ref add(Envelope e, const std::string& id = unique_id()) {
    if (!writer) open_writer();
    e.size = body.size();
    auto ref = writer->add(id, e, {body});
    EXPECT_TRUE(ref && writer->commit());
    return *ref;
  }
  void put(const journal::Ref& r, uint64_t at, std::string_view bytes) {
    auto fd = file::open(dir.get(), segment_name(r.segment), O_WRONLY);
    ASSERT_TRUE(file::write_at(fd->get(), bytes, r.offset + at));
  }
  void spoil_body(const journal::Ref& r) { put(r, journal::head_bytes + r.length - 10, "?"); }
  // All that is told of is read, the messages' bytes too.
  std::vector<JournalEntry> read(bool skims) {
    std::vector<JournalEntry> v;
    auto r = *JournalReader::open(dir.get(), writer->position().segment);
    r.set_limit(writer->position().offset);
    if (skims) r.skim_until(writer->position().offset);
    while (auto e = *r.next()) v.push_back(*e);
    return v;
  }
  void start() {
    runner.reset();
    runner = *Runner::open(scratch.path, {}, world);
    world.runner = runner.get();
    runner->local_is(true);
    runner->remote_is(true);
  }
  void tell() {
    runner->journal_grew(writer->position().segment, writer->position().offset);
    runner->pump();
  }
  bool is_there(const std::string& id) { return world.mailboxes["box/ann@here.example"].count(id + " ann@here.example") != 0; }
  bool has_damage() { return lines.find("journal_damage") != std::string::npos; }
};
}  // namespace

TEST_F(QueueSkim, IdEnvelopeAndPlaceOfTheMessage) {
  std::vector<std::string> ids;
  for (std::size_t recipients : {1, 2, 20, 50, 500, 5000, 1}) add(to("ann@here.example", recipients), ids.emplace_back(unique_id()));
  for (bool skims : {false, true}) {
    auto entries = read(skims);
    ASSERT_EQ(entries.size(), ids.size());
    for (std::size_t i = 0; i < ids.size(); i++) {
      EXPECT_EQ(entries[i].message.id, ids[i]);
      EXPECT_EQ(*entries[i].message.bytes(), body);
      EXPECT_EQ(entries[i].message.envelope.recipients.back().address, "ann@here.example");
    }
    EXPECT_EQ(entries[5].message.envelope.recipients.size(), 5000u);
  }
}

// The envelope ends before, at and behind the end of what is read of it.
TEST_F(QueueSkim, AnEnvelopeAroundTheEndOfTheStart) {
  constexpr std::size_t room = journal::skim_bytes - journal::head_bytes - 24, around = 20;
  Envelope e = to(std::string(850, 'x') + "@here.example", 2);
  e.envid = std::string(100, 'e');
  e.size = body.size();
  auto encoded_size = [&] {
    std::string r;
    e.encode(r);
    return r.size();
  };
  e.envid.resize(100 + room - around - encoded_size(), 'e');
  for (std::size_t n = 0; n <= 2 * around; n++, e.envid += 'e') {
    ASSERT_EQ(encoded_size(), room - around + n);
    add(e);
  }
  auto entries = read(true);
  ASSERT_EQ(entries.size(), 2 * around + 1);
  for (std::size_t n = 0; n <= 2 * around; n++) {
    EXPECT_EQ(entries[n].message.envelope.envid.size(), e.envid.size() - 1 - 2 * around + n);
    EXPECT_EQ(*entries[n].message.bytes(), body);
  }
}

TEST_F(QueueSkim, ABadStartIsDamageAsEver) {
  auto envelope_at = journal::head_bytes + 24;
  std::string other_length(4, '\0');
  uint32_t shorter = static_cast<uint32_t>(body.size() - 200);
  memcpy(other_length.data(), &shorter, 4);
  struct Case { uint64_t at; std::string bytes; };
  for (auto& c : {Case{envelope_at - 4, std::string(4, '\0')}, Case{envelope_at - 4, std::string(4, '\x7f')},
                  Case{envelope_at, std::string(8, '\xff')}, Case{0, "????"}, Case{8, other_length}, Case{12, "\x09"}}) {
    open_writer();
    auto first = unique_id(), second = unique_id();
    auto bad = add(to("ann@here.example"), first);
    add(to("ann@here.example"), second);
    EXPECT_EQ(read(true).size(), 2u);
    put(bad, c.at, c.bytes);
    auto entries = read(true);
    ASSERT_EQ(entries.size(), 1u) << c.at;
    EXPECT_EQ(entries[0].message.id, second);
  }
}

TEST_F(QueueSkim, WhatTheWriterToldIsNotReadBack) {
  start();
  auto id = unique_id();
  spoil_body(add(to("ann@here.example"), id));
  tell();
  EXPECT_TRUE(is_there(id));
  EXPECT_FALSE(has_damage());
}

TEST_F(QueueSkim, AfterARestartAllIsChecked) {
  auto id = unique_id(), later = unique_id();
  spoil_body(add(to("ann@here.example"), id));
  start();
  runner->pump();
  tell();  // it is no proof of what was there before
  EXPECT_FALSE(is_there(id));
  spoil_body(add(to("ann@here.example"), later));
  tell();
  EXPECT_FALSE(is_there(later));
  auto good = unique_id();
  add(to("ann@here.example"), good);
  tell();
  EXPECT_TRUE(is_there(good));
  open_writer();  // the next segment is one of this life
  auto fresh = unique_id();
  spoil_body(add(to("ann@here.example"), fresh));
  tell();
  EXPECT_TRUE(is_there(fresh));
  EXPECT_TRUE(has_damage());
}

// Nobody told of the end of a segment that another follows.
TEST_F(QueueSkim, WhatNoPositionCoversIsChecked) {
  start();
  std::vector<std::string> ids;
  for (int i = 0; i < 3; i++) {
    auto ref = add(to("ann@here.example"), ids.emplace_back(unique_id()));
    spoil_body(ref);
    if (i == 0) tell();
  }
  open_writer();
  spoil_body(add(to("ann@here.example"), ids.emplace_back(unique_id())));
  tell();
  EXPECT_TRUE(is_there(ids[0]));
  EXPECT_FALSE(is_there(ids[1]));
  EXPECT_FALSE(is_there(ids[2]));
  EXPECT_TRUE(is_there(ids[3]));
}

// qrun found it by itself, with the writer silent.
TEST_F(QueueSkim, WhatWasFoundByLookingIsChecked) {
  ManualClock clock;
  set_clock(&clock);
  start();
  auto bad = unique_id(), good = unique_id();
  spoil_body(add(to("ann@here.example"), bad));
  add(to("ann@here.example"), good);
  clock.advance(seconds(6));
  runner->tick();
  set_clock(nullptr);
  EXPECT_TRUE(is_there(good));
  EXPECT_FALSE(is_there(bad));
}

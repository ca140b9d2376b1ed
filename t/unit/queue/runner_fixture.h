// SPDX-License-Identifier: MIT
// runner_fixture.h: a Runner with its queue in a scratch directory, a clock that the test moves, and a FakeOutside.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "lib/base/log.h"
#include "lib/base/random.h"
#include "t/unit/fault_disk.h"
#include "t/unit/queue/fake_outside.h"
#include "t/unit/queue/orders.h"

namespace jd::test {

using namespace jd::queue;

struct RunnerTest : ::testing::Test {
  Scratch scratch;
  ManualClock clock;
  std::string lines;
  FakeOutside world;
  RunnerConfig config;
  std::unique_ptr<Runner> runner;
  std::unique_ptr<JournalWriter> writer;
  std::unique_ptr<FileStore> store;

  RunnerTest() {
    set_clock(&clock);
    log::capture(&lines);
    config.hostname = "mx.here.example";
    config.postmaster = "root@here.example";
    world.account("ann@here.example");
    world.account("bob@here.example");
    start();
  }
  ~RunnerTest() override {
    runner.reset();
    log::capture(nullptr);
    set_clock(nullptr);
  }
  void start() {
    runner.reset();
    auto r = Runner::open(scratch.path, config, world);
    ASSERT_TRUE(r) << r.error().what;
    runner = std::move(*r);
    world.runner = runner.get();
    runner->local_is(world.local_up);
    runner->remote_is(world.remote_up);
    store = std::make_unique<FileStore>(*FileStore::open(scratch.path));
    writer = std::make_unique<JournalWriter>(*JournalWriter::open(store->root(), {256 << 10, 20}));
  }
  Envelope envelope(std::vector<std::string> to, const std::string& from = "sue@far.example") {
    Envelope e;
    e.reverse_path = from;
    for (auto& t : to) e.recipients.emplace_back().address = t;
    e.received = now();
    return e;
  }
  std::string inject(const Envelope& e, const std::string& text = "Subject: x\r\n\r\nhello\r\n") {
    std::string id = unique_id(now());
    EXPECT_TRUE(writer->add(id, e, {text}));
    EXPECT_TRUE(writer->commit());
    runner->journal_grew(writer->position().segment, writer->position().offset);
    return id;
  }
  void turn(Span later = {}) {
    clock.advance(later);
    runner->tick();
    runner->pump();
  }
  std::size_t files(const char* dir) {
    auto n = file::list(AT_FDCWD, scratch.path + "/" + dir);
    return n ? n->size() : 0;
  }
  std::size_t deferred() {
    return list_queue(*runner, "deferred").size();
  }
  bool logged(std::string_view text) { return lines.find(text) != std::string::npos; }
};

}  // namespace jd::test

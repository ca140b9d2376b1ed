// SPDX-License-Identifier: MIT
#include "lib/queue/operation.h"

#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/log/crc32c.h"
#include "lib/queue/file_format.h"
#include "t/unit/fault_disk.h"
#include "t/unit/queue/fake_outside.h"
#include "t/unit/queue/orders.h"

using namespace jd;
using namespace jd::queue;
using namespace jd::test;
using Verb = Order::Verb;

namespace {
const RcptResult full{0, jd::queue::Fate::temp, "4.2.2", "", "mailbox is full", false};
const RcptResult grey{0, jd::queue::Fate::temp, "4.7.1", "mx.far.example", "451 4.7.1 Greylisted", false};

Selection only(const std::string& id) {
  Selection s;
  s.ids = {id};
  return s;
}

struct OperationTest : ::testing::Test {
  Scratch scratch;
  ManualClock clock;
  std::string lines;
  FakeOutside world;
  RunnerConfig config;
  std::unique_ptr<Runner> runner;
  std::unique_ptr<FileStore> store;

  OperationTest() {
    set_clock(&clock);
    log::capture(&lines);
    world.account("ann@here.example");
    world.account("bob@here.example");
    world.answers["ann@here.example"] = full;
    start();
  }
  ~OperationTest() override {
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
    runner->local_is(true);
    runner->remote_is(true);
    store = std::make_unique<FileStore>(*FileStore::open(scratch.path));
  }
  std::string inject(std::vector<std::string> to, const std::string& from, std::size_t bytes = 10) {
    Envelope e;
    e.reverse_path = from;
    for (auto& t : to) e.recipients.emplace_back().address = t;
    e.received = now();
    std::string id = unique_id(now()), text = "Subject: x\r\n\r\n" + std::string(bytes, 'x') + "\r\n";
    EXPECT_TRUE(store->add_new(id, e, {{text}}, Durability::durable));
    runner->new_file(id);
    return id;
  }
  void turn(Span later = {}) {
    clock.advance(later);
    runner->tick();
    runner->pump();
  }
  std::vector<std::string> ids(Selection s) {
    std::vector<std::string> r;
    for (auto& i : carry_out(*runner, order(Verb::list, std::move(s))).items) r.push_back(i.id);
    return r;
  }
};
}  // namespace

TEST_F(OperationTest, PagesAndFilters) {
  auto old = inject({"ann@here.example"}, "s0@far.example", 5000);
  turn();
  clock.advance(minutes(3));
  std::vector<std::string> young;
  for (int i = 1; i < 5; i++) young.push_back(inject({"ann@here.example"}, fmt::format("s{}@far.example", i)));
  turn();
  auto all = carry_out(*runner, order(Verb::list, {}, 2));
  EXPECT_EQ(all.items.size(), 5u);
  EXPECT_GE(all.pages, 3u);
  Selection s;
  s.sender = "S3@FAR.example";
  EXPECT_EQ(ids(s), std::vector<std::string>{young[2]});
  s.sender = "3@far.example";
  EXPECT_TRUE(ids(s).empty());  // an address is exact
  s = {};
  s.older = minutes(2);
  EXPECT_EQ(ids(s), std::vector<std::string>{old});
  s = {};
  s.newer = minutes(2);
  EXPECT_EQ(ids(s).size(), 4u);
  s.smaller = 3;
  EXPECT_TRUE(ids(s).empty());
  s = {};
  s.larger = 4000;
  EXPECT_EQ(ids(s), std::vector<std::string>{old});
  s.reason = "/mail?box IS full/";
  EXPECT_EQ(ids(s).size(), 1u);
  s.reason = "greylisted";
  EXPECT_TRUE(ids(s).empty());
  s = {};
  s.state = "hold";
  EXPECT_TRUE(ids(s).empty());
  s.state = "deferred";
  EXPECT_EQ(carry_out(*runner, order(Verb::count, s)).tally.deferred, 5u);
  s = {};
  s.ids = {old, "nonsense", "../../etc/passwd"};
  auto some = carry_out(*runner, order(Verb::list, s));
  EXPECT_EQ(some.items.size(), 1u);
  EXPECT_EQ(some.tally.failed, 2u);
}

TEST_F(OperationTest, OrdersByIdAndInBulk) {
  std::vector<std::string> all;
  for (int i = 0; i < 5; i++) all.push_back(inject({"ann@here.example"}, "sue@far.example"));
  turn();
  Selection one;
  one.ids = {all[0]};
  auto dry = order(Verb::hold, one);
  dry.dry_run = true;
  EXPECT_EQ(carry_out(*runner, dry).tally.done, 1u);
  EXPECT_EQ(list_queue(*runner, "hold").size(), 0u);
  EXPECT_EQ(carry_out(*runner, order(Verb::hold, one)).tally.done, 1u);
  EXPECT_EQ(list_queue(*runner, "hold").size(), 1u);
  auto held = carry_out(*runner, order(Verb::retry, one)).tally;
  EXPECT_EQ(held.failed, 1u);
  EXPECT_EQ(held.faults.at(0).why, "it is held: release it");
  one.ids = {all[1]};
  EXPECT_EQ(carry_out(*runner, order(Verb::remove, one)).tally.done, 1u);
  EXPECT_EQ(list_queue(*runner).size(), 4u);
  auto d = carry_out(*runner, order(Verb::show, only(all[2]))).details;
  ASSERT_TRUE(d);
  EXPECT_EQ(d->header, "Subject: x\r\n\r\n");
  EXPECT_EQ(d->progress.errors[0].code, "4.2.2");
  world.answers.clear();
  EXPECT_EQ(carry_out(*runner, order(Verb::retry, only(all[2]))).tally.done, 1u);
  turn();
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
  EXPECT_EQ(carry_out(*runner, order(Verb::retry)).tally.done, 2u);  // all that is deferred
  turn();
  EXPECT_EQ(world.mails("ann@here.example"), 3u);
  Selection everything;
  EXPECT_EQ(carry_out(*runner, order(Verb::release, everything)).tally.done, 1u);
  EXPECT_EQ(carry_out(*runner, order(Verb::release, everything)).tally.matched, 0u);
  turn();
  EXPECT_EQ(world.mails("ann@here.example"), 4u);
  EXPECT_TRUE(list_queue(*runner).empty());
}

TEST_F(OperationTest, RetriedMailSurvivesARestart) {
  inject({"ann@here.example"}, "sue@far.example");
  turn();
  world.answers.clear();
  carry_out(*runner, order(Verb::retry));
  start();
  turn();
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
}

TEST_F(OperationTest, RedirectsWhatWaitsAndNothingElse) {
  world.answers["x@far.example"] = grey;
  world.answers["y@far.example"] = grey;
  auto id = inject({"x@far.example", "bob@here.example", "y@far.example", "ann@here.example"}, "sue@far.example");
  turn();
  EXPECT_EQ(world.mails("bob@here.example"), 1u);
  Selection s;
  s.domain = "far.example";
  auto o = order(Verb::redirect, s);
  o.to = "bob@here.example";
  EXPECT_EQ(carry_out(*runner, o).tally.done, 1u);
  auto d = carry_out(*runner, order(Verb::show, only(id))).details;
  ASSERT_EQ(d->envelope.recipients.size(), 2u);
  EXPECT_EQ(d->envelope.recipients[0].address, "bob@here.example");
  EXPECT_EQ(d->envelope.recipients[0].first, "x@far.example");
  EXPECT_EQ(d->envelope.recipients[1].address, "ann@here.example");
  EXPECT_EQ(d->progress.errors[1].code, "4.2.2");
  turn();
  s = {};
  s.recipient = "ann@here.example";
  o = order(Verb::redirect, s);
  o.to = "@new.example";
  EXPECT_EQ(carry_out(*runner, o).tally.done, 1u);
  EXPECT_EQ(list_queue(*runner).at(0).recipients, std::vector<std::string>{"ann@new.example"});
  turn();
  EXPECT_TRUE(list_queue(*runner).empty());
  o.to = "nonsense";
  EXPECT_FALSE(Operation::begin(*runner, o));
}

TEST_F(OperationTest, WhatIsUnderWayIsHeldOrRemovedWhenItEnds) {
  world.answer_at_once = false;
  auto held = inject({"ann@here.example"}, "sue@far.example");
  auto gone = inject({"ann@here.example"}, "sue@far.example");
  turn();
  Selection active;
  active.state = "active";
  EXPECT_EQ(ids(active).size(), 2u);
  EXPECT_EQ(carry_out(*runner, order(Verb::hold, only(held))).tally.done, 1u);
  EXPECT_EQ(carry_out(*runner, order(Verb::remove, only(gone))).tally.done, 1u);
  auto o = order(Verb::redirect, only(held));
  o.to = "bob@here.example";
  EXPECT_EQ(carry_out(*runner, o).tally.skipped, 1u);
  world.answer_at_once = true;
  world.let_go();
  turn();
  EXPECT_EQ(list_queue(*runner).size(), 1u);
  EXPECT_EQ(list_queue(*runner, "hold").size(), 1u);
}

TEST_F(OperationTest, EveryAttemptIsKept) {
  world.answers["x@far.example"] = grey;
  auto id = inject({"x@far.example", "bob@here.example"}, "sue@far.example");
  turn();
  turn(minutes(6));
  world.answers["x@far.example"] = {0, jd::queue::Fate::temp, "4.2.1", "mx2.far.example", "450 4.2.1 busy", false};
  turn(minutes(12));
  auto h = carry_out(*runner, order(Verb::show, only(id))).details->history;
  ASSERT_EQ(h.size(), 4u);
  EXPECT_EQ(h[0].to, "bob@here.example");
  EXPECT_EQ(h[0].fate, "delivered");
  EXPECT_EQ(h[1].error.text, "451 4.7.1 Greylisted");
  EXPECT_EQ(h[2].to, "x@far.example");
  EXPECT_EQ(h[3].error.host, "mx2.far.example");
  EXPECT_EQ((h[2].error.at - h[1].error.at).seconds(), 360);
  Selection s;
  s.ids = {id};
  auto o = order(Verb::redirect, s);
  o.to = "ann@here.example";  // the history stays with the message
  carry_out(*runner, o);
  turn();
  h = carry_out(*runner, order(Verb::show, only(id))).details->history;
  ASSERT_EQ(h.size(), 5u);
  EXPECT_EQ(h[3].to, "x@far.example");
  EXPECT_EQ(h[4].to, "ann@here.example");
}

TEST_F(OperationTest, TheHistoryIsBounded) {
  world.answers["x@far.example"] = grey;
  auto id = inject({"x@far.example"}, "sue@far.example");
  turn();
  for (int i = 0; i < 250; i++) {
    clock.advance(seconds(10));
    carry_out(*runner, order(Verb::retry));
    turn();
  }
  auto d = carry_out(*runner, order(Verb::show, only(id))).details;
  EXPECT_EQ(d->history.size(), 50u);
  EXPECT_EQ(d->progress.attempts, 251u);
  auto f = store->load(carry_out(*runner, order(Verb::show, only(id))).items.at(0).state == "deferred" ? FileStore::deferred_path(d->item.due.seconds(), id) : "");
  ASSERT_TRUE(f);
  EXPECT_LE(f->notes, 101u);
}

TEST(QueueNotes, OlderOnesAreRead) {
  // As written before notes had times.
  std::string pairs, note;
  for (auto& [k, v] : {Pair{"attempts", "3"}, {"n", "0"}, {"code", "4.4.1"}, {"host", "mx"}, {"text", "no answer"}}) put_pair(pairs, k, v);
  Progress p;
  p.errors.resize(1);
  Envelope e;
  e.recipients.resize(1);
  e.recipients[0].address = "a@b";
  note.assign("JDQT", 4);
  uint32_t crc = journal::crc32c(0, pairs), length = static_cast<uint32_t>(pairs.size());
  note.append(reinterpret_cast<char*>(&crc), 4).append(reinterpret_cast<char*>(&length), 4).append(4, '\0');
  note += pairs;
  note.resize((note.size() + 7) / 8 * 8);
  EXPECT_EQ(decode_notes(note, p).count, 1u);
  EXPECT_EQ(p.attempts, 3u);
  EXPECT_EQ(p.errors[0].text, "no answer");
  auto h = decode_history(note + note, e);
  ASSERT_EQ(h.size(), 2u);
  EXPECT_EQ(h[0].to, "a@b");
  EXPECT_EQ(h[0].error.at.ns, 0);
}

TEST_F(OperationTest, ASliceIsShort) {
  for (int i = 0; i < 100; i++) inject({"ann@here.example"}, "sue@far.example");
  turn();
  auto op = Operation::begin(*runner, order(Verb::remove));
  ASSERT_TRUE(op);
  unsigned steps = 0;
  while (!(*op)->is_over()) {
    ASSERT_TRUE((*op)->step({}));  // a budget of nothing: a few at a time
    steps++;
  }
  EXPECT_GE(steps, 10u);
  EXPECT_EQ((*op)->tally().done, 100u);
  EXPECT_TRUE(list_queue(*runner).empty());
}

TEST(Selection, PairsRoundTrip) {
  Selection s;
  s.ids = {"a", "b"};
  s.domain = "x.example";
  s.older = hours(2);
  s.smaller = 10;
  auto own = s.pairs();
  auto back = Selection::from_pairs(views(own));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->pairs(), own);
  EXPECT_TRUE(Selection{}.is_everything());
  EXPECT_FALSE(back->is_everything());
  EXPECT_FALSE(Selection::from_pairs({{"state", "lost"}}));
  EXPECT_FALSE(Selection::from_pairs({{"older", "x"}}));
}

TEST_F(OperationTest, FrozenMailWaitsAndDoesNotExpire) {
  inject({"x@far.example"}, "sue@far.example");
  Terms terms;
  terms.frozen = true;
  ASSERT_TRUE(runner->set_terms("FAR.example", terms));
  turn();
  EXPECT_TRUE(world.remote.empty());
  start();  // it is kept
  for (int i = 0; i < 7; i++) turn(days(1));
  EXPECT_TRUE(world.remote.empty());
  for (auto& r : world.reports) EXPECT_EQ(r.message.find("5.0.0"), std::string::npos);
  auto item = list_queue(*runner).at(0);
  EXPECT_NE(item.reason.find("the operator has stopped"), std::string::npos);
  EXPECT_EQ(item.attempts, 0u);
  ASSERT_TRUE(runner->set_terms("far.example", {}));
  carry_out(*runner, order(Verb::retry));
  turn();
  EXPECT_EQ(world.remote.size(), 1u);
  EXPECT_TRUE(list_queue(*runner).empty());
}

TEST_F(OperationTest, AFrozenDomainIsSoByEveryWay) {
  config.routes = *Routes::parse("route office smtp host=office.example:25\nall office\n", "routes");
  start();
  Terms frozen;
  frozen.frozen = true;
  ASSERT_TRUE(runner->set_terms("far.example", frozen));
  inject({"x@far.example", "y@near.example"}, "sue@far.example");
  turn();
  ASSERT_EQ(world.remote.size(), 1u);
  EXPECT_EQ(world.remote[0].recipients.at(0).address, "y@near.example");
  EXPECT_EQ(list_queue(*runner).at(0).recipients, std::vector<std::string>{"x@far.example"});
}

TEST(Terms, RoundTripAndOtherVersions) {
  AllTerms all;
  all["a.example"] = {true, 0, 0, ""};
  all["*"] = {false, 7, 0, ""};
  all["b.example"] = {false, 3, 60, " colour=blue"};
  all["c.example"] = {};
  all["d.example via office"] = {false, 1, 0, ""};
  auto text = encode_terms(all);
  auto back = decode_terms(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->size(), 4u);
  EXPECT_EQ(back->count("d.example via office"), 1u);
  EXPECT_EQ(encode_terms(*back), text);
  EXPECT_FALSE(decode_terms("jdmail-destinations 2\n"));
  EXPECT_FALSE(decode_terms(""));
}

TEST_F(OperationTest, AnUnreadableListOfTermsStopsNothing) {
  ASSERT_TRUE(file::write_durable(store->root(), "destinations", "garbage"));
  start();
  EXPECT_NE(lines.find("destinations_unreadable"), std::string::npos);
  inject({"x@far.example"}, "sue@far.example");
  turn();
  EXPECT_EQ(world.remote.size(), 1u);
}

TEST_F(OperationTest, WhatOurAddressIsRefusedForIsMarked) {
  world.answers["x@far.example"] = {0, jd::queue::Fate::temp, "4.7.1", "mx.far.example", "451 4.7.1 listed", false, true};
  world.answers["y@far.example"] = grey;
  auto listed = inject({"x@far.example", "y@far.example"}, "s@here.example");
  auto other = inject({"y@far.example"}, "s@here.example");
  turn();
  Selection s;
  s.of_address = true;
  EXPECT_EQ(ids(s), std::vector<std::string>{listed});
  start();  // it is in the file
  turn();
  EXPECT_EQ(ids(s), std::vector<std::string>{listed});
  s.recipient = "y@far.example";
  EXPECT_TRUE(ids(s).empty()) << "not of this recipient";
  s = *Selection::from_pairs(views(s.pairs()));
  EXPECT_TRUE(s.of_address);
  EXPECT_FALSE(s.is_everything());
  EXPECT_FALSE(Selection::from_pairs({{"scope", "elsewhere"}}));
  // The next attempt says something else: the mark goes.
  world.answers["x@far.example"] = grey;
  turn(hours(1));
  turn();
  s = {};
  s.of_address = true;
  EXPECT_TRUE(ids(s).empty());
  EXPECT_EQ(carry_out(*runner, order(Verb::list, {})).items.size(), 2u);
}

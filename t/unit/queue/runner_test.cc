// SPDX-License-Identifier: MIT
#include "lib/queue/runner.h"

#include <errno.h>
#include <gtest/gtest.h>

#include "t/unit/queue/runner_fixture.h"

using namespace jd;
using namespace jd::queue;
using namespace jd::test;

namespace {
const RcptResult full{0, Fate::temp, "4.2.2", "", "mailbox is full", false};
const RcptResult refused{0, Fate::perm, "5.7.1", "mx.far.example", "550 5.7.1 not wanted", false};
const RcptResult silent{0, Fate::temp, "4.4.1", "", "no answer", true};
}  // namespace

TEST_F(RunnerTest, JournalToMailboxAndTheSegmentRetires) {
  auto id = inject(envelope({"ann@here.example"}));
  turn();
  EXPECT_EQ(world.mailboxes["box/ann@here.example"][id + " ann@here.example"], "Subject: x\r\n\r\nhello\r\n");
  EXPECT_FALSE(world.local.at(0).replay);
  EXPECT_TRUE(world.local[0].segment);
  EXPECT_TRUE(logged("delivered")) << lines;
  EXPECT_EQ(runner->stats().active, 0u);
  EXPECT_EQ(files("journal"), 2u);  // the segment and its done log
  writer = std::make_unique<JournalWriter>(*JournalWriter::open(store->root(), {256 << 10, 20}));
  inject(envelope({"bob@here.example"}));  // into the next segment
  turn(seconds(2));
  turn();
  EXPECT_EQ(world.forgotten.size(), 1u);
  EXPECT_GE(world.syncs, 1);
  EXPECT_TRUE(file::exists(scratch.path + "/journal/spare.00000002"));
}

TEST_F(RunnerTest, ARestartSkipsWhatIsDoneAndMarksTheRestAsReplay) {
  world.answer_at_once = false;
  inject(envelope({"ann@here.example"}));
  turn();
  world.let_go();
  turn();
  auto second = inject(envelope({"bob@here.example"}));
  turn();
  EXPECT_EQ(world.local.size(), 2u);
  // The answer for the second never comes: qrun dies.
  world.held.clear();
  world.answer_at_once = true;
  start();
  turn();
  ASSERT_EQ(world.local.size(), 3u);
  EXPECT_EQ(world.local[2].qid, second);
  EXPECT_TRUE(world.local[2].replay);
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
  EXPECT_EQ(world.mails("bob@here.example"), 1u);
}

TEST_F(RunnerTest, TellsOfTheMailboxThatWasFilled) {
  world.answers["ann@here.example"] = {0, Fate::delivered, "2.1.5", "", "", false, false, false, 17};
  inject(envelope({"ann@here.example", "bob@here.example"}));
  turn();
  EXPECT_EQ(world.full, (std::map<std::string, uint64_t>{{"ann@here.example", 17}}));
}

TEST_F(RunnerTest, TemporaryFailureIsDeferredRetriedAndDelivered) {
  world.answers["ann@here.example"] = full;
  inject(envelope({"ann@here.example", "bob@here.example"}));
  turn();
  EXPECT_EQ(world.mails("bob@here.example"), 1u);
  EXPECT_EQ(deferred(), 0u);
  turn(seconds(2));
  ASSERT_EQ(deferred(), 1u);
  auto item = list_queue(*runner).at(0);
  EXPECT_EQ(item.recipients, std::vector<std::string>{"ann@here.example"});
  EXPECT_EQ(item.attempts, 1u);
  EXPECT_NE(item.reason.find("mailbox is full"), std::string::npos);
  EXPECT_GT(world.full["ann@here.example"], 0u);
  EXPECT_EQ(world.full.size(), 1u);
  EXPECT_TRUE(logged("deferred"));
  turn(minutes(6));
  EXPECT_EQ(world.local.size(), 3u);
  EXPECT_TRUE(world.local[2].replay);
  EXPECT_FALSE(world.local[2].segment);
  EXPECT_EQ(list_queue(*runner).at(0).attempts, 2u);
  world.answers.clear();
  turn(minutes(12));
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
  EXPECT_EQ(deferred(), 0u);
  EXPECT_TRUE(logged("removed"));
  EXPECT_TRUE(world.reports.empty());
}

// A burst to one destination goes out at its speed: nobody loses an attempt, or five minutes, for want of
// a place in its list.
TEST_F(RunnerTest, WhatHasNoPlaceInADestinationsListComesBackSoonAndUntried) {
  config.limits.max_waiting = 5;
  start();
  world.answer_at_once = false;
  std::vector<std::string> ids;
  for (int i = 0; i < 20; i++) ids.push_back(inject(envelope({"x@far.example"})));
  turn();
  turn(seconds(2));
  turn(seconds(2));
  EXPECT_TRUE(logged("much waits for the destination"));
  ASSERT_GT(deferred(), 5u);
  for (auto& item : list_queue(*runner, "deferred")) EXPECT_EQ(item.attempts, 0u);
  world.answer_at_once = true;
  for (int i = 0; i < 12; i++) {
    world.let_go();
    turn(seconds(25));
  }
  EXPECT_EQ(deferred(), 0u);
  for (auto& id : ids) EXPECT_EQ(world.remote_mail.count(id + " x@far.example"), 1u);
}

TEST_F(RunnerTest, AliasesExpandOnceAndLoopsEnd) {
  world.alias("team@here.example", {"ann@here.example", "all@here.example", "out@far.example"});
  world.alias("all@here.example", {"team@here.example", "bob@here.example", "ann@here.example", "maildir:/srv/copy"});
  auto id = inject(envelope({"team@here.example", "ann@here.example"}));
  turn();
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
  EXPECT_EQ(world.mails("bob@here.example"), 1u);
  EXPECT_EQ(world.mailboxes["/srv/copy"].size(), 1u);
  EXPECT_EQ(world.local.size(), 3u);
  EXPECT_EQ(world.remote_mail.count(id + " out@far.example"), 1u);
  EXPECT_EQ(runner->stats().active, 0u);
  for (auto& d : world.local) {
    EXPECT_EQ(d.kind, d.path == "/srv/copy" ? "maildir" : "account");
    EXPECT_EQ(d.original, d.rcpt == "ann@here.example" ? d.original : "team@here.example");
  }
  for (int i = 0; i < 15; i++)
    world.alias(fmt::format("a{}@here.example", i), {fmt::format("a{}@here.example", i + 1)});
  inject(envelope({"a0@here.example"}));
  turn();
  ASSERT_EQ(world.reports.size(), 1u);
  EXPECT_NE(world.reports[0].message.find("5.4.6"), std::string::npos);
}

TEST_F(RunnerTest, ForwardedMailGetsAReversePathOfOurs) {
  world.alias("team@here.example", {"ann@here.example", "out@far.example"});
  world.answers["out@far.example"] = silent;
  inject(envelope({"team@here.example", "direct@far.example"}));
  turn();
  std::map<std::string, std::string> from;
  for (auto& d : world.remote)
    for (auto& r : d.recipients) from[r.address] = d.from;
  EXPECT_EQ(from["out@far.example"], "srs=sue@far.example@here.example");
  EXPECT_EQ(from["direct@far.example"], "sue@far.example");
  turn(seconds(2));
  world.remote.clear();
  world.answers.clear();
  turn(minutes(10));  // the next attempt asks anew
  ASSERT_EQ(world.remote.size(), 1u);
  EXPECT_EQ(world.remote[0].from, "srs=sue@far.example@here.example");
  world.remote.clear();
  inject(envelope({"team@here.example"}, ""));  // a report stays one
  turn();
  ASSERT_EQ(world.remote.size(), 1u);
  EXPECT_EQ(world.remote[0].from, "");
  config.srs = false;
  start();
  world.remote.clear();
  inject(envelope({"team@here.example"}));
  turn();
  ASSERT_EQ(world.remote.size(), 1u);
  EXPECT_EQ(world.remote[0].from, "sue@far.example");
}

TEST_F(RunnerTest, VerpNamesTheRecipientInTheReversePath) {
  auto e = envelope({"a@far.example", "b@far.example", "ann@here.example", "\"q r\"@far.example"}, "list@here.example");
  e.verp = true;
  inject(e);
  turn();
  std::set<std::string> from;
  for (auto& d : world.remote) from.insert(d.from);
  EXPECT_EQ(from, (std::set<std::string>{"list+a=far.example@here.example", "list+b=far.example@here.example", "list@here.example"}));
  ASSERT_EQ(world.local.size(), 1u);
  EXPECT_EQ(world.local[0].from, "list@here.example");
}

TEST_F(RunnerTest, ADestinationHasARetryScheduleOfItsOwn) {
  config.retry = *RetryRules::parse({}, "far.example 1m 2h 30m\n", "retry");
  start();
  world.answers["x@far.example"] = silent;
  world.answers["x@other.example"] = silent;
  inject(envelope({"x@far.example"}));
  inject(envelope({"x@other.example"}));
  turn();
  turn(seconds(2));
  EXPECT_EQ(deferred(), 2u);
  world.remote.clear();
  turn(seconds(70));
  ASSERT_EQ(world.remote.size(), 1u);
  EXPECT_EQ(world.remote[0].domain, "far.example");
  for (int i = 0; i < 40; i++) turn(minutes(1));
  ASSERT_EQ(world.reports.size(), 1u) << "told that it is late";
  for (int i = 0; i < 100; i++) turn(minutes(1));
  ASSERT_EQ(world.reports.size(), 2u) << "given up";
  EXPECT_NE(world.reports[1].message.find("Action: failed"), std::string::npos);
  EXPECT_EQ(deferred(), 1u);
}

TEST_F(RunnerTest, WhatIsHeldOnRequestIsNotTriedBeforeItsTime) {
  auto e = envelope({"ann@here.example", "x@far.example"});
  e.hold_until = now() + days(7);  // longer than a message is tried
  auto id = inject(e);
  turn();
  turn(seconds(2));
  EXPECT_EQ(deferred(), 1u);
  for (int i = 0; i < 6; i++) turn(days(1));
  carry_out(*runner, order(Order::Verb::retry));  // not even when the operator asks
  turn(seconds(2));
  turn(seconds(2));
  EXPECT_EQ(world.mails("ann@here.example"), 0u);
  EXPECT_TRUE(world.remote.empty());
  EXPECT_TRUE(world.reports.empty());
  world.answers["x@far.example"] = silent;
  turn(days(1));
  turn(seconds(2));
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
  EXPECT_TRUE(world.reports.empty()) << "its age counts from its release";
  world.answers.clear();
  for (int i = 0; i < 5; i++) turn(minutes(5));
  EXPECT_EQ(world.remote_mail.count(id + " x@far.example"), 1u);
}

TEST_F(RunnerTest, WhatIsDeletedOnItsWayToAFileIsGone) {
  world.answers["x@far.example"] = silent;
  auto id = inject(envelope({"x@far.example"}));
  turn();  // failed; its file is written a second later
  Order o = order(Order::Verb::remove);
  o.select.ids = {id};
  EXPECT_EQ(carry_out(*runner, o).tally.done, 1u);
  turn(seconds(2));
  EXPECT_EQ(deferred(), 0u);
  EXPECT_TRUE(logged("removed"));
  start();  // nor does the journal bring it back
  world.answers.clear();
  for (int i = 0; i < 3; i++) turn(minutes(10));
  EXPECT_TRUE(world.remote_mail.empty());
}

TEST_F(RunnerTest, DeliverByReturnsOrWarnsWhenTheTimeIsOver) {
  world.answers["x@far.example"] = world.answers["y@far.example"] = silent;
  auto back = envelope({"x@far.example"}), told = envelope({"y@far.example"});
  back.deliver_by = told.deliver_by = now() + minutes(8);
  back.by_return = true;
  inject(back);
  inject(told);
  turn();
  for (int i = 0; i < 7; i++) turn(minutes(1));
  EXPECT_TRUE(world.reports.empty());
  turn(seconds(50));
  turn(seconds(20));
  ASSERT_EQ(world.reports.size(), 2u);
  std::string both = world.reports[0].message + world.reports[1].message;
  EXPECT_NE(both.find("Status: 5.4.7"), both.npos) << both;
  EXPECT_NE(both.find("Action: delayed"), both.npos);
  turn(minutes(10));
  EXPECT_EQ(world.reports.size(), 2u);
  EXPECT_EQ(deferred(), 1u);
}

TEST_F(RunnerTest, APathIsNoRecipientForStrangers) {
  inject(envelope({"maildir:/etc"}));
  turn();
  EXPECT_TRUE(world.local.empty());
}

TEST_F(RunnerTest, ExpandedFailuresBecomeRecipientsOfTheirOwn) {
  world.alias("team@here.example", {"ann@here.example", "bob@here.example", "maildir:/srv/copy"});
  world.answers["bob@here.example"] = full;
  world.answers["maildir:/srv/copy"] = full;
  inject(envelope({"team@here.example"}));
  turn();
  turn(seconds(2));
  auto d = carry_out(*runner, order(Order::Verb::show)).details;
  ASSERT_TRUE(d);
  ASSERT_EQ(d->envelope.recipients.size(), 2u);
  EXPECT_EQ(d->envelope.recipients[0].address, "bob@here.example");
  EXPECT_EQ(d->envelope.recipients[0].first, "team@here.example");
  EXPECT_EQ(d->envelope.recipients[1].address, "maildir:/srv/copy");
  world.answers.clear();
  turn(minutes(6));
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
  EXPECT_EQ(world.mails("bob@here.example"), 1u);
  EXPECT_EQ(world.mailboxes["/srv/copy"].size(), 1u);
  EXPECT_EQ(deferred(), 0u);
}

TEST_F(RunnerTest, RemoteGoesByDomainAndEachRecipientHasItsFate) {
  world.answers["no@far.example"] = refused;
  world.answers["later@far.example"] = full;
  inject(envelope({"yes@far.example", "no@far.example", "later@FAR.example", "x@other.example"}));
  world.answers["later@FAR.example"] = full;
  turn();
  ASSERT_EQ(world.remote.size(), 2u);
  EXPECT_EQ(world.remote[0].recipients.size(), 3u);
  ASSERT_EQ(world.reports.size(), 1u);
  EXPECT_EQ(world.reports[0].envelope.recipients[0].address, "sue@far.example");
  EXPECT_NE(world.reports[0].message.find("no@far.example"), std::string::npos);
  EXPECT_EQ(world.reports[0].message.find("yes@far.example"), std::string::npos);
  EXPECT_TRUE(logged("bounced"));
  turn(seconds(2));
  EXPECT_EQ(list_queue(*runner).at(0).recipients, std::vector<std::string>{"later@FAR.example"});
}

TEST_F(RunnerTest, RoutesDecideWhatGoesTogether) {
  config.routes = *Routes::parse("route office smtp host=10.0.0.1\nroute pool mx source=192.0.2.1\nto one.example office\nto two.example office\nfrom bulk@far.example pool\n", "f");
  start();
  inject(envelope({"a@one.example", "b@two.example", "c@three.example"}));
  turn();
  ASSERT_EQ(world.remote.size(), 2u);
  auto& office = world.remote[world.remote[0].route.empty()];
  EXPECT_EQ(office.route, "office");
  EXPECT_EQ(office.domain, "office");
  EXPECT_EQ(office.recipients.size(), 2u);
  world.remote.clear();
  world.answer_at_once = false;
  inject(envelope({"c@three.example"}, "bulk@far.example"));
  turn();
  ASSERT_EQ(world.remote.size(), 1u);
  EXPECT_EQ(world.remote[0].domain, "three.example");
  EXPECT_EQ(world.remote[0].route, "pool");
  auto all = runner->destinations();
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](auto& v) { return v.name == "three.example via pool" && v.active == 1; }), 1);
  world.let_go();
  turn();
  EXPECT_EQ(deferred(), 0u);
}

TEST_F(RunnerTest, WhoWillNotTellOfSuccessIsTold) {
  RcptResult relayed{0, Fate::delivered, "2.0.0", "mx.far.example", "250 ok", false};
  relayed.is_relayed = true;
  world.answers["a@far.example"] = relayed;
  inject(envelope({"a@far.example"}));  // did not ask
  turn();
  EXPECT_TRUE(world.reports.empty());
  auto e = envelope({"a@far.example", "b@far.example"});
  e.recipients[0].notify = e.recipients[1].notify = notify_success;  // b's host tells itself
  inject(e);
  turn();
  ASSERT_EQ(world.reports.size(), 1u);
  EXPECT_NE(world.reports[0].message.find("Action: relayed"), std::string::npos);
  EXPECT_NE(world.reports[0].message.find("a@far.example"), std::string::npos);
  EXPECT_EQ(world.reports[0].message.find("b@far.example"), std::string::npos);
}

TEST_F(RunnerTest, ADeadDestinationIsNotTriedForEach) {
  for (int i = 0; i < 50; i++) {
    std::string to = fmt::format("u{}@dead.example", i);
    world.answers[to] = silent;
    inject(envelope({to}));
  }
  turn();
  EXPECT_EQ(world.remote.size(), 5u);
  turn(seconds(2));
  EXPECT_EQ(deferred(), 50u);
}

TEST_F(RunnerTest, BouncesOfBounces) {
  world.unknown("nobody@here.example");
  inject(envelope({"nobody@here.example"}));
  turn();
  ASSERT_EQ(world.reports.size(), 1u);
  EXPECT_EQ(world.reports[0].envelope.recipients[0].address, "sue@far.example");
  inject(envelope({"nobody@here.example"}, ""));
  turn();
  ASSERT_EQ(world.reports.size(), 2u);
  EXPECT_EQ(world.reports[1].envelope.recipients[0].address, "root@here.example");
  EXPECT_TRUE(is_double_bounce(world.reports[1].envelope));
  Envelope third = world.reports[1].envelope;
  third.recipients[0].address = "nobody@here.example";
  inject(third);
  turn();
  EXPECT_EQ(world.reports.size(), 2u);
  EXPECT_TRUE(logged("dropped"));
  EXPECT_EQ(runner->stats().active, 0u);
}

TEST_F(RunnerTest, NotifyIsHonoured) {
  world.unknown("nobody@here.example");
  auto e = envelope({"nobody@here.example"});
  e.recipients[0].notify = notify_never;
  inject(e);
  e = envelope({"ann@here.example"});
  e.recipients[0].notify = notify_success;
  inject(e);
  turn();
  ASSERT_EQ(world.reports.size(), 1u);
  EXPECT_NE(world.reports[0].message.find("Action: delivered"), std::string::npos);
}

TEST_F(RunnerTest, WarnedOnceThenGivenUp) {
  world.answers["ann@here.example"] = full;
  inject(envelope({"ann@here.example"}));
  turn();
  turn(seconds(2));
  std::size_t warned_at = 0;
  for (int i = 0; i < 6 * 24 * 12 && deferred(); i++) {
    turn(minutes(5));
    if (!warned_at && world.reports.size() == 1) {
      warned_at = static_cast<std::size_t>(i);
      EXPECT_NE(world.reports[0].message.find("Action: delayed"), std::string::npos);
    }
  }
  EXPECT_GE(warned_at, 4 * 12 - 2u);
  EXPECT_LE(warned_at, 8 * 12u);
  ASSERT_EQ(world.reports.size(), 2u);
  EXPECT_NE(world.reports[1].message.find("Action: failed"), std::string::npos);
  EXPECT_EQ(deferred(), 0u);
  EXPECT_GT(world.local.size(), 25u);
  EXPECT_LT(world.local.size(), 45u);
}

TEST_F(RunnerTest, WithoutTheInjectorABounceWaits) {
  world.unknown("nobody@here.example");
  world.inject_up = false;
  inject(envelope({"nobody@here.example"}));
  turn();
  turn(seconds(2));
  EXPECT_EQ(deferred(), 1u);
  world.inject_up = true;
  turn(minutes(6));
  EXPECT_EQ(world.reports.size(), 1u);
  EXPECT_EQ(deferred(), 0u);
}

TEST_F(RunnerTest, AgentsAndDirectoryAway) {
  world.local_up = world.remote_up = false;
  runner->local_is(false);
  runner->remote_is(false);
  inject(envelope({"ann@here.example", "x@far.example"}));
  turn();
  EXPECT_EQ(runner->stats().active, 1u);
  turn(minutes(2));
  turn(seconds(2));
  EXPECT_EQ(deferred(), 1u);
  world.local_up = world.remote_up = true;
  runner->local_is(true);
  runner->remote_is(true);
  turn(minutes(6));
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
  EXPECT_EQ(world.remote_mail.size(), 1u);
  world.directory_up = false;
  inject(envelope({"ann@here.example"}));
  turn();
  inject(envelope({"bob@here.example"}));
  for (int i = 0; i < 200; i++) inject(envelope({"x@far.example"}));
  turn(seconds(2));
  EXPECT_EQ(runner->stats().active, 100u);  // nothing more is taken on meanwhile
  world.directory_up = true;
  turn(seconds(1));  // back after a restart: nothing was deferred
  turn();
  EXPECT_EQ(deferred(), 0u);
  EXPECT_EQ(world.mails("ann@here.example"), 2u);
  EXPECT_EQ(world.mails("bob@here.example"), 1u);
  world.directory_up = false;
  inject(envelope({"ann@here.example"}));
  turn();
  turn(minutes(2));  // away for long
  turn(seconds(2));
  EXPECT_EQ(deferred(), 1u);
  world.directory_up = true;
  turn(minutes(6));
  EXPECT_EQ(world.mails("ann@here.example"), 3u);
}

TEST_F(RunnerTest, ALostConnectionReplays) {
  world.answer_at_once = false;
  inject(envelope({"ann@here.example"}));
  turn();
  uint64_t token = world.local.at(0).id;
  world.let_go();  // it was delivered ...
  turn();
  inject(envelope({"bob@here.example"}));
  turn();
  token = world.local.at(1).id;
  world.held.clear();
  runner->local_lost(token);  // ... or not
  turn();
  ASSERT_EQ(world.local.size(), 3u);
  EXPECT_TRUE(world.local[2].replay);
  world.let_go();
  turn();
  EXPECT_EQ(world.mails("bob@here.example"), 1u);
}

TEST_F(RunnerTest, WhatAStoppingAgentDidNotBeginIsNoAttempt) {
  world.answer_at_once = false;
  inject(envelope({"x@b.example"}));
  turn();
  ASSERT_EQ(world.remote.size(), 1u);
  world.held.clear();  // never answered
  runner->remote_is(false);
  runner->remote_back(world.remote[0].id);
  turn();
  EXPECT_EQ(world.remote.size(), 1u);
  EXPECT_TRUE(runner->is_quiet());
  runner->remote_is(true);
  turn();
  ASSERT_EQ(world.remote.size(), 2u);
  EXPECT_EQ(world.remote[1].qid, world.remote[0].qid);
  EXPECT_FALSE(runner->is_quiet());
  world.let_go();
  turn();
  EXPECT_EQ(world.remote_mail.size(), 1u);
  EXPECT_TRUE(runner->is_idle());
}

TEST_F(RunnerTest, AStopInOrderGivesNothingMoreAndHearsTheAnswers) {
  world.answer_at_once = false;
  inject(envelope({"x@b.example", "ann@here.example"}));
  turn();
  runner->stop_dispatch();
  inject(envelope({"y@b.example", "bob@here.example"}));
  turn();
  EXPECT_EQ(world.remote.size() + world.local.size(), 2u);
  EXPECT_FALSE(runner->is_quiet());
  world.let_go();
  turn();
  EXPECT_TRUE(runner->is_quiet());
  world.answer_at_once = true;
  start();
  turn();
  EXPECT_EQ(world.remote.size(), 2u) << "answered before the stop and sent again";
  EXPECT_EQ(world.local.size(), 2u);
}

TEST_F(RunnerTest, FilesInNew) {
  std::string big(300 << 10, 'b'), id = unique_id();
  ASSERT_TRUE(store->add_new(id, envelope({"ann@here.example"}), {{big}}, Durability::durable));
  runner->new_file(id);
  turn();
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
  EXPECT_EQ(files("new"), 0u);
  auto fd = file::open(scratch.path + "/new/garbage", O_WRONLY | O_CREAT);
  ASSERT_TRUE(file::write_at(fd->get(), "garbage", 0));
  runner->look_for_new_files();
  turn();
  EXPECT_EQ(files("new"), 0u);
  EXPECT_EQ(files("corrupt"), 1u);
  EXPECT_TRUE(logged("corrupt"));
}

TEST_F(RunnerTest, ASlowDestinationDoesNotKeepASegment) {
  world.answer_at_once = false;
  inject(envelope({"x@slow.example", "ann@here.example"}));
  turn();
  world.held.at(0)();  // the local one
  world.held.erase(world.held.begin());
  writer = std::make_unique<JournalWriter>(*JournalWriter::open(store->root(), {256 << 10, 20}));
  inject(envelope({"bob@here.example"}));
  turn();
  turn(seconds(40));
  world.held.back()();  // the store is synced first
  world.held.pop_back();
  turn(seconds(1));
  EXPECT_EQ(files("new"), 1u);
  turn(seconds(2));
  world.let_go();
  turn(seconds(2));
  world.let_go();
  turn(seconds(2));
  EXPECT_EQ(world.forgotten.size(), 1u);
  EXPECT_EQ(files("new"), 0u);
  EXPECT_EQ(world.remote_mail.size(), 1u);
  EXPECT_EQ(world.remote.size(), 1u);
}

TEST_F(RunnerTest, WithoutLocalDeliveriesASegmentNeedsNoSync) {
  world.local_up = false;
  runner->local_is(false);
  inject(envelope({"x@far.example"}));
  writer = std::make_unique<JournalWriter>(*JournalWriter::open(store->root(), {256 << 10, 20}));
  inject(envelope({"y@far.example"}));
  turn();
  EXPECT_EQ(world.forgotten.size(), 1u);
  EXPECT_EQ(world.remote_mail.size(), 2u);
}

TEST_F(RunnerTest, TheStoreIsSyncedBeforeMuchWaitsForTheDisk) {
  writer = std::make_unique<JournalWriter>(*JournalWriter::open(store->root(), {64 << 20, 20}));
  const std::string text = "Subject: large\r\n\r\n" + std::string(120 << 10, 'x');
  auto deliver = [&](uint64_t bytes) {
    for (uint64_t n = 0; n < bytes; n += text.size()) inject(envelope({"ann@here.example"}), text);
    turn(milliseconds(300));
    turn();
  };
  inject(envelope({"ann@here.example"}));  // the segment of before is complete now
  turn(seconds(2));
  turn();
  int before = world.syncs;
  deliver(15 << 20);
  EXPECT_EQ(world.syncs, before);
  deliver(2 << 20);
  EXPECT_EQ(world.syncs, before + 1);
  deliver(15 << 20);
  EXPECT_EQ(world.syncs, before + 1);
  deliver(2 << 20);
  EXPECT_EQ(world.syncs, before + 2);
}

TEST_F(RunnerTest, ADrainedQueueTakesNothingOn) {
  runner->drain(true);
  inject(envelope({"ann@here.example"}));
  turn();
  EXPECT_EQ(world.mails("ann@here.example"), 0u);
  EXPECT_TRUE(runner->is_idle());
  runner->drain(false);
  turn();
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
}

TEST_F(RunnerTest, AdmissionIsBounded) {
  config.max_jobs = 10;
  start();
  world.answer_at_once = false;
  for (int i = 0; i < 100; i++) inject(envelope({"ann@here.example"}));
  turn();
  EXPECT_EQ(runner->stats().active, 10u);
  for (int i = 0; i < 12; i++) {
    world.let_go();
    turn();
  }
  EXPECT_EQ(world.mails("ann@here.example"), 100u);
}

TEST_F(RunnerTest, ADamagedRecordCostsOnlyItself) {
  inject(envelope({"ann@here.example"}));
  world.local_up = false;
  start();
  inject(envelope({"ann@here.example"}), "second");
  auto seg = writer->position().segment;
  inject(envelope({"bob@here.example"}), "third");
  runner.reset();
  auto fd = file::open(scratch.path + "/journal/" + segment_name(seg), O_WRONLY);
  ASSERT_TRUE(file::write_at(fd->get(), "?", journal::header_bytes + 30));
  world.local_up = true;
  start();
  inject(envelope({"bob@here.example"}), "fourth");
  turn();
  EXPECT_EQ(world.mails("bob@here.example"), 2u);
  EXPECT_EQ(world.mails("ann@here.example"), 1u);
  EXPECT_EQ(files("corrupt"), 1u);
}

TEST_F(RunnerTest, DiskFullWhileDeferringLosesNothing) {
  world.answers["ann@here.example"] = full;
  inject(envelope({"ann@here.example"}));
  turn();
  FaultDisk disk(scratch.path);
  disk.fail_always(ENOSPC);
  turn(seconds(2));
  turn(seconds(2));
  EXPECT_EQ(runner->stats().moving, 1u);
  disk.fail_always(0);
  turn(seconds(2));
  EXPECT_EQ(runner->stats().moving, 0u);
  EXPECT_EQ(deferred(), 1u);
}

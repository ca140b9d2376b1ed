// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "lib/base/file.h"
#include "lib/base/random.h"
#include "lib/ipc/client.h"
#include "lib/ipc/server.h"
#include "t/fuzz/ipc.cc"

namespace jd::ipc {

TEST(Frame, GivesBackWhatWasPutIn) {
  Message m("deliver");
  m.set("rcpt", "a@b.test").set("rcpt", "c@d.test").set("size", uint64_t{12}).set("empty", "");
  m.set_body(std::string("\0any\0bytes", 10));
  std::string bytes = m.encode();
  Decoder d;
  for (std::size_t n = 0; n < bytes.size(); n++) {
    auto r = d.next(std::string_view(bytes).substr(0, n));
    ASSERT_TRUE(r) << n;
    EXPECT_FALSE(*r) << n;
  }
  auto r = d.next(bytes + "more");
  ASSERT_TRUE(r && *r);
  EXPECT_EQ((*r)->used, bytes.size());
  auto& back = (*r)->message;
  EXPECT_EQ(back.get("cmd"), "deliver");
  EXPECT_EQ(back.all("rcpt").size(), 2u);
  EXPECT_EQ(back.number("size"), 12u);
  EXPECT_TRUE(back.has("empty"));
  EXPECT_EQ(back.body(), m.body());
}

TEST(Frame, RefusesWhatIsNone) {
  Decoder d(100);
  for (std::string bad : {std::string("x"), std::string("999999999999:"), std::string("101:"), std::string("3:abcX"),
                          std::string("4:a=b\0X", 7), std::string("4:A=b\0,", 7), std::string("3:abc,"), std::string(":,")})
    EXPECT_FALSE(d.next(bad)) << bad;
  std::string value = "a\0b";
  EXPECT_EQ(Message("x").set("k", std::string_view("a\0b", 3)).get("k"), "a");
}

class Service : public ::testing::Test {
 protected:
  void SetUp() override { path = "/tmp/jdmail-ipc-" + unique_id(); }
  void TearDown() override { ::unlink(path.c_str()); }
  template <class F>
  void until(F done) {
    for (int i = 0; i < 2000 && !done(); i++) loop.run_once(milliseconds(5));
    EXPECT_TRUE(done());
  }
  net::Loop loop;
  std::string path;
};

TEST_F(Service, AnswersManyInAnyOrder) {
  std::vector<Request> kept;
  Server s(loop, [&](Request r) { kept.push_back(std::move(r)); });
  ASSERT_TRUE(s.listen(path, 0600));
  AsyncClient c(loop, "test", path);
  std::vector<uint64_t> answers;
  for (uint64_t i = 0; i < 100; i++)
    c.request(Message("square").set("n", i), [&, i](Result<Message> r) {
      ASSERT_TRUE(r) << r.error().what;
      EXPECT_EQ(r->number("square"), i * i);
      answers.push_back(i);
    });
  until([&] { return kept.size() == 100; });
  while (!kept.empty()) {
    uint64_t n = kept.back().message.number("n");
    kept.back().reply(Message::ok().set("square", n * n));
    kept.pop_back();
  }
  until([&] { return answers.size() == 100; });
  EXPECT_EQ(answers.front(), 99u);
}

TEST_F(Service, ErrorsTravelAndDroppedRequestsAreAnswered) {
  Server s(loop, [&](Request r) {
    if (r.cmd() == "full") r.reply(fail_errno(ENOSPC, "cannot write x").value());
  });
  ASSERT_TRUE(s.listen(path, 0600));
  AsyncClient c(loop, "test", path);
  std::string first, second;
  int sys = 0;
  c.request(Message("full"), [&](Result<Message> r) { first = r.error().what; sys = r.error().sys; });
  c.request(Message("what"), [&](Result<Message> r) { second = r.error().what; });
  until([&] { return !second.empty() && !first.empty(); });
  EXPECT_EQ(first, "cannot write x: No space left on device");
  EXPECT_EQ(sys, ENOSPC);
  EXPECT_EQ(second, "the request was not answered");
}

TEST_F(Service, OneThatIsDownOrDiesIsNamedAndComesBack) {
  AsyncClient c(loop, "thing", path);
  std::string why;
  c.request(Message("x"), [&](Result<Message> r) { why = r.error().what; });
  EXPECT_EQ(why, "") << "never inside request()";
  until([&] { return !why.empty(); });
  EXPECT_EQ(why, "thing does not answer on " + path + ": No such file or directory");
  {
    std::vector<Request> kept;
    Server s(loop, [&](Request r) { kept.push_back(std::move(r)); });
    ASSERT_TRUE(s.listen(path, 0600));
    why.clear();
    c.request(Message("x"), [&](Result<Message> r) { why = r.error().what; });
    until([&] { return kept.size() == 1; });
    kept.clear();
    until([&] { return !why.empty(); });
    EXPECT_EQ(why, "the request was not answered");
    EXPECT_EQ(s.connections(), 1u);
  }
  Server again(loop, [](Request r) { r.reply(Message::ok()); });
  ASSERT_TRUE(again.listen(path, 0600));
  bool good = false;
  for (int i = 0; i < 3 && !good; i++) {
    bool answered = false;
    c.request(Message("x"), [&](Result<Message> r) { good = r.has_value(); answered = true; });
    until([&] { return answered; });
  }
  EXPECT_TRUE(good);
}

TEST_F(Service, ASlowOneRunsIntoTheDeadline) {
  ManualClock clock;
  set_clock(&clock);
  std::vector<Request> kept;
  Server s(loop, [&](Request r) { kept.push_back(std::move(r)); });
  ASSERT_TRUE(s.listen(path, 0600));
  {
    AsyncClient c(loop, "thing", path);
    std::string why;
    c.request(Message("x"), [&](Result<Message> r) { why = r.error().what; }, seconds(5));
    until([&] { return kept.size() == 1; });
    clock.advance(seconds(6));
    until([&] { return !why.empty(); });
    EXPECT_NE(why.find("no answer in time"), std::string::npos);
    kept[0].reply(Message::ok());
    for (int i = 0; i < 5; i++) loop.run_once(milliseconds(1));
  }
  kept.clear();
  set_clock(nullptr);
}

TEST_F(Service, DescriptorsRideAlongWithTheirOwnFrames) {
  std::vector<std::string> seen;
  Server s(loop, [&](Request r) {
    for (auto& fd : r.message.fds) seen.push_back(std::string(r.message.get("name")) + *file::read_at(fd.get(), 10, 0));
    Message a = Message::ok();
    a.fds = std::move(r.message.fds);
    r.reply(std::move(a));
  });
  ASSERT_TRUE(s.listen(path, 0600));
  std::vector<std::string> back;
  std::thread client([&] {
    BlockingClient c("thing", path);
    for (std::string name : {"a", "b", "none"}) {
      Message m("take");
      m.set("name", name);
      if (name != "none") {
        char file_name[] = "/tmp/jdmail-fd-XXXXXX";
        Fd fd(::mkstemp(file_name));
        ::unlink(file_name);
        (void)file::write_at(fd.get(), "file-" + name, 0);  // read back below
        m.fds.push_back(std::move(fd));
      }
      auto r = c.call(std::move(m));
      if (r)
        for (auto& fd : r->fds) back.push_back(*file::read_at(fd.get(), 10, 0));
    }
    loop.stop();
  });
  while (back.size() < 2 || seen.size() < 2) loop.run_once(milliseconds(20));
  for (int i = 0; i < 20; i++) loop.run_once(milliseconds(5));
  client.join();
  EXPECT_EQ(seen, (std::vector<std::string>{"afile-a", "bfile-b"}));
  EXPECT_EQ(back, (std::vector<std::string>{"file-a", "file-b"}));
}

TEST(Frame, OwnInputsThroughTheFuzzTarget) {
  Message m("deliver");
  m.set("rcpt", "a@b.test").set_body("body");
  std::string good = m.encode() + Message::ok().encode();
  for (std::size_t i = 0; i <= good.size(); i++)
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(good.data()), i);
  for (std::size_t i = 0; i < good.size(); i++)
    for (char c : {'\0', '9', ':', ',', '='}) {
      std::string bad = good;
      bad[i] = c;
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bad.data()), bad.size());
    }
}

TEST(Frame, SaysNothingOfDescriptorsThatWereTakenOut) {
  auto m = Message::decode(std::string_view("fds=2\0cmd=x\0", 12));
  ASSERT_TRUE(m);
  EXPECT_EQ(m->encode(), std::string("6:cmd=x\0,", 9));
}

TEST_F(Service, AnAnsweredOneMayCancelTheOthersWhenTheServiceDies) {
  AsyncClient c(loop, "thing", path);
  std::vector<Request> kept;
  auto quiet = std::make_unique<Server>(loop, [&](Request r) { kept.push_back(std::move(r)); });
  ASSERT_TRUE(quiet->listen(path, 0600));
  int answers = 0;
  uint64_t first = 0, second = 0;
  first = c.request(Message("x"), [&](Result<Message> r) { EXPECT_FALSE(r); answers++; c.cancel(second); });
  second = c.request(Message("x"), [&](Result<Message>) { answers++; c.cancel(first); });
  until([&] { return kept.size() == 2; });
  quiet.reset();
  kept.clear();
  for (int i = 0; i < 5; i++) loop.run_once(milliseconds(1));
  EXPECT_EQ(answers, 1);
}

TEST_F(Service, AShorterDeadlineIsNotHeldUpByALongerOne) {
  ManualClock clock;
  set_clock(&clock);
  {
    std::vector<Request> kept;
    Server s(loop, [&](Request r) { kept.push_back(std::move(r)); });
    ASSERT_TRUE(s.listen(path, 0600));
    AsyncClient c(loop, "thing", path);
    std::string ended;
    c.request(Message("x"), [&](Result<Message>) { ended += "long "; }, seconds(60));
    c.request(Message("x"), [&](Result<Message>) { ended += "short "; }, seconds(1));
    until([&] { return kept.size() == 2; });
    clock.advance(seconds(2));
    for (int i = 0; i < 3; i++) loop.run_once();
    EXPECT_EQ(ended, "short ");
    clock.advance(seconds(60));
    for (int i = 0; i < 3; i++) loop.run_once();
    EXPECT_EQ(ended, "short long ");
  }
  set_clock(nullptr);
}

TEST_F(Service, OneThatDoesNotReadLosesTheConnectionNotTheCaller) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  Fd silent(fds[1]);
  std::string why;
  Channel c(loop, [](Message) {}, [&](const std::string& w) { why = w; }, 1 << 20);
  ASSERT_TRUE(c.open(Fd(fds[0])));
  Message big("x");
  big.set_body(std::string(8 << 20, 'x'));
  for (int i = 0; i < 12; i++) c.send(big);
  EXPECT_EQ(why, "") << "never inside send()";
  EXPECT_TRUE(c.is_open());
  loop.run_once();
  EXPECT_EQ(why, "the other side does not read");
  EXPECT_FALSE(c.is_open());
}

TEST_F(Service, DescriptorsThatNoFrameAsksForEndTheConnection) {
  int handled = 0;
  Server s(loop, [&](Request r) { handled++; r.reply(Message::ok()); });
  ASSERT_TRUE(s.listen(path, 0600));
  for (const char* frame : {"6:cmd=x\0,", "12:fds=2\0cmd=x\0,"}) {
    auto at = net::Address::parse("unix:" + path);
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(fd.get(), at->data(), at->size()), 0);
    std::string bytes(frame, frame[0] == '6' ? 9 : 16);
    iovec v{bytes.data(), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr h{};
    h.msg_iov = &v;
    h.msg_iovlen = 1;
    h.msg_control = control;
    h.msg_controllen = sizeof control;
    cmsghdr* c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    int one = fd.get();
    memcpy(CMSG_DATA(c), &one, sizeof one);
    ASSERT_EQ(::sendmsg(fd.get(), &h, 0), static_cast<ssize_t>(bytes.size()));
    until([&] { return s.connections() == 1; });
    until([&] { return s.connections() == 0; });
  }
  EXPECT_EQ(handled, 1) << "the frame that asked for two of one is not handled";
}

// In the middle of a turn, before the loop comes to what else it has; one whose peer has gone harms nobody.
TEST_F(Service, WhatIsSentNowDoesNotWaitForTheEndOfTheTurn) {
  std::vector<Request> kept;
  Server s(loop, [&](Request r) { kept.push_back(std::move(r)); });
  ASSERT_TRUE(s.listen(path, 0600));
  auto at = net::Address::parse("unix:" + path);
  Fd stays(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), goes(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  for (Fd* fd : {&goes, &stays}) {
    ASSERT_EQ(::connect(fd->get(), at->data(), at->size()), 0);
    ASSERT_EQ(::send(fd->get(), "6:cmd=x\0,", 9, 0), 9);
  }
  until([&] { return kept.size() == 2; });
  goes.reset();
  for (auto& r : kept) r.reply(Message::ok());
  char answer[64];
  EXPECT_LT(::recv(stays.get(), answer, sizeof answer, MSG_DONTWAIT), 0);
  s.send_now();
  EXPECT_GT(::recv(stays.get(), answer, sizeof answer, MSG_DONTWAIT), 0);
  until([&] { return s.connections() == 1; });
  EXPECT_LT(::recv(stays.get(), answer, sizeof answer, MSG_DONTWAIT), 0) << "sent twice";
}

}  // namespace jd::ipc

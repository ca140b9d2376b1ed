// SPDX-License-Identifier: MIT
// What doors meet on a bad day: many at once, byte by byte, no descriptors left, floods, silence.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <memory>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/net/linger.h"
#include "lib/net/listener.h"
#include "lib/net/stream.h"

namespace jd::net {
namespace {

struct Peer : StreamHandler {
  explicit Peer(Loop& loop) : stream(std::make_unique<Stream>(loop, *this)) {}
  std::string got, why;
  int secured = 0, drained = 0;
  std::function<std::size_t(std::string_view)> data;
  std::function<void()> when_connected, when_secured, when_drained, when_closed;
  std::unique_ptr<Stream> stream;
  std::size_t on_data(std::string_view b) override {
    if (data) return data(b);
    got += b;
    return b.size();
  }
  void on_connected() override { if (when_connected) when_connected(); }
  void on_secured() override { secured++; if (when_secured) when_secured(); }
  void on_drained() override { drained++; if (when_drained) when_drained(); }
  void on_closed(const std::string& w) override { why = w; if (when_closed) when_closed(); }
};

struct StressTest : testing::Test {
  void join(Peer& x, Peer& y) {
    int f[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, f), 0);
    x.stream->open(Fd(f[0]));
    y.stream->open(Fd(f[1]));
  }
  template <class F>
  void until(F done, int turns = 20'000) {
    for (; turns > 0 && !done(); turns--) loop.run_once(milliseconds(1));
    EXPECT_TRUE(done());
  }
  Loop loop;
};

struct StressTls : StressTest {
  void SetUp() override {
    char name[] = "/tmp/jdmail-stress-XXXXXX";
    dir = ::mkdtemp(name);
    auto pair = self_signed("mx.example.org");
    ASSERT_TRUE(pair);
    Fd d = *file::open(dir, O_RDONLY | O_DIRECTORY);
    ASSERT_TRUE(file::write_durable(d.get(), "cert.pem", pair->certificate));
    ASSERT_TRUE(file::write_durable(d.get(), "key.pem", pair->key));
    server = *TlsContext::server(dir + "/cert.pem", dir + "/key.pem");
    client = *TlsContext::client(false);
  }
  void TearDown() override { (void)file::remove_tree(dir); }
  void secure(Peer& c, Peer& s) {
    join(c, s);
    ASSERT_TRUE(s.stream->start_tls_server(*server));
    ASSERT_TRUE(c.stream->start_tls_client(*client, "mx.example.org"));
    until([&] { return c.secured && s.secured; });
  }
  std::string dir;
  std::shared_ptr<TlsContext> server, client;
};

TEST_F(StressTest, AThousandConnectionsAreServed) {
  auto fd = listen_on(*Address::of("127.0.0.1", 0));
  ASSERT_TRUE(fd);
  Address at = Address::local_of(fd->get());
  std::deque<Peer> sessions, clients;
  Listener listener(loop, std::move(*fd), [&](Fd c, const Address& who) {
    EXPECT_TRUE(who.is_loopback());
    Peer& p = sessions.emplace_back(loop);
    p.data = [&p](std::string_view in) { p.stream->write(in); return in.size(); };
    p.stream->open(std::move(c));
  });
  ASSERT_TRUE(listener.start());
  std::size_t answers = 0;
  for (int i = 0; i < 1000; i++) {
    Peer& c = clients.emplace_back(loop);
    c.data = [&](std::string_view in) { answers++; return in.size(); };
    c.when_connected = [&c] { c.stream->write("ping"); };
    ASSERT_TRUE(c.stream->connect(at, seconds(30)));
  }
  until([&] { return answers == 1000; });
}

TEST_F(StressTest, AFloodDoesNotKeepOthersWaiting) {
  Peer flood(loop), sink(loop), quiet(loop), other(loop);
  join(flood, sink);
  join(quiet, other);
  std::size_t swallowed = 0, when = 0;
  sink.data = [&](std::string_view in) {
    swallowed += in.size();
    flood.stream->write(in);  // there is always more
    return in.size();
  };
  other.data = [&](std::string_view in) { when = swallowed; return in.size(); };
  flood.stream->write(std::string(1 << 20, 'x'));
  until([&] { return swallowed > (4u << 20); });
  std::size_t before = swallowed;
  quiet.stream->write("me too");
  until([&] { return when > 0; });
  EXPECT_LE(when - before, 4 * Loop::scratch_bytes);
}

TEST_F(StressTest, WithoutDescriptorsOneIsTurnedAwayAndTheRestWait) {
#ifdef __SANITIZE_ADDRESS__
  printf("left out: a listener without descriptors (sanitizers)\n");
  GTEST_SKIP() << "the sanitizer looks at memory through a pipe, and takes having none for a wrong pointer";
#endif
  ManualClock clock;
  set_clock(&clock);
  std::string lines;
  log::capture(&lines);
  {
    auto fd = listen_on(*Address::of("127.0.0.1", 0));
    ASSERT_TRUE(fd);
    Address at = Address::local_of(fd->get());
    std::vector<Fd> accepted, clients;
    Listener listener(loop, std::move(*fd), [&](Fd c, const Address&) { accepted.push_back(std::move(c)); });
    ASSERT_TRUE(listener.start());
    for (int i = 0; i < 6; i++) {
      Fd& c = clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      ASSERT_EQ(::connect(c.get(), at.data(), at.size()), 0);
    }
    rlimit before{}, few{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = ::dup(0);
    ASSERT_GE(next, 0);
    ::close(next);
    few = before;
    few.rlim_cur = static_cast<rlim_t>(next) + 2;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int i = 0; i < 5; i++) loop.run_once();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(accepted.size(), 2u);
    char c;
    EXPECT_EQ(::recv(clients[2].get(), &c, 1, MSG_DONTWAIT), 0) << "closed, and its client knows";
    EXPECT_EQ(::recv(clients[3].get(), &c, 1, MSG_DONTWAIT), -1) << "one only, not a storm";
    clock.advance(seconds(2));
    for (int i = 0; i < 5; i++) loop.run_once();
    EXPECT_EQ(accepted.size(), 5u);
  }
  log::capture(nullptr);
  set_clock(nullptr);
}

// Full by descriptors and full by its own count: who comes is left to others for a moment, then told.
TEST_F(StressTest, WhoComesWhenItIsFullIsTold) {
  for (bool by_count : {false, true}) {
    ManualClock clock;
    set_clock(&clock);
    std::string lines;
    log::capture(&lines);
    rlimit before{}, few{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    {
      auto fd = listen_on(*Address::of("127.0.0.1", 0));
      ASSERT_TRUE(fd);
      Address at = Address::local_of(fd->get());
      std::vector<Fd> accepted, clients;
      Listener listener(loop, std::move(*fd), [&](Fd c, const Address&) { accepted.push_back(std::move(c)); });
      listener.when_full("421 busy\r\n", 3, [&] { return by_count && accepted.size() >= 2; });
      for (int i = 0; i < 7; i++) clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      int next = ::dup(0);
      ASSERT_GE(next, 0);
      ::close(next);
      few = before;
      few.rlim_cur = by_count ? 1000 : static_cast<rlim_t>(next) + 3 + 2;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
      ASSERT_TRUE(listener.start());
      auto come = [&](Fd& c) {
        ASSERT_EQ(::connect(c.get(), at.data(), at.size()), 0);
        for (int i = 0; i < 3; i++) loop.run_once();
      };
      char text[100];
      for (std::size_t i = 0; i < 6; i++) come(clients[i]);
      EXPECT_EQ(accepted.size(), 2u);
      EXPECT_EQ(::recv(clients[2].get(), text, sizeof text, MSG_DONTWAIT), -1) << "left to others for a moment";
      clock.advance(milliseconds(60));
      for (int i = 0; i < 3; i++) loop.run_once();
      EXPECT_EQ(::recv(clients[1].get(), text, sizeof text, MSG_DONTWAIT), -1) << "it stands";
      for (std::size_t i = 2; i < 6; i++) {
        EXPECT_EQ(::recv(clients[i].get(), text, sizeof text, MSG_DONTWAIT), 10) << i;
        EXPECT_EQ(::recv(clients[i].get(), text, sizeof text, MSG_DONTWAIT), 0) << i;
      }
      const char* event = by_count ? "too_many_connections" : "out_of_descriptors";
      EXPECT_NE(lines.find(event), lines.npos) << lines;
      EXPECT_EQ(lines.find(event), lines.rfind(event)) << "no flood of lines";
      accepted.pop_back();
      come(clients[6]);
      EXPECT_EQ(accepted.size(), 2u) << "there is room again";
    }
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    log::capture(nullptr);
    set_clock(nullptr);
  }
}

TEST_F(StressTest, AStreamMayGoInEachOfItsCallbacks) {
  for (bool destroy : {false, true}) {
    auto end = [&](Peer& p) {
      if (destroy) p.stream.reset();
      else p.stream->close();
    };
    auto is_gone = [](Peer& p) { return !p.stream || !p.stream->is_open(); };
    Peer a(loop), b(loop);
    join(a, b);
    a.when_drained = [&] { end(a); };
    b.data = [](std::string_view in) { return in.size(); };
    a.stream->write(std::string(4 << 20, 'x'));
    until([&] { return is_gone(a); });
    EXPECT_EQ(a.drained, 1);
    until([&] { return is_gone(b); });
    Peer c(loop), d(loop);
    join(c, d);
    c.when_closed = [&] { if (destroy) c.stream.reset(); };
    d.stream->close();
    until([&] { return is_gone(c); });
    auto fd = listen_on(*Address::of("127.0.0.1", 0));
    ASSERT_TRUE(fd);
    Peer e(loop);
    e.when_connected = [&] { end(e); };
    ASSERT_TRUE(e.stream->connect(Address::local_of(fd->get()), seconds(5)));
    until([&] { return is_gone(e); });
  }
}

TEST_F(StressTest, AConnectionThatIsRefusedOrNeverAnsweredIsTold) {
  ManualClock clock;
  set_clock(&clock);
  {
    auto fd = listen_on(*Address::of("127.0.0.1", 0));
    ASSERT_TRUE(fd);
    Address at = Address::local_of(fd->get());
    fd->reset();
    Peer refused(loop);
    ASSERT_TRUE(refused.stream->connect(at, seconds(5)));
    until([&] { return !refused.why.empty(); });
    EXPECT_EQ(refused.why, "Connection refused");
    // A backlog that is full takes no more.
    Fd full(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(full.get(), at.data(), at.size()), 0);
    ASSERT_EQ(::listen(full.get(), 0), 0);
    std::deque<Peer> fill;
    for (int i = 0; i < 4; i++) {
      Peer& p = fill.emplace_back(loop);
      ASSERT_TRUE(p.stream->connect(at, hours(1)));
    }
    for (int i = 0; i < 10; i++) loop.run_once();
    Peer late(loop);
    ASSERT_TRUE(late.stream->connect(at, seconds(7)));
    clock.advance(seconds(6));
    for (int i = 0; i < 3; i++) loop.run_once();
    EXPECT_EQ(late.why, "");
    clock.advance(seconds(1));
    for (int i = 0; i < 3; i++) loop.run_once();
    EXPECT_EQ(late.why, "timed out");
  }
  set_clock(nullptr);
}

TEST_F(StressTls, ByteByByte) {
  // A relay between both ends that passes one byte each way per turn.
  int f[2], g[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, f), 0);
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, g), 0);
  Fd left(f[1]), right(g[1]);
  Peer c(loop), s(loop);
  c.stream->open(Fd(f[0]));
  s.stream->open(Fd(g[0]));
  s.data = [&](std::string_view in) { s.stream->write(in); return in.size(); };
  c.when_secured = [&] { c.stream->write("there and back"); };
  ASSERT_TRUE(s.stream->start_tls_server(*server));
  ASSERT_TRUE(c.stream->start_tls_client(*client, "mx.example.org"));
  for (int i = 0; i < 30'000 && c.got != "there and back"; i++) {
    loop.run_once();
    for (auto [from, to] : {std::pair{&left, &right}, {&right, &left}}) {
      char byte;
      if (::read(from->get(), &byte, 1) != 1) continue;
      ASSERT_EQ(::write(to->get(), &byte, 1), 1);
    }
  }
  EXPECT_EQ(c.got, "there and back");
}

TEST_F(StressTls, MuchDataPassesAReaderThatPausesAfterEachPiece) {
  Peer c(loop), s(loop);
  secure(c, s);
  std::string big(6 << 20, 'q');
  Task go_on(loop, [&] { s.stream->resume(); });
  s.data = [&](std::string_view in) {
    s.got += in;
    s.stream->pause();
    go_on.start();
    return in.size();
  };
  c.stream->write(big);
  s.stream->write(big);
  until([&] { return s.got.size() == big.size() && c.got.size() == big.size(); });
  EXPECT_TRUE(s.got == big && c.got == big);
  EXPECT_EQ(c.drained, 1);
}

TEST_F(StressTls, PlainTextInsteadOfAHandshakeEndsTheConnectionOnly) {
  Peer c(loop), s(loop);
  join(c, s);
  ASSERT_TRUE(s.stream->start_tls_server(*server));
  c.stream->write("NOOP\r\nNOOP\r\n");
  until([&] { return !s.why.empty(); });
  EXPECT_EQ(s.why.rfind("TLS handshake failed", 0), 0u) << s.why;
  EXPECT_EQ(s.got, "");
}

TEST_F(StressTls, SilenceInTheHandshakeMeetsTheDeadline) {
  ManualClock clock;
  set_clock(&clock);
  Peer c(loop), s(loop);
  join(c, s);
  s.stream->set_deadline(seconds(60));
  ASSERT_TRUE(s.stream->start_tls_server(*server));
  for (int i = 0; i < 5; i++) loop.run_once();
  clock.advance(seconds(60));
  for (int i = 0; i < 5; i++) loop.run_once();
  EXPECT_EQ(s.why, "timed out");
  set_clock(nullptr);
}

TEST_F(StressTest, TheLastReplyArrivesThoughThePeerGoesOnSending) {
  auto fd = listen_on(*Address::of("127.0.0.1", 0));
  ASSERT_TRUE(fd);
  Address at = Address::local_of(fd->get());
  Peer c(loop), s(loop);
  s.data = [&](std::string_view in) {
    s.stream->write("552 too big\r\n");
    s.stream->close_after_flush();
    return in.size();
  };
  Listener listener(loop, std::move(*fd), [&](Fd a, const Address&) { s.stream->open(std::move(a)); });
  ASSERT_TRUE(listener.start());
  ASSERT_TRUE(c.stream->connect(at, seconds(5)));
  c.stream->write(std::string(20 << 20, 'x'));  // more than the kernel holds
  until([&] { return !c.why.empty(); });
  EXPECT_EQ(c.got, "552 too big\r\n") << c.why;
  EXPECT_FALSE(s.stream->is_open());
  until([&] { return loop.linger().size() == 0; });
}

TEST_F(StressTest, APeerThatNeverEndsIsLeftAfterAMoment) {
  ManualClock clock;
  set_clock(&clock);
  Peer a(loop), b(loop);
  join(a, b);
  b.stream->pause();
  a.stream->write("bye");
  a.stream->close_after_flush();
  for (int i = 0; i < 3; i++) loop.run_once();
  EXPECT_EQ(a.why, "done");
  EXPECT_EQ(loop.linger().size(), 1u);
  clock.advance(seconds(1));
  loop.run_once();
  EXPECT_EQ(loop.linger().size(), 1u);
  clock.advance(seconds(1));
  loop.run_once();
  EXPECT_EQ(loop.linger().size(), 0u);
  set_clock(nullptr);
}

TEST_F(StressTls, TheLastReplyArrivesThoughInputWasLeft) {
  auto fd = listen_on(*Address::of("127.0.0.1", 0));
  ASSERT_TRUE(fd);
  Address at = Address::local_of(fd->get());
  Peer c(loop), s(loop);
  s.data = [&](std::string_view in) {
    s.stream->write("421 goodbye\r\n");
    s.stream->close_after_flush();
    return in.size();
  };
  Listener listener(loop, std::move(*fd), [&](Fd a, const Address&) {
    s.stream->open(std::move(a));
    ASSERT_TRUE(s.stream->start_tls_server(*server));
  });
  ASSERT_TRUE(listener.start());
  c.when_connected = [&] { ASSERT_TRUE(c.stream->start_tls_client(*client, "mx.example.org")); };
  c.when_secured = [&] { c.stream->write(std::string(20 << 20, 'x')); };  // more than the kernel holds
  ASSERT_TRUE(c.stream->connect(at, seconds(5)));
  until([&] { return !c.why.empty(); });
  EXPECT_EQ(c.got, "421 goodbye\r\n") << c.why;
}

}  // namespace
}  // namespace jd::net

// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/net/address.h"
#include "lib/net/certificate.h"
#include "lib/net/listener.h"
#include "lib/net/loop.h"
#include "lib/net/serve.h"
#include "lib/net/stream.h"

namespace jd::net {
namespace {
struct Recorder : StreamHandler {
  std::string got, why;
  bool connected = false, secured = false;
  std::size_t take_at_most = SIZE_MAX;
  std::function<void(std::string_view)> react;
  std::size_t on_data(std::string_view b) override {
    std::size_t n = std::min(b.size(), take_at_most);
    got.append(b.substr(0, n));
    if (react) react(b);
    return n;
  }
  void on_closed(const std::string& w) override { why = w; }
  void on_connected() override { connected = true; }
  void on_secured() override { secured = true; }
};

struct Pair {
  Loop loop;
  Recorder a, b;
  Stream sa{loop, a}, sb{loop, b};
  Pair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    sa.open(Fd(fds[0]));
    sb.open(Fd(fds[1]));
  }
  template <class F>
  void until(F done) {
    for (int i = 0; i < 5000 && !done(); i++) loop.run_once(milliseconds(5));
    EXPECT_TRUE(done());
  }
};
}  // namespace

TEST(Address, ParsesAndPrints) {
  for (const char* t : {"127.0.0.1:2025", "[::1]:25", "unix:/run/x.sock"}) EXPECT_EQ(Address::parse(t)->text(), t);
  for (const char* bad : {"", "127.0.0.1", "x:25", "127.0.0.1:0", "127.0.0.1:65536", "unix:", "::1:25", "[127.0.0.1]:25"}) EXPECT_FALSE(Address::parse(bad)) << bad;
  EXPECT_TRUE(Address::parse("127.9.9.9:1")->is_loopback());
  EXPECT_TRUE(Address::parse("[::ffff:127.0.0.1]:1")->is_loopback());
  EXPECT_FALSE(Address::parse("192.0.2.1:1")->is_loopback());
}

TEST(Network, ContainsByPrefix) {
  auto n = Network::parse("192.0.2.128/25");
  ASSERT_TRUE(n);
  EXPECT_TRUE(n->contains(*Address::of("192.0.2.200", 1)));
  EXPECT_FALSE(n->contains(*Address::of("192.0.2.100", 1)));
  EXPECT_FALSE(n->contains(*Address::of("2001:db8::1", 1)));
  EXPECT_TRUE(Network::parse("::/0")->contains(*Address::of("2001:db8::1", 1)));
  EXPECT_FALSE(Network::parse("192.0.2.0/33"));
  EXPECT_FALSE(Network::parse("x/8"));
}

TEST(Loop, TimersFireInOrderAndCanDestroyEachOther) {
  ManualClock clock;
  set_clock(&clock);
  {
    Loop loop;
    std::string order;
    auto second = std::make_unique<Timer>(loop, [&] { order += "2"; });
    Timer third(loop, [&] { order += "3"; });
    Timer first(loop, [&] { order += "1"; second.reset(); });
    third.start(seconds(3));
    second->start(seconds(2));
    first.start(seconds(1));
    loop.run_once();
    EXPECT_EQ(order, "");
    clock.advance(seconds(10));
    loop.run_once();
    EXPECT_EQ(order, "13");
  }
  set_clock(nullptr);
}

TEST(Stream, CarriesALotBothWays) {
  Pair p;
  std::string big(3'000'000, 'x'), small = "hello";
  p.sa.write(big);
  p.sb.write(small);
  p.until([&] { return p.b.got.size() == big.size() && p.a.got == small; });
  EXPECT_TRUE(p.b.got == big);
}

TEST(Stream, WhatIsNotTakenIsOfferedAgain) {
  Pair p;
  p.b.take_at_most = 1;
  for (char c : std::string("abcdef")) {
    p.sa.write(std::string(1, c));
    p.loop.run_once(milliseconds(5));
    p.loop.run_once(milliseconds(5));
  }
  p.until([&] { return p.b.got == "abcdef"; });
}

TEST(Stream, PausedOnesKeepTheirInput) {
  Pair p;
  p.sb.pause();
  p.sa.write("later");
  for (int i = 0; i < 5; i++) p.loop.run_once(milliseconds(1));
  EXPECT_EQ(p.b.got, "");
  p.sb.resume();
  p.until([&] { return p.b.got == "later"; });
}

TEST(Stream, EndsAreTold) {
  Pair p;
  p.sa.write("bye");
  p.sa.close_after_flush();
  p.until([&] { return !p.b.why.empty(); });
  EXPECT_EQ(p.b.got, "bye");
  EXPECT_EQ(p.b.why, "closed by the other side");
  EXPECT_EQ(p.a.why, "done");
}

TEST(Stream, TheDeadlineEndsASilentPeer) {
  ManualClock clock;
  set_clock(&clock);
  {
    Pair p;
    p.sa.set_deadline(seconds(10));
    clock.advance(seconds(11));
    p.loop.run_once();
    EXPECT_EQ(p.a.why, "timed out");
  }
  set_clock(nullptr);
}

TEST(Stream, AHandlerMayDestroyItsStream) {
  Loop loop;
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  Recorder r;
  auto s = std::make_unique<Stream>(loop, r);
  r.react = [&](std::string_view) { s.reset(); };
  s->open(Fd(fds[0]));
  ASSERT_EQ(::write(fds[1], "x", 1), 1);
  for (int i = 0; i < 5; i++) loop.run_once(milliseconds(5));
  EXPECT_FALSE(s);
  ::close(fds[1]);
}

TEST(Stream, OneThatEndsIsOfferedNothingMore) {
  Pair p;
  int offered = 0;
  p.b.take_at_most = 0;
  p.b.react = [&](std::string_view) {
    offered++;
    p.sb.pause();
  };
  p.sa.write("left");
  p.until([&] { return offered == 1; });
  p.sb.resume();
  p.sb.write("bye");
  p.sb.close_after_flush();
  p.until([&] { return !p.a.why.empty(); });
  EXPECT_EQ(p.a.got, "bye");
  EXPECT_EQ(offered, 1);
}

class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/jdmail-tls-XXXXXX";
    dir = ::mkdtemp(name);
    auto pem = self_signed("mail.example.test");
    ASSERT_TRUE(pem);
    auto d = file::open(dir, O_RDONLY | O_DIRECTORY);
    ASSERT_TRUE(file::write_durable(d->get(), "c", pem->certificate));
    ASSERT_TRUE(file::write_durable(d->get(), "k", pem->key));
  }
  void TearDown() override { (void)file::remove_tree(dir); }  // scratch
  std::string dir;
};

TEST_F(TlsTest, SecuresAndDiscardsWhatCameBefore) {
  auto server = TlsContext::server(dir + "/c", dir + "/k");
  auto client = TlsContext::client(false);
  ASSERT_TRUE(server) << server.error().what;
  Pair p;
  p.b.take_at_most = 9;  // "STARTTLS\n"; the rest is injected
  bool started = false;
  p.b.react = [&](std::string_view) {
    if (started) return;
    started = true;
    EXPECT_TRUE(p.sb.start_tls_server(**server));
    p.b.take_at_most = SIZE_MAX;
  };
  p.sa.write("STARTTLS\ninjected");
  p.until([&] { return started; });
  ASSERT_TRUE(p.sa.start_tls_client(**client, "mail.example.test"));
  p.until([&] { return p.a.secured && p.b.secured; });
  std::string big(500'000, 'y');
  p.sa.write(big);
  p.until([&] { return p.b.got.size() >= 9 + big.size(); });
  EXPECT_TRUE(p.b.got == "STARTTLS\n" + big) << p.b.got.substr(0, 40);
  EXPECT_EQ(p.sa.tls_version(), "TLSv1.3");
}

// The names of the certificate that a client which asks for `host` is shown.
std::vector<std::string> shown(TlsContext& server, const std::string& host, TlsContext& client) {
  Pair p;
  EXPECT_TRUE(p.sb.start_tls_server(server));
  EXPECT_TRUE(p.sa.start_tls_client(client, host));
  p.until([&] { return p.a.secured && p.b.secured; });
  EXPECT_TRUE(p.b.secured);
  auto c = p.sa.tls_client();  // at the client's end it is the server's
  return c ? std::vector<std::string>{c->subject} : std::vector<std::string>{};
}

TEST_F(TlsTest, TheNameThatIsAskedForChoosesTheCertificate) {
  auto d = file::open(dir, O_RDONLY | O_DIRECTORY);
  for (std::string name : {"one.test", "*.two.test"}) {
    auto pem = *self_signed(name);
    ASSERT_TRUE(file::make_directory(d->get(), name.substr(0, 1)));
    auto sub = file::open(d->get(), name.substr(0, 1), O_RDONLY | O_DIRECTORY);
    ASSERT_TRUE(file::write_durable(sub->get(), "cert.pem", pem.certificate));
    ASSERT_TRUE(file::write_durable(sub->get(), "key.pem", pem.key));
  }
  Config config;
  config.hostname = "mail.example.test";
  config.tls_certificate = "c";
  config.tls_key = "k";
  config.tls_certificates = dir;
  ASSERT_TRUE(file::make_directory(d->get(), "damaged"));
  ASSERT_TRUE(file::write_durable(file::open(d->get(), "damaged", O_RDONLY | O_DIRECTORY)->get(), "cert.pem", "no"));
  ASSERT_TRUE(file::write_durable(file::open(d->get(), "damaged", O_RDONLY | O_DIRECTORY)->get(), "key.pem", "no"));
  auto server = server_tls(dir, config);
  ASSERT_TRUE(server) << server.error().what;
  auto client = *TlsContext::client(false);
  auto of = [](std::string n) { return std::vector<std::string>{"CN=" + n}; };
  EXPECT_EQ(shown(**server, "one.test", *client), of("one.test"));
  EXPECT_EQ(shown(**server, "ONE.test", *client), of("one.test"));
  EXPECT_EQ(shown(**server, "x.two.test", *client), of("*.two.test"));
  for (const char* other : {"two.test", "y.x.two.test", "one.test.", "", "mail.example.test", "localhost.localdomain"})
    EXPECT_EQ(shown(**server, other, *client), of("mail.example.test")) << other;
  config.hostname = "one.test";  // a folder's certificate for the host's own name comes first
  auto own = *server_tls(dir, config);
  EXPECT_EQ(shown(*own, "nobody.test", *client), of("one.test"));
  config.tls_certificate = config.tls_key = "";
  config.hostname = "else.test";
  EXPECT_EQ(shown(**server_tls(dir, config), "nobody.test", *client), of("*.two.test"));
  config.tls_certificates = dir + "/none";
  EXPECT_EQ(*server_tls(dir, config), nullptr);
}

TEST_F(TlsTest, CertificatesAreRead) {
  auto c = read_certificate(dir + "/c");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->names, (std::vector<std::string>{"mail.example.test", "localhost"}));
  EXPECT_TRUE(c->is_self_signed);
  EXPECT_LT(c->not_before, now());
  EXPECT_GT(c->not_after, now() + days(3600));
  EXPECT_EQ(c->issuer, "mail.example.test");
  EXPECT_FALSE(read_certificate(dir + "/k"));
  EXPECT_TRUE(is_for({"*.a.test"}, "x.A.test"));
  EXPECT_FALSE(is_for({"*.a.test"}, "a.test"));
  EXPECT_FALSE(is_for({"*.a.test"}, "y.x.a.test"));
  EXPECT_FALSE(is_for({"*.test"}, ".test"));
}

TEST_F(TlsTest, AVerifyingClientRefusesASelfSignedServer) {
  auto server = TlsContext::server(dir + "/c", dir + "/k");
  auto client = TlsContext::client(true);
  ASSERT_TRUE(client);
  Pair p;
  ASSERT_TRUE(p.sb.start_tls_server(**server));
  ASSERT_TRUE(p.sa.start_tls_client(**client, "mail.example.test"));
  p.until([&] { return !p.a.why.empty(); });
  EXPECT_NE(p.a.why.find("certificate verify failed"), std::string::npos) << p.a.why;
}

TEST_F(TlsTest, WrongFilesAreNamed) {
  auto r = TlsContext::server(dir + "/absent", dir + "/k");
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().what.find(dir + "/absent"), std::string::npos);
}

TEST(Listener, AcceptsOnLoopbackAndSaysWhenThePortIsTaken) {
  Loop loop;
  auto fd = listen_on(*Address::of("127.0.0.1", 0));
  ASSERT_TRUE(fd) << fd.error().what;
  Address at = Address::local_of(fd->get());
  auto again = listen_on(at);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().sys, EADDRINUSE);
  EXPECT_NE(again.error().what.find("cannot listen on 127.0.0.1:"), std::string::npos);
  int accepted = 0;
  Recorder in;
  Stream server(loop, in);
  Listener l(loop, std::move(*fd), [&](Fd c, const Address& peer) {
    accepted++;
    EXPECT_TRUE(peer.is_loopback());
    server.open(std::move(c));
  });
  ASSERT_TRUE(l.start());
  Recorder out;
  Stream client(loop, out);
  ASSERT_TRUE(client.connect(at, seconds(5)));
  client.write("hi");
  for (int i = 0; i < 500 && in.got != "hi"; i++) loop.run_once(milliseconds(10));
  EXPECT_EQ(accepted, 1);
  EXPECT_TRUE(out.connected);
  EXPECT_EQ(in.got, "hi");
}

TEST(Listener, MayBeDestroyedWhileItAccepts) {
  Loop loop;
  auto fd = listen_on(*Address::of("127.0.0.1", 0));
  ASSERT_TRUE(fd);
  Address at = Address::local_of(fd->get());
  int accepted = 0;
  std::unique_ptr<Listener> l;
  l = std::make_unique<Listener>(loop, std::move(*fd), [&](Fd, const Address&) {
    accepted++;
    l.reset();
    accepted++;  // what this holds is still there
  });
  ASSERT_TRUE(l->start());
  Recorder one, two;
  Stream a(loop, one), b(loop, two);
  ASSERT_TRUE(a.connect(at, seconds(5)));
  ASSERT_TRUE(b.connect(at, seconds(5)));
  for (int i = 0; i < 500 && (one.why.empty() || two.why.empty()); i++) loop.run_once(milliseconds(10));
  EXPECT_EQ(accepted, 2);
}

TEST(Listener, AFileThatIsNoSocketIsNotRemoved) {
  char name[] = "/tmp/jdmail-net-XXXXXX";
  Fd file(::mkstemp(name));
  auto r = listen_on(*Address::parse(std::string("unix:") + name));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().sys, EADDRINUSE);
  EXPECT_EQ(::access(name, F_OK), 0);
  ::unlink(name);
}

TEST(Listener, AStaleUnixSocketIsReplacedAndGetsItsMode) {
  char dir[] = "/tmp/jdmail-net-XXXXXX";
  ASSERT_TRUE(::mkdtemp(dir));
  std::string path = std::string(dir) + "/s";
  auto at = *Address::parse("unix:" + path);
  ASSERT_TRUE(listen_on(at));  // closed at once, its file stays
  auto again = listen_on(at, 0660);
  ASSERT_TRUE(again) << again.error().what;
  struct stat st{};
  ASSERT_EQ(::stat(path.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0660u);
  EXPECT_FALSE(listen_on(at)) << "somebody listens";
  ::unlink(path.c_str());
  ::rmdir(dir);
}

TEST(Stream, TheLastReplyArrivesThoughInputWasLeft) {
  Loop loop;
  auto fd = listen_on(*Address::of("127.0.0.1", 0));
  ASSERT_TRUE(fd);
  Address at = Address::local_of(fd->get());
  Recorder in, out;
  Stream server(loop, in), client(loop, out);
  in.react = [&](std::string_view) {
    server.write("421 goodbye\r\n");
    server.close_after_flush();
  };
  Listener l(loop, std::move(*fd), [&](Fd c, const Address&) { server.open(std::move(c)); });
  ASSERT_TRUE(l.start());
  ASSERT_TRUE(client.connect(at, seconds(5)));
  client.write(std::string(200'000, 'x'));  // more than one read of the server
  for (int i = 0; i < 500 && out.why.empty(); i++) loop.run_once(milliseconds(10));
  EXPECT_EQ(out.got, "421 goodbye\r\n");
}

}  // namespace jd::net

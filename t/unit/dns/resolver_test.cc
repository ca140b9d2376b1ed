// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "lib/base/sandbox.h"
#include "lib/dns/cache.h"
#include "lib/dns/fake.h"
#include "lib/dns/unbound.h"

namespace jd::dns {
namespace {

struct ResolverTest : testing::Test {
  ResolverTest() { set_clock(&clock); }
  ~ResolverTest() override { set_clock(nullptr); }
  MxAnswer mx(Resolver& r, const std::string& domain) { return get<MxAnswer>([&](auto done) { r.mx(domain, done); }); }
  AddressAnswer addresses(Resolver& r, const std::string& host) {
    return get<AddressAnswer>([&](auto done) { r.addresses(host, 25, done); });
  }
  template <class T, class F>
  T get(F ask) {
    std::optional<T> got;
    ask([&](T a) { got = std::move(a); });
    EXPECT_FALSE(got) << "never inside the call";
    for (int i = 0; i < 500 && !got; i++) loop.run_once(milliseconds(10));
    EXPECT_TRUE(got);
    return got ? *got : T();
  }
  ManualClock clock;
  net::Loop loop;
};

std::string names(const MxAnswer& a) {
  std::string r;
  for (auto& h : a.hosts) r += fmt::format("{} {};", h.preference, h.host);
  return r;
}

TEST_F(ResolverTest, MxHostsComeBestFirst) {
  FakeResolver dns(loop, {{"mx", "example.org", "20 b.test"}, {"mx", "example.org", "5 A.test"}, {"mx", "example.org", "30 c.test"}});
  auto a = mx(dns, "Example.ORG.");
  EXPECT_EQ(a.outcome, Outcome::found);
  EXPECT_EQ(names(a), "5 a.test;20 b.test;30 c.test;");
  EXPECT_EQ(dns.asked, std::vector<std::string>{"mx example.org"});
}

TEST_F(ResolverTest, EqualPreferencesTakeTurns) {
  FakeResolver dns(loop, {{"mx", "e.test", "1 a.test"}, {"mx", "e.test", "1 b.test"}});
  int a_first = 0;
  for (int i = 0; i < 64; i++) a_first += mx(dns, "e.test").hosts[0].host == "a.test";
  EXPECT_GT(a_first, 0);
  EXPECT_LT(a_first, 64);
}

TEST_F(ResolverTest, NoMxIsTheDomainItselfNullMxIsNobodyAndFailureIsNeither) {
  FakeResolver dns(loop, {{"a", "plain.test", "192.0.2.1"}, {"mx", "null.test", "0 ."}, {"fail", "broken.test", ""}});
  auto plain = mx(dns, "plain.test");
  EXPECT_EQ(plain.outcome, Outcome::found);
  EXPECT_TRUE(plain.is_implicit);
  EXPECT_EQ(names(plain), "0 plain.test;");
  auto null = mx(dns, "null.test");
  EXPECT_EQ(null.outcome, Outcome::found);
  EXPECT_TRUE(null.is_null);
  EXPECT_TRUE(null.hosts.empty());
  auto broken = mx(dns, "broken.test");
  EXPECT_EQ(broken.outcome, Outcome::failed);
  EXPECT_EQ(broken.why, "server failure");
  EXPECT_EQ(mx(dns, "absent.test").outcome, Outcome::no_domain);
  EXPECT_EQ(mx(dns, "no name").outcome, Outcome::no_domain);
}

TEST_F(ResolverTest, AddressesOfBothFamilies) {
  FakeResolver dns(loop, {{"aaaa", "both.test", "2001:db8::1"}, {"a", "both.test", "192.0.2.1"}, {"txt", "bare.test", "x"}});
  auto both = addresses(dns, "both.test");
  ASSERT_EQ(both.addresses.size(), 2u);
  EXPECT_EQ(both.addresses[0].text(), "192.0.2.1:25");
  EXPECT_EQ(both.addresses[1].text(), "[2001:db8::1]:25");
  EXPECT_EQ(addresses(dns, "bare.test").outcome, Outcome::none);
  EXPECT_EQ(addresses(dns, "absent.test").outcome, Outcome::no_domain);
  EXPECT_EQ(addresses(dns, "not a name").outcome, Outcome::no_domain);
  dns.asked.clear();
  EXPECT_EQ(addresses(dns, "::1").addresses[0].text(), "[::1]:25");
  EXPECT_TRUE(dns.asked.empty());
}

TEST_F(ResolverTest, TheNameOfAnAddress) {
  FakeResolver dns(loop, {{"ptr", "192.0.2.1", "mail.test"}});
  auto a = get<Answer>([&](auto done) { dns.ptr(*net::Address::of("192.0.2.1", 4711), done); });
  ASSERT_EQ(a.records.size(), 1u);
  EXPECT_EQ(a.records[0].data, "mail.test");
}

TEST_F(ResolverTest, SilenceFailsInTimeAndACancelledQuestionIsNotAnswered) {
  FakeResolver dns(loop, {{"silent", "slow.test", ""}, {"a", "fast.test", "192.0.2.1"}});
  Outcome outcome = Outcome::found;
  std::string why;
  dns.mx("slow.test", [&](MxAnswer a) { outcome = a.outcome; why = a.why; }, seconds(5));
  int called = 0;
  dns.cancel(dns.addresses("fast.test", 25, [&](AddressAnswer) { called++; }));
  loop.run_once();
  clock.advance(seconds(6));
  loop.run_once();
  loop.run_once();
  EXPECT_EQ(outcome, Outcome::failed);
  EXPECT_EQ(why, "no answer in time");
  EXPECT_EQ(called, 0);
  EXPECT_EQ(dns.abandoned.size(), 3u);
  EXPECT_EQ(dns.waiting(), 0u);
}

TEST_F(ResolverTest, MayBeDestroyedInAnAnswer) {
  auto dns = std::make_unique<FakeResolver>(loop, std::initializer_list<FakeResolver::Row>{{"txt", "a.test", "x"}});
  int called = 0;
  for (int i = 0; i < 2; i++) dns->txt("a.test", [&](Answer) { called++; dns.reset(); });
  for (int i = 0; i < 3; i++) loop.run_once();
  EXPECT_EQ(called, 1);
}

// The real one, with names that it answers itself: no network is needed.
TEST_F(ResolverTest, UnboundGivesTheSameOutcomes) {
  set_clock(nullptr);
  UnboundOptions options;
  options.servers = {"127.0.0.1:1"};
  options.local = {"e.test. MX 20 b.e.test.", "e.test. MX 10 a.e.test.", "a.e.test. A 192.0.2.1",
                   "a.e.test. AAAA 2001:db8::1", "null.test. MX 0 .", "e.test. TXT \"v=spf1\" \" -all\""};
  auto made = UnboundResolver::open(loop, options);
  ASSERT_TRUE(made) << made.error().what;
  UnboundResolver& dns = **made;
  EXPECT_EQ(names(mx(dns, "e.test")), "10 a.e.test;20 b.e.test;");
  EXPECT_TRUE(mx(dns, "null.test").is_null);
  EXPECT_TRUE(mx(dns, "a.e.test").is_implicit);
  EXPECT_EQ(mx(dns, "absent.invalid").outcome, Outcome::no_domain);
  EXPECT_EQ(addresses(dns, "a.e.test").addresses.size(), 2u);
  auto txt = get<Answer>([&](auto done) { dns.txt("e.test", done); });
  ASSERT_EQ(txt.records.size(), 1u);
  EXPECT_EQ(txt.records[0].data, "v=spf1 -all");
  int called = 0;
  dns.cancel(dns.mx("e.test", [&](MxAnswer) { called++; }));
  EXPECT_EQ(names(mx(dns, "e.test")), "10 a.e.test;20 b.e.test;");
  EXPECT_EQ(called, 0);
}

TEST_F(ResolverTest, AnswersAreKeptAsLongAsTheirTtlAndAMinuteAtTheMost) {
  AnswerCache cache;
  Answer found{Outcome::found, {{"x", 7}}, true, "", "c.test"}, failed;
  failed.why = "server failure";
  cache.keep("a.test", Type::mx, found, 30);
  cache.keep("b.test", Type::mx, {Outcome::none, {}, false, ""}, 3600);
  cache.keep("c.test", Type::mx, failed, 30);
  cache.keep("d.test", Type::mx, found, 0);
  auto a = cache.find("a.test", Type::mx);
  ASSERT_TRUE(a);
  EXPECT_TRUE(a->is_secure && a->records.size() == 1 && a->records[0].preference == 7 && a->canonical == "c.test");
  EXPECT_FALSE(cache.find("a.test", Type::a));
  EXPECT_TRUE(cache.find("b.test", Type::mx));
  EXPECT_FALSE(cache.find("c.test", Type::mx)) << "a failure is asked again";
  EXPECT_FALSE(cache.find("d.test", Type::mx));
  clock.advance(seconds(30));
  EXPECT_FALSE(cache.find("a.test", Type::mx));
  EXPECT_TRUE(cache.find("b.test", Type::mx));
  clock.advance(seconds(30));
  EXPECT_FALSE(cache.find("b.test", Type::mx));
}

TEST_F(ResolverTest, TheCacheOfAnswersIsBounded) {
  AnswerCache cache;
  Answer a{Outcome::found, {{"x", 0}}, false, ""}, large{Outcome::found, {{std::string(AnswerCache::max_bytes / 16, 'x'), 0}}, false, ""};
  std::size_t count = AnswerCache::max_answers + 10, there = 0;
  for (std::size_t i = 0; i < count; i++) cache.keep(fmt::format("n{}.test", i), Type::a, a, 60);
  for (std::size_t i = 0; i < count; i++) there += cache.find(fmt::format("n{}.test", i), Type::a) != nullptr;
  EXPECT_EQ(there, 10u);
  cache.keep("large.test", Type::txt, large, 60);
  EXPECT_FALSE(cache.find("large.test", Type::txt));
}

// A name server that knows no name: the question comes back with QR, RD, RA and NXDOMAIN set.
void say_no_domain(int fd) {
  char packet[4096];
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  ssize_t n = ::recvfrom(fd, packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (n < 12) return;
  packet[2] = '\x81';
  packet[3] = '\x83';
  (void)::sendto(fd, packet, static_cast<std::size_t>(n), 0, reinterpret_cast<sockaddr*>(&from), size);
}

// As remote-deliver has it: no files, no programs, threads and sockets.
int ask_confined() {
  net::Loop loop;
  UnboundOptions options;
  Fd server(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  auto any = net::Address::of("127.0.0.1", 0);
  if (::bind(server.get(), any->data(), any->size()) < 0) return 6;
  net::Watch answer_all(loop, [&](uint32_t) { say_no_domain(server.get()); });
  if (!answer_all.start(server.get(), EPOLLIN)) return 7;
  options.servers = {net::Address::local_of(server.get()).text()};
  options.local = {"e.test. MX 10 a.e.test."};
  auto dns = UnboundResolver::open(loop, options);
  if (!dns || !sandbox::harden(256) || !sandbox::confine_files({})) return 2;
  if (!sandbox::confine_calls(sandbox::net | sandbox::threads)) return 3;
  std::optional<MxAnswer> local, remote;
  (*dns)->mx("e.test", [&](MxAnswer a) { local = a; });
  (*dns)->mx("jdmail.example", [&](MxAnswer a) { remote = a; });
  for (int i = 0; i < 3000 && !(local && remote); i++) loop.run_once(milliseconds(10));
  if (!local || local->outcome != Outcome::found) return 4;
  return remote && remote->outcome == Outcome::no_domain ? 0 : 5;
}

TEST_F(ResolverTest, UnboundWorksConfined) {
  set_clock(nullptr);
  pid_t child = ::fork();
  if (child == 0) ::_exit(ask_confined());
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(ResolverTest, UnboundNamesAWrongServer) {
  auto r = UnboundResolver::open(loop, {{"dns.example.org"}, {}, {}});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().what, "DNS resolver: 'dns.example.org' is not the address of a DNS server");
}

}  // namespace
}  // namespace jd::dns

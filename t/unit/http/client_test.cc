// SPDX-License-Identifier: MIT
// lib/http against a server of its own in the same loop: answers, limits, certificates, addresses.
#include "lib/http/client.h"

#include <gtest/gtest.h>

#include <optional>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/net/listener.h"
#include "lib/net/stream.h"

namespace jd::http {
namespace {

// Answers each request with what `answer` makes of it; keeps the connection when asked to.
struct Web {
  struct One : net::StreamHandler {
    One(Web& w, net::Loop& l) : web(w), stream(l, *this) {}
    std::size_t on_data(std::string_view bytes) override {
      auto end = bytes.find("\r\n\r\n");
      if (end == bytes.npos) return 0;
      std::size_t length = 0;
      if (auto at = ifind(bytes, "content-length: "); at != bytes.npos)
        length = to_number(bytes.substr(at + 16, bytes.find('\r', at) - at - 16)).value_or(0);
      if (bytes.size() < end + 4 + length) return 0;
      web.seen.emplace_back(bytes.substr(0, end + 4 + length));
      stream.write(web.answer);
      if (web.then_close) stream.close_after_flush();
      return end + 4 + length;
    }
    void on_closed(const std::string&) override {}
    Web& web;
    net::Stream stream;
  };
  explicit Web(net::Loop& l, std::shared_ptr<net::TlsContext> tls = nullptr)
      : listener(l, *net::listen_on(*net::Address::of("127.0.0.1", 0)), [this, &l, tls](Fd fd, const net::Address&) {
          connections++;
          all.push_back(std::make_unique<One>(*this, l));
          all.back()->stream.open(std::move(fd));
          if (tls) { EXPECT_TRUE(all.back()->stream.start_tls_server(*tls)); }
        }) {
    EXPECT_TRUE(listener.start());
  }
  std::string port() const { return fmt::format("{}", listener.address().port()); }
  net::Listener listener;
  std::vector<std::unique_ptr<One>> all;
  std::vector<std::string> seen;
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
  bool then_close = false;
  int connections = 0;
};

Result<Response> get(net::Loop& loop, Client& c, Request r) {
  std::optional<Result<Response>> got;
  c.request(std::move(r), [&](Result<Response> x) { got = std::move(x); });
  EXPECT_FALSE(got);  // never inside request()
  for (int i = 0; i < 100'000 && !got; i++) loop.run_once(seconds(5));
  if (!got) return fail(Fault::bug, "never answered");
  return *got;
}

TEST(HttpClient, GetsAndPosts) {
  net::Loop loop;
  Web web(loop);
  auto c = *Client::open(loop);
  std::string base = "http://127.0.0.1:" + web.port();
  auto r = get(loop, *c, {.url = base + "/a?b=c", .headers = {{"X-Empty", ""}, {"Accept", "text/plain"}}});
  ASSERT_TRUE(r) << r.error().what;
  EXPECT_EQ(r->status, 200);
  EXPECT_EQ(r->body, "hello");
  EXPECT_EQ(r->header("content-type"), "text/plain");
  EXPECT_TRUE(web.seen[0].starts_with("GET /a?b=c HTTP/1.1\r\n"));
  EXPECT_NE(web.seen[0].find("Accept: text/plain\r\n"), std::string::npos);
  r = get(loop, *c, {.method = "POST", .url = base + "/p", .headers = {{"Content-Type", "a/b"}}, .body = std::string("x\0y", 3)});
  ASSERT_TRUE(r);
  EXPECT_TRUE(web.seen[1].ends_with(std::string("\r\n\r\nx\0y", 7)));
  EXPECT_EQ(web.connections, 1) << "the connection is used again";
  web.answer = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
  r = get(loop, *c, {.method = "HEAD", .url = base + "/"});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 404);
}

TEST(HttpClient, FollowsOnlyWhenAsked) {
  net::Loop loop;
  Web web(loop);
  auto c = *Client::open(loop);
  std::string base = "http://127.0.0.1:" + web.port();
  web.answer = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
  auto r = get(loop, *c, {.url = base + "/"});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 302);
  EXPECT_EQ(r->header("location"), "/next");
  EXPECT_FALSE(get(loop, *c, {.url = base + "/", .max_redirects = 3}));
  EXPECT_EQ(web.seen.size(), 5u);
}

TEST(HttpClient, BoundsBodyHeaderAndTime) {
  net::Loop loop;
  Web web(loop);
  auto c = *Client::open(loop);
  std::string url = "http://127.0.0.1:" + web.port() + "/secret?token=abc";
  auto r = get(loop, *c, {.url = url, .max_body = 4});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().fault, Fault::perm);
  EXPECT_EQ(r.error().what.find("abc"), std::string::npos);
  web.answer = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 90; i++) web.answer += "X: " + std::string(1000, 'x') + "\r\n";
  r = get(loop, *c, {.url = url});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().fault, Fault::perm);
  web.answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf";
  r = get(loop, *c, {.url = url, .within = milliseconds(50)});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().fault, Fault::temp);
  web.then_close = true;
  r = get(loop, *c, {.url = url});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().fault, Fault::temp);
}

TEST(HttpClient, RefusesOtherUrls) {
  net::Loop loop;
  auto c = *Client::open(loop);
  for (const char* u : {"file:///etc/passwd", "ftp://a/", "http://", "", "http://a b/", "http://u:p@127.0.0.1/", "gopher://x", "http://a/\r\nX: y"}) {
    auto r = get(loop, *c, {.url = u});
    ASSERT_FALSE(r) << u;
    EXPECT_EQ(r.error().fault, Fault::usage) << u;
  }
  EXPECT_EQ(get(loop, *c, {.url = "http://127.0.0.1:1/", .headers = {{"A", "b\r\nC: d"}}}).error().fault, Fault::usage);
  EXPECT_EQ(get(loop, *c, {.url = "http://127.0.0.1:1/"}).error().fault, Fault::temp);
}

TEST(HttpClient, VerifiesCertificateAndName) {
  net::Loop loop;
  std::string dir = ::testing::TempDir();
  auto pem = *net::self_signed("mta-sts.example.org");
  auto other = *net::self_signed("mta-sts.example.org");
  ASSERT_TRUE(file::write_durable(file::open(dir, O_RDONLY | O_DIRECTORY)->get(), "http_ca.pem", pem.certificate));
  ASSERT_TRUE(file::write_durable(file::open(dir, O_RDONLY | O_DIRECTORY)->get(), "http_key.pem", pem.key));
  ASSERT_TRUE(file::write_durable(file::open(dir, O_RDONLY | O_DIRECTORY)->get(), "http_other.pem", other.certificate));
  auto tls = *net::TlsContext::server(dir + "/http_ca.pem", dir + "/http_key.pem");
  Web web(loop, tls);
  std::vector<std::string> asked;
  auto where = [&](const std::string& host, uint16_t port, std::function<void(Result<std::vector<net::Address>>)> done) {
    asked.push_back(host);
    done(std::vector<net::Address>{*net::Address::of("127.0.0.1", port)});
  };
  auto c = *Client::open(loop, {.ca_file = dir + "/http_ca.pem", .resolve = where});
  auto r = get(loop, *c, {.url = "https://mta-sts.example.org:" + web.port() + "/x"});
  ASSERT_TRUE(r) << r.error().what;
  EXPECT_EQ(r->body, "hello");
  EXPECT_EQ(asked, std::vector<std::string>{"mta-sts.example.org"});
  r = get(loop, *c, {.url = "https://mta-sts.example.net:" + web.port() + "/x"});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().fault, Fault::perm) << r.error().what;
  auto strange = *Client::open(loop, {.ca_file = dir + "/http_other.pem", .resolve = where});
  r = get(loop, *strange, {.url = "https://mta-sts.example.org:" + web.port() + "/x"});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().fault, Fault::perm) << r.error().what;
  EXPECT_FALSE(Client::open(loop, {.ca_file = dir + "/not_there.pem"}));
  EXPECT_EQ(web.seen.size(), 1u);
}

TEST(HttpClient, CancelsAndEndsInsideItsCallback) {
  net::Loop loop;
  Web web(loop);
  auto c = *Client::open(loop);
  std::string url = "http://127.0.0.1:" + web.port() + "/";
  int called = 0;
  uint64_t a = c->request({.url = url}, [&](Result<Response>) { called++; });
  c->cancel(a);
  uint64_t b = c->request({.url = url}, [&](Result<Response>) { called++; });
  for (int i = 0; i < 3; i++) loop.run_once();
  c->cancel(b);
  EXPECT_EQ(c->waiting(), 0u);
  c->request({.url = url}, [&](Result<Response> r) {
    EXPECT_TRUE(r);
    called += 10;
    c.reset();
  });
  for (int i = 0; i < 1000 && called < 10; i++) loop.run_once(seconds(5));
  EXPECT_EQ(called, 10);
}

}  // namespace
}  // namespace jd::http

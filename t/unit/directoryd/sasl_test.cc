// SPDX-License-Identifier: MIT
// directoryd's part of SCRAM: verifiers of old accounts, exchanges that are used once and by their own door.
#include <gtest/gtest.h>

#include <optional>

#include "cmd/directoryd/service.h"
#include "lib/auth/password.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd {
namespace {
using ipc::Message;

struct Service : ::testing::Test {
  Service() {
    log::capture(&said);
    directory::Directory d(directory::memory_records());
    EXPECT_TRUE(d.add_domain("example.test"));
    EXPECT_TRUE(d.add_account("ann@example.test", *auth::hash_password(Secret("pw")), {}, ""));  // from before SCRAM
    service.emplace(loop, std::move(d), *directory::Generation::create(::testing::TempDir()), Quota{});
    EXPECT_TRUE(service->start());
  }
  ~Service() override { log::capture(nullptr); }
  Message ask(Message m) {
    std::optional<Message> got;
    service->ask(std::move(m), [&](Message a) { got = std::move(a); });
    while (!got) loop.run_once(seconds(5));
    return std::move(*got);
  }
  Message sasl(std::string body, std::string_view exchange = "", std::string_view protocol = "imap", std::string_view ip = "192.0.2.1") {
    Message m("sasl");
    m.set("mechanism", "SCRAM-SHA-256").set("exchange", exchange).set("ip", ip).set("protocol", protocol).set("tls", "0");
    m.set_body(std::move(body));
    return ask(std::move(m));
  }
  Message plain(std::string_view password) {
    Message m("authenticate");
    m.set("user", "ann@example.test").set("password", password).set("ip", "192.0.2.1").set("protocol", "imap");
    return ask(std::move(m));
  }
  // The whole of it; the last answer.
  Message scram(const std::string& password) {
    std::string bare = "n=ann@example.test,r=abc";
    Message first = sasl("n,," + bare);
    std::string server_first = first.body();
    auto fields = split(server_first, ',');
    auto salt = base64_decode(fields[1].substr(2));
    auto v = auth::make_verifier(Secret(password), *salt, static_cast<unsigned>(*to_number(fields[2].substr(2))));
    // The test cannot see the client key in a verifier; it makes its own, as a client does.
    std::string block = hmac_sha256(password, *salt + std::string("\0\0\0\1", 4)), salted = block;
    for (unsigned i = 1; i < v.iterations; i++) {
      block = hmac_sha256(password, block);
      for (std::size_t k = 0; k < salted.size(); k++) salted[k] = static_cast<char>(salted[k] ^ block[k]);
    }
    std::string without = "c=biws," + std::string(fields[0]), proof = hmac_sha256(salted, "Client Key");
    std::string signature = hmac_sha256(v.stored_key, bare + "," + server_first + "," + without);
    for (std::size_t k = 0; k < proof.size(); k++) proof[k] = static_cast<char>(proof[k] ^ signature[k]);
    last_final = without + ",p=" + base64_encode(proof);
    last_exchange = first.get("exchange");
    Message second = sasl(last_final, last_exchange);
    if (second.error()) return second;
    return sasl("", second.get("exchange"));
  }
  Fault fault(const Message& m) { return m.error() ? m.error()->fault : Fault::bug; }

  net::Loop loop;
  std::optional<DirectoryService> service;
  std::string said, last_final, last_exchange;
};
}  // namespace

TEST_F(Service, AnOldAccountGetsItsVerifierAtItsNextLogin) {
  EXPECT_EQ(fault(scram("pw")), Fault::perm);
  EXPECT_NE(said.find("no SCRAM verifier yet"), std::string::npos);
  EXPECT_EQ(fault(plain("wrong")), Fault::perm);
  EXPECT_EQ(fault(scram("pw")), Fault::perm);
  EXPECT_FALSE(plain("pw").error());
  Message in = scram("pw");
  EXPECT_FALSE(in.error());
  EXPECT_EQ(in.get("address"), "ann@example.test");
  EXPECT_EQ(in.get("ticket").size(), 32u);
  EXPECT_EQ(fault(scram("wrong")), Fault::perm);
}

TEST_F(Service, AnExchangeIsUsedOnceAndByItsOwnDoor) {
  EXPECT_FALSE(plain("pw").error());
  EXPECT_FALSE(scram("pw").error());
  EXPECT_EQ(fault(sasl(last_final, last_exchange)), Fault::temp) << "said again";
  Message first = sasl("n,,n=ann@example.test,r=abc");
  EXPECT_EQ(fault(sasl("c=biws,r=x,p=", first.get("exchange"), "pop3")), Fault::usage);
  EXPECT_EQ(fault(sasl("c=biws,r=x,p=", first.get("exchange"))), Fault::temp) << "it is gone now";
  first = sasl("n,,n=ann@example.test,r=abc");
  EXPECT_EQ(fault(sasl("c=biws,r=x,p=", first.get("exchange"), "imap", "192.0.2.2")), Fault::usage);
  EXPECT_EQ(fault(sasl("x", "none")), Fault::temp);
  EXPECT_EQ(fault(sasl("rubbish")), Fault::usage);
  EXPECT_EQ(fault(sasl("n,a=bob@example.test,n=ann@example.test,r=abc")), Fault::perm);
}

TEST_F(Service, AGuesserIsThrottled) {
  ManualClock clock;
  set_clock(&clock);
  Fault last = Fault::perm;
  for (int i = 0; i < 40 && last == Fault::perm; i++) {
    std::optional<Message> first;
    Message m("sasl");
    m.set("mechanism", "SCRAM-SHA-256").set("ip", "192.0.2.7").set("protocol", "imap").set_body("n,,n=ann@example.test,r=abc");
    service->ask(std::move(m), [&](Message a) { first = std::move(a); });
    while (!first) clock.advance(milliseconds(500)), loop.run_once();
    if (first->error()) {
      last = fault(*first);
      break;
    }
    std::string nonce = first->body().substr(0, first->body().find(','));
    last = fault(sasl("c=biws," + nonce + ",p=" + base64_encode(std::string(32, 'x')), first->get("exchange"), "imap", "192.0.2.7"));
  }
  set_clock(nullptr);
  EXPECT_EQ(last, Fault::temp);
}

// More than may wait for a thread: they come with one password, which is verified once.
TEST_F(Service, LoginsAtOnceWithOnePasswordAreVerifiedOnce) {
  for (bool is_right : {true, false}) {
    constexpr std::size_t count = net::Workers::max_waiting + 100;
    std::size_t good = 0, refused = 0, told = 0;
    for (std::size_t i = 0; i < count; i++) {
      Message m("authenticate");
      m.set("user", "ann@example.test").set("password", is_right ? "pw" : "no").set("ip", "192.0.2." + std::to_string(i % 200)).set("protocol", "imap");
      service->ask(std::move(m), [&](Message a) {
        told++;
        good += !a.error();
        refused += fault(a) == Fault::perm;
      });
    }
    while (told < count) loop.run_once(seconds(5));
    EXPECT_EQ(good, is_right ? count : 0);
    EXPECT_EQ(refused, is_right ? 0 : count);
  }
}

}  // namespace jd

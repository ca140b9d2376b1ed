// SPDX-License-Identifier: MIT
// delivery.h: one message to one destination: find its hosts, speak to the first that answers.
//
//   hosts (a route's, smarthost, or MX and addresses), MTA-STS ── what TLS each needs ──► connection, kept
//   or new ──► message ──► answer
// A host that cannot be reached, greets with a refusal, lacks the TLS that is asked for, or ends the
// session before the message's end was sent is followed by the next one (RFC 5321 §5.1), at most
// max_broken after a session that broke in a message.  A session that was kept from an earlier message and ends so, or refuses MAIL, says
// nothing about the host: the message goes to the same host over a new one.  Once the end of the
// message was sent it is never sent again in this attempt.
// Where STARTTLS fails and is not demanded, the same host is asked once more in clear.
// How much TLS a host must have: lib/smtp/tls_policy.h.  Each new session counts for a report.
// Of several failures a temporary one counts.  All within max_time and the wait for the last answer.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cmd/remote-deliver/connections.h"
#include "cmd/remote-deliver/hosts.h"
#include "cmd/remote-deliver/reports.h"
#include "cmd/remote-deliver/sts.h"
#include "lib/base/config.h"
#include "lib/dns/resolver.h"
#include "lib/net/loop.h"
#include "lib/queue/agent.h"
#include "lib/queue/routes.h"
#include "lib/smtp/address_failure.h"
#include "lib/smtp/tls_policy.h"

namespace jd {

struct RemoteShared {
  net::Loop& loop;
  const Config& config;
  dns::Resolver& resolver;
  OwnAddresses own;
  Secret password;  // of the smarthost
  Connections connections;
  queue::Routes routes = {};
  std::unordered_map<std::string, Secret> passwords = {};  // of routes, by name
  smtp::TlsTable tls = {};
  smtp::AddressFailures address_failures = {};
  std::unique_ptr<StsPolicies> sts = nullptr;
  std::unique_ptr<TlsReports> reports = nullptr;
  unsigned turn = 0;  // of source addresses
};

class Delivery : public Connection::User, public net::Kept {
 public:
  // The queue gives up waiting after an hour (cmd/qrun/agents.cc); the last answer may take ten minutes.
  static constexpr Span max_time = minutes(45);
  static constexpr unsigned max_broken = 2;
  using Answer = std::function<void(const queue::DeliveryResult&)>;

  // Kept by shared.loop (net::Loop::keep); drops itself once it has answered.
  Delivery(RemoteShared& shared, queue::RemoteDelivery d, std::string message, Answer answer);
  void begin();

 private:
  void on_event(smtp::Client::Event e) override;
  void find_hosts();
  void find_more_hosts();
  void found(HostsAnswer a);
  void use_hosts();
  void plan_hosts();
  void order_hosts();
  Peer peer_of(const Host& h) const;
  void demand(Peer& p, const Host& h) const;
  bool is_mx() const { return hosts_wanted_.empty(); }
  void next_host();
  void use(const Host& h, bool may_reuse);
  void use_later(bool may_reuse);
  void ready();
  void session_done();
  void session_failed(queue::RcptResult failure);
  void fail_host(const Host& h, queue::RcptResult failure);
  void note(queue::RcptResult failure);
  void report(const Host& h, std::string result, std::string reason);
  std::string tls_fault() const;
  void late();
  void all(const queue::RcptResult& r);
  void answer(std::vector<queue::RcptResult> results);

  RemoteShared& s_;
  queue::RemoteDelivery d_;
  std::string message_;
  Answer tell_;
  const queue::Route* route_ = nullptr;
  std::string domain_;                     // A-labels, lower case
  std::vector<std::string> hosts_wanted_;  // of a route or the smarthost
  std::string host_tls_, user_;            // of them
  std::vector<net::Address> sources_;
  HostFinder finder_;
  net::Timer limit_;
  HostsAnswer found_;
  StsAnswer sts_;
  unsigned open_ = 0;                      // questions whose answers are waited for
  std::size_t asked_host_ = 0;
  std::vector<Host> hosts_;
  std::size_t at_ = 0;
  std::unique_ptr<Connection> connection_;
  queue::RcptResult last_;
  unsigned broken_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  bool in_clear_ = false, answered_ = false, is_late_ = false, is_optional_ = false;
};

}  // namespace jd

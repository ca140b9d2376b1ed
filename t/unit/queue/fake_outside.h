// SPDX-License-Identifier: MIT
// fake_outside.h: the world around a Runner, in memory: routes, mailboxes that know delivery ids,
// remote hosts, an injector; each can be told to fail or to be away.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lib/queue/runner.h"

namespace jd::test {

class FakeOutside : public queue::Outside {
 public:
  queue::Runner* runner = nullptr;
  std::map<std::string, queue::Resolution> routes;  // others: remote
  std::map<std::string, queue::RcptResult> answers; // by address; others: delivered
  bool directory_up = true, local_up = true, remote_up = true, inject_up = true;
  bool answer_at_once = true;  // else what is asked waits in `held` until let_go()
  std::vector<std::function<void()>> held;

  struct Mail { std::string qid, rcpt, bytes; };
  std::map<std::string, std::map<std::string, std::string>> mailboxes;  // path -> delivery id -> bytes
  std::vector<queue::LocalDelivery> local;
  std::vector<queue::RemoteDelivery> remote;
  std::vector<queue::Report> reports;
  std::map<std::string, std::string> remote_mail;  // "qid address" -> bytes
  std::vector<uint32_t> forgotten;
  int syncs = 0;
  std::map<std::string, uint64_t> full;  // account -> bytes
  std::function<void()> changed = [] {};  // something was delivered or made durable
  std::map<std::string, std::map<std::string, std::string>> synced;  // the mailboxes as of the last sync

  void account(const std::string& address, Quota quota = {}) {
    routes[address] = {queue::Resolution::Kind::account, address, "box/" + address, quota, {}};
  }
  void alias(const std::string& address, std::vector<std::string> targets) {
    routes[address] = {queue::Resolution::Kind::alias, "", "", {}, std::move(targets)};
  }
  void unknown(const std::string& address) {
    routes[address] = {queue::Resolution::Kind::unknown, "", "", {}, {}};
  }
  void let_go() {
    auto now = std::move(held);
    held.clear();
    for (auto& f : now) f();
  }
  std::size_t mails(const std::string& address) { return mailboxes["box/" + address].size(); }

  void mailbox_full(const std::string& account, uint64_t bytes) override { full[account] = bytes; }
  void resolve(uint64_t token, const std::string& address) override {
    if (!directory_up) return runner->resolved(token, fail(Fault::temp, "directoryd is away"));
    auto it = routes.find(address);
    runner->resolved(token, it == routes.end() ? queue::Resolution{} : it->second);
  }
  void forward(uint64_t token, const std::string& from, const std::string& by) override {
    if (!directory_up) return runner->forwarded(token, fail(Fault::temp, "directoryd is away"));
    runner->forwarded(token, "srs=" + from + "@" + by.substr(by.find('@') + 1));
  }
  bool deliver_local(const queue::LocalDelivery& d, const queue::Message& m) override {
    if (!local_up) {
      runner->local_is(false);
      return false;
    }
    local.push_back(d);
    std::string bytes = m.bytes().value();
    soon([this, d, bytes] {
      auto r = answer(d.rcpt);
      if (r.fate == queue::Fate::delivered) {
        mailboxes[d.path].try_emplace(d.qid + " " + d.rcpt, bytes);
        if (!d.segment) synced[d.path].try_emplace(d.qid + " " + d.rcpt, bytes);
      }
      changed();
      runner->local_done(d.id, r);
    });
    return true;
  }
  bool deliver_remote(const queue::RemoteDelivery& d, const queue::Message& m) override {
    if (!remote_up) {
      runner->remote_is(false);
      return false;
    }
    remote.push_back(d);
    std::string bytes = m.bytes().value();
    soon([this, d, bytes] {
      queue::DeliveryResult r{d.id, {}};
      for (std::size_t i = 0; i < d.recipients.size(); i++) {
        auto a = answer(d.recipients[i].address);
        a.n = i;
        if (a.fate == queue::Fate::delivered) remote_mail[d.qid + " " + d.recipients[i].address] = bytes;
        r.recipients.push_back(a);
      }
      changed();
      runner->remote_done(r);
    });
    return true;
  }
  bool sync_store() override {
    if (!local_up) return false;
    syncs++;
    synced = mailboxes;
    changed();
    soon([this] { runner->store_synced(true); });
    return true;
  }
  void forget_segment(uint32_t n) override { forgotten.push_back(n); }
  void inject(uint64_t token, const queue::Report& r) override {
    if (inject_up) reports.push_back(r);
    runner->injected(token, inject_up ? Status() : fail(Fault::temp, "queue-inject is away"));
  }

 private:
  void soon(std::function<void()> f) {
    if (answer_at_once) f();
    else held.push_back(std::move(f));
  }
  queue::RcptResult answer(const std::string& address) {
    auto it = answers.find(address);
    return it == answers.end() ? queue::RcptResult{0, queue::Fate::delivered, "2.0.0", "", "", false} : it->second;
  }
};

}  // namespace jd::test

// SPDX-License-Identifier: MIT
// sts.h: the MTA-STS policies of other domains: found, kept as long as they say, looked at again (RFC 8461).
//
//   find(domain) ── kept and valid ──► at once; the record is looked at behind the mail's back
//                ── not known ──► _mta-sts TXT ── none ──► no policy, remembered for look_time
//                                              └─ id ──► the policy by HTTPS ──► kept
// A policy that was fetched holds until its max_age has passed, whatever the DNS and the web server say
// meanwhile, unless a newer one replaces it.  What cannot be fetched is tried again after fetch_time; the
// domain has then no policy, and failure says what a report is to say (RFC 8460 §4.3.2).
// Kept over restarts in a journal::StateFile under "sts <domain>".  At most max_domains.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/dns/resolver.h"
#include "lib/http/client.h"
#include "lib/log/state_file.h"
#include "lib/net/loop.h"
#include "lib/smtp/mta_sts.h"

namespace jd {

struct StsAnswer {
  std::shared_ptr<const smtp::StsPolicy> policy;  // null: none
  std::string failure, failure_text;              // "sts-policy-fetch-error" ...
};

class StsPolicies {
 public:
  static constexpr Span look_time = minutes(5), fetch_time = minutes(5), dns_patience = seconds(8), fetch_patience = seconds(30);
  static constexpr std::size_t max_domains = 20'000;
  using Done = std::function<void(const StsAnswer&)>;

  StsPolicies(net::Loop& loop, dns::Resolver& resolver, http::Client* web, journal::StateFile* kept, uint16_t port);
  // done may be called inside, and is called later only while `alive` is.  domain in lower case, A-labels.
  void find(const std::string& domain, std::weak_ptr<int> alive, Done done);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string id;
    std::shared_ptr<const smtp::StsPolicy> policy;
    Time fetched, expires;        // wall
    Time next_look, next_fetch;   // monotonic
    std::string failure, failure_text;
    bool is_busy = false;
    std::vector<std::pair<std::weak_ptr<int>, Done>> waiting;
  };
  void load();
  void look(const std::string& domain);
  void looked(const std::string& domain, const dns::Answer& a);
  void fetch(const std::string& domain, const std::string& id);
  void fetched(const std::string& domain, const std::string& id, Result<http::Response> r);
  void finish(const std::string& domain);
  void refresh();
  void make_room();
  StsAnswer answer(const Entry& e) const;

  net::Loop& loop_;
  dns::Resolver& resolver_;
  http::Client* web_;
  journal::StateFile* kept_;
  uint16_t port_;
  std::unordered_map<std::string, Entry> entries_;
  net::Timer refresh_;
};

}  // namespace jd

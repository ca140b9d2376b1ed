// SPDX-License-Identifier: MIT
// reports.h: counts how TLS with each domain's hosts went, and tells the domains that ask (RFC 8460).
//
// Counted in memory, written into the state file once a minute and at the end ("tls <begin> <domain>"), so
// that no delivery waits for it.  When a period (a day of UTC) is over, each domain of it is asked for its
// _smtp._tls record, one after the other, spread over an hour at the most, and what it wants is sent: by
// mail through queue-inject, or by HTTPS.  A report that could not be handed over is tried again with the
// next look, until retry_for has passed.
// At most max_domains in a period; sessions with others are not counted.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "lib/dns/resolver.h"
#include "lib/http/client.h"
#include "lib/ipc/client.h"
#include "lib/log/state_file.h"
#include "lib/net/loop.h"
#include "lib/smtp/tls_rpt.h"

namespace jd {

class TlsReports {
 public:
  static constexpr Span flush_time = minutes(1), retry_after = hours(1), retry_for = days(2);
  static constexpr std::size_t max_domains = 10'000;
  struct Settings {
    std::string hostname, postmaster;
    Span every = days(1);
  };
  TlsReports(net::Loop& loop, dns::Resolver& resolver, http::Client* web, journal::StateFile* kept, ipc::AsyncClient* inject, Settings settings);
  void add(const std::string& domain, const smtp::TlsSession& s);
  void flush();  // to the state file

 private:
  int64_t period(Time t) const { return t.ns / settings_.every.ns; }
  std::string key(int64_t period, const std::string& domain) const;
  void tick();
  void begin_sending();
  void next();
  void have_places(const std::vector<std::string>& places);
  void send(const std::string& place);
  void sent(Status s);
  void done_with(bool is_done);

  net::Loop& loop_;
  dns::Resolver& resolver_;
  http::Client* web_;
  journal::StateFile* kept_;
  ipc::AsyncClient* inject_;
  Settings settings_;
  int64_t period_ = 0;
  std::unordered_map<std::string, smtp::TlsCounts> counts_;  // of period_
  std::set<std::string> dirty_;
  std::vector<std::string> to_send_;  // keys
  std::string sending_;               // its key
  std::vector<std::string> places_;
  smtp::TlsReport report_;
  std::string gzipped_;
  bool is_sent_ = false;
  net::Timer tick_, next_;
  Time not_before_{};  // after one that failed; monotonic
};

}  // namespace jd

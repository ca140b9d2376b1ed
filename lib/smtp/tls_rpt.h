// SPDX-License-Identifier: MIT
// tls_rpt.h: how TLS with a domain's mail hosts went, counted, and the report that it asked for (RFC 8460).
//
// A TlsCounts is one domain's in one period.  Bounded: max_policies, max_failures of each; what is more
// counts without its details.  Pure.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace jd::smtp {

// The "mailto:" and "https:" places of the one _smtp._tls TXT record; empty: none wanted.  At most 10.
std::vector<std::string> tlsrpt_places(const std::vector<std::string>& txt);

struct TlsSession {
  std::string type = "no-policy-found";    // tlsa | sts | no-policy-found
  std::vector<std::string> policy;         // policy-string
  std::vector<std::string> policy_hosts;   // mx-host
  std::string result;                      // "": it went well; else a result-type of §4.3
  std::string from_ip, to_host, to_ip, reason;
};

class TlsCounts {
 public:
  static constexpr std::size_t max_policies = 20, max_failures = 100, max_text = 200;
  void add(const TlsSession& s);
  bool is_empty() const { return policies_.empty(); }
  std::string encode() const;                 // JSON: the "policies" of a report
  static TlsCounts decode(std::string_view text);  // of what is not one: nothing
  std::string policies_for(const std::string& domain) const;

 private:
  struct Policy {
    TlsSession of;  // type, policy, policy_hosts
    uint64_t good = 0, bad = 0;
    std::map<std::vector<std::string>, uint64_t> failures;  // result, from, host, ip, reason
  };
  std::map<std::string, Policy> policies_;
};

struct TlsReport {
  std::string organization, contact, id, domain;  // contact: an address; id: unique, without blanks
  Time begin, end;
};
std::string report_json(const TlsReport& r, const TlsCounts& counts);
std::string gzip(std::string_view bytes);
std::string report_file_name(const TlsReport& r);  // §5.1
// The whole message, with CRLF: multipart/report; report-type="tlsrpt" (§5.3).
std::string report_message(const TlsReport& r, const std::string& gzipped, const std::string& from, const std::string& to, Time now);

}  // namespace jd::smtp

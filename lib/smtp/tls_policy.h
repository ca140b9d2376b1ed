// SPDX-License-Identifier: MIT
// tls_policy.h: how much TLS a host must have before it gets mail, from what the operator, the DNS and
// the domain's own policy say.
//
// The operator's table, etc/tls-policy: one line for a domain, the levels those of Postfix:
//
//   example.org    verify match=mx.example.org   # a comment
//   .example.net   none                          (any domain below it, at any depth)
//   *              auto                          (all others)
//   level := auto          DANE where there are records, else MTA-STS, else TLS where it is offered
//          | none          no TLS
//          | may           TLS where it is offered, whatever the certificate
//          | encrypt       TLS, whatever the certificate
//          | dane          DANE where there are records, else as may        | dane-only  DANE or nothing
//          | verify        a certificate of a known authority for the host, or what match says
//          | secure        the same for the domain: its name or one below it, or what match says
//          | fingerprint   the certificate whose SHA-256, or whose public key's, match says
//   match := name[,name...], where name is a host name, ".domain" (any below), hostname, nexthop,
//            dot-nexthop; of a fingerprint: 64 hex digits, colons allowed
// The most specific line counts.  RFC 7672 (DANE), 8461 (MTA-STS), 8689 (REQUIRETLS).  Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"
#include "lib/smtp/mta_sts.h"

namespace jd::smtp {

enum class TlsLevel : uint8_t { automatic, none, may, encrypt, dane, dane_only, verify, secure, fingerprint };
std::string_view name_of(TlsLevel level);

struct TlsRule {
  TlsLevel level = TlsLevel::automatic;
  std::vector<std::string> match;  // names, or digests of 32 bytes
};

class TlsTable {
 public:
  // usage: file, line, and what is wrong.
  static Result<TlsTable> parse(std::string_view text, const std::string& file);
  static Result<TlsTable> load(const std::string& path);  // absent: every domain is "auto"
  const TlsRule& of(std::string_view domain) const;  // lower case, A-labels
  std::size_t size() const { return rules_.size(); }

 private:
  std::unordered_map<std::string, TlsRule> rules_;
  TlsRule other_;
};

// What the DNS says of the TLSA records of a host (RFC 7672 §2.2).
enum class Dane : uint8_t {
  none,      // no records, or the way there is not secure
  usable,
  unusable,  // there are records, none of which can be used: TLS without a check
  failed,    // nobody knows: the host is not to be used now
};

struct TlsQuestion {
  TlsRule rule;
  std::string domain, host;        // A-labels, lower case
  bool is_mx_secure = false;       // by DNSSEC; also where there is no MX to be looked up
  Dane dane = Dane::none;
  const StsPolicy* sts = nullptr;  // valid now
  bool requiretls = false;         // RFC 8689 §4.2
  bool is_optional = false;        // "TLS-Required: No" (§5)
};

struct TlsPlan {
  enum class Use : uint8_t { never, offered, always, skip };  // skip: not this host; code and why
  enum class Check : uint8_t { any, names, dane, fingerprints };
  enum class Source : uint8_t { nothing, tlsa, sts };         // whose policy a report names
  Use use = Use::offered;
  Check check = Check::any;
  Source source = Source::nothing;
  std::vector<std::string> names, digests;  // names also with Use::offered: what a report is about
  std::string code, why;
};

TlsPlan plan_tls(const TlsQuestion& q);

// Does the message ask for no more than TLS where it is offered?  RFC 8689 §5.
bool says_tls_optional(std::string_view message);

}  // namespace jd::smtp

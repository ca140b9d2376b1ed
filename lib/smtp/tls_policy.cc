// SPDX-License-Identifier: MIT
#include "lib/smtp/tls_policy.h"

#include <errno.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/mime/header.h"
#include "lib/mime/idna.h"

namespace jd::smtp {
namespace {
using Use = TlsPlan::Use;
using Check = TlsPlan::Check;

constexpr std::string_view level_names[] = {"auto", "none", "may", "encrypt", "dane", "dane-only", "verify", "secure", "fingerprint"};

std::optional<TlsLevel> level_of(std::string_view s) {
  for (std::size_t i = 0; i < std::size(level_names); i++)
    if (level_names[i] == s) return static_cast<TlsLevel>(i);
  return {};
}

Status add_match(TlsRule& r, std::string_view text) {
  for (auto m : split(text, ',')) {
    if (r.level != TlsLevel::fingerprint) {
      if (m.empty() || m.find_first_of("*/@:") != m.npos) return fail(Fault::usage, "'{}' is no host name to match", escape(m));
      r.match.push_back(lower(m));
      continue;
    }
    std::string digits;
    for (char c : m)
      if (c != ':') digits += to_lower(c);
    auto bytes = unhex(digits);
    if (!bytes || bytes->size() != 32) return fail(Fault::usage, "'{}' is no SHA-256 fingerprint (64 hex digits)", escape(m));
    r.match.push_back(std::move(*bytes));
  }
  return {};
}

Result<TlsRule> read_rule(const std::vector<std::string_view>& w) {
  TlsRule r;
  if (w.size() < 2) return fail(Fault::usage, "a line is: domain level [match=...]");
  auto level = level_of(w[1]);
  if (!level) return fail(Fault::usage, "unknown level '{}': one of auto, none, may, encrypt, dane, dane-only, verify, secure, fingerprint", escape(w[1]));
  r.level = *level;
  bool may_match = r.level == TlsLevel::verify || r.level == TlsLevel::secure || r.level == TlsLevel::fingerprint;
  for (std::size_t i = 2; i < w.size(); i++) {
    if (!w[i].starts_with("match=") || !may_match) return fail(Fault::usage, "'{}' does not go with {}", escape(w[i]), w[1]);
    CHECK(add_match(r, w[i].substr(6)));
  }
  if (r.level == TlsLevel::fingerprint && r.match.empty()) return fail(Fault::usage, "fingerprint needs match=...");
  return r;
}

std::vector<std::string> names_of(const TlsQuestion& q) {
  std::vector<std::string> r;
  auto match = q.rule.match;
  if (match.empty()) match = q.rule.level == TlsLevel::secure ? std::vector<std::string>{"nexthop", "dot-nexthop"} : std::vector<std::string>{"hostname"};
  for (auto& m : match) r.push_back(m == "hostname" ? q.host : m == "nexthop" ? q.domain : m == "dot-nexthop" ? "." + q.domain : m);
  return r;
}

TlsPlan skip(TlsPlan p, std::string code, std::string why) {
  p.use = Use::skip;
  p.code = std::move(code);
  p.why = std::move(why);
  return p;
}

// DANE, where the level wants it; false: it says nothing about this host.
bool plan_dane(const TlsQuestion& q, TlsPlan& p) {
  if (q.dane == Dane::none) return false;
  p.source = TlsPlan::Source::tlsa;
  p.use = Use::always;
  if (q.dane == Dane::usable) p.check = Check::dane;
  if (q.dane == Dane::failed) p = skip(p, "4.7.5", "the TLSA records of " + q.host + " cannot be looked up");
  return true;
}

void plan_sts(const TlsQuestion& q, TlsPlan& p) {
  if (!q.sts || q.sts->mode == StsPolicy::Mode::none) return;
  p.source = TlsPlan::Source::sts;
  p.names = {q.host};
  if (q.sts->mode != StsPolicy::Mode::enforce) return;
  p.use = Use::always;
  p.check = Check::names;
  if (!q.sts->allows(q.host)) p = skip(p, "4.7.5", "the MTA-STS policy of " + q.domain + " does not name " + q.host);
}

// RFC 8689 §4.2.1: a verified host that was found in a way that can be trusted.
TlsPlan harden(const TlsQuestion& q, TlsPlan p) {
  if (p.use == Use::skip) return p;
  if (p.use == Use::never) return skip(p, "5.7.30", "REQUIRETLS is asked for, and no TLS is to be used with " + q.domain);
  p.use = Use::always;
  // A name that only the MX record says is good for the host, and for nobody's mail.
  bool is_own_name = p.check == Check::names && std::find(p.names.begin(), p.names.end(), q.host) != p.names.end();
  if (p.check != Check::any && !is_own_name) return p;
  if (p.check == Check::any) p.names = {q.host};
  p.check = Check::names;
  bool is_named = q.sts && q.sts->mode == StsPolicy::Mode::enforce && q.sts->allows(q.host);
  if (!q.is_mx_secure && !is_named) return skip(p, "5.7.30", "REQUIRETLS is asked for, and neither DNSSEC nor MTA-STS vouch for the mail hosts of " + q.domain);
  return p;
}
}  // namespace

std::string_view name_of(TlsLevel level) { return level_names[static_cast<int>(level)]; }

Result<TlsTable> TlsTable::parse(std::string_view text, const std::string& file) {
  TlsTable t;
  std::size_t number = 0;
  for (auto line : split(text, '\n')) {
    number++;
    auto w = words(line.substr(0, line.find('#')));
    if (w.empty()) continue;
    auto rule = read_rule(w);
    if (!rule) return fail(Fault::usage, "{}:{}: {}", file, number, rule.error().what);
    if (w[0] == "*") {
      t.other_ = std::move(*rule);
      continue;
    }
    bool is_below = w[0].starts_with('.');
    auto domain = mime::to_ascii_domain(w[0].substr(is_below));
    if (!domain || domain->empty() || domain->find_first_of("@*:/") != domain->npos)
      return fail(Fault::usage, "{}:{}: '{}' is no domain", file, number, escape(w[0]));
    if (!t.rules_.emplace((is_below ? "." : "") + *domain, std::move(*rule)).second)
      return fail(Fault::usage, "{}:{}: {} is there twice", file, number, escape(w[0]));
  }
  return t;
}

Result<TlsTable> TlsTable::load(const std::string& path) {
  auto text = file::read_all(path, 16 << 20);
  if (!text && text.error().sys == ENOENT) return TlsTable();
  if (!text) return Unexpected(text.error());
  return parse(*text, path);
}

const TlsRule& TlsTable::of(std::string_view domain) const {
  if (rules_.empty()) return other_;
  if (auto i = rules_.find(std::string(domain)); i != rules_.end()) return i->second;
  for (std::size_t dot = domain.find('.'); dot != domain.npos; dot = domain.find('.', dot + 1))
    if (auto i = rules_.find(std::string(domain.substr(dot))); i != rules_.end()) return i->second;
  return other_;
}

TlsPlan plan_tls(const TlsQuestion& q) {
  TlsPlan p;
  auto level = q.rule.level;
  if (q.is_optional && !q.requiretls && (level == TlsLevel::automatic || level == TlsLevel::dane)) return p;
  switch (level) {
    case TlsLevel::automatic:
      if (!plan_dane(q, p)) plan_sts(q, p);
      break;
    case TlsLevel::none: p.use = Use::never; break;
    case TlsLevel::may: break;
    case TlsLevel::encrypt: p.use = Use::always; break;
    case TlsLevel::dane: (void)plan_dane(q, p); break;
    case TlsLevel::dane_only:
      if (!plan_dane(q, p) || (p.use != Use::skip && p.check != Check::dane))
        p = skip(p, "4.7.5", q.host + " has no TLSA records that can be used, which etc/tls-policy demands");
      break;
    case TlsLevel::verify:
    case TlsLevel::secure:
      p.use = Use::always;
      p.check = Check::names;
      p.names = names_of(q);
      break;
    case TlsLevel::fingerprint:
      p.use = Use::always;
      p.check = Check::fingerprints;
      p.digests = q.rule.match;
      break;
  }
  return q.requiretls ? harden(q, std::move(p)) : p;
}

bool says_tls_optional(std::string_view message) {
  auto value = mime::find(message, "TLS-Required");
  return value && iequals(trim(*value), "No");
}

}  // namespace jd::smtp

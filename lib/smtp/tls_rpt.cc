// SPDX-License-Identifier: MIT
#include "lib/smtp/tls_rpt.h"

#include <zlib.h>

#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/mime/transfer.h"

namespace jd::smtp {
namespace {

std::string bounded(std::string_view s) {
  std::string r;
  for (char c : s.substr(0, TlsCounts::max_text)) r += is_ctl(c) ? ' ' : c;
  return r;
}

Json list(const std::vector<std::string>& v) {
  Json a = Json::array();
  for (auto& s : v) a.push(s);
  return a;
}

std::string key_of(const TlsSession& s) {
  std::string k = s.type;
  for (auto* v : {&s.policy, &s.policy_hosts})
    for (auto& x : *v) k += "\n" + x;
  return k;
}

std::vector<std::string> strings(const Json& a) {
  std::vector<std::string> r;
  for (auto& i : a.items()) {
    Json o = Json::object();
    o.set("x", i);
    r.push_back(o.string("x"));
  }
  return r;
}

// "2026-11-24T00:00:00Z"
std::string instant(Time t) {
  auto c = civil(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

constexpr std::string_view failure_keys[] = {"result-type", "sending-mta-ip", "receiving-mx-hostname", "receiving-ip", "failure-reason-code"};
}  // namespace

std::vector<std::string> tlsrpt_places(const std::vector<std::string>& txt) {
  std::vector<std::string> r;
  unsigned records = 0;
  for (auto& t : txt) {
    auto fields = split(t, ';');
    if (trim(fields[0]) != "v=TLSRPTv1") continue;
    if (++records > 1) return {};
    for (std::size_t i = 1; i < fields.size(); i++) {
      auto pair = split_once(trim(fields[i]), '=');
      if (!pair || trim(pair->first) != "rua" || !r.empty()) continue;
      for (auto place : split(pair->second, ',')) {
        place = trim(place);
        bool is_clean = is_ascii(place) && place.find_first_of(" <>\"\r\n") == place.npos;
        if (is_clean && place.size() < 1000 && r.size() < 10 && ((place.starts_with("mailto:") && place.find('@') != place.npos) || place.starts_with("https://")))
          r.emplace_back(place);
      }
    }
  }
  return r;
}

void TlsCounts::add(const TlsSession& s) {
  std::string key = key_of(s);
  auto i = policies_.find(key);
  if (i == policies_.end()) {
    if (policies_.size() >= max_policies) i = policies_.begin();
    else i = policies_.try_emplace(key).first, i->second.of = {s.type, s.policy, s.policy_hosts, "", "", "", "", ""};
  }
  Policy& p = i->second;
  if (s.result.empty()) {
    p.good++;
    return;
  }
  p.bad++;
  std::vector<std::string> what{s.result, s.from_ip, s.to_host, s.to_ip, bounded(s.reason)};
  if (p.failures.size() >= max_failures && !p.failures.count(what)) what = {s.result, "", "", "", ""};
  p.failures[what]++;
}

std::string TlsCounts::policies_for(const std::string& domain) const {
  Json all = Json::array();
  for (auto& [key, p] : policies_) {
    Json policy = Json::object(), summary = Json::object(), details = Json::array(), one = Json::object();
    policy.set("policy-type", p.of.type);
    if (!p.of.policy.empty()) policy.set("policy-string", list(p.of.policy));
    if (!domain.empty()) policy.set("policy-domain", domain);
    if (!p.of.policy_hosts.empty()) policy.set("mx-host", list(p.of.policy_hosts));
    summary.set("total-successful-session-count", p.good);
    summary.set("total-failure-session-count", p.bad);
    for (auto& [what, n] : p.failures) {
      Json d = Json::object();
      for (std::size_t i = 0; i < std::size(failure_keys); i++)
        if (!what[i].empty()) d.set(failure_keys[i], what[i]);
      d.set("failed-session-count", n);
      details.push(d);
    }
    one.set("policy", policy);
    one.set("summary", summary);
    if (!p.failures.empty()) one.set("failure-details", details);
    all.push(one);
  }
  return all.text();
}

std::string TlsCounts::encode() const { return policies_for(""); }

TlsCounts TlsCounts::decode(std::string_view text) {
  TlsCounts c;
  auto all = Json::parse(text);
  if (!all) return c;
  for (auto& one : all->items()) {
    Json policy = one.at("policy"), summary = one.at("summary");
    Policy p;
    p.of.type = policy.string("policy-type");
    p.of.policy = strings(policy.at("policy-string"));
    p.of.policy_hosts = strings(policy.at("mx-host"));
    p.good = static_cast<uint64_t>(summary.number("total-successful-session-count"));
    p.bad = static_cast<uint64_t>(summary.number("total-failure-session-count"));
    for (auto& d : one.at("failure-details").items()) {
      std::vector<std::string> what;
      for (auto k : failure_keys) what.push_back(d.string(k));
      p.failures[what] = static_cast<uint64_t>(d.number("failed-session-count"));
    }
    c.policies_[key_of(p.of)] = std::move(p);
  }
  return c;
}

std::string report_json(const TlsReport& r, const TlsCounts& counts) {
  Json j = Json::object(), range = Json::object();
  range.set("start-datetime", instant(r.begin));
  range.set("end-datetime", instant(r.end - seconds(1)));
  j.set("organization-name", r.organization);
  j.set("date-range", range);
  j.set("contact-info", r.contact);
  j.set("report-id", r.id);
  auto policies = Json::parse(counts.policies_for(r.domain));
  j.set("policies", policies ? *policies : Json::array());
  return j.text();
}

std::string gzip(std::string_view bytes) {
  z_stream z{};
  MUST(deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&z, bytes.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  MUST(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string report_file_name(const TlsReport& r) {
  return fmt::format("{}!{}!{}!{}!{}.json.gz", r.organization, r.domain, r.begin.seconds(), r.end.seconds(), r.id);
}

std::string report_message(const TlsReport& r, const std::string& gzipped, const std::string& from, const std::string& to, Time at) {
  std::string boundary = "tlsrpt-" + r.id;
  std::string m;
  // RFC 8460 §3: it is sent whatever the state of TLS is; RFC 8689 §5 says so to those on the way.
  m += fmt::format("From: {}\r\nTo: {}\r\nDate: {}\r\nMessage-ID: <{}.tlsrpt@{}>\r\n", from, to, rfc5322_date(at), r.id, r.organization);
  m += fmt::format("Subject: Report Domain: {} Submitter: {} Report-ID: <{}@{}>\r\n", r.domain, r.organization, r.id, r.organization);
  m += fmt::format("TLS-Report-Domain: {}\r\nTLS-Report-Submitter: {}\r\nTLS-Required: No\r\nAuto-Submitted: auto-generated\r\n", r.domain, r.organization);
  m += fmt::format("MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"{}\"\r\n\r\n", boundary);
  m += fmt::format("--{}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n", boundary);
  m += fmt::format("This is a report of {} on the TLS sessions with the mail hosts of\r\n{}, from {} to {} (RFC 8460).\r\n\r\n", r.organization, r.domain, instant(r.begin),
                   instant(r.end - seconds(1)));
  m += fmt::format("--{}\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n filename=\"{}\"\r\n\r\n", boundary,
                   report_file_name(r));
  m += mime::encode_base64(gzipped);
  if (!m.ends_with("\r\n")) m += "\r\n";
  return m + fmt::format("--{}--\r\n", boundary);
}

}  // namespace jd::smtp

// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/hosts.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "lib/base/text.h"
#include "lib/net/tls_peer.h"

namespace jd {
using queue::Fate;

Result<OwnAddresses> OwnAddresses::of(const std::string& hostname, const std::vector<std::string>& listen) {
  OwnAddresses own;
  own.hostname_ = hostname == "localhost" ? "" : hostname;  // that is everybody's name
  for (auto& text : listen) {
    TRY(net::Address a, net::Address::parse(text));
    std::string bytes = a.ip_bytes();
    if (a.is_unix()) continue;
    if (bytes.find_first_not_of('\0') == bytes.npos) own.any_.emplace_back(a.family(), a.port());
    else own.all_.push_back(a);
  }
  if (own.any_.empty()) return own;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) < 0) return fail_errno(errno, "cannot read the addresses of the interfaces");
  std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(list, ::freeifaddrs);
  for (auto* i = list; i; i = i->ifa_next) {
    if (!i->ifa_addr) continue;
    int family = i->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    auto ip = net::Address::from(i->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)).ip();
    for (auto [listens, port] : own.any_)
      if (auto a = net::Address::of(ip, port); a && (listens == family || listens == AF_INET6)) own.all_.push_back(*a);
  }
  return own;
}

bool OwnAddresses::is_us(const net::Address& a) const {
  if (a.is_loopback())
    for (auto [family, port] : any_)
      if (port == a.port() && (family == a.family() || family == AF_INET6)) return true;
  return std::any_of(all_.begin(), all_.end(), [&](auto& x) { return x.port() == a.port() && x.ip_bytes() == a.ip_bytes(); });
}

bool OwnAddresses::is_us(std::string_view name) const { return !hostname_.empty() && iequals(name, hostname_); }

HostFinder::~HostFinder() {
  for (auto q : questions_)
    if (q) resolver_.cancel(q);
}

void HostFinder::of_host(const std::string& name, uint16_t port, bool dane, std::function<void(HostsAnswer)> done) {
  domain_ = name;
  done_ = std::move(done);
  port_ = port;
  dane_ = dane;
  may_be_us_ = is_secure_ = true;  // the operator vouches for the name
  ask_addresses({{0, name}});
}

void HostFinder::of_domain(const std::string& domain, uint16_t port, bool dane, std::function<void(HostsAnswer)> done) {
  domain_ = domain;
  done_ = std::move(done);
  port_ = port;
  dane_ = dane;
  if (domain.size() > 2 && domain.front() == '[') {  // RFC 5321 §4.1.3
    std::string inner = domain.substr(1, domain.size() - (domain.back() == ']' ? 2 : 1));
    if (istarts_with(inner, "IPv6:")) inner = inner.substr(5);
    return ask_addresses({{0, inner}});
  }
  questions_ = {0};
  questions_[0] = resolver_.mx(domain, [this](dns::MxAnswer a) {
    questions_.clear();
    if (a.is_null) return answer(Fate::perm, "5.1.10", domain_ + " takes no mail (null MX)");
    if (a.outcome == dns::Outcome::no_domain) return answer(Fate::perm, "5.1.2", "the domain " + domain_ + " does not exist");
    if (a.outcome != dns::Outcome::found)
      return answer(Fate::temp, "4.4.3", "cannot look up the mail hosts of " + domain_ + ": " + a.why);
    is_secure_ = a.is_secure;
    ask_addresses(std::move(a.hosts));
  });
}

void HostFinder::ask_addresses(std::vector<dns::MxHost> hosts) {
  if (hosts.size() > max_hosts) hosts.resize(max_hosts);
  hosts_ = std::move(hosts);
  asked_.assign(hosts_.size(), {});
  questions_.clear();
  open_ = hosts_.size();
  for (std::size_t i = 0; i < hosts_.size(); i++) {
    std::size_t slot = questions_.size();
    questions_.push_back(0);
    questions_[slot] = resolver_.addresses(hosts_[i].host, port_, [this, i, slot](dns::AddressAnswer a) {
      questions_[slot] = 0;
      addresses_are(i, std::move(a));
    });
    if (dane_ && is_secure_ && !net::Address::of(hosts_[i].host, 0)) {
      asked_[i].tlsa_question = ask_tlsa(i, hosts_[i].host, false);
      asked_[i].asked_tlsa = true;
    }
  }
}

std::size_t HostFinder::ask_tlsa(std::size_t i, const std::string& name, bool is_canonical) {
  std::size_t slot = questions_.size();
  questions_.push_back(0);
  open_++;
  questions_[slot] = resolver_.ask(fmt::format("_{}._tcp.{}", port_, name), dns::Type::tlsa, [this, i, slot, is_canonical](dns::Answer a) {
    questions_[slot] = 0;
    (is_canonical ? asked_[i].canonical_tlsa : asked_[i].tlsa) = std::move(a);
    one_answered();
  });
  return slot;
}

void HostFinder::addresses_are(std::size_t i, dns::AddressAnswer a) {
  Asked& x = asked_[i];
  x.addresses = std::move(a);
  if (x.asked_tlsa && !x.addresses.is_secure) {
    if (x.addresses.canonical.empty()) drop_tlsa(x);
    else ask_cname(i);
  } else if (x.asked_tlsa && !x.addresses.canonical.empty()) {
    x.asked_canonical = true;
    ask_tlsa(i, x.addresses.canonical, true);
  }
  one_answered();
}

// RFC 7672 §2.2.2: where the addresses are not validated nobody waits for TLSA records.
void HostFinder::drop_tlsa(Asked& x) {
  x.asked_tlsa = false;
  if (auto q = std::exchange(questions_[x.tlsa_question], 0)) {
    resolver_.cancel(q);
    open_--;
  }
}

// The addresses are not validated, and a CNAME led to them: it may be, and so the records of the first name.
void HostFinder::ask_cname(std::size_t i) {
  std::size_t slot = questions_.size();
  questions_.push_back(0);
  open_++;
  asked_[i].asked_cname = true;
  questions_[slot] = resolver_.ask(hosts_[i].host, dns::Type::cname, [this, i, slot](dns::Answer a) {
    questions_[slot] = 0;
    bool is_known = a.outcome == dns::Outcome::failed || (a.outcome == dns::Outcome::found && a.is_secure);
    asked_[i].cname = std::move(a);
    if (!is_known) drop_tlsa(asked_[i]);
    one_answered();
  });
}

void HostFinder::one_answered() {
  if (--open_ == 0) collect();
}

void HostFinder::fill_dane(const Asked& a, Host& h) const {
  if (!a.asked_tlsa || (!a.addresses.is_secure && !a.asked_cname)) return;
  const dns::Answer* t = &a.tlsa;
  h.tlsa_base = h.name;
  if (a.asked_cname && a.cname.outcome == dns::Outcome::failed) {  // §2.1.3: an error on the way is one of the whole
    h.dane = smtp::Dane::failed;
    return;
  }
  if (a.asked_canonical && a.canonical_tlsa.outcome == dns::Outcome::failed) {
    h.dane = smtp::Dane::failed;
    return;
  }
  if (a.asked_canonical && a.canonical_tlsa.outcome == dns::Outcome::found && a.canonical_tlsa.is_secure) {
    t = &a.canonical_tlsa;
    h.tlsa_base = a.addresses.canonical;
  }
  if (t->outcome == dns::Outcome::failed) h.dane = smtp::Dane::failed;
  if (t->outcome != dns::Outcome::found || !t->is_secure) return;
  std::vector<std::string> records;
  for (auto& r : t->records) records.push_back(r.data);
  h.dane = net::usable_tlsa(records) ? smtp::Dane::usable : smtp::Dane::unusable;
  h.tlsa = std::make_shared<const std::vector<std::string>>(std::move(records));
}

// RFC 5321 §5.1: ourselves and the hosts that are no better are not tried.
void HostFinder::collect() {
  int worst = INT32_MAX;
  for (std::size_t i = 0; i < hosts_.size() && !may_be_us_; i++) {
    auto& a = asked_[i].addresses.addresses;
    bool is_us = own_.is_us(hosts_[i].host) || std::any_of(a.begin(), a.end(), [&](auto& x) { return own_.is_us(x); });
    if (is_us) worst = std::min<int>(worst, hosts_[i].preference);
  }
  HostsAnswer r;
  std::string why;
  for (std::size_t i = 0; i < hosts_.size() && hosts_[i].preference < worst; i++) {
    auto& a = asked_[i].addresses;
    Host host;
    host.name = hosts_[i].host;
    host.preference = hosts_[i].preference;
    fill_dane(asked_[i], host);
    if (a.outcome == dns::Outcome::failed && why.empty()) why = "cannot look up the address of " + hosts_[i].host + ": " + a.why;
    for (auto& x : a.addresses) {
      if (r.hosts.size() == max_addresses) break;
      host.address = x;
      r.hosts.push_back(host);
    }
  }
  r.is_secure = is_secure_;
  if (!r.hosts.empty()) return std::exchange(done_, nullptr)(std::move(r));
  if (!why.empty()) return answer(Fate::temp, "4.4.3", why);
  if (worst != INT32_MAX) return answer(Fate::perm, "5.4.6", "mail for " + domain_ + " would go in circles: its mail host is this one");
  answer(Fate::perm, "5.1.2", hosts_.size() == 1 && hosts_[0].host == domain_ ? domain_ + " has no address" : "the mail hosts of " + domain_ + " have no addresses");
}

void HostFinder::answer(Fate fate, std::string code, std::string text) {
  HostsAnswer a;
  a.fate = fate;
  a.code = std::move(code);
  a.text = std::move(text);
  std::exchange(done_, nullptr)(std::move(a));
}

HostPort split_host_port(std::string_view text, uint16_t port) {
  std::size_t bracket = text.starts_with('[') ? text.find(']') : text.npos;
  std::size_t colon = text.rfind(':');
  bool has_port = colon != text.npos && (bracket != text.npos ? colon == bracket + 1 : text.find(':') == colon);
  if (has_port) {
    auto n = to_number(text.substr(colon + 1));
    if (n && *n > 0 && *n < 65536) port = static_cast<uint16_t>(*n);
    text = text.substr(0, colon);
  }
  if (bracket != text.npos) text = text.substr(1, bracket - 1);
  return {std::string(text), port};
}

}  // namespace jd

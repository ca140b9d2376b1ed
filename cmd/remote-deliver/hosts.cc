// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/hosts.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <memory>

#include "lib/base/text.h"

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

void HostFinder::of_host(const std::string& name, uint16_t port, std::function<void(HostsAnswer)> done) {
  domain_ = name;
  done_ = std::move(done);
  may_be_us_ = true;
  ask_addresses({{0, name}}, port);
}

void HostFinder::of_domain(const std::string& domain, uint16_t port, std::function<void(HostsAnswer)> done) {
  domain_ = domain;
  done_ = std::move(done);
  if (domain.size() > 2 && domain.front() == '[') {  // RFC 5321 §4.1.3
    std::string inner = domain.substr(1, domain.size() - (domain.back() == ']' ? 2 : 1));
    if (istarts_with(inner, "IPv6:")) inner = inner.substr(5);
    return ask_addresses({{0, inner}}, port);
  }
  questions_ = {0};
  questions_[0] = resolver_.mx(domain, [this, port](dns::MxAnswer a) {
    questions_.clear();
    if (a.is_null) return answer(Fate::perm, "5.1.10", domain_ + " takes no mail (null MX)");
    if (a.outcome == dns::Outcome::no_domain) return answer(Fate::perm, "5.1.2", "the domain " + domain_ + " does not exist");
    if (a.outcome != dns::Outcome::found)
      return answer(Fate::temp, "4.4.3", "cannot look up the mail hosts of " + domain_ + ": " + a.why);
    ask_addresses(std::move(a.hosts), port);
  });
}

void HostFinder::ask_addresses(std::vector<dns::MxHost> hosts, uint16_t port) {
  if (hosts.size() > max_hosts) hosts.resize(max_hosts);
  hosts_ = std::move(hosts);
  addresses_.resize(hosts_.size());
  questions_.assign(hosts_.size(), 0);
  open_ = hosts_.size();
  for (std::size_t i = 0; i < hosts_.size(); i++)
    questions_[i] = resolver_.addresses(hosts_[i].host, port, [this, i](dns::AddressAnswer a) {
      questions_[i] = 0;
      addresses_[i] = std::move(a);
      if (--open_ == 0) collect();
    });
}

// RFC 5321 §5.1: ourselves and the hosts that are no better are not tried.
void HostFinder::collect() {
  int worst = INT32_MAX;
  for (std::size_t i = 0; i < hosts_.size() && !may_be_us_; i++) {
    auto& a = addresses_[i].addresses;
    bool is_us = own_.is_us(hosts_[i].host) || std::any_of(a.begin(), a.end(), [&](auto& x) { return own_.is_us(x); });
    if (is_us) worst = std::min<int>(worst, hosts_[i].preference);
  }
  HostsAnswer r;
  std::string why;
  for (std::size_t i = 0; i < hosts_.size() && hosts_[i].preference < worst; i++) {
    auto& a = addresses_[i];
    if (a.outcome == dns::Outcome::failed && why.empty()) why = "cannot look up the address of " + hosts_[i].host + ": " + a.why;
    for (auto& x : a.addresses)
      if (r.hosts.size() < max_addresses) r.hosts.push_back({hosts_[i].host, x, hosts_[i].preference});
  }
  if (!r.hosts.empty()) return done_(std::move(r));
  if (!why.empty()) return answer(Fate::temp, "4.4.3", why);
  if (worst != INT32_MAX) return answer(Fate::perm, "5.4.6", "mail for " + domain_ + " would go in circles: its mail host is this one");
  answer(Fate::perm, "5.1.2", hosts_.size() == 1 && hosts_[0].host == domain_ ? domain_ + " has no address" : "the mail hosts of " + domain_ + " have no addresses");
}

void HostFinder::answer(Fate fate, std::string code, std::string text) { done_({{}, fate, std::move(code), std::move(text)}); }

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

// SPDX-License-Identifier: MIT
#include "lib/auth/throttle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.h"

namespace jd::auth {
namespace {
constexpr std::size_t max_entries = 100'000;
constexpr double free_failures = 3;           // typing errors cost nothing
constexpr double refuse_at_account = 100, refuse_at_pair = 20, refuse_at_network = 200;
constexpr double half_life_seconds = 300;
constexpr int64_t longest_wait_ms = 8000;

std::string pair_key(std::string_view account, std::string_view ip) { return "p" + lower(account) + '\0' + network_of(ip); }
std::string account_key(std::string_view account) { return "a" + lower(account); }
std::string network_key(std::string_view ip) { return "n" + network_of(ip); }

Span wait_for(double failures) {
  if (failures < free_failures) return {};
  double ms = 250 * std::pow(2.0, std::min(failures - free_failures, 10.0));
  return milliseconds(std::min(static_cast<int64_t>(ms), longest_wait_ms));
}
}  // namespace

std::string network_of(std::string_view ip) {
  in6_addr a;
  if (::inet_pton(AF_INET6, std::string(ip).c_str(), &a) != 1 || IN6_IS_ADDR_V4MAPPED(&a)) return std::string(ip);
  return hex(std::string_view(reinterpret_cast<const char*>(&a), 8)) + "/64";
}

double Throttle::now_at(const std::string& key) {
  auto i = counts_.find(key);
  if (i == counts_.end()) return 0;
  double age = static_cast<double>((monotonic() - i->second.at).ns) / 1e9;
  return i->second.failures * std::pow(0.5, age / half_life_seconds);
}

void Throttle::add(const std::string& key) {
  double n = now_at(key);
  if (counts_.size() >= max_entries && !counts_.count(key)) {
    if (monotonic() >= next_sweep_) {  // not at each: a flood of names must not cost a scan each
      for (auto i = counts_.begin(); i != counts_.end();)  // those that no longer matter
        if (now_at(i->first) < 0.5) i = counts_.erase(i);
        else ++i;
      next_sweep_ = monotonic() + minutes(1);
    }
    if (counts_.size() >= max_entries) counts_.erase(counts_.begin());
  }
  counts_[key] = {n + 1, monotonic()};
}

Throttle::Decision Throttle::before(std::string_view account, std::string_view ip) {
  double pair = now_at(pair_key(account, ip)), all = now_at(account_key(account)), network = now_at(network_key(ip));
  bool refused = pair >= refuse_at_pair || network >= refuse_at_network || (all >= refuse_at_account && pair >= 1);
  // An account under attack from everywhere stays usable for an owner whose own count is clean.
  return {std::max(wait_for(pair), wait_for(network / 5)), refused};
}

void Throttle::failed(std::string_view account, std::string_view ip) {
  add(pair_key(account, ip));
  if (!account.empty()) add(account_key(account));  // a token need not say whose it is
  add(network_key(ip));
}

void Throttle::succeeded(std::string_view account, std::string_view ip) { counts_.erase(pair_key(account, ip)); }

}  // namespace jd::auth

// SPDX-License-Identifier: MIT
#include "lib/directory/srs.h"

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"
#include "lib/base/text.h"

namespace jd::directory {
namespace {
constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t hash_letters = 8;
constexpr int64_t day_cycle = 1024;

std::string hash_of(const std::string& key, std::string_view text) {
  std::string mac = hmac_sha256(key, lower(text));
  uint64_t bits = 0;
  for (std::size_t i = 0; i < 5; i++) bits = bits << 8 | static_cast<uint8_t>(mac[i]);
  std::string r;
  for (std::size_t i = 0; i < hash_letters; i++) r += alphabet[bits >> (35 - 5 * i) & 31];
  return r;
}

std::string day_text(int64_t day) {
  auto d = static_cast<std::size_t>(day % day_cycle);
  return {alphabet[d >> 5], alphabet[d & 31]};
}

std::optional<int64_t> day_of(std::string_view text) {
  int64_t r = 0;
  for (char c : lower(text)) {
    auto i = alphabet.find(c);
    if (i == alphabet.npos) return {};
    r = r * 32 + static_cast<int64_t>(i);
  }
  return r;
}

bool is_separator(char c) { return c == '=' || c == '-' || c == '+'; }
bool has_form(std::string_view local, char digit) {
  return local.size() > 5 && istarts_with(local, "SRS") && local[3] == digit && is_separator(local[4]);
}

// "HHHHHHHH=rest" -> rest, when one of the keys made the hash.
std::optional<std::string_view> checked(const std::vector<std::string>& keys, std::string_view text) {
  auto at = text.find('=');
  if (at != hash_letters) return {};
  auto rest = text.substr(at + 1);
  bool good = std::any_of(keys.begin(), keys.end(), [&](auto& k) { return equal_constant_time(hash_of(k, rest), lower(text.substr(0, at))); });
  if (!good) return {};
  return rest;
}
}  // namespace

bool is_srs(std::string_view local) { return has_form(local, '0') || has_form(local, '1'); }

std::string srs_forward(const std::vector<std::string>& keys, std::string_view from, std::string_view by, int64_t day) {
  auto at = from.rfind('@');
  if (keys.empty() || from.empty() || at == from.npos || from[0] == '"') return std::string(from);
  auto local = from.substr(0, at), domain = from.substr(at + 1);
  if (local.empty() || domain.empty() || domain.find('=') != domain.npos) return std::string(from);  // no way back
  std::string rest;
  if (has_form(local, '0')) rest = fmt::format("{}={}", domain, local.substr(4));
  else if (has_form(local, '1') && local.find('=', 5) != local.npos) rest = std::string(local.substr(local.find('=', 5) + 1));
  auto host_end = rest.find('=');  // what has only the looks of SRS1 is an address like any other
  if (host_end != rest.npos && host_end > 0 && host_end + 1 < rest.size()) return fmt::format("SRS1={}={}@{}", hash_of(keys[0], rest), rest, by);
  rest = fmt::format("{}={}={}", day_text(day), domain, local);
  return fmt::format("SRS0={}={}@{}", hash_of(keys[0], rest), rest, by);
}

std::optional<std::string> srs_reverse(const std::vector<std::string>& keys, std::string_view local, int64_t day) {
  if (!is_srs(local)) return {};
  auto rest = checked(keys, local.substr(5));
  if (!rest) return {};
  if (has_form(local, '1')) {
    auto at = rest->find('=');
    if (at == rest->npos || at == 0 || at + 1 >= rest->size()) return {};
    return fmt::format("SRS0{}@{}", rest->substr(at + 1), rest->substr(0, at));
  }
  auto first = rest->find('='), second = rest->find('=', first + 1);
  if (first != 2 || second == rest->npos || second == first + 1 || second + 1 == rest->size()) return {};
  auto made = day_of(rest->substr(0, 2));
  if (!made || (day % day_cycle - *made + day_cycle) % day_cycle > srs_valid_days) return {};
  return fmt::format("{}@{}", rest->substr(second + 1), rest->substr(first + 1, second - first - 1));
}

}  // namespace jd::directory

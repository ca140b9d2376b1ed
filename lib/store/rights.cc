// SPDX-License-Identifier: MIT
#include "lib/store/rights.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jd::store {
namespace {
constexpr std::string_view letters_in_order = "lrswipkxtea";  // bit n is letter n, on disk too

uint16_t bit_of(char letter) {
  auto at = letters_in_order.find(letter);
  return at == letters_in_order.npos ? uint16_t{0} : static_cast<uint16_t>(1U << at);
}

// An address that an account could have; what it may be in detail the directory says.
bool is_address(std::string_view s) {
  auto at = s.rfind('@');
  bool good = at != s.npos && at > 0 && at + 1 < s.size() && s.size() <= 320 && is_utf8(s);
  for (char c : s) good = good && !is_ctl(c) && c != ' ' && c != '/' && c != '"';
  return good;
}
}  // namespace

std::optional<Rights> Rights::parse(std::string_view letters) {
  uint16_t bits = 0;
  for (char c : letters) {
    uint16_t add = c == 'c' ? bit_of('k') | bit_of('x') : c == 'd' ? bit_of('e') | bit_of('t') : bit_of(c);
    if (!add) return {};
    bits |= add;
  }
  return Rights(bits);
}

bool Rights::has(char letter) const { return bits_ & bit_of(letter); }
bool Rights::has_any(std::string_view letters) const {
  return std::any_of(letters.begin(), letters.end(), [&](char c) { return has(c); });
}

std::string Rights::text() const {
  std::string out;
  for (char c : letters_in_order)
    if (has(c)) out += c;
  return out;
}
std::string Rights::imap_text() const {
  std::string out = text();
  if (has_any("kx")) out += 'c';
  if (has_any("et")) out += 'd';
  return out;
}

Result<std::string> parse_identifier(std::string_view given) {
  std::string s = lower(given);
  std::string_view who = s;
  if (who.starts_with('-')) who.remove_prefix(1);
  std::string_view address = who.starts_with("group:") ? who.substr(6) : who;
  bool is_domain = who.starts_with('@') && is_address("x" + std::string(who));
  if (who.starts_with("-") || (who != "anyone" && !is_domain && (!is_address(address) || address.starts_with("@"))))
    return fail(Fault::usage, "'{}' is nobody: expected an address, anyone, @domain or group:alias", escape(given.substr(0, 400)));
  return s;
}

Rights rights_of(const Acl& acl, const std::vector<std::string>& identities) {
  Rights given, taken;
  for (auto& id : identities) {
    if (auto i = acl.find(id); i != acl.end()) given = given | i->second;
    if (auto i = acl.find("-" + id); i != acl.end()) taken = taken | i->second;
  }
  return given.without(taken);
}

std::map<std::string, Rights> grantees(const std::map<uint32_t, Acl>& all) {
  std::map<std::string, Rights> out;
  for (auto& [folder, acl] : all)
    for (auto& [who, rights] : acl)
      if (!who.starts_with('-') && !rights.empty()) out[who] = out[who] | rights;
  return out;
}

}  // namespace jd::store

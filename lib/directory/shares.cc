// SPDX-License-Identifier: MIT
// The index of who shares something with whom.
//   share/<grantee>/<owner>   what of it: "version=1 NUL rights=<letters> NUL"
//   shared/<owner>            all of an owner's: "version=1 NUL grantees=<to_text()> NUL"
#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/directory/directory.h"

namespace jd::directory {
namespace {
constexpr std::size_t max_groups = 1000;        // looked at for one login
constexpr std::size_t max_in = 100;             // groups that one is in
constexpr std::size_t max_access = 48 << 10;    // bytes of an Access: it has to fit into a packet
constexpr std::string_view version = "version=1";

std::string by_grantee(const std::string& grantee, const std::string& owner) { return "share/" + grantee + "/" + owner; }
std::string by_owner(const std::string& owner) { return "shared/" + owner; }
std::string record(std::string_view key, std::string_view value) {
  std::string out(version);
  out += '\0';
  out.append(key).append("=").append(value) += '\0';
  return out;
}
std::string value_of(std::string_view bytes, std::string_view key) {
  auto fields = split(bytes, '\0');
  if (fields.empty() || fields[0] != version) return "";
  for (auto f : fields)
    if (auto pair = split_once(f, '='); pair && pair->first == key) return std::string(pair->second);
  return "";
}
bool is_well(const std::string& who, const std::string& rights) {
  auto bad = [](char c) { return is_ctl(c) || c == ' ' || c == '/'; };
  return !who.empty() && who.size() <= 340 && who[0] != '-' && is_utf8(who) && std::none_of(who.begin(), who.end(), bad) && !rights.empty() &&
         rights.find_first_not_of("lrswipkxtea") == rights.npos;
}
}  // namespace

Result<bool> Directory::has_shares() {
  if (!has_shares_) {
    bool any = false;
    CHECK(records_->scan("share/", "", [&](std::string_view, std::string_view) { return any = true, false; }));
    has_shares_ = any;
  }
  return *has_shares_;
}

Result<Grantees> Directory::shares(std::string_view owner) {
  TRY(auto bytes, records_->get(by_owner(lower(owner))));
  return grantees_of(bytes ? value_of(*bytes, "grantees") : "");
}

Status Directory::set_shares(std::string_view address, const Grantees& grantees) {
  TRY(auto a, account(address));
  if (!a) return fail(Fault::perm, "no account {}", escape(address.substr(0, 320)));
  if (grantees.size() > max_grantees) return fail(Fault::usage, "an account shares with at most {} others", max_grantees);
  for (auto& [who, rights] : grantees)
    if (!is_well(who, rights)) return fail(Fault::usage, "'{}={}' is no share", escape(who.substr(0, 400)), escape(rights.substr(0, 40)));
  TRY(Grantees before, shares(a->address));
  std::vector<Change> changes;
  for (auto& [who, rights] : before)
    if (!grantees.count(who)) changes.push_back({by_grantee(who, a->address), std::nullopt});
  for (auto& [who, rights] : grantees)
    if (auto i = before.find(who); i == before.end() || i->second != rights) changes.push_back({by_grantee(who, a->address), record("rights", rights)});
  if (changes.empty()) return {};
  if (grantees.empty()) changes.push_back({by_owner(a->address), std::nullopt});
  else changes.push_back({by_owner(a->address), record("grantees", to_text(grantees))});
  CHECK(records_->apply(changes));
  has_shares_.reset();
  return {};
}

// An account that is removed shares nothing, and nobody shares with it: the next of that name is another.
// What its owners' own lists say of it opens no door until they share with it anew.
Status Directory::forget_shares(const std::string& address, std::vector<Change>& changes) {
  TRY(Grantees own, shares(address));
  for (auto& [who, rights] : own) changes.push_back({by_grantee(who, address), std::nullopt});
  if (!own.empty()) changes.push_back({by_owner(address), std::nullopt});
  std::string prefix = "share/" + address + "/";
  CHECK(records_->scan(prefix, "", [&](std::string_view key, std::string_view) { return changes.push_back({std::string(key), std::nullopt}), true; }));
  if (!changes.empty()) has_shares_.reset();
  return {};
}

Result<std::vector<std::string>> Directory::groups_of(const std::string& address) {
  std::set<std::string> named;
  CHECK(records_->scan("share/group:", "", [&](std::string_view key, std::string_view) {
    std::string_view rest = key.substr(12);
    named.emplace(rest.substr(0, rest.find('/')));
    return named.size() < max_groups;
  }));
  std::vector<std::string> out;
  for (auto& alias_address : named) {
    TRY(auto a, alias(alias_address));
    Route r;
    r.kind = Route::Kind::alias;
    if (a) r.targets = a->targets;
    TRY(bool is_in, leads_to(r, address));
    if (is_in) out.push_back("group:" + alias_address);
    if (out.size() >= max_in) break;
  }
  return out;
}

Result<Access> Directory::access(const Account& a) {
  Access out;
  TRY(Parts p, parse_address(a.address));
  out.identities = {a.address, "anyone", "@" + p.domain};
  TRY(bool any, has_shares());
  if (!any) return out;
  TRY(auto groups, groups_of(a.address));
  out.identities.insert(out.identities.end(), groups.begin(), groups.end());
  std::map<std::string, bool> owners;  // does one of the identities write there
  for (auto& id : out.identities) {
    std::string prefix = "share/" + id + "/";
    CHECK(records_->scan(prefix, "", [&](std::string_view key, std::string_view value) {
      std::string owner(key.substr(prefix.size()));
      if (owner == a.address) return true;
      if (owners.size() >= max_shared && !owners.count(owner)) return false;
      bool& writes = owners[owner];
      writes = writes || value_of(value, "rights").find_first_of("swiktexa") != std::string::npos;
      return true;
    }));
  }
  TRY(Grantees own, shares(a.address));
  out.told = to_text(own);
  std::size_t bytes = out.text().size();
  for (auto& [owner, writes] : owners) {
    TRY(auto other, account(owner));
    if (!other) continue;
    bytes += owner.size() + other->path.size() + 96;
    if (bytes > max_access) break;
    TRY(Quota quota, quota_of(*other));
    out.shared.push_back({owner, other->path, writes, quota});
  }
  return out;
}

}  // namespace jd::directory

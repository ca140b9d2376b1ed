// SPDX-License-Identifier: MIT
#include "lib/directory/record.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jd::directory {
namespace {
void put(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out += key;
  out += '=';
  out += value;
  out += '\0';
}
void put(std::string& out, std::string_view key, uint64_t value) { put(out, key, fmt::format("{}", value)); }

void put_common(std::string& out, const Common& c) {
  put(out, "revision", c.revision);
  put(out, "created", static_cast<uint64_t>(c.created));
  for (auto& [k, v] : c.unknown) put(out, k, v);
}

using Fields = std::vector<std::pair<std::string, std::string>>;

Result<Fields> fields_of(std::string_view bytes) {
  Fields f;
  while (!bytes.empty()) {
    auto end = bytes.find('\0');
    auto pair = end == bytes.npos ? std::nullopt : split_once(bytes.substr(0, end), '=');
    if (!pair) return fail(Fault::perm, "a directory record is damaged");
    f.emplace_back(pair->first, pair->second);
    bytes.remove_prefix(end + 1);
  }
  if (f.empty() || f[0].first != "version") return fail(Fault::perm, "a directory record has no version");
  if (f[0].second != "1") return fail(Fault::perm, "a directory record is of version {}, this program knows 1", f[0].second);
  f.erase(f.begin());
  return f;
}

// True when it was one of the common ones.
bool take_common(Common& c, const std::string& key, const std::string& value) {
  if (key == "revision") c.revision = to_number(value).value_or(0);
  else if (key == "created") c.created = static_cast<int64_t>(to_number(value).value_or(0));
  else return false;
  return true;
}
}  // namespace

std::string encode(const Domain& d) {
  std::string r;
  put(r, "version", "1");
  put(r, "name", d.name);
  put(r, "postmaster", d.postmaster);
  if (d.quota_bytes) put(r, "quota", d.quota_bytes);
  if (d.quota_messages) put(r, "quota-messages", d.quota_messages);
  put_common(r, d);
  return r;
}

std::string encode(const Account& a) {
  std::string r;
  put(r, "version", "1");
  put(r, "address", a.address);
  put(r, "path", a.path);
  put(r, "password", a.password_hash);
  put(r, "scram", a.scram);
  put(r, "name", a.name);
  put(r, "quota", a.quota.bytes);
  if (a.quota.messages) put(r, "quota-messages", a.quota.messages);
  for (auto& x : a.send_as) put(r, "send-as", x);
  if (a.is_suspended) put(r, "suspended", "1");
  put(r, "node", a.node);
  put(r, "epoch", a.epoch);
  put_common(r, a);
  return r;
}

std::string encode(const Alias& a) {
  std::string r;
  put(r, "version", "1");
  put(r, "address", a.address);
  for (auto& t : a.targets) put(r, "target", t);
  put_common(r, a);
  return r;
}

Result<Domain> decode_domain(std::string_view bytes) {
  TRY(Fields fields, fields_of(bytes));
  Domain d;
  for (auto& [k, v] : fields) {
    if (k == "name") d.name = v;
    else if (k == "postmaster") d.postmaster = v;
    else if (k == "quota") d.quota_bytes = to_number(v).value_or(0);
    else if (k == "quota-messages") d.quota_messages = to_number(v).value_or(0);
    else if (!take_common(d, k, v)) d.unknown.emplace_back(k, v);
  }
  return d;
}

Result<Account> decode_account(std::string_view bytes) {
  TRY(Fields fields, fields_of(bytes));
  Account a;
  for (auto& [k, v] : fields) {
    if (k == "address") a.address = v;
    else if (k == "path") a.path = v;
    else if (k == "password") a.password_hash = v;
    else if (k == "scram") a.scram = v;
    else if (k == "name") a.name = v;
    else if (k == "quota") a.quota.bytes = to_number(v).value_or(0);
    else if (k == "quota-messages") a.quota.messages = to_number(v).value_or(0);
    else if (k == "send-as") a.send_as.push_back(v);
    else if (k == "suspended") a.is_suspended = v == "1";
    else if (k == "node") a.node = v;
    else if (k == "epoch") a.epoch = to_number(v).value_or(1);
    else if (!take_common(a, k, v)) a.unknown.emplace_back(k, v);
  }
  return a;
}

Result<Alias> decode_alias(std::string_view bytes) {
  TRY(Fields fields, fields_of(bytes));
  Alias a;
  for (auto& [k, v] : fields) {
    if (k == "address") a.address = v;
    else if (k == "target") a.targets.push_back(v);
    else if (!take_common(a, k, v)) a.unknown.emplace_back(k, v);
  }
  return a;
}

Result<std::string> parse_domain(std::string_view given) {
  std::string name = lower(given);
  if (name.ends_with('.')) name.pop_back();
  bool good = !name.empty() && name.size() <= 255 && is_utf8(name);
  for (auto label : split(name, '.')) {
    good = good && !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-';
    for (char c : label) good = good && (is_alnum(c) || c == '-' || is_8bit(c));
  }
  if (!good) return fail(Fault::usage, "'{}' is not a domain name", escape(given.substr(0, 300)));
  return name;
}

Result<Parts> parse_address(std::string_view given) {
  auto at = given.rfind('@');
  if (at == given.npos) return fail(Fault::usage, "'{}' is not an address: it has no '@'", escape(given.substr(0, 300)));
  Parts p;
  p.local = lower(given.substr(0, at));
  TRY(p.domain, parse_domain(given.substr(at + 1)));
  bool good = p.local.size() <= 64 && is_utf8(p.local);
  for (char c : p.local) good = good && !is_ctl(c) && c != '@' && c != '/' && c != ' ' && c != '"';
  if (!good) return fail(Fault::usage, "'{}' is not an address: its local part has 1 to 64 bytes without blanks, '/', '@' and quotes", escape(given.substr(0, 300)));
  return p;
}

Status check_target(std::string_view t) {
  if (t.starts_with("maildir:/")) {
    if (t.find("/../") != t.npos || t.ends_with("/..")) return fail(Fault::usage, "'{}': the path must not have '..'", escape(t));
    return {};
  }
  TRY(Parts p, parse_address(t));
  if (p.local.empty()) return fail(Fault::usage, "'{}' is not an address to send to", escape(t));
  return {};
}

}  // namespace jd::directory

// SPDX-License-Identifier: MIT
#include "lib/dns/fake.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jd::dns {
namespace {

std::string type_name(Type t) {
  switch (t) {
    case Type::a: return "a";
    case Type::aaaa: return "aaaa";
    case Type::cname: return "cname";
    case Type::mx: return "mx";
    case Type::txt: return "txt";
    case Type::ptr: return "ptr";
    case Type::tlsa: return "tlsa";
    case Type::dnskey: return "dnskey";
  }
  return "";
}

std::string owner(const FakeResolver::Row& row) {
  if (row.type != "ptr") return lower(row.name);
  auto ip = net::Address::of(row.name, 0);
  MUST(ip);
  return reverse_name(ip->ip_bytes());
}

Record to_record(const FakeResolver::Row& row, Type type) {
  if (type == Type::a || type == Type::aaaa) {
    auto ip = net::Address::of(row.value, 0);
    MUST(ip);
    return {ip->ip_bytes(), 0};
  }
  if (type == Type::tlsa) return {unhex(row.value).value_or(""), 0};
  if (type != Type::mx) return {row.value, 0};
  auto w = words(row.value);
  MUST(w.size() == 2 && to_number(w[0]));
  return {w[1] == "." ? "" : lower(w[1]), static_cast<uint16_t>(*to_number(w[0]))};
}

}  // namespace

void FakeResolver::start(uint64_t question, const std::string& name, Type type) {
  std::string wanted = type_name(type);
  asked.push_back(wanted + " " + name);
  Answer a{Outcome::no_domain, {}, false, ""};
  auto is_secure = [&](const std::string& n) {
    return std::any_of(rows_.begin(), rows_.end(), [&](auto& row) { return row.type == "secure" && (n == row.name || n.ends_with("." + row.name)); });
  };
  a.is_secure = is_secure(name);
  for (auto& row : rows_) {
    if (owner(row) != name || row.type == "secure") continue;
    if (row.type == "cname" && type != Type::cname) {  // the records of that name are rows of this one, too
      a.canonical = lower(row.value);
      a.is_secure = a.is_secure && is_secure(a.canonical);
      continue;
    }
    if (row.type == "silent") return;
    if (row.type == "fail" || row.type == "fail " + wanted) {
      a = {Outcome::failed, {}, false, row.value.empty() ? "server failure" : row.value, ""};
      break;
    }
    if (row.type == wanted) a.records.push_back(to_record(row, type));
    a.outcome = a.records.empty() ? Outcome::none : Outcome::found;
  }
  loop().post([this, question, a = std::move(a), still = alive()]() mutable {
    if (!still.expired()) answered(question, std::move(a));
  });
}

}  // namespace jd::dns

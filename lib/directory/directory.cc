// SPDX-License-Identifier: MIT
#include "lib/directory/directory.h"

#include <algorithm>

#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/base/time.h"

namespace jd::directory {
namespace {
// Keys sort by domain first, so that listing one domain is one range.
std::string by_domain(const Parts& p) { return p.domain + "/" + p.local; }
std::string domain_key(const std::string& name) { return "domain/" + name; }
std::string account_key(const Parts& p) { return "account/" + by_domain(p); }
std::string alias_key(const Parts& p) { return "alias/" + by_domain(p); }
const char* const first_domain_key = "first-domain";

std::string path_of(const Parts& p) { return file_name_encode(p.domain) + "/" + file_name_encode(p.local); }
}  // namespace

Result<std::optional<Domain>> Directory::domain(std::string_view name) {
  TRY(auto bytes, records_->get(domain_key(lower(name))));
  if (!bytes) return std::optional<Domain>();
  TRY(Domain d, decode_domain(*bytes));
  return std::optional<Domain>(d);
}

Result<std::optional<Account>> Directory::account(std::string_view address) {
  auto p = parse_address(address);
  if (!p) return std::optional<Account>();
  TRY(auto bytes, records_->get(account_key(*p)));
  if (!bytes) return std::optional<Account>();
  TRY(Account a, decode_account(*bytes));
  return std::optional<Account>(a);
}

Result<std::optional<Alias>> Directory::alias(const std::string& address) {
  TRY(Parts p, parse_address(address));
  TRY(auto bytes, records_->get(alias_key(p)));
  if (!bytes) return std::optional<Alias>();
  TRY(Alias a, decode_alias(*bytes));
  return std::optional<Alias>(a);
}

Result<std::optional<Account>> Directory::account_for_login(std::string_view name) {
  TRY(std::string address, login_address(name));
  return account(address);
}

Result<std::string> Directory::login_address(std::string_view name) {
  if (name.find('@') != name.npos) {
    auto p = parse_address(name);  // as account() finds it
    return p ? p->local + "@" + p->domain : lower(name);
  }
  TRY(auto first, records_->get(first_domain_key));
  return lower(name) + (first ? "@" + *first : "");
}

Result<std::string> Directory::secret(const std::string& name) {
  std::string key = "secret/" + name;
  TRY(auto there, records_->get(key));
  if (there && there->size() == 32) return *there;
  std::string made = random_bytes(32);
  CHECK(records_->apply({{key, made}}));
  return made;
}

Result<Route> Directory::resolve(std::string_view given) {
  Route r;
  r.address = given;
  auto p = parse_address(given);
  if (!p) {
    // Not an address that an account could have; it may still be one elsewhere.
    auto at = given.rfind('@');
    TRY(auto d, domain(at == given.npos ? "" : given.substr(at + 1)));
    r.kind = d ? Route::Kind::unknown : Route::Kind::remote;
    return r;
  }
  TRY(auto d, domain(p->domain));
  if (!d) return r;
  std::vector<std::string> tries{p->local};
  auto cut = separator_.empty() ? std::string::npos : p->local.find(separator_);
  if (cut != std::string::npos && cut > 0) tries.push_back(p->local.substr(0, cut));
  for (std::size_t i = 0; i < tries.size(); i++) {
    r.address = tries[i] + "@" + p->domain;
    r.tag = i ? given.substr(cut + 1, p->local.size() - cut - 1) : "";
    TRY(auto a, account(r.address));
    if (a) {
      r.kind = Route::Kind::account;
      r.account = std::move(*a);
      return r;
    }
    TRY(auto l, alias(r.address));
    if (l) {
      r.kind = Route::Kind::alias;
      r.targets = std::move(l->targets);
      return r;
    }
  }
  r.address = p->local + "@" + p->domain;
  r.tag.clear();
  if (p->local == "postmaster" && !d->postmaster.empty()) {  // RFC 5321 §4.5.1
    r.kind = Route::Kind::alias;
    r.targets = {d->postmaster};
    return r;
  }
  TRY(auto rest, alias("@" + p->domain));
  r.kind = rest ? Route::Kind::alias : Route::Kind::unknown;
  if (rest) r.targets = std::move(rest->targets);
  return r;
}

Status Directory::add_domain(std::string_view given) {
  TRY(std::string name, parse_domain(given));
  TRY(auto there, domain(name));
  if (there) return fail(Fault::perm, "domain {} exists already", name);
  Domain d;
  d.name = name;
  d.created = now().seconds();
  d.revision = 1;
  std::vector<Change> changes{{domain_key(name), encode(d)}};
  TRY(auto first, records_->get(first_domain_key));
  if (!first) changes.push_back({first_domain_key, name});
  return records_->apply(changes);
}

Status Directory::remove_domain(std::string_view given) {
  TRY(std::string name, parse_domain(given));
  TRY(auto there, domain(name));
  if (!there) return fail(Fault::perm, "no domain {}", name);
  TRY(auto users, accounts(name, "", 1));
  if (!users.empty()) return fail(Fault::perm, "domain {} still has accounts, such as {}: remove them first", name, users[0].address);
  TRY(auto others, aliases(name, "", 1));
  if (!others.empty()) return fail(Fault::perm, "domain {} still has aliases, such as {}: remove them first", name, others[0].address);
  std::vector<Change> changes{{domain_key(name), std::nullopt}};
  TRY(auto first, records_->get(first_domain_key));
  if (first && *first == name) {
    TRY(auto all, domains());
    std::optional<std::string> next;
    for (auto& d : all)
      if (d.name != name && !next) next = d.name;
    changes.push_back({first_domain_key, next});
  }
  return records_->apply(changes);
}

Result<std::vector<Domain>> Directory::domains() {
  std::vector<Domain> r;
  std::optional<Error> bad;
  CHECK(records_->scan("domain/", "", [&](std::string_view, std::string_view v) {
    auto d = decode_domain(v);
    if (d) r.push_back(std::move(*d));
    else bad = d.error();
    return !bad;
  }));
  if (bad) return Unexpected(*bad);
  return r;
}

Result<Account> Directory::add_account(std::string_view address, const std::string& password_hash, const Quota& quota,
                                       std::string_view person, const std::string& scram) {
  TRY(Parts p, parse_address(address));
  if (p.local.empty()) return fail(Fault::usage, "'{}' is not an address: it has no local part", escape(address));
  TRY(auto d, domain(p.domain));
  if (!d) return fail(Fault::perm, "no domain {}: add it first with `jdctl domain add {}`", p.domain, p.domain);
  Account a;
  a.address = p.local + "@" + p.domain;
  TRY(auto there, account(a.address));
  if (there) return fail(Fault::perm, "account {} exists already", a.address);
  TRY(auto in_the_way, alias(a.address));
  if (in_the_way) return fail(Fault::perm, "{} is an alias already", a.address);
  a.path = path_of(p);
  a.password_hash = password_hash;
  a.scram = scram;
  a.quota = quota;
  a.name = person;
  a.created = now().seconds();
  a.revision = 1;
  std::vector<Change> changes{{account_key(p), encode(a)}};
  if (d->postmaster.empty()) {
    d->postmaster = a.address;
    d->revision++;
    changes.push_back({domain_key(d->name), encode(*d)});
  }
  CHECK(records_->apply(changes));
  return a;
}

Status Directory::remove_account(std::string_view address) {
  TRY(Parts p, parse_address(address));
  TRY(auto there, account(address));
  if (!there) return fail(Fault::perm, "no account {}@{}", p.local, p.domain);
  std::vector<Change> changes;
  CHECK(forget_shares(there->address, changes));
  changes.push_back({account_key(p), std::nullopt});
  TRY(auto d, domain(p.domain));
  if (d && d->postmaster == there->address) {  // the next one takes over
    TRY(auto all, accounts(p.domain, "", 2));
    d->postmaster.clear();
    for (auto& a : all)
      if (a.address != there->address && d->postmaster.empty()) d->postmaster = a.address;
    d->revision++;
    changes.push_back({domain_key(d->name), encode(*d)});
  }
  return records_->apply(changes);
}

Status Directory::change_account(std::string_view address, const std::function<void(Account&)>& change) {
  TRY(Parts p, parse_address(address));
  TRY(auto a, account(address));
  if (!a) return fail(Fault::perm, "no account {}@{}", p.local, p.domain);
  change(*a);
  a->revision++;
  return records_->apply({{account_key(p), encode(*a)}});
}

Status Directory::set_password(std::string_view address, const std::string& hash, const std::string& scram) {
  return change_account(address, [&](Account& a) { a.password_hash = hash, a.scram = scram; });
}
Result<bool> Directory::set_scram(std::string_view address, const std::string& hash, const std::string& scram) {
  TRY(auto a, account(address));
  if (!a || a->password_hash != hash) return false;
  CHECK(change_account(address, [&](Account& c) { c.scram = scram; }));
  return true;
}
Status Directory::set_suspended(std::string_view address, bool on) {
  return change_account(address, [&](Account& a) { a.is_suspended = on; });
}
Status Directory::set_quota(std::string_view address, std::optional<uint64_t> bytes, std::optional<uint64_t> messages) {
  return change_account(address, [&](Account& a) { a.quota.bytes = bytes.value_or(a.quota.bytes), a.quota.messages = messages.value_or(a.quota.messages); });
}
Status Directory::set_domain_quota(std::string_view name, std::optional<uint64_t> bytes, std::optional<uint64_t> messages) {
  TRY(std::string key, parse_domain(name));
  TRY(auto d, domain(key));
  if (!d) return fail(Fault::perm, "no domain {}", escape(name));
  d->quota_bytes = bytes.value_or(d->quota_bytes);
  d->quota_messages = messages.value_or(d->quota_messages);
  d->revision++;
  return records_->apply({{domain_key(d->name), encode(*d)}});
}
Result<Quota> Directory::quota_of(const Account& a) {
  Quota q = a.quota;
  TRY(auto d, domain(std::string_view(a.address).substr(a.address.rfind('@') + 1)));
  if (d) q.domain_bytes = d->quota_bytes, q.domain_messages = d->quota_messages;
  return q;
}

namespace {
template <class T, class D>
Result<std::vector<T>> list(Records& records, const std::string& kind, std::string_view domain, std::string_view after,
                            std::size_t limit, D decode) {
  std::string prefix = kind + (domain.empty() ? "" : lower(domain) + "/"), from;
  if (auto p = parse_address(after); p) from = kind + by_domain(*p);
  std::vector<T> r;
  std::optional<Error> bad;
  if (limit == 0) return r;
  CHECK(records.scan(prefix, from, [&](std::string_view, std::string_view v) {
    auto one = decode(v);
    if (one) r.push_back(std::move(*one));
    else bad = one.error();
    return !bad && r.size() < limit;
  }));
  if (bad) return Unexpected(*bad);
  return r;
}
}  // namespace

Result<std::vector<Account>> Directory::accounts(std::string_view domain, std::string_view after, std::size_t limit) {
  return list<Account>(*records_, "account/", domain, after, limit, decode_account);
}
Result<std::vector<Alias>> Directory::aliases(std::string_view domain, std::string_view after, std::size_t limit) {
  return list<Alias>(*records_, "alias/", domain, after, limit, decode_alias);
}

Status Directory::add_alias(std::string_view address, const std::vector<std::string>& targets) {
  TRY(Parts p, parse_address(address));
  std::string name = p.local + "@" + p.domain;
  if (targets.empty()) return fail(Fault::usage, "alias {} needs at least one target", name);
  TRY(auto d, domain(p.domain));
  if (!d) return fail(Fault::perm, "no domain {}: add it first with `jdctl domain add {}`", p.domain, p.domain);
  TRY(auto in_the_way, account(name));
  if (in_the_way) return fail(Fault::perm, "{} is an account already", name);
  TRY(auto there, alias(name));
  Alias a = there ? std::move(*there) : Alias();
  if (!there) a.address = name, a.created = now().seconds();
  for (auto& t : targets) {
    CHECK(check_target(t));
    std::string target = t.starts_with("maildir:") ? t : lower(t);
    if (target == name) return fail(Fault::usage, "alias {} cannot point to itself", name);
    if (std::find(a.targets.begin(), a.targets.end(), target) == a.targets.end()) a.targets.push_back(target);
  }
  if (a.targets.size() > 1000) return fail(Fault::usage, "an alias has at most 1000 targets");
  a.revision++;
  return records_->apply({{alias_key(p), encode(a)}});
}

Status Directory::remove_alias(std::string_view address, const std::vector<std::string>& targets) {
  TRY(Parts p, parse_address(address));
  std::string name = p.local + "@" + p.domain;
  TRY(auto a, alias(name));
  if (!a) return fail(Fault::perm, "no alias {}", name);
  for (auto& t : targets) {
    auto i = std::find_if(a->targets.begin(), a->targets.end(), [&](auto& x) { return iequals(x, t); });
    if (i == a->targets.end()) return fail(Fault::perm, "alias {} does not point to {}", name, t);
    a->targets.erase(i);
  }
  if (targets.empty() || a->targets.empty()) return records_->apply({{alias_key(p), std::nullopt}});
  a->revision++;
  return records_->apply({{alias_key(p), encode(*a)}});
}

}  // namespace jd::directory

// SPDX-License-Identifier: MIT
// directory.h: the questions and changes: who exists, where mail for an address goes, who may log in.
//
// Changes are durable and in effect on return; each says what is wrong in words an operator can act
// on (usage: the request; perm: what it names is not there, or in the way).  `audit` is who asks.
// Not thread safe but for password checks, which touch no record.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/quota.h"
#include "lib/base/result.h"
#include "lib/directory/access.h"
#include "lib/directory/record.h"
#include "lib/directory/records.h"

namespace jd::directory {

struct Route {
  enum class Kind : uint8_t { remote, unknown, account, alias };
  Kind kind = Kind::remote;
  std::string address;   // as looked up: lower case, without the sub-address when that was taken off
  std::string tag;       // what was taken off: "tag" of user+tag@...
  Account account;       // kind account
  uint64_t full_for = 0; // a message of so many bytes fits into none of what this leads to; 0: there is room
  std::vector<std::string> targets;  // kind alias
};

class Directory {
 public:
  explicit Directory(std::unique_ptr<Records> records, std::string subaddress_separator = "+")
      : records_(std::move(records)), separator_(std::move(subaddress_separator)) {}

  // Exact address, then without the sub-address, then postmaster, then the domain's "@domain" alias.
  Result<Route> resolve(std::string_view address);
  Result<std::optional<Account>> account(std::string_view address);
  // What somebody types as a user name: an address, or a local part of the first domain.
  Result<std::optional<Account>> account_for_login(std::string_view name);
  Result<std::string> login_address(std::string_view name);  // of that name, whether it exists or not
  // 32 bytes that stay the same, made when first asked for.
  Result<std::string> secret(const std::string& name);

  // May this account send from this address: its own and what is below it (user+tag), an alias that
  // leads to it, or one that it was given the right for.
  Result<bool> may_send(std::string_view account, std::string_view address);

  // Who shares something with this account, in how far, and as whom it is known to them (access.h).  Costs
  // nothing while nobody shares anything, else what is shared with it, and the aliases that are shared with.
  Result<Access> access(const Account& a);
  // All of what an account shares; the owner's list of folders is what counts, this follows it.
  Status set_shares(std::string_view owner, const Grantees& grantees);
  Result<Grantees> shares(std::string_view owner);

  Status add_domain(std::string_view name);
  Status remove_domain(std::string_view name);  // only when it has no accounts and aliases
  Result<std::vector<Domain>> domains();
  Result<std::optional<Domain>> domain(std::string_view name);

  // password_hash: auth::hash_password's; scram: a Verifier's text of the same password, or "".  The
  // first account of a domain becomes its postmaster.
  Result<Account> add_account(std::string_view address, const std::string& password_hash, const Quota& quota, std::string_view person,
                              const std::string& scram = "");
  Status remove_account(std::string_view address);  // the mailbox stays on disk
  Status set_password(std::string_view address, const std::string& password_hash, const std::string& scram = "");
  // For the password that it has: false, and nothing is done, when that is not password_hash any more.
  Result<bool> set_scram(std::string_view address, const std::string& password_hash, const std::string& scram);
  Status set_suspended(std::string_view address, bool is_suspended);
  // Addresses, or "@domain".  perm: it has that right already, or has it not.
  Status add_send_as(std::string_view address, const std::vector<std::string>& senders);
  Status remove_send_as(std::string_view address, const std::vector<std::string>& senders);
  // Nothing given: stays.
  Status set_quota(std::string_view address, std::optional<uint64_t> bytes, std::optional<uint64_t> messages);
  Status set_domain_quota(std::string_view domain, std::optional<uint64_t> bytes, std::optional<uint64_t> messages);
  // The account's limits and, with them, its domain's.
  Result<Quota> quota_of(const Account& a);
  // Sorted; of one domain or, with "", of all; at most `limit` after `after` (an address).
  Result<std::vector<Account>> accounts(std::string_view domain, std::string_view after, std::size_t limit);

  Status add_alias(std::string_view address, const std::vector<std::string>& targets);  // adds targets to one that is there
  Status remove_alias(std::string_view address, const std::vector<std::string>& targets);  // none named: all of it
  Result<std::vector<Alias>> aliases(std::string_view domain, std::string_view after, std::size_t limit);

 private:
  Status change_account(std::string_view address, const std::function<void(Account&)>& change);
  Result<std::optional<Alias>> alias(const std::string& address);
  Result<bool> leads_to(const Route& from, const std::string& account);
  Result<bool> has_shares();
  Result<std::vector<std::string>> groups_of(const std::string& address);
  Status forget_shares(const std::string& address, std::vector<Change>& changes);
  std::unique_ptr<Records> records_;
  std::string separator_;
  std::optional<bool> has_shares_;  // not known: look
};

}  // namespace jd::directory

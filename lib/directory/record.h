// SPDX-License-Identifier: MIT
// record.h: what the directory knows: domains, accounts, aliases; and how a record is written.
//
//   record := version "=1" NUL (key "=" value NUL)*      unknown keys are kept when it is rewritten
// Addresses are lower case, UTF-8, at most 320 bytes.  `node`, `epoch` and `revision` are in every
// record from the start: on one machine they have one value.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/quota.h"
#include "lib/base/result.h"

namespace jd::directory {

struct Common {
  uint64_t revision = 0;  // changes so far
  int64_t created = 0;    // seconds
  std::vector<std::pair<std::string, std::string>> unknown;
};

struct Domain : Common {
  std::string name;
  uint64_t quota_bytes = 0, quota_messages = 0;  // of all accounts together; 0: none
  std::string postmaster;  // gets mail for postmaster@name when nothing else is said
};

struct Account : Common {
  std::string address;
  std::string path;           // of the mailbox; relative to mail/
  std::string password_hash;  // "": nobody can log in
  std::string scram;          // auth::Verifier's text, of the same password; "": not known yet
  std::string name;           // of the person
  Quota quota;                // as stored, the account's part; as resolved, the domain's too
  std::vector<std::string> send_as;  // addresses that it may send from beside its own; "@domain": all of it
  bool is_suspended = false;  // no login; mail is still taken
  std::string node = "1";
  uint64_t epoch = 1;
};

struct Alias : Common {
  std::string address;  // "@example.org": everything else in that domain
  std::vector<std::string> targets;  // addresses, or maildir:/path
};

std::string encode(const Domain& d);
std::string encode(const Account& a);
std::string encode(const Alias& a);
Result<Domain> decode_domain(std::string_view bytes);
Result<Account> decode_account(std::string_view bytes);
Result<Alias> decode_alias(std::string_view bytes);

struct Parts { std::string local, domain; };
// Lower case; usage: no address, with the reason.
Result<Parts> parse_address(std::string_view address);
Result<std::string> parse_domain(std::string_view name);
Status check_target(std::string_view target);

}  // namespace jd::directory

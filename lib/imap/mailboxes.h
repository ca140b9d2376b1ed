// SPDX-License-Identifier: MIT
// mailboxes.h: whose mailbox a name means, and what the user of this session may do with it.
//
//   Projects                               his own: he has all rights, always
//   Other Users/ann@example.org/Projects   of an account of which something is shared with him
// Rights are read from the owner's list of folders each time: what the owner takes away is gone with
// the next command.  A mailbox that he has no right to is one that is not there (RFC 4314 §6).
// Accounts of others are opened when a command first needs them.  Blocking in the store; one thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/quota.h"
#include "lib/base/result.h"
#include "lib/store/account.h"
#include "lib/store/rights.h"

namespace jd::imap {

inline constexpr std::string_view others_prefix = "Other Users/";

// An account of which something is, or was, shared with the user.
struct OtherAccount {
  std::string address;
  std::string path;        // of its directory
  bool may_write = false;  // no: the directory can only be read here
  Quota quota;
};

class Mailboxes {
 public:
  struct Other {
    OtherAccount is;
    std::unique_ptr<store::Account> account;  // null: not opened yet
    bool is_lost = false;                     // it cannot be opened
  };
  // What a name means.  Pointers live until the account's folders change.
  struct Mailbox {
    store::Account* account = nullptr;  // null: nobody's
    Other* other = nullptr;             // null: the user's own
    std::string name;                   // in that account
    const store::FolderInfo* info = nullptr;  // null: there is none, as far as the user may know
    store::Rights rights;
    bool may(char right) const { return rights.has(right); }
    bool is_own() const { return account && !other; }
  };

  Mailboxes(store::Account& own, std::string user, std::vector<std::string> identities, std::vector<OtherAccount> others);

  // Takes what was changed meanwhile first.  Errors: the user's own folders cannot be read.
  Result<Mailbox> find(std::string_view name);
  // Of a folder of one of the accounts; rights as they are now.
  Mailbox of(store::Account& account, uint32_t folder);
  // Of a folder of an account, as they were read last.
  store::Rights rights(store::Account& account, uint32_t folder);
  // For CREATE and RENAME: the nearest folder above.  At the top of the user's own account: that
  // without a folder; at the top of another's: its INBOX.
  Result<Mailbox> above(std::string_view name);
  // Every folder of others that may be looked up, by its whole name.
  Result<std::vector<std::pair<std::string, Mailbox>>> shared();

  std::string name_of(const Mailbox& m) const { return m.other ? prefix_of(*m.other) + m.name : m.name; }
  static std::string prefix_of(const Other& o) { return std::string(others_prefix) + o.is.address + "/"; }
  bool has_others() const { return !others_.empty(); }
  Other* other_of(const store::Account& account);  // null: the user's own
  const std::string& owner_of(const Mailbox& m) const { return m.other ? m.other->is.address : user_; }

 private:
  store::Account* open(Other& o);
  Mailbox make(store::Account& account, Other* other, std::string name, const store::FolderInfo* info) const;

  store::Account& own_;
  std::string user_;
  std::vector<std::string> identities_;
  std::vector<std::unique_ptr<Other>> others_;
};

using Mailbox = Mailboxes::Mailbox;

}  // namespace jd::imap

// SPDX-License-Identifier: MIT
// tree.h: the folders of an account and their names: the file `tree`.
//
// Names are UTF-8 with '/' between levels; INBOX (any case) is folder 1 and always there.  Every
// change is durable on return.  Records, in the framing of lib/log (kind_tree):
//   create      id:u32 uid_validity:u32 special:u8 name     (special: enum Special); of an id that is
//               there already: it has this UIDVALIDITY from now on
//   rename      id:u32 name
//   remove      id:u32 when:i64              when: seconds; earlier releases left it out.  The folder's log
//               stays, so that create can bring it back, until
//   forget      id:u32                       its log goes
//   subscribe, unsubscribe   name            a name may be subscribed to that is not there (RFC 3501)
//   rights      id:u32 rights:u16 identifier whom else the folder is for (rights.h); 0: nothing any more
// Limits: name 500 bytes, 50 levels, 10,000 folders.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/log/segment.h"
#include "lib/store/lock.h"
#include "lib/store/rights.h"

namespace jd::store {

enum class Special : uint8_t { none, drafts, sent, junk, trash, archive };  // RFC 6154
std::string_view special_name(Special s);  // "\\Sent"; "" for none

constexpr uint32_t inbox_id = 1;

struct FolderInfo {
  uint32_t id = 0, uid_validity = 0;
  Special special = Special::none;
  std::string name;
};

// Deleted; its mail is kept for some time.
struct RemovedFolder : FolderInfo {
  int64_t when = 0;  // seconds; 0: not known (deleted under an earlier release)
};

class Tree {
 public:
  // Makes the usual folders (INBOX, Drafts, Sent, Junk, Trash, Archive) when there is no tree yet.
  static Result<Tree> open(int account_dir, AccountLock& lock);
  Status refresh();  // takes what other processes changed; cheap when nothing was
  // Under the lock: has nobody changed it since the last refresh()?  What a killed process left of a
  // record at the end looks like a change, until settle(), a refresh too, finds that it is none.
  bool is_current() const;
  Status settle();

  const std::map<uint32_t, FolderInfo>& folders() const { return folders_; }
  const FolderInfo* find(std::string_view name) const;  // INBOX in any case
  const FolderInfo* find(uint32_t id) const;
  const FolderInfo* find(Special s) const;
  const std::map<uint32_t, RemovedFolder>& removed() const { return removed_; }  // can be restored
  const std::set<uint64_t>& forgotten() const { return forgotten_; }  // their logs are not needed
  const std::set<std::string>& subscriptions() const { return subscribed_; }
  const Acl& acl(uint32_t id) const;  // of a folder that is only its owner's: empty
  const std::map<uint32_t, Acl>& acls() const { return acls_; }  // of those that are not

  // perm with a text for the user when the name exists, is not allowed, or is INBOX.  create makes
  // the levels above too (RFC 3501 §6.3.3); each is for the same people as the folder above it.
  Result<uint32_t> create(std::string_view name, Special s = Special::none);
  // The levels below move along (§6.3.5).  INBOX itself is renamed by the caller, who moves mail.
  Status rename(std::string_view from, std::string_view to);
  Status remove(std::string_view name);
  // A removed one is there again, with its id, UIDVALIDITY and mail, under `name`, which must be free
  // (the levels above are made).  perm: it is not among removed(), or the name is taken.
  Status restore(uint32_t id, std::string_view name);
  // Of a removed folder: it cannot be restored any more; or, with a time, that it was removed then.
  Status forget(uint32_t id);
  Status set_removed(uint32_t id, int64_t when);
  Status subscribe(std::string_view name, bool on);
  Status set_uid_validity(uint32_t id, uint32_t uid_validity);  // use Account::renumber
  // `identifier` as parse_identifier() gives it; no rights: it is taken off the list.
  Status set_rights(uint32_t id, const std::string& identifier, Rights rights);

 private:
  Tree(int dir, AccountLock& lock) : dir_(dir), lock_(&lock) {}
  Status make();
  void apply(uint16_t type, std::string_view payload);
  Result<uint32_t> create_one(const std::string& name, Special s);
  Status make_levels_above(const std::string& name);
  Status write_rights(uint32_t id, const std::string& identifier, Rights rights);
  Status write(uint16_t type, const std::string& payload);

  int dir_;
  AccountLock* lock_;
  std::optional<journal::SegmentReader> reader_;
  std::optional<journal::SegmentWriter> writer_;
  std::map<uint32_t, FolderInfo> folders_;
  std::map<uint32_t, RemovedFolder> removed_;
  std::map<std::string, uint32_t, std::less<>> by_name_;
  std::set<uint64_t> forgotten_;
  std::set<std::string> subscribed_;
  std::map<uint32_t, Acl> acls_;
  uint32_t last_id_ = 0, last_validity_ = 0;
  uint64_t tail_end_ = 0;  // what is before it and was not read is no record
};

}  // namespace jd::store

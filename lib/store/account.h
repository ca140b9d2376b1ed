// SPDX-License-Identifier: MIT
// account.h: one user's whole mailbox: folders, messages, deliveries.  jdmail-store(5).
//
// Several processes may have the same account open (sessions, deliveries).  Blocking; one thread.
// Folder pointers live as long as the Account.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/quota.h"
#include "lib/base/result.h"
#include "lib/store/annotations.h"
#include "lib/store/folder.h"
#include "lib/store/lock.h"
#include "lib/store/segments.h"
#include "lib/store/tree.h"

namespace jd::store {

// mail/<domain>/<user>, relative to the mail directory, for an address whose parts are lower case.
std::string account_directory(std::string_view local, std::string_view domain);

class Account {
 public:
  // `path` is the account's directory; `create` makes it with the usual folders (durably).
  static Result<std::unique_ptr<Account>> open(const std::string& path, bool create, const Terms& terms = {});

  // Somebody else's, whose rights the caller looks after.  Without `may_write` nothing is written, not
  // even what is derived: the directory may be one that this process can only read.
  static Result<std::unique_ptr<Account>> open_shared(const std::string& path, bool may_write, const Terms& terms = {});

  ~Account() { rest(); }
  // Nothing is appended for a while: the files are as long as what is in them again.
  void rest();

  Tree& tree() { return tree_; }
  MailSegments& segments() { return segments_; }
  Result<Folder*> folder(uint32_t id);          // opened on first use, then kept
  Result<Folder*> folder(std::string_view name);  // perm: no such folder
  // All whose messages are kept.
  Result<std::vector<Folder*>> kept_folders();

  // One of tree().removed(): to read, and to copy from.
  Result<Folder*> removed_folder(uint32_t id);
  // Those that were removed before terms().keep_gone are forgotten and their logs unlinked, those
  // too that a crash left.  How many were forgotten.
  Result<uint32_t> drop_removed();

  // RENAME INBOX x: all mail goes to the new folder x, INBOX stays empty (RFC 3501 §6.3.5).
  Status rename_inbox(std::string_view to);

  // Tree::set_rights; a folder that others may only read has its log from then on.
  Status set_rights(uint32_t folder, const std::string& identifier, Rights rights);
  Status make_shared_logs();  // also when folders are made below shared ones

  // An empty folder takes the UIDVALIDITY of the mail that is imported into it; see Folder::renumber.
  Status renumber(Folder& f, uint32_t uid_validity);

  Result<Annotations> annotations();
  // All of the changes or none; what belongs to folders that are gone goes too.
  Status annotate(const AnnotationChanges& changes);

  // Of all folders, exact; expunged mail does not count.  One small read; after a start of the machine,
  // or when a process died while it changed a folder, all folders are counted once (lock.h).
  using Usage = store::Usage;
  Result<Usage> usage();
  Result<Usage> recount();  // whatever is noted
  // May so much be added?  perm with sys EDQUOT and a text for the user: no.
  Status admit(const Quota& quota, uint64_t bytes, uint64_t messages);

  struct Delivery {
    std::string_view bytes;             // with `shared`: what stands before it
    SharedBody* shared = nullptr;
    std::string_view folder = "INBOX";  // unknown: INBOX
    std::string id;                     // delivery_id(queue id, recipient)
    Time accepted;                      // when the queue took the message: nothing older is searched
    Quota quota;                        // the account's part
    std::function<Status()> admit;      // of a message that was not delivered before: may it be? ; null: yes
    bool may_be_replay = false;         // an earlier attempt may have succeeded
    bool durable = false;               // sync before returning (the journal does not keep it for us)
    uint8_t flags = 0;
    std::vector<std::string> keywords;
  };
  struct Delivered { uint32_t folder, uid; bool was_there; };
  // Exactly once for one id.  Errors: perm with sys EDQUOT: over quota; temp: try again.
  Result<Delivered> deliver(const Delivery& d);

  // Everything a `check` looks at: every entry's record and checksum, every segment, every folder's
  // log.  One line per finding; empty: all is well.  repair: entries whose messages are gone are
  // dropped, messages that a damaged log has lost come back into INBOX, damaged logs are written anew.
  struct CheckReport { std::vector<std::string> findings; uint64_t messages = 0; uint64_t repaired = 0; };
  Result<CheckReport> check(bool repair);

  // About what its open folders take; a mapped one takes less.
  uint64_t memory() const;
  AccountLock& lock() { return *lock_; }
  int dir() const { return dir_.get(); }
  const std::string& path() const { return path_; }
  const Terms& terms() const { return terms_; }

 private:
  Result<Usage> count();  // as recount(), and keeps nothing
  Account(std::string path, Fd dir, std::unique_ptr<AccountLock> lock, Tree tree);
  Result<std::vector<MailSegments::Found>> find_lost(const std::set<uint64_t>& known, const std::set<uint32_t>& damaged, CheckReport* report);
  struct Where { uint32_t folder, uid; uint64_t stamp; };
  Result<std::optional<Delivered>> find_delivery(const std::string& id, Time since);
  Result<bool> is_there(const Where& w);

  std::string path_;
  Fd dir_;
  std::unique_ptr<AccountLock> lock_;
  MailSegments segments_;
  Tree tree_;
  std::map<uint32_t, std::unique_ptr<Folder>> folders_;
  Terms terms_;
  // Deliveries in the segments since a time: thousands are replayed after a crash, one scan serves all.
  struct Deliveries {
    Time since, used;
    MailSegments::Place read;
    std::unordered_multimap<std::string, Where> by_id;
  };
  std::optional<Deliveries> deliveries_;
};

}  // namespace jd::store

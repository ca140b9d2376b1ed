// SPDX-License-Identifier: MIT
// importer.h: takes the messages of one foreign folder into one of ours, as often as it is called.
//
// Nothing comes in twice.  A message is there already when the folder has
//   - one with its UID and its bytes, under the same UIDVALIDITY, or
//   - one with its date and its bytes that was there before this run began and that no other message
//     of this run was matched with: a folder that has a message twice gets it twice, however often
//     the import was interrupted and begun anew.
// One that was here and was expunged (Folder remembers it for Terms::keep_gone) is not brought back.  `force`
// takes everything.  Flags of what is there already are not touched.
//
// UIDs: a folder without messages takes the source's UIDVALIDITY.  Under the same UIDVALIDITY a
// message keeps its UID while that is not below the folder's UIDNEXT, so give them in rising order;
// else it gets a new one.  uid_next is taken over, too.
//
// What POP3 called the messages of INBOX (PortableMessage::uidl) is kept by finish(), also of those that were there
// already; see uidl.h.  At its end it makes the folder's derived forms (deriver.h): the first who lists it is not kept
// waiting.
//
// Blocking; one thread; others may write the account meanwhile.  Durable after finish(): add() syncs
// once for many messages.  Errors: temp (space, I/O): what was added so far stays, begin anew.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/store/account.h"
#include "lib/store/portable.h"

namespace jd::store {

class FolderImport {
 public:
  // The folder is made when it is not there.  perm: its name is not allowed.
  static Result<FolderImport> begin(Account& account, const std::string& folder, Numbering source, bool force);

  enum class Outcome : uint8_t { added, present, expunged, later };
  // may_wait: `later` when its UID cannot be kept; add it again, without may_wait, after all others,
  // so that it takes none of theirs.
  Result<Outcome> add(const PortableMessage& m, bool may_wait = false);
  // No UID that the source has given may be given anew: before messages without UIDs.
  Status pass_uid_next();
  Status finish();

  struct Report {
    std::string folder;
    uint64_t added = 0, present = 0, expunged = 0;
    uint64_t renumbered = 0;         // had a UID and got another
    uint64_t keywords_left_out = 0;  // not allowed in IMAP, or more than max_keywords
    uint64_t uidls = 0;              // names of POP3 that were taken over
    uint64_t uidls_left_out = 0;     // not allowed in POP3, or another message's already
    uint32_t uid_validity = 0;
    bool keeps_uids = false;
    std::string note;  // why not
  };
  const Report& report() const { return report_; }

 private:
  struct Known {
    Entry entry;
    bool is_gone;
  };
  struct Bucket {  // of one size and date
    std::vector<Known> unread;
    std::map<std::string, std::vector<Known>> read;  // by digest
  };
  FolderImport(Account& a, Folder& f) : account_(&a), folder_(&f) {}
  Status take_numbering(Numbering source);
  void index();
  Result<const Known*> known(const PortableMessage& m);
  void name(uint32_t uid, const std::string& uidl);
  Status keep_names();
  std::vector<std::string> usable_keywords(const std::vector<std::string>& given);

  Account* account_;
  Folder* folder_;
  Numbering source_;
  Report report_;
  bool force_ = false, was_empty_ = false;
  uint32_t first_uid_ = 1;    // what this run adds has it or a higher one
  uint32_t recent_from_ = 0;  // the lowest UID of a message that is recent
  uint64_t unsynced_ = 0, unsynced_bytes_ = 0;
  std::unordered_map<uint64_t, std::map<int64_t, Bucket>> before_;  // size, date
  Known match_{};
  std::vector<std::pair<uint32_t, std::string>> names_;
};

}  // namespace jd::store

// SPDX-License-Identifier: MIT
// view.h: what one session believes about its selected folder: the sequence numbers.
//
// The folder changes under us; a message's number changes only when the client was told by EXPUNGE
// (or VANISHED), and that may be said only at certain moments (RFC 3501 §7.4.1).  The numbers are
// those of the folder's entries up to the last UID told, with the ghosts put in where they were:
// messages that are expunged, but not yet told so.  Without ghosts a view costs nothing, however
// large the folder.  sync() brings it up to the folder's state and says what has changed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/imap/lexer.h"
#include "lib/store/folder.h"

namespace jd::imap {

class View {
 public:
  // Without all rights (RFC 4314) some of the flags cannot be kept.  Who owns the folder takes \Recent.
  explicit View(store::Folder& folder, bool read_only, store::Rights rights = store::Rights::all(), bool is_own = true)
      : folder_(&folder), is_examined_(read_only), is_own_(is_own), rights_(rights) {}
  Status open();  // takes the folder's present state; says nothing

  store::Folder& folder() const { return *folder_; }
  bool is_read_only() const { return is_examined_ || !rights_.has_any("iestw"); }
  bool may(char right) const { return !is_examined_ && rights_.has(right); }
  store::Rights rights() const { return rights_; }
  void set_rights(store::Rights r) { rights_ = r; }
  std::size_t size() const { return size_; }        // EXISTS as the client knows it
  uint32_t uid(std::size_t index) const { return entry(index)->uid; }  // index: sequence number - 1
  bool is_recent(std::size_t index) const { return !recent_.empty() && recent_.contains(uid(index)); }
  std::size_t recent() const;
  uint32_t last_uid() const { return last_uid_; }   // the highest that the client was told of
  // An import gave the folder another UIDVALIDITY: our UIDs name other messages, if any.
  bool is_renumbered() const { return folder_->state().uid_validity() != uid_validity_; }

  // Appends untagged EXPUNGE or VANISHED (if allowed now), EXISTS, RECENT, FLAGS and FETCH responses.
  struct Say {
    bool expunge = true;      // now is a moment when it may be said
    bool exists = true;       // RFC 5465: a client may want no arrivals told, or no changes of flags;
    bool flags = true;        // it will be told what has gathered when it wants them again
    bool uid = false;         // FETCH with UID
    bool vanished = false;    // RFC 7162: VANISHED in the place of EXPUNGE
    bool mod_seq = false;     // RFC 7162: FETCH with MODSEQ (and UID)
    bool recent = true;       // RFC 9051 has no RECENT
    bool uid_only = false;    // RFC 9586: UIDFETCH
  };
  Status sync(std::string& out, Say say);
  // The two halves of it: the folder as it is now; what of that has not been told.
  Status refresh(const Say& say);
  Status tell(std::string& out, const Say& say);
  store::UidSet untold_gone() const;  // expunged, and the client does not know
  void say_keywords(std::string& out);  // FLAGS, when there are keywords that the client does not know
  // A change of ours that needs not be told.  With all the flags the client has been given them
  // (is_told), else what others did to the same messages before is told (RFC 3501 §6.4.6).
  void known(uint64_t mod_seq, bool is_told);

  // Indexes (sequence number - 1), rising; nullopt: a sequence number that there is not (BAD).
  std::optional<std::vector<std::size_t>> resolve(const SequenceSet& set, bool by_uid) const;
  // The first index whose UID is at least `uid`; size(): none.
  std::size_t first_at_least(uint32_t uid) const;
  // Of the folder's state, or of the ghost; never null.  Valid until the folder changes.
  const store::Entry* entry(std::size_t index) const;
  const store::Entry* live(std::size_t index) const;            // null: a ghost
  bool is_gone(std::size_t index) const { return !live(index); }
  const std::string& flags(const store::Entry& e, bool recent) const;  // "(\Seen ...)", until the next call
  std::string all_flags() const;                                // without the parentheses
  std::string permanent_flags() const;                          // that may be changed here

  // What a parked session keeps of its view, one line; resume() makes it as it was, ghosts included.
  // perm: it cannot be made exactly (the folder's memory of expunges is shorter): BYE.
  std::string park() const;
  Status resume(std::string_view parked);

 private:
  struct Ghost { std::size_t index; store::Entry entry; };
  void absorb() const;
  void place_ghosts() const;
  std::vector<Ghost>::const_iterator ghost_at_least(std::size_t index) const;
  std::size_t arrivals_begin() const { return folder_->state().first_at_least(last_uid_ + 1); }
  Status claim_recent();
  std::size_t take_arrivals();
  void say_flags(std::string& out, uint32_t upto, const Say& say);
  void say_expunged(std::string& out, const Say& say);
  void say_just_expunged(std::string& out, const Say& say);
  void put_flags(std::string& out, std::size_t index, const store::Entry& e, const Say& say) const;

  store::Folder* folder_;
  bool takes_recent() const { return !is_examined_ && is_own_; }
  bool is_examined_, is_own_;
  store::Rights rights_;
  std::size_t size_ = 0;
  uint32_t last_uid_ = 0, uid_validity_ = 0;
  store::UidSet recent_;           // those that were \Recent when they came to this session
  uint64_t seen_ = 0, known_ = 0;  // mod_seq: flags told up to; ours
  std::optional<store::UidSet> others_ = store::UidSet();  // changed by others between these two; nullopt: any, perhaps
  std::size_t keywords_ = 0;
  struct FlagsText {  // the last one made: neighbours mostly have the same
    uint8_t flags = 0;
    uint64_t keywords = 0;
    bool is_recent = false;
    std::string text;
  };
  mutable FlagsText flags_text_;
  mutable std::vector<Ghost> ghosts_;  // by index
  mutable uint64_t absorbed_ = 0;      // mod_seq up to which ghosts_ is complete
};

// "* 3 FETCH (" or "* 7 UIDFETCH (" (RFC 9586): how what follows about a message begins.
void put_fetch_head(std::string& out, bool is_uid_only, std::size_t index, uint32_t uid, bool with_uid);

}  // namespace jd::imap

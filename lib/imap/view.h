// SPDX-License-Identifier: MIT
// view.h: what one session believes about its selected folder: the sequence numbers.
//
// The folder changes under us; a message's number changes only when the client was told by EXPUNGE,
// and that may be said only at certain moments (RFC 3501 §7.4.1).  So the session keeps its own list
// of UIDs, and sync() brings it up to the folder's state and says what has changed.
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

struct Seen {
  uint32_t uid;
  bool recent;
};

class View {
 public:
  View(store::Folder& folder, bool read_only) : folder_(&folder), read_only_(read_only) {}
  Status open();  // takes the folder's present state; says nothing

  store::Folder& folder() const { return *folder_; }
  bool is_read_only() const { return read_only_; }
  std::size_t size() const { return messages_.size(); }                     // EXISTS as the client knows it
  uint32_t uid(std::size_t index) const { return messages_[index].uid; }    // index: sequence number - 1
  bool is_recent(std::size_t index) const { return messages_[index].recent; }
  std::size_t recent() const;
  // An import gave the folder another UIDVALIDITY: our UIDs name other messages, if any.
  bool is_renumbered() const { return folder_->state().uid_validity() != uid_validity_; }

  // Appends untagged EXPUNGE (if allowed now), EXISTS, RECENT, FLAGS and FETCH responses.
  struct Say { bool expunge, uid; };
  Status sync(std::string& out, Say say);
  void say_keywords(std::string& out);  // FLAGS, when there are keywords that the client does not know
  // A change of ours that the client knows of already or does not want told.
  void known(uint64_t mod_seq) { known_ = mod_seq; }

  // Indexes (sequence number - 1), rising; nullopt: a sequence number that there is not (BAD).
  std::optional<std::vector<std::size_t>> resolve(const SequenceSet& set, bool by_uid) const;
  // Of the folder's state, or of what was expunged but not yet told; null: gone for good.
  const store::Entry* entry(std::size_t index) const;
  std::string flags(const store::Entry& e, bool recent) const;  // "(\Seen ...)"
  std::string all_flags() const;                                // without the parentheses

 private:
  void take_arrivals(bool& any);
  void say_flags(std::string& out, uint32_t upto, bool uid);
  void drop_expunged(std::string& out);

  store::Folder* folder_;
  bool read_only_;
  std::vector<Seen> messages_;
  uint32_t last_uid_ = 0, uid_validity_ = 0;
  uint64_t seen_ = 0, known_ = 0;  // mod_seq
  std::size_t keywords_ = 0;
  // Where in the state's gone() a UID is, sorted; made anew when more was expunged.
  mutable std::vector<std::pair<uint32_t, std::size_t>> gone_;
  mutable uint64_t gone_seq_ = 0;
};

}  // namespace jd::imap

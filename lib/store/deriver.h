// SPDX-License-Identifier: MIT
// deriver.h: makes the derived forms (derived.h) of a folder's messages that have none, behind whoever
// brought the mail: so the first listing and the first search of it find them made.
//
// When too few lack one to be worth an index, nothing is done; nor where nothing may be written, or the
// folder's log is damaged.  What another process has made meanwhile is taken.  Oldest first; a message
// that cannot be read is left out, and one of `large` bytes and more gets no digest: a session makes it.
// Memory: a megabyte, and 16 bytes for each form.  A process that dies in between has made nothing.
// Blocking; one thread.  Account and folder must live longer; between two steps others may use them.
#pragma once
#include <cstdint>
#include <functional>

#include "lib/base/result.h"
#include "lib/store/account.h"

namespace jd::store {

class Deriver {
 public:
  static constexpr uint64_t large = 1 << 20;  // bytes
  // Where more than `most` bytes of mail would be read for it, nothing is done.
  Deriver(Account& account, Folder& folder, uint64_t most = UINT64_MAX) : segments_(account.segments()), folder_(folder), most_(most) {}

  // Works while may_go_on(), which is asked before each message, and says whether it is at its end.
  // Errors: the folder cannot be read.
  Result<bool> step(const std::function<bool()>& may_go_on);
  // What was made so far is kept, if it is worth it: before an end that comes early.
  void keep();
  uint64_t made() const { return made_count_; }  // messages

 private:
  enum class State : uint8_t { begin, make, keep, end };
  Status begin();
  bool make(const std::function<bool()>& may_go_on);
  void make_one(const Entry& e, bool wire, bool digest);
  void add(Folder::Form f, const Entry& e, std::string_view bytes);
  bool lacks_digest(const Entry& e) const { return e.size < large && folder_.lacks(Folder::Form::digest, e); }

  MailSegments& segments_;
  Folder& folder_;
  uint64_t most_;
  State state_ = State::begin;
  int rounds_ = 0;
  bool is_wanted_[2] = {false, false};  // by Form: enough lack it
  uint32_t next_ = 0;                   // UID
  Folder::DerivedBatches made_;
  uint64_t made_count_ = 0;
};

// All of it, or as much as may_go_on() allows; how many messages.
Result<uint64_t> derive(Account& account, Folder& folder, const std::function<bool()>& may_go_on);

}  // namespace jd::store

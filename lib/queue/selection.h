// SPDX-License-Identifier: MIT
// selection.h: which messages of the queue an operator means: all that fit everything that is said.
//
// Ages are of the message (since it was received); sizes are of the message's bytes.  Recipients,
// domains and reasons count only for recipients that are still waiting.  Patterns: lib/base/pattern.h.
// As pairs (qrun-admin.sock): qid (several) sender recipient domain reason user state older newer
// larger smaller scope (address); ages in seconds, sizes in bytes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lib/base/pattern.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/queue/file_store.h"

namespace jd::queue {

struct Selection {
  std::vector<std::string> ids;
  std::string sender, recipient, domain, reason, user;
  std::string state;                     // active | deferred | new | hold
  bool of_address = false;               // put off because the address that we send from is refused
  std::optional<Span> older, newer;
  std::optional<uint64_t> larger, smaller;

  bool is_everything() const;            // nothing is said
  OwnPairs pairs() const;
  static Result<Selection> from_pairs(const Pairs& pairs);  // usage: a bad number or state; foreign keys are skipped
};

// A message as lists show it.
struct QueueItem {
  std::string id, state, sender, user, reason;
  std::vector<std::string> recipients;   // those still waiting
  uint64_t size = 0;
  uint32_t attempts = 0;
  bool of_address = false;               // of one of those at least
  Time received, due;
};
QueueItem item_of(std::string_view state, const Message& m, const Progress& p, Time due);

class Matcher {
 public:
  static Result<Matcher> make(const Selection& s, Time now);
  bool takes_state(std::string_view state) const { return state_.empty() || state_ == state; }
  bool has_ids() const { return !ids_.empty(); }
  bool takes_id(const std::string& id) const;  // by id and age alone: no file is read for it
  bool needs_content() const { return needs_content_; }
  bool takes(const Message& m, const Progress& p) const;  // the rest
  // Is this recipient one of those that recipient and domain name?
  bool takes_recipient(std::string_view address) const;

 private:
  std::unordered_set<std::string> ids_;
  std::string state_;
  Pattern sender_, recipient_, domain_, reason_, user_;
  std::optional<Time> before_, after_;
  std::optional<uint64_t> larger_, smaller_;
  bool of_address_ = false, needs_content_ = false;
};

}  // namespace jd::queue

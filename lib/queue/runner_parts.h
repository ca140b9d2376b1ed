// SPDX-License-Identifier: MIT
// runner_parts.h: what a Runner holds per segment, message and recipient (runner*.cc only).
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lib/queue/runner.h"

namespace jd::queue {

constexpr uint8_t max_alias_depth = 10;
constexpr std::size_t max_targets = 20'000;        // of one message, aliases expanded
constexpr std::size_t max_group = 100;             // recipients per transaction, RFC 5321 §4.5.3.1.8
constexpr std::string_view maildir_prefix = "maildir:";
constexpr std::size_t max_unanswered = 100;         // by the directory; then nothing more is taken on
constexpr const char* frozen_text = "the operator has stopped deliveries to this destination";
constexpr unsigned token_bits = 20;                // token = job << 20 | target

struct Runner::Segment {
  Segment(JournalReader r, DoneLog d) : reader(std::move(r)), done(std::move(d)) {}
  JournalReader reader;
  DoneLog done;
  uint32_t open_jobs = 0;
  bool is_found = false;     // it was there when we started: all of it is checked
  bool is_replay = false;    // until its end was seen: what was there when we started
  bool is_complete = false;  // nothing more will come
  bool is_at_end = false;    // nothing to read until it grows
  uint64_t local_epoch = 0;  // of its last local delivery; see Job
  Time complete_since;
};

struct Runner::Target {
  enum class State : uint8_t { resolving, waiting, sent, settled };
  std::string address;
  uint32_t rcpt = 0;  // of the envelope
  uint8_t depth = 0;
  State state = State::resolving;
  Fate fate = Fate::delivered;
  bool is_local = false, is_maildir = false, replay = false;
  bool is_relayed = false;  // by a host that will not tell of its success
  bool is_untried = false;  // its destination's list was full, or it is frozen: no attempt
  bool is_frozen = false;   // by the operator: its time does not run out
  bool is_silent = false;  // expanded, or a second way to the same mailbox: nothing to report
  std::string account, path;
  Quota quota;
  LastError error;
};

struct Runner::Job {
  enum class Phase : uint8_t { running, reporting, moving };
  uint64_t number = 0;
  Phase phase = Phase::running;
  Message message;
  std::shared_ptr<Segment> segment;  // of the journal, or
  uint64_t offset = 0;
  std::optional<QueueFile> file;
  Progress progress;
  std::vector<Target> targets;
  std::vector<uint32_t> open_of;  // by recipient: targets not settled
  std::vector<char> bad_of;       // by recipient: one was not delivered
  std::vector<char> local_of;     // by recipient: one was delivered here
  std::unordered_set<std::string> seen;
  std::size_t resolving = 0, open = 0;
  unsigned reports = 0;  // being injected
  uint64_t local_epoch = 0;  // syncs started when the last local delivery was answered; 0: none
  // What the directory said to forward(): asked once, when an alias leads to another host.
  std::optional<std::string> forward_from;
  bool replay = false;     // it was there when we started: some of it may be done
  bool is_doubtful = false;  // it may have been delivered though nothing says so
  bool is_expanded = false, want_hold = false, want_removal = false;
  Time started;

  uint64_t token(std::size_t target) const { return number << token_bits | target; }
  const Recipient& recipient(const Target& t) const { return message.envelope.recipients[t.rcpt]; }
};

struct Runner::Group {
  uint64_t job = 0;
  std::string domain;       // of the recipients; of a route with hosts its name
  std::string destination;  // the Scheduler's
  std::string route;
  std::vector<std::size_t> targets;
  bool is_forwarded = false;  // an alias of ours leads there
  uint64_t bytes = 0;  // handed over
  bool is_sent = false;
};

}  // namespace jd::queue

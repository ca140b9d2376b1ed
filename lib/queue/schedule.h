// SPDX-License-Identifier: MIT
// schedule.h: when to try again and how much at once.  Pure: no I/O, time is given.
//
// RetryPolicy   how long to wait between attempts, when to warn, when to give up (RFC 5321 §4.5.4.1)
// DueHeap       the messages that are due within the current slot, 24 bytes each; later ones cost
//               nothing, they are names in the directories of their slots
// Scheduler     jobs (numbers) waiting for a destination.  Each destination has a window of jobs
//               under way: it begins at `initial`, grows by one per window of successes up to its
//               limit, halves with each failure of the destination (not of a recipient), and after
//               `dead_after` failures in a row the destination is dead for `dead_for`: its waiting
//               jobs are handed back, so that they can be deferred without trying each.
//               Destinations take turns; work per job does not grow with their number.
//               A destination may have terms of its own (terms.h): a limit, a rate (jobs begun per
//               minute, evenly: what was not used in two seconds is lost), or be frozen: it takes nothing.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/time.h"
#include "lib/queue/terms.h"

namespace jd::queue {

struct RetryPolicy {
  std::vector<Span> waits;  // between attempts; the last repeats.  Empty: 5m 10m 20m 40m 1h 2h 4h
  Span warn_after = hours(4);
  Span give_up_after = days(5);
  // The moment of the next attempt after `attempts` have failed; up to a tenth later than the wait
  // says (random: any number), so that what failed together does not return together; never later
  // than the last attempt at give_up_after.
  Time next(Time received, uint32_t attempts, Time now, uint64_t random) const;
  bool should_warn(Time received, Time now) const { return now - received >= warn_after; }
  bool should_give_up(Time received, Time now) const { return now - received >= give_up_after; }
};

class DueHeap {
 public:
  struct Entry {
    uint32_t due;               // seconds
    std::array<char, 20> id;
    bool operator<(const Entry& o) const { return due > o.due; }  // the heap's top is the soonest
  };
  void add(int64_t due_seconds, std::string_view id);
  std::optional<Entry> pop(Time now);           // due now or before
  std::optional<int64_t> next_due() const;      // seconds
  std::size_t size() const { return heap_.size(); }
  void clear() { heap_.clear(); }

 private:
  std::vector<Entry> heap_;
};

enum class Outcome : uint8_t {
  success,
  failure,  // of the destination: no connection, a broken session, "try later" for everybody
  neutral,  // said nothing about the destination
};

struct ConcurrencyLimits {
  unsigned initial = 5, max = 20;
  unsigned dead_after = 5;
  Span dead_for = minutes(1);
  std::size_t max_waiting = 8000;  // jobs of one destination; more are refused (full())
};

class Scheduler {
 public:
  using Job = uint64_t;
  explicit Scheduler(ConcurrencyLimits limits = {}) : limits_(limits) {}

  // False: the destination is dead, frozen, or its list is full; the caller defers the job.
  bool add(const std::string& destination, Job job, Time now);
  // A job that may start now, counted as under way until finished().
  struct Start { std::string destination; Job job; };
  std::optional<Start> next(Time now);
  // The jobs of a destination that has just died, to be deferred; empty otherwise.
  std::vector<Job> finished(const std::string& destination, Outcome outcome, Time now);

  std::vector<Job> take_waiting();  // all of them: nobody is there to do them
  void set_max(unsigned max);                                  // for all without one of their own
  // The jobs that waited for one that is frozen now.
  std::vector<Job> set_terms(const std::string& destination, const Terms& terms);
  unsigned max_of(const std::string& destination) const;
  bool is_frozen(const std::string& destination) const;
  bool is_dead(const std::string& destination, Time now) const;
  void revive();        // dead destinations are tried again
  void sweep(Time now); // forgets destinations without work; call it about once a minute
  std::size_t waiting() const { return waiting_; }
  std::size_t active() const { return active_; }
  struct View { std::string name; unsigned active, window, max; std::size_t waiting; bool dead, frozen; unsigned per_minute; };
  std::vector<View> view(Time now) const;  // those with work, the dead and those with limits

 private:
  struct Destination {
    std::string name;
    std::deque<Job> jobs;
    unsigned active = 0;
    double window = 0;
    unsigned failures = 0;
    Time dead_until;
    bool ready = false;  // in ready_ or slowed_
    double allowed = 1;  // jobs that its rate lets begin now
    Time counted;        // when that was so
  };
  void make_ready(Destination& d);
  bool may_begin(Destination& d, Time now);
  void wake_slowed(Time now);

  ConcurrencyLimits limits_;
  std::unordered_map<std::string, Destination> destinations_;
  std::unordered_map<std::string, Terms> terms_;
  std::deque<std::string> ready_;
  std::vector<std::pair<Time, std::string>> slowed_;  // by their rate, until then
  std::size_t waiting_ = 0, active_ = 0;
};

}  // namespace jd::queue

// SPDX-License-Identifier: MIT
// operation.h: one order of the operator's about many messages, done in slices beside everything else.
//
//   auto op = Operation::begin(runner, order);      errors: usage (a bad pattern)
//   while (!(*op)->step(milliseconds(10))) ...      other work of the loop
//
//   first what is under way (a copy of its ids), then the files by Scan, each looked at once:
//   name ── id, age, state fit? ── load, only where contents are asked for ── fits? ── act ── tally
//
// list and show stop (is_paused()) when a page is full; the next step() begins the next one.
// What is under way: hold and remove take effect when what is being delivered just now has ended;
// redirect leaves it out and says so; these orders are lost when qrun ends first.  What a verb changed in
// files is durable when step() says true.  Journal records beyond the Runner's max_jobs are not seen.
// The order of the results is that of Scan.  Memory: the ids under way, one page, 20 faults.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "lib/queue/runner.h"
#include "lib/queue/scan.h"
#include "lib/queue/selection.h"

namespace jd::queue {

struct Order {
  enum class Verb : uint8_t { list, count, show, hold, release, retry, remove, redirect };
  Verb verb = Verb::list;
  Selection select;
  bool dry_run = false;   // tell what would happen
  std::size_t limit = 100;  // items of a page, or of the sample that other verbs show
  std::string to;         // of redirect: user@domain, or @domain: the same user there
};

class Operation {
 public:
  struct Fault { std::string id, why; };
  struct Tally {
    uint64_t matched = 0, done = 0, failed = 0, skipped = 0;
    uint64_t bytes = 0;          // of those matched; only counted where files are read
    uint64_t active = 0, deferred = 0, hold = 0, fresh = 0;  // matched, by state
    Time oldest;                 // of those matched; 0: none
    std::vector<Fault> faults;   // the first ones, of failed and skipped
  };
  static Result<std::unique_ptr<Operation>> begin(Runner& runner, Order order);

  // Works for about `budget` (at least one message).  True: it is over, or a page is full.
  Result<bool> step(Span budget);
  bool is_over() const { return is_over_; }
  const Order& order() const { return order_; }
  const Tally& tally() const { return tally_; }
  std::vector<QueueItem> take_items() { return std::move(items_); }
  std::optional<Runner::Details> details;  // of show

 private:
  Operation(Runner& r, Order o, Matcher m, Time started)
      : runner_(r), order_(std::move(o)), matcher_(std::move(m)), started_(started) {}
  bool looks_at(std::string_view state) const;
  bool is_change() const { return order_.verb >= Order::Verb::hold; }
  bool is_enough() const { return order_.verb == Order::Verb::list && items_.size() >= order_.limit; }
  void look_at_active(const std::string& id);
  void look_at_file(Scan::Name n);
  void count(std::string_view state, const std::string& id, uint64_t bytes);
  void show_item(QueueItem i);
  void show_details(Runner::Details d, const QueueFile* f);
  void act_on_active(const std::string& id);
  void act_on_file(Scan::Name& n, std::optional<QueueFile>& f);
  Status hold(Scan::Name& n);
  Status release(Scan::Name& n);
  Status retry(Scan::Name& n);
  Status remove(Scan::Name& n);
  Status redirect(Scan::Name& n, QueueFile& f, bool& changed);
  void make_due(const std::string& path, const std::string& id, Time due);
  void settle(const std::string& id, const Status& s);
  void skip(const std::string& id, std::string why);
  void note(const std::string& id, std::string why);
  Status finish();

  Runner& runner_;
  Order order_;
  Matcher matcher_;
  Time started_;
  std::vector<std::string> active_;
  std::size_t next_active_ = 0;
  std::unordered_set<std::string> seen_;  // active ones; with ids, all that were found
  std::optional<Scan> scan_;
  Tally tally_;
  std::vector<QueueItem> items_;
  bool is_over_ = false;
};

}  // namespace jd::queue

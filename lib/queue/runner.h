// SPDX-License-Identifier: MIT
// runner.h: the heart of qrun: takes messages from the journal and the files, sends each recipient
// where it belongs, and sees to it that every message ends delivered, bounced, held or deferred.
//
//   journal record, file in new/, due file
//        │ admit (bounded: max_jobs; what is not admitted costs nothing, it stays on disk)
//        ▼
//   resolve each recipient ──alias──► its targets, resolved in turn (each once, depth bounded)
//        │ account            │ remote: one group per domain        │ unknown
//        ▼                    ▼                                     ▼
//   local agent          Scheduler, remote agent                  failed
//        └───────────┬────────┴─────────────────────────────────────┘
//                    ▼ all settled
//   reports (bounce, warning, success) injected ──► done: the done log, or the file is removed
//                                               └─► temporary failures: a file in deferred/
//
// A journal message whose recipients are not all done becomes a file: written in batches, one
// sync_file_system() for all, then said to be done in the journal.  A segment retires when it is
// complete, no job holds it and the store has been synced, which it also is whenever 16 MB were delivered.
//
// The Runner does disk I/O through FileStore and the journal (it blocks briefly) but talks to nobody:
// all talk is the Outside's, which calls back resolved(), local_done() ...  Calls back may come from
// inside the call that asked.  Work is done in pump(), once per turn of the loop, and in tick(), once
// per second.  One thread.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lib/base/quota.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/queue/agent.h"
#include "lib/queue/bounce.h"
#include "lib/queue/file_store.h"
#include "lib/queue/journal.h"
#include "lib/queue/metrics.h"
#include "lib/queue/retry_rules.h"
#include "lib/queue/routes.h"
#include "lib/queue/schedule.h"
#include "lib/queue/selection.h"

namespace jd::queue {

struct Resolution {
  enum class Kind : uint8_t { remote, account, alias, unknown };
  Kind kind = Kind::remote;
  std::string account, path;  // of an account
  Quota quota;
  std::vector<std::string> targets;  // of an alias: addresses, or maildir:/path
};

class Outside {
 public:
  virtual ~Outside() = default;
  virtual void resolve(uint64_t token, const std::string& address) = 0;  // -> resolved()
  // The reverse path of what the alias `by` sends on to other hosts -> forwarded()
  virtual void forward(uint64_t token, const std::string& from, const std::string& by) = 0;
  // False: the agent is not there; the Runner asks again later.  -> local_done() or local_lost()
  virtual bool deliver_local(const LocalDelivery& d, const Message& m) = 0;
  virtual bool deliver_remote(const RemoteDelivery& d, const Message& m) = 0;  // -> remote_done(), remote_lost()
  virtual bool sync_store() = 0;                    // -> store_synced(); false: not there
  virtual void forget_segment(uint32_t number) = 0; // it will be used for something else
  virtual void inject(uint64_t token, const Report& r) = 0;  // -> injected()
  virtual void mailbox_full(const std::string& account, uint64_t bytes) = 0;  // a message of so many was, or would be, over quota
};

struct RunnerConfig {
  std::string hostname = "localhost", postmaster = "postmaster";
  std::string boot_id;  // of the machine's present boot: see journal.h
  bool srs = true;      // forwarded mail gets a reverse path of ours
  std::string verp_separator = "+";
  RetryRules retry;
  ReportLanguage report_language = ReportLanguage::sender;
  ConcurrencyLimits limits;
  Routes routes;
  std::size_t max_jobs = 20'000;  // a kilobyte or two each
  std::size_t max_local = 1000, max_remote = 500;  // under way
  uint64_t max_remote_bytes = 256 << 20;          // of messages handed to remote delivery
  Span agent_patience = minutes(1);    // an agent away for longer: its mail is deferred
  Span segment_patience = seconds(30); // a complete segment waits so long for its last jobs
};

class Runner {
 public:
  // Reads what is there; proportional to what is undone.
  static Result<std::unique_ptr<Runner>> open(const std::string& queue_path, RunnerConfig c, Outside& o);
  ~Runner();

  void pump();
  void tick();
  // Something to admit.
  void journal_grew(uint32_t segment, uint64_t committed_end);
  void new_file(const std::string& name);  // in new/
  void look_for_new_files();

  // Answers.
  void resolved(uint64_t token, Result<Resolution> r);
  void forwarded(uint64_t token, Result<std::string> reverse_path);
  void local_done(uint64_t token, const RcptResult& r);
  void local_lost(uint64_t token);  // the agent went away: it may or may not have been delivered
  void remote_done(const DeliveryResult& r);
  void remote_lost(uint64_t id);
  void remote_back(uint64_t id);  // not begun: it waits again, no attempt counts
  void store_synced(bool is_good);
  void injected(uint64_t token, Status s);
  void local_is(bool up);
  void remote_is(bool up);

  // For the operator: operation.h has what he orders about messages.
  struct Details {
    QueueItem item;
    Envelope envelope;
    Progress progress;
    std::string header;
    Message message;
    std::vector<Attempt> history;
  };
  // Effective at once and kept over restarts (queue/destinations).  "*": its max is for all.
  Terms terms_of(const std::string& destination) const;
  Status set_terms(const std::string& destination, const Terms& terms);
  std::vector<Scheduler::View> destinations() const { return scheduler_.view(now()); }
  struct Stats {
    uint64_t delivered = 0, deferred = 0, bounced = 0, received = 0;  // since the start
    std::size_t active = 0, due = 0, local = 0, remote = 0, waiting = 0, segments = 0, moving = 0;
    bool is_draining = false;
  };
  const Metrics& metrics() const { return metrics_; }
  Stats stats() const;
  void drain(bool on) { draining_ = on; }
  // Nothing more is given to the agents; what they have may end.  For a stop in order.
  void stop_dispatch() { draining_ = stopped_ = true; }
  bool is_quiet() const { return !local_active_ && !scheduler_.active(); }
  // The last call: what was not given to an agent is not searched for by the next start (jdmail-queue(5)).
  void write_stop_note();
  bool is_idle() const { return jobs_.empty(); }
  bool has_more() const { return has_more_; }  // pump() stopped at its bound: call it again soon

 private:
  struct Segment;
  struct Target;
  struct Job;
  struct Group;
  Runner(FileStore store, RunnerConfig c, Outside& o);

  // runner.cc
  Status start();
  void look_for_segments();
  Status open_segment(uint32_t number, bool is_replay);
  void read_stop_note();
  bool may_have_happened(const Segment& s, const std::string& id);
  bool admit_record();
  Status find_moved();
  void forget_moved();
  bool has_file(const std::string& id);
  void keep_damage(uint32_t number, const Segment& s);
  bool admit_file();
  void start_file(const std::string& path);
  static void log_picked_up(const Message& m);
  void start_job(std::unique_ptr<Job> job);
  void expand(Job& job, std::size_t index, const std::vector<std::string>& targets);
  void settle_early(Job& job, std::size_t index);
  void add_target(Job& job, std::string address, uint32_t rcpt, uint8_t depth);
  void dispatch_local();
  void settle(Job& job, std::size_t index, const RcptResult& r);
  Target* target_of(uint64_t token, Job** job);
  // runner_remote.cc
  bool ask_forward(Job& job);
  void group_remote(Job& job);
  void enqueue_group(uint64_t id);
  void settle_group(uint64_t id, const RcptResult& r);
  void dispatch_remote();
  std::string reverse_path_of(const Job& job, const Group& g) const;
  // runner_finish.cc
  void finish(Job& job);
  void send_report(Job& job, ReportKind kind, const std::vector<std::size_t>& targets);
  void complete(Job& job);
  void complete_file(Job& job, const std::vector<std::size_t>& left, bool is_hold);
  static bool none_tried(const Job& job, const std::vector<std::size_t>& left);
  const RetryPolicy& policy_of(const Target& t) const;
  Time next_attempt(const Job& job, const std::vector<std::size_t>& left, unsigned attempts) const;
  void fill_progress(Progress& p, Job& job, const std::vector<std::size_t>& left, bool by_target);
  Envelope pending_envelope(const Job& job, const std::vector<std::size_t>& left) const;
  void flush_moves();
  void end_job(Job& job);
  void file_is_due(int64_t due, const std::string& id);
  void retire();
  bool retire_one(uint32_t number);
  void convert_old_jobs();
  bool is_store_safe(const Job& job);
  void advance_slots();
  void log_target(const Job& job, const Target& t, std::string_view event, Time next = {});
  // runner_admin.cc
  friend class Operation;
  Job* active_job(const std::string& id);
  void remove_active(Job& job);
  void load_operator_terms();
  void apply_terms(const std::string& destination, const Terms& terms);
  void set_aside(uint64_t group, const std::string& why, bool is_frozen);
  static Details details_of(const Message& m, const Progress& p, std::string_view state, Time due);

  FileStore store_;
  Fd journal_;
  RunnerConfig config_;
  Outside& outside_;
  Scheduler scheduler_;
  AllTerms terms_;
  DueHeap due_;
  int64_t slot_ = -1;  // the last slot whose names are in due_
  std::deque<std::string> new_files_, flush_files_;      // paths
  std::deque<std::pair<Time, std::string>> retry_files_; // paths, after an error of ours
  std::map<uint32_t, std::shared_ptr<Segment>> segments_;
  // What the run before has said, when it ended in order: the messages that it may have delivered all the same.
  bool was_stopped_ = false;
  std::unordered_set<std::string> doubtful_;
  std::unordered_map<std::string, std::string> file_ids_;  // at start: records that may be files: path
  std::unordered_map<uint64_t, std::unique_ptr<Job>> jobs_;
  std::unordered_map<std::string, uint64_t> active_ids_;
  std::unordered_map<uint64_t, std::unique_ptr<Group>> groups_;
  std::vector<uint64_t> ask_again_;  // targets that the directory did not answer about
  std::deque<uint64_t> local_waiting_;
  std::vector<uint64_t> finished_, moving_;
  uint64_t next_job_ = 1, next_group_ = 1;
  uint32_t last_retired_ = 0;
  uint64_t remote_bytes_ = 0;
  uint64_t sync_wanted_ = 0, sync_started_ = 0, synced_ = 0;  // syncs of the store
  uint64_t unsynced_bytes_ = 0;  // delivered locally since the last was started
  std::size_t local_active_ = 0, file_jobs_ = 0,  resolving_ = 0;
  bool local_up_ = false, remote_up_ = false, draining_ = false, stopped_ = false, syncing_ = false;
  bool has_more_ = false;
  bool turn_ = false;  // whose turn to be admitted
  Time local_down_since_, remote_down_since_, last_look_, last_sweep_, last_move_, last_sync_;
  Stats stats_;
  Metrics metrics_;
};

}  // namespace jd::queue

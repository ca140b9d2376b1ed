// SPDX-License-Identifier: MIT
// loop.h: one thread that waits for descriptors, timers and signals, and calls whoever asked.
//
// Three kinds of thing live beside a Loop; each is a member of the object that its callback works
// for, so that a callback never outlives its owner:
//   Watch  calls when a descriptor is ready (epoll; edge or level as the events say)
//   Timer  calls once, after a Span of monotonic() time (tests move that clock)
//   Task   calls once, at the end of the turn: where a batch of writes becomes one write
// They may be started, stopped or destroyed inside any callback, their own included.
//
// A turn: wait, call what is ready, fire due timers, run tasks and posted functions.  What a task
// starts belongs to the next turn, so a session that always has work lets the others go first.
// One thread uses a Loop and all that lives beside it.  After fork() the child must not touch it.
// The constructor ignores SIGPIPE: a peer that is gone is an error of the write, not our end.
#pragma once
#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/time.h"

namespace jd::net {

class Loop;
class Lingering;

class Watch {
 public:
  Watch(Loop& loop, std::function<void(uint32_t events)> call);
  ~Watch();
  Watch(const Watch&) = delete;
  // events as in epoll_ctl(2).  The descriptor stays the caller's; stop before closing it.
  Status start(int fd, uint32_t events);
  Status change(uint32_t events);  // not with EPOLLEXCLUSIVE: stop and start
  void stop();
  bool is_running() const { return fd_ >= 0; }

 private:
  friend class Loop;
  Loop& loop_;
  std::function<void(uint32_t)> call_;
  int fd_ = -1;
};

class Timer {
 public:
  Timer(Loop& loop, std::function<void()> call);
  ~Timer();
  Timer(const Timer&) = delete;
  void start(Span after);   // again: the new time counts
  void start_at(Time due);  // monotonic()
  void stop();
  bool is_running() const { return at_ != none; }
  Time due() const { return due_; }

 private:
  friend class Loop;
  static constexpr uint32_t none = UINT32_MAX;
  Loop& loop_;
  std::function<void()> call_;
  Time due_{};            // what was asked for
  uint32_t at_ = none;    // position in the loop's heap
};

class Task {
 public:
  Task(Loop& loop, std::function<void()> call);
  ~Task();
  Task(const Task&) = delete;
  void start();  // at the end of this turn; again: nothing more
  void stop();
  bool is_running() const { return at_ != none; }

 private:
  friend class Loop;
  static constexpr uint32_t none = UINT32_MAX;
  Loop& loop_;
  std::function<void()> call_;
  uint32_t at_ = none;
};

// Something that outlives its owner for a while, such as a connection that still has bytes to send.
struct Kept {
  virtual ~Kept() = default;
  std::size_t kept_at = 0;  // the loop's
};

class Loop {
 public:
  Loop();  // aborts when the kernel gives no epoll descriptor: nothing works then
  ~Loop();
  Loop(const Loop&) = delete;

  void run();                     // until stop()
  void stop() { stopping_ = true; }
  // One turn that waits at most so long; the number of callbacks made.  For tests and clean ends.
  std::size_t run_once(Span max_wait = {});
  void post(std::function<void()> call);  // once, at the end of this turn
  // Blocks the signal for this thread and calls on its arrival.  Before threads are made.
  Status on_signal(int signal, std::function<void()> call);

  void keep(std::unique_ptr<Kept> object);
  void drop(Kept& object);  // destroyed at the end of this turn; when half of many are gone, their memory too
  std::size_t kept() const { return kept_.size(); }
  void each_kept(const std::function<void(Kept&)>& call);  // which may drop it

  Lingering& linger();  // where a Stream leaves its socket when it closes gently

  // Room for one read, shared by all: holds nothing from one callback to the next.
  static constexpr std::size_t scratch_bytes = 64 << 10;
  char* scratch() { return scratch_.get(); }

 private:
  friend class Watch;
  friend class Timer;
  friend class Task;
  struct Due { Time at; Timer* timer; };
  struct Signals;
  static constexpr int batch = 256;

  int wait_ms(Span max_wait) const;
  std::size_t dispatch(int n);
  std::size_t fire_timers();
  std::size_t run_tasks();
  void place(std::size_t i, Due d);
  void sift_up(std::size_t i);
  void sift_down(std::size_t i);
  void heap_remove(std::size_t i);
  void forget(Watch* w);
  void clear_dropped();
  void gone(void* object) { if (current_ == object) current_ = nullptr; }

  Fd epoll_;
  bool stopping_ = false;
  bool in_turn_ = false;
  void* current_ = nullptr;  // whose callback runs; cleared when that object goes
  epoll_event events_[batch];
  int event_count_ = 0;
  std::vector<Due> heap_;  // the soonest first; may be earlier than timer->due_ (then put back)
  std::vector<Task*> tasks_;
  std::vector<std::function<void()>> posts_;
  std::vector<std::unique_ptr<Kept>> kept_, dropped_;
  std::size_t most_kept_ = 0;  // since memory was given back
  std::unique_ptr<char[]> scratch_;
  std::unique_ptr<Signals> signals_;
  std::unique_ptr<Lingering> lingering_;
};

}  // namespace jd::net

// SPDX-License-Identifier: MIT
#include "lib/net/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <map>

#include "lib/base/heap.h"
#include "lib/base/log.h"
#include "lib/base/log_pace.h"
#include "lib/net/linger.h"

namespace jd::net {

// The callback moves out while it runs: it may destroy the object that holds it.
#define JD_NET_CALL(object, ...)                                 \
  do {                                                           \
    auto* self_ = (object);                                      \
    auto call_now_ = std::move(self_->call_);                    \
    current_ = self_;                                            \
    call_now_(__VA_ARGS__);                                      \
    if (current_ == self_) self_->call_ = std::move(call_now_);  \
    current_ = nullptr;                                          \
  } while (0)

Watch::~Watch() {
  stop();
  loop_.gone(this);
}
Timer::~Timer() {
  stop();
  loop_.gone(this);
}
Task::~Task() {
  stop();
  loop_.gone(this);
}

// --- Watch

Watch::Watch(Loop& loop, std::function<void(uint32_t)> call) : loop_(loop), call_(std::move(call)) {}

Status Watch::start(int fd, uint32_t events) {
  MUST(fd_ < 0);
  epoll_event e{};
  e.events = events;
  e.data.ptr = this;
  if (::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_ADD, fd, &e) < 0)
    return fail_errno(errno, "cannot watch descriptor {}", fd);
  fd_ = fd;
  return {};
}

Status Watch::change(uint32_t events) {
  epoll_event e{};
  e.events = events;
  e.data.ptr = this;
  if (::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_MOD, fd_, &e) < 0)
    return fail_errno(errno, "cannot watch descriptor {}", fd_);
  return {};
}

void Watch::stop() {
  if (fd_ >= 0) {
    epoll_event e{};
    (void)::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_DEL, fd_, &e);  // may be closed already
    fd_ = -1;
  }
  loop_.forget(this);
}

// Events of this turn that were not called yet must not reach an object that is gone.
void Loop::forget(Watch* w) {
  for (int i = 0; i < event_count_; i++)
    if (events_[i].data.ptr == w) events_[i].data.ptr = nullptr;
}

// --- Timer: a binary heap that knows where each timer is

Timer::Timer(Loop& loop, std::function<void()> call) : loop_(loop), call_(std::move(call)) {}

void Timer::start(Span after) { start_at(monotonic() + after); }

void Timer::start_at(Time due) {
  due_ = due;
  if (at_ == none) {
    loop_.heap_.push_back({due, this});
    at_ = static_cast<uint32_t>(loop_.heap_.size() - 1);
    loop_.sift_up(at_);
  } else if (due < loop_.heap_[at_].at) {  // later is cheap: seen when the old time comes
    loop_.heap_[at_].at = due;
    loop_.sift_up(at_);
  }
}

void Timer::stop() {
  if (at_ != none) loop_.heap_remove(at_);
}

void Loop::place(std::size_t i, Due d) {
  heap_[i] = d;
  d.timer->at_ = static_cast<uint32_t>(i);
}

void Loop::sift_up(std::size_t i) {
  Due d = heap_[i];
  while (i > 0 && d.at < heap_[(i - 1) / 2].at) {
    place(i, heap_[(i - 1) / 2]);
    i = (i - 1) / 2;
  }
  place(i, d);
}

void Loop::sift_down(std::size_t i) {
  Due d = heap_[i];
  for (;;) {
    std::size_t child = 2 * i + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].at < heap_[child].at) child++;
    if (d.at <= heap_[child].at) break;
    place(i, heap_[child]);
    i = child;
  }
  place(i, d);
}

void Loop::heap_remove(std::size_t i) {
  heap_[i].timer->at_ = Timer::none;
  Due last = heap_.back();
  heap_.pop_back();
  if (i == heap_.size()) return;
  heap_[i] = last;
  sift_down(i);
  sift_up(last.timer->at_);
}

std::size_t Loop::fire_timers() {
  if (heap_.empty()) return 0;
  std::size_t fired = 0;
  Time at = monotonic();
  // A timer that restarts itself for "now" waits for the next turn.
  for (std::size_t left = heap_.size(); left > 0 && !heap_.empty() && heap_[0].at <= at; left--) {
    Timer* t = heap_[0].timer;
    if (t->due_ > at) {
      heap_[0].at = t->due_;
      sift_down(0);
      continue;
    }
    heap_remove(0);
    JD_NET_CALL(t);
    fired++;
  }
  return fired;
}

// --- Task

Task::Task(Loop& loop, std::function<void()> call) : loop_(loop), call_(std::move(call)) {}

void Task::start() {
  if (at_ != none) return;
  at_ = static_cast<uint32_t>(loop_.tasks_.size());
  loop_.tasks_.push_back(this);
}

void Task::stop() {
  if (at_ == none) return;
  loop_.tasks_[at_] = nullptr;
  at_ = none;
}

std::size_t Loop::run_tasks() {
  std::size_t ran = 0, n = tasks_.size();
  for (std::size_t i = 0; i < n; i++) {
    Task* t = tasks_[i];
    if (!t) continue;
    tasks_[i] = nullptr;
    t->at_ = Task::none;
    JD_NET_CALL(t);
    ran++;
  }
  tasks_.erase(tasks_.begin(), tasks_.begin() + static_cast<std::ptrdiff_t>(n));
  for (std::size_t i = 0; i < tasks_.size(); i++)
    if (tasks_[i]) tasks_[i]->at_ = static_cast<uint32_t>(i);
  auto posts = std::move(posts_);
  posts_.clear();
  for (auto& call : posts) call();
  clear_dropped();
  return ran + posts.size();
}

// --- Loop

struct Loop::Signals {
  explicit Signals(Loop& loop) : watch(loop, [this](uint32_t) { read(); }) { sigemptyset(&set); }
  void read() {
    signalfd_siginfo s;
    while (::read(fd.get(), &s, sizeof s) == sizeof s)
      if (auto it = calls.find(static_cast<int>(s.ssi_signo)); it != calls.end()) it->second();
  }
  sigset_t set;
  Fd fd;
  Watch watch;
  std::map<int, std::function<void()>> calls;
};

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), scratch_(new char[scratch_bytes]) {
  MUST(epoll_);
  ::signal(SIGPIPE, SIG_IGN);
}

Loop::~Loop() {
  signals_.reset();
  clear_dropped();
  kept_.clear();
  lingering_.reset();
}

Lingering& Loop::linger() {
  if (!lingering_) lingering_ = std::make_unique<Lingering>(*this);
  return *lingering_;
}

Status Loop::on_signal(int signal, std::function<void()> call) {
  if (!signals_) signals_ = std::make_unique<Signals>(*this);
  Signals& s = *signals_;
  sigaddset(&s.set, signal);
  ::pthread_sigmask(SIG_BLOCK, &s.set, nullptr);
  int fd = ::signalfd(s.fd.get(), &s.set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0) return fail_errno(errno, "cannot receive signal {}", signal);
  s.calls[signal] = std::move(call);
  if (s.fd) return {};
  s.fd.reset(fd);
  return s.watch.start(fd, EPOLLIN);
}

void Loop::post(std::function<void()> call) { posts_.push_back(std::move(call)); }

void Loop::keep(std::unique_ptr<Kept> object) {
  object->kept_at = kept_.size();
  kept_.push_back(std::move(object));
  most_kept_ = std::max(most_kept_, kept_.size());
}

// The allocator keeps what was freed, however much it is: the sessions of an office that went home.
void Loop::clear_dropped() {
  constexpr std::size_t many = 500;
  dropped_.clear();
  if (most_kept_ < many || kept_.size() > most_kept_ / 2) return;
  heap::give_back();
  most_kept_ = kept_.size();
}

void Loop::drop(Kept& object) {
  std::size_t i = object.kept_at;
  dropped_.push_back(std::move(kept_[i]));
  if (i + 1 != kept_.size()) {
    kept_[i] = std::move(kept_.back());
    kept_[i]->kept_at = i;
  }
  kept_.pop_back();
}

void Loop::each_kept(const std::function<void(Kept&)>& call) {
  std::vector<Kept*> all;  // what is dropped lives to the end of the turn
  for (auto& k : kept_) all.push_back(k.get());
  for (Kept* k : all) call(*k);
}

int Loop::wait_ms(Span max_wait) const {
  bool has_task = std::any_of(tasks_.begin(), tasks_.end(), [](const Task* t) { return t; });
  if (has_task || !posts_.empty() || !dropped_.empty()) return 0;
  int64_t ns = std::min(max_wait.ns, log::flush_due_in().ns);
  if (!heap_.empty()) ns = std::min(ns, (heap_[0].at - monotonic()).ns);
  if (ns <= 0) return 0;
  return static_cast<int>(std::min<int64_t>((ns + 999'999) / 1'000'000, 3'600'000));
}

std::size_t Loop::dispatch(int n) {
  std::size_t called = 0;
  event_count_ = n;
  for (int i = 0; i < n; i++) {
    auto* w = static_cast<Watch*>(events_[i].data.ptr);
    if (!w) continue;
    JD_NET_CALL(w, events_[i].events);
    called++;
  }
  event_count_ = 0;
  return called;
}

std::size_t Loop::run_once(Span max_wait) {
  MUST(!in_turn_);
  in_turn_ = true;
  int n = ::epoll_wait(epoll_.get(), events_, batch, wait_ms(max_wait));
  MUST(n >= 0 || errno == EINTR);
  std::size_t called = n > 0 ? dispatch(n) : 0;
  called += fire_timers();
  called += run_tasks();  // what others wait for leaves first
  log::flush_in_time();
  in_turn_ = false;
  return called;
}

void Loop::run() {
  stopping_ = false;
  while (!stopping_) run_once(hours(1));
}

}  // namespace jd::net

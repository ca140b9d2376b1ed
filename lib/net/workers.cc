// SPDX-License-Identifier: MIT
#include "lib/net/workers.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace jd::net {

Workers::Workers(Loop& loop, int threads) : count_(threads), watch_(loop, [this](uint32_t) { finished(); }) {}

Workers::~Workers() {
  {
    std::lock_guard<std::mutex> hold(mutex_);
    ending_ = true;
    waiting_.clear();
  }
  wake_.notify_all();
  for (auto& t : threads_) t.join();
}

Status Workers::start() {
  event_ = Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!event_) return fail_errno(errno, "cannot make an eventfd");
  CHECK(watch_.start(event_.get(), EPOLLIN));
  for (int i = 0; i < count_; i++) threads_.emplace_back([this] { thread(); });
  return {};
}

bool Workers::run(std::function<void()> work, std::function<void()> done) {
  {
    std::lock_guard<std::mutex> hold(mutex_);
    if (waiting_.size() >= max_waiting) return false;
    waiting_.push_back({std::move(work), std::move(done)});
  }
  wake_.notify_one();
  return true;
}

void Workers::thread() {
  std::unique_lock<std::mutex> hold(mutex_);
  for (;;) {
    wake_.wait(hold, [this] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    hold.unlock();
    job.work();
    hold.lock();
    done_.push_back(std::move(job.done));
    uint64_t one = 1;
    if (::write(event_.get(), &one, sizeof one) < 0) continue;  // full: the loop is told already
  }
}

void Workers::finished() {
  uint64_t count;
  if (::read(event_.get(), &count, sizeof count) < 0) return;
  std::vector<std::function<void()>> ready;
  {
    std::lock_guard<std::mutex> hold(mutex_);
    ready.swap(done_);
  }
  for (auto& d : ready) d();
}

}  // namespace jd::net

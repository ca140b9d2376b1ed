// SPDX-License-Identifier: MIT
// workers.h: threads for what takes long (a derived key, a sync of the disk), so that a loop does not wait for it.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/net/loop.h"

namespace jd::net {

class Workers {
 public:
  static constexpr std::size_t max_waiting = 500;
  Workers(Loop& loop, int threads);
  ~Workers();  // waits for what runs; what waits is dropped
  Status start();
  // `work` runs in a thread, then `done` in the loop.  false: too much waits already.
  bool run(std::function<void()> work, std::function<void()> done);

 private:
  struct Job { std::function<void()> work, done; };
  void thread();
  void finished();
  int count_;
  Fd event_;
  Watch watch_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;
  std::vector<std::function<void()>> done_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace jd::net

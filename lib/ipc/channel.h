// SPDX-License-Identifier: MIT
// channel.h: a Unix socket under a Loop that carries frames and descriptors, both ways.
//
// What is sent in one turn leaves by one system call where no descriptor is among it.  At most 64 MB
// wait for a peer that does not read; then the connection is broken.
#pragma once
#include <sys/types.h>

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/ipc/frame.h"
#include "lib/net/loop.h"

namespace jd::ipc {

class Channel {
 public:
  // message: each frame that arrives.  broken: the connection is gone (why); nothing is called after.
  Channel(net::Loop& loop, std::function<void(Message)> message, std::function<void(const std::string&)> broken,
          std::size_t max_payload);
  ~Channel();
  Status open(Fd socket);  // non-blocking
  void send(const Message& m);
  void close();
  bool is_open() const { return static_cast<bool>(fd_); }
  std::size_t pending() const { return out_.size() - out_at_; }
  // What was sent leaves now, not at the end of the turn.  May tell that the connection is broken.
  void flush();

 private:
  struct Riding { uint64_t offset; std::vector<Fd> fds; };  // offset in the stream of sent bytes
  void on_events(uint32_t events);
  void read();
  void take(std::string_view came);
  void fail_with(const std::string& why);

  net::Loop& loop_;
  std::function<void(Message)> message_;
  std::function<void(const std::string&)> broken_;
  Decoder decoder_;
  Fd fd_;
  net::Watch watch_;
  net::Task flush_task_;
  std::string in_, out_;
  std::size_t out_at_ = 0;
  uint64_t sent_ = 0;
  std::deque<Riding> riding_;
  std::deque<Fd> received_;
  bool blocked_ = false, overflown_ = false;
  bool* gone_ = nullptr;
};

// Blocking: the whole frame with its descriptors.
Status send_frame(int fd, const Message& m);

}  // namespace jd::ipc

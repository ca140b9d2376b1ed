// SPDX-License-Identifier: MIT
#include "lib/ipc/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

namespace jd::ipc {
namespace {
constexpr std::size_t max_pending = 64 << 20, max_fds = 16;

// Sends a part with descriptors; the count of bytes, or -1 with errno.
ssize_t send_with(int fd, std::string_view bytes, const std::vector<Fd>& fds, int flags) {
  iovec v{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * max_fds)];
  msghdr h{};
  h.msg_iov = &v;
  h.msg_iovlen = 1;
  if (!fds.empty()) {
    MUST(fds.size() <= max_fds);
    h.msg_control = control;
    h.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    for (std::size_t i = 0; i < fds.size(); i++) {
      int one = fds[i].get();
      memcpy(CMSG_DATA(c) + i * sizeof(int), &one, sizeof one);
    }
  }
  return ::sendmsg(fd, &h, flags | MSG_NOSIGNAL);
}
}  // namespace

Channel::Channel(net::Loop& loop, std::function<void(Message)> message, std::function<void(const std::string&)> broken,
                 std::size_t max_payload)
    : loop_(loop), message_(std::move(message)), broken_(std::move(broken)), decoder_(max_payload),
      watch_(loop, [this](uint32_t e) { on_events(e); }), flush_task_(loop, [this] { flush(); }) {}

Channel::~Channel() {
  close();
  if (gone_) *gone_ = true;
}

Status Channel::open(Fd socket) {
  fd_ = std::move(socket);
  return watch_.start(fd_.get(), EPOLLIN);
}

void Channel::close() {
  watch_.stop();
  flush_task_.stop();
  fd_.reset();
  in_.clear();
  out_.clear();
  out_at_ = 0;
  riding_.clear();
  received_.clear();
  blocked_ = overflown_ = false;
}

void Channel::fail_with(const std::string& why) {
  if (!fd_) return;
  close();
  broken_(why);
}

void Channel::send(const Message& m) {
  if (!fd_) return;
  if (pending() > max_pending) {
    overflown_ = true;  // told by flush(): nobody expects to be called from in here
    return flush_task_.start();
  }
  if (!m.fds.empty()) {
    Riding r{sent_ + pending(), {}};
    for (auto& f : m.fds) r.fds.emplace_back(::dup(f.get()));
    riding_.push_back(std::move(r));
  }
  m.append_to(out_);
  if (!blocked_) flush_task_.start();
}

void Channel::flush() {
  static const std::vector<Fd> none;
  if (overflown_) return fail_with("the other side does not read");
  while (fd_ && pending() > 0) {
    std::size_t n = pending();
    bool with_fds = !riding_.empty() && riding_.front().offset == sent_;
    std::size_t next = with_fds ? 1 : 0;
    if (riding_.size() > next) n = std::min<std::size_t>(n, riding_[next].offset - sent_);
    ssize_t r = send_with(fd_.get(), std::string_view(out_).substr(out_at_, n), with_fds ? riding_.front().fds : none, MSG_DONTWAIT);
    if (r < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return fail_with(errno_text(errno));
      blocked_ = true;
      (void)watch_.change(EPOLLIN | EPOLLOUT);  // it is registered: this cannot fail
      break;
    }
    if (with_fds) riding_.pop_front();
    sent_ += static_cast<uint64_t>(r);
    out_at_ += static_cast<std::size_t>(r);
  }
  if (pending() == 0) {
    flush_task_.stop();
    if (out_.capacity() > (1 << 20)) std::string().swap(out_);
    out_.clear();
    out_at_ = 0;
    if (blocked_) {
      blocked_ = false;
      (void)watch_.change(EPOLLIN);  // as above
    }
  } else if (out_at_ > (1 << 20)) {
    out_.erase(0, out_at_);
    out_at_ = 0;
  }
}

void Channel::on_events(uint32_t events) {
  if (events & EPOLLOUT) flush();
  if (fd_ && events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read();
}

void Channel::read() {
  char* buffer = loop_.scratch();
  iovec v{buffer, net::Loop::scratch_bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * max_fds)];
  msghdr h{};
  h.msg_iov = &v;
  h.msg_iovlen = 1;
  h.msg_control = control;
  h.msg_controllen = sizeof control;
  ssize_t n = ::recvmsg(fd_.get(), &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    return fail_with(errno_text(errno));
  }
  for (cmsghdr* c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
      int one;
      memcpy(&one, CMSG_DATA(c) + i * sizeof(int), sizeof one);
      received_.emplace_back(one);
    }
  }
  if (n == 0) return fail_with("closed by the other side");
  // Those that were cut off had no room in our table: a frame without them would mean another thing.
  if (h.msg_flags & MSG_CTRUNC) return fail_with("out of descriptors");
  take({buffer, static_cast<std::size_t>(n)});
}

// Whole frames of what has come are taken out of it before the first callback runs, for the bytes are in
// the loop's scratch room, which is others' then.
void Channel::take(std::string_view came) {
  std::string whole;
  std::string_view view = came;
  if (!in_.empty()) {
    whole = std::move(in_);
    in_.clear();
    view = whole.append(came);
  }
  std::vector<Message> messages;
  std::string trouble;
  while (!view.empty()) {
    auto found = decoder_.next(view);
    if (!found) trouble = found.error().what;
    if (!found || !*found) break;
    view.remove_prefix((*found)->used);
    Message m = std::move((*found)->message);
    uint64_t riding = m.number("fds");
    if (riding > received_.size()) {
      trouble = "a frame whose descriptors did not come";
      break;
    }
    for (; riding > 0; riding--) {
      m.fds.push_back(std::move(received_.front()));
      received_.pop_front();
    }
    messages.push_back(std::move(m));
  }
  // A peer could fill our table with descriptors that no frame asks for.
  if (trouble.empty() && received_.size() > (view.empty() ? 0 : max_fds)) trouble = "descriptors without a frame";
  if (whole.empty()) {
    in_ = view;
  } else if (!view.empty()) {
    whole.erase(0, whole.size() - view.size());  // nothing is moved while a long frame grows
    in_ = std::move(whole);
  }
  for (auto& m : messages) {
    bool gone = false;
    bool* outer = gone_;
    gone_ = &gone;
    message_(std::move(m));
    if (gone) {
      if (outer) *outer = true;
      return;
    }
    gone_ = outer;
    if (!fd_) return;
  }
  if (!trouble.empty()) fail_with(trouble);
}

Status send_frame(int fd, const Message& m) {
  static const std::vector<Fd> none;
  std::string bytes = m.encode();
  std::size_t at = 0;
  while (at < bytes.size()) {
    ssize_t r = send_with(fd, std::string_view(bytes).substr(at), at ? none : m.fds, 0);
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return fail_errno(errno, "cannot send");
    at += static_cast<std::size_t>(r);
  }
  return {};
}

}  // namespace jd::ipc

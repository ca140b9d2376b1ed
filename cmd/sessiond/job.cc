// SPDX-License-Identifier: MIT
#include "cmd/sessiond/job.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

namespace jd {
namespace {
constexpr std::string_view hows[] = {"begin", "resume", "look"};
}

ipc::Message Job::message() const {
  ipc::Message m("job");
  m.set("address", address).set("path", path).set("protocol", protocol).set("greeting", greeting).set("trace", trace);
  m.set("state", state).set("access", access).set("manner", manner).set("quota", quota.text()).set("how", hows[static_cast<std::size_t>(how)]).set("park", uint64_t{may_park});
  if (!early.empty()) m.set_body(early);
  return m;
}

Job Job::of(const ipc::Message& m) {
  Job j;
  j.address = m.get("address");
  j.path = m.get("path");
  j.protocol = m.get("protocol");
  j.greeting = m.get("greeting");
  j.trace = m.get("trace");
  j.state = m.get("state");
  j.access = m.get("access");
  j.manner = m.get("manner");
  j.quota = Quota::parse(m.get("quota"));
  j.how = m.get("how") == "look" ? How::look : m.get("how") == "resume" ? How::resume : How::begin;
  j.may_park = m.number("park", 1) != 0;
  j.early = m.body();
  return j;
}

Status send_packet(int fd, const ipc::Message& m, int flags) {
  std::string bytes = m.encode();
  if (bytes.size() > max_packet) return fail(Fault::perm, "{} bytes are too many for a packet", bytes.size());
  iovec v{bytes.data(), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr h{};
  h.msg_iov = &v;
  h.msg_iovlen = 1;
  if (!m.fds.empty()) {
    MUST(m.fds.size() == 1);
    h.msg_control = control;
    h.msg_controllen = sizeof control;
    cmsghdr* c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    int one = m.fds[0].get();
    memcpy(CMSG_DATA(c), &one, sizeof one);
  }
  ssize_t n;
  do n = ::sendmsg(fd, &h, flags | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0) return fail_errno(errno, "cannot send to the other process");
  return {};
}

Result<std::optional<ipc::Message>> receive_packet(int fd, int flags) {
  // Its size first: who waits for a packet keeps no room for the largest one.
  ssize_t n;
  do n = ::recv(fd, nullptr, 0, flags | MSG_PEEK | MSG_TRUNC);
  while (n < 0 && errno == EINTR);
  if (n == 0 || (n < 0 && errno == ECONNRESET)) return std::optional<ipc::Message>();
  if (n < 0) return fail_errno(errno, "cannot hear the other process");
  std::string bytes(std::min(static_cast<std::size_t>(n), max_packet), '\0');
  iovec v{bytes.data(), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 4)];
  msghdr h{};
  h.msg_iov = &v;
  h.msg_iovlen = 1;
  h.msg_control = control;
  h.msg_controllen = sizeof control;
  do n = ::recvmsg(fd, &h, flags | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == ECONNRESET) return std::optional<ipc::Message>();
  if (n < 0) return fail_errno(errno, "cannot hear the other process");
  if (n == 0) return std::optional<ipc::Message>();
  std::vector<Fd> fds;
  for (cmsghdr* c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
      int one;
      memcpy(&one, CMSG_DATA(c) + i * sizeof(int), sizeof one);
      fds.emplace_back(one);
    }
  }
  auto found = ipc::Decoder(max_packet).next(std::string_view(bytes).substr(0, static_cast<std::size_t>(n)));
  if (!found) return Unexpected(found.error());
  if (!*found || (*found)->message.number("fds") != fds.size()) return fail(Fault::perm, "the other process does not speak this");
  (*found)->message.fds = std::move(fds);
  return std::optional<ipc::Message>(std::move((*found)->message));
}

}  // namespace jd

// SPDX-License-Identifier: MIT
#include "cmd/sendmail/send.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/ipc/client.h"

namespace jd::sendmail {
namespace {
constexpr std::size_t max_inline = 512 << 10;
constexpr Span patience = minutes(5);

Result<Fd> in_memory(std::string_view bytes) {
  Fd fd(::memfd_create("message", MFD_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot make a memory file");
  CHECK(file::write_at(fd.get(), bytes, 0));
  return fd;
}

Result<std::string> by_service(const Paths& paths, const queue::Envelope& e, const std::string& message) {
  ipc::Message m("inject");
  for (auto& [k, v] : e.pairs()) m.set(k, v);
  m.set("header", fmt::format("Received: (jdmail sendmail, by uid {});\r\n\t{}\r\n", ::getuid(), rfc5322_date(now())));
  if (message.size() > max_inline) {
    TRY(Fd fd, in_memory(message));
    m.replace("size", std::to_string(message.size()));
    m.fds.push_back(std::move(fd));
  } else {
    m.set_body(message);
  }
  ipc::BlockingClient service("queue-inject", paths.socket("queue-inject"));
  TRY(auto answer, service.call(std::move(m), patience));
  return std::string(answer.get("qid"));
}

// The interface of qmail-queue, with jdmail's K records for what RFC 3461 adds.
std::string envelope_records(const queue::Envelope& e) {
  std::string r;
  auto put = [&](char kind, std::string_view v) {
    r += kind;
    r += v;
    r += '\0';
  };
  put('F', e.reverse_path);
  for (auto& [k, v] : e.pairs()) {
    if (k == "rcpt") put('T', v);
    if (k == "notify" || k == "ret" || k == "envid" || k == "verp" || k == "utf8") put('K', k + "=" + v);
  }
  return r + '\0';
}

int sysexit_of(int inject_exit) {
  switch (inject_exit) {
    case 0: return EX_OK;
    case 11: case 91: return EX_DATAERR;
    case 31: return EX_UNAVAILABLE;
    case 81: return EX_SOFTWARE;
    default: return EX_TEMPFAIL;
  }
}

Sent by_command(const Paths& paths, const queue::Envelope& e, const std::string& message) {
  auto body = in_memory(message), records = in_memory(envelope_records(e));
  if (!body || !records) return {EX_OSERR, "", (body ? records : body).error().what};
  std::string program = paths.libexec + "/queue-inject";
  pid_t pid = ::fork();
  if (pid < 0) return {EX_OSERR, "", "cannot start a process: " + errno_text(errno)};
  if (pid == 0) {
    // The memory files' own descriptors may be 0 or 1; copies above them are not.
    int m = ::fcntl(body->get(), F_DUPFD, 10), r = ::fcntl(records->get(), F_DUPFD, 10);
    ::dup2(m, 0);
    ::dup2(r, 1);
    ::lseek(0, 0, SEEK_SET);
    ::lseek(1, 0, SEEK_SET);
    if (paths.is_system()) ::execl(program.c_str(), "queue-inject", static_cast<char*>(nullptr));
    else ::execl(program.c_str(), "queue-inject", "--prefix", paths.prefix.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 81;
  if (code == 127) return {EX_OSFILE, "", "cannot run " + program};
  return {sysexit_of(code), "", code ? fmt::format("queue-inject ended with status {}", code) : ""};
}
}  // namespace

Sent send(const Paths& paths, queue::Envelope e, const std::string& message) {
  e.with = "local";
  e.received = now();
  e.size = message.size();
  auto r = by_service(paths, e, message);
  if (r) return {EX_OK, *r, ""};
  bool is_down = r.error().sys == ENOENT || r.error().sys == ECONNREFUSED || r.error().sys == EACCES;
  if (is_down) return by_command(paths, e, message);
  return {r.error().fault == Fault::temp ? EX_TEMPFAIL : EX_UNAVAILABLE, "", r.error().what};
}

}  // namespace jd::sendmail

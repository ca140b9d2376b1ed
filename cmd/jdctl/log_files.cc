// SPDX-License-Identifier: MIT
#include "cmd/jdctl/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>

#include "lib/base/fd.h"
#include "lib/base/file.h"
#include "lib/base/text.h"

namespace jd::ctl {
namespace {
constexpr std::size_t block_bytes = 256 << 10, max_line = 64 << 10;

// Calls take for each whole line; `rest` is what has no end yet.
void give_lines(std::string& rest, std::string_view block, const std::function<void(std::string_view)>& take) {
  while (!block.empty()) {
    auto nl = block.find('\n');
    if (nl == block.npos) {
      rest += block;
      if (rest.size() < max_line) return;
      take(rest);
      return rest.clear();
    }
    if (rest.empty()) {
      take(block.substr(0, nl));
    } else {
      rest += block.substr(0, nl);
      take(rest);
      rest.clear();
    }
    block.remove_prefix(nl + 1);
  }
}

Status read_gzip(const LogFile& f, const std::function<void(std::string_view)>& take) {
  gzFile z = ::gzopen(f.path.c_str(), "rb");
  if (!z) return fail_errno(errno, "cannot open {}", f.path);
  std::string block(block_bytes, '\0'), rest;
  int n;
  while ((n = ::gzread(z, block.data(), static_cast<unsigned>(block.size()))) > 0) give_lines(rest, std::string_view(block).substr(0, static_cast<std::size_t>(n)), take);
  ::gzclose(z);
  if (!rest.empty()) take(rest);
  return n < 0 ? Status(fail(Fault::perm, "{} is damaged", f.path)) : Status();
}

Status read_plain(int fd, const std::string& path, const std::function<void(std::string_view)>& take) {
  std::string block(block_bytes, '\0'), rest;
  for (;;) {
    ssize_t n = ::read(fd, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "cannot read {}", path);
    if (n == 0) break;
    give_lines(rest, std::string_view(block).substr(0, static_cast<std::size_t>(n)), take);
  }
  if (!rest.empty()) take(rest);
  return {};
}

Status read_zstd(int fd, const std::string& path, const std::function<void(std::string_view)>& take) {
  int out[2];
  if (::pipe2(out, O_CLOEXEC) < 0) return fail_errno(errno, "cannot make a pipe");
  pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(fd, 0);
    ::dup2(out[1], 1);
    ::execlp("zstd", "zstd", "-dcq", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  Fd in(out[0]);
  ::close(out[1]);
  if (pid < 0) return fail_errno(errno, "cannot start a process");
  Status s = read_plain(in.get(), path, take);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  if (s && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
    return fail(Fault::perm, "{} cannot be unpacked: is zstd installed?", path);
  return s;
}
}  // namespace

// "@", then 2^62 + the seconds since 1970 + 10 (TAI) in 16 hexadecimal digits, then nanoseconds in 8.
Time time_of_log_name(std::string_view name) {
  if (name.size() < 25 || name[0] != '@') return {};
  uint64_t seconds = 0;
  for (char c : name.substr(1, 16)) {
    c = to_lower(c);
    if (!is_digit(c) && (c < 'a' || c > 'f')) return {};
    seconds = seconds << 4 | static_cast<uint64_t>(is_digit(c) ? c - '0' : c - 'a' + 10);
  }
  uint64_t base = (1ull << 62) + 10;
  if (seconds < base || seconds - base > (1ull << 33)) return {};
  return from_seconds(static_cast<int64_t>(seconds - base));
}

Result<std::vector<LogFile>> log_files(const std::string& directory, Time since) {
  TRY(auto programs, file::list(AT_FDCWD, directory));
  std::vector<LogFile> all;
  for (auto& p : programs) {
    auto names = file::list(AT_FDCWD, directory + "/" + p);
    if (!names) continue;  // a file beside them
    for (auto& n : *names) {
      Time ended = n == "current" ? Time{INT64_MAX} : time_of_log_name(n);
      if (ended.ns && ended >= since) all.push_back({p, directory + "/" + p + "/" + n, ended});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.ended > b.ended; });
  return all;
}

Status read_lines(const LogFile& f, const std::function<void(std::string_view)>& take) {
  auto fd = file::open(f.path, O_RDONLY);
  if (!fd && fd.error().sys == ENOENT) return {};  // rotated away just now
  if (!fd) return Unexpected(fd.error());
  auto magic = file::read_at(fd->get(), 4, 0);
  if (magic && magic->starts_with("\x1f\x8b")) return read_gzip(f, take);
  if (magic && *magic == "\x28\xb5\x2f\xfd") return read_zstd(fd->get(), f.path, take);
  return read_plain(fd->get(), f.path, take);
}

}  // namespace jd::ctl

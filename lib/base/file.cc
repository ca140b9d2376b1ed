// SPDX-License-Identifier: MIT
#include "lib/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "lib/base/text.h"

namespace jd::file {
namespace {
Faults* faults = nullptr;

int fault(Op op, int fd, std::string_view path = {}, uint64_t number = 0) {
  return faults ? faults->before(op, fd, path, {}, number, nullptr) : 0;
}

template <class F>
auto retry(F f) {
  for (;;) {
    auto r = f();
    if (r >= 0 || errno != EINTR) return r;
  }
}

Status done(int r, const char* verb, std::string_view object) {
  if (r < 0) return fail_errno(errno, "cannot {} {}", verb, object);
  return {};
}

std::string name_of(int fd) {
  char link_path[64], buf[512];
  snprintf(link_path, sizeof link_path, "/proc/self/fd/%d", fd);
  auto n = ::readlink(link_path, buf, sizeof buf);
  return n > 0 ? std::string(buf, static_cast<std::size_t>(n)) : fmt::format("descriptor {}", fd);
}
}  // namespace

void set_faults(Faults* f) { faults = f; }

Result<Fd> open(int dir, const std::string& path, int flags, mode_t mode) {
  if (flags & (O_CREAT | O_TRUNC))
    if (int e = fault(Op::open, dir, path)) return fail_errno(e, "cannot create {}", path);
  int fd = retry([&] { return ::openat(dir, path.c_str(), flags | O_CLOEXEC, mode); });
  if (fd < 0) return fail_errno(errno, "cannot {} {}", flags & O_CREAT ? "create" : "open", path);
  return Fd(fd);
}

Status write_at(int fd, std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    std::size_t n = bytes.size();
    int planned = faults ? faults->before(Op::write, fd, {}, bytes, offset, &n) : 0;
    ssize_t r = n ? retry([&] { return ::pwrite(fd, bytes.data(), n, static_cast<off_t>(offset)); })
                  : 0;
    if (planned || r < 0) return fail_errno(planned ? planned : errno, "cannot write {}", name_of(fd));
    bytes.remove_prefix(static_cast<std::size_t>(r));
    offset += static_cast<uint64_t>(r);
  }
  return {};
}

Status write_pieces_at(int fd, const std::vector<std::string_view>& pieces, uint64_t offset) {
  if (faults) {
    for (auto p : pieces) {
      CHECK(write_at(fd, p, offset));
      offset += p.size();
    }
    return {};
  }
  constexpr std::size_t batch = 512;  // below IOV_MAX
  for (std::size_t i = 0; i < pieces.size(); i += batch) {
    iovec v[batch];
    std::size_t n = std::min(batch, pieces.size() - i), total = 0;
    for (std::size_t k = 0; k < n; k++) {
      v[k] = {const_cast<char*>(pieces[i + k].data()), pieces[i + k].size()};
      total += pieces[i + k].size();
    }
    ssize_t r = retry([&] {
      return ::pwritev(fd, v, static_cast<int>(n), static_cast<off_t>(offset));
    });
    if (r < 0) return fail_errno(errno, "cannot write {}", name_of(fd));
    auto written = static_cast<std::size_t>(r);
    for (std::size_t k = 0, at = 0; written < total && k < n; at += v[k].iov_len, k++) {
      if (at + v[k].iov_len <= written) continue;  // short write: finish piece by piece
      std::size_t skip = written > at ? written - at : 0;
      CHECK(write_at(fd, pieces[i + k].substr(skip), offset + at + skip));
    }
    offset += total;
  }
  return {};
}

Status append(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t n = bytes.size();
    int planned = faults ? faults->before(Op::write, fd, {}, bytes, UINT64_MAX, &n) : 0;
    ssize_t r = n ? retry([&] { return ::write(fd, bytes.data(), n); }) : 0;
    if (planned || r < 0) return fail_errno(planned ? planned : errno, "cannot write {}", name_of(fd));
    bytes.remove_prefix(static_cast<std::size_t>(r));
  }
  return {};
}

Result<std::size_t> read_at(int fd, void* into, std::size_t size, uint64_t offset) {
  std::size_t got = 0;
  while (got < size) {
    ssize_t n = retry([&] { return ::pread(fd, static_cast<char*>(into) + got, size - got, static_cast<off_t>(offset + got)); });
    if (n < 0) return fail_errno(errno, "cannot read {}", name_of(fd));
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

Result<std::string> read_at(int fd, std::size_t size, uint64_t offset) {
  std::string r(size, '\0');
  TRY(std::size_t got, read_at(fd, r.data(), size, offset));
  r.resize(got);
  return r;
}

Result<std::string> read_all(int dir, const std::string& path, std::size_t limit) {
  TRY(Fd fd, open(dir, path, O_RDONLY));
  std::string r;
  char buf[65536];
  for (;;) {
    ssize_t n = retry([&] { return ::read(fd.get(), buf, sizeof buf); });
    if (n < 0) return fail_errno(errno, "cannot read {}", path);
    if (n == 0) return r;
    if (r.size() + static_cast<std::size_t>(n) > limit)
      return fail(Fault::perm, "cannot read {}: larger than {}", path, size_text(limit));
    r.append(buf, static_cast<std::size_t>(n));
  }
}

Result<std::string> read_all(const std::string& path, std::size_t limit) {
  return read_all(AT_FDCWD, path, limit);
}

Status sync_data(int fd) {
  if (int e = fault(Op::sync, fd)) return fail_errno(e, "cannot sync {}", name_of(fd));
  if (retry([&] { return ::fdatasync(fd); }) < 0)
    return fail_errno(errno, "cannot sync {}", name_of(fd));
  return {};
}

Status sync_directory(int dir) {
  if (int e = fault(Op::sync, dir)) return fail_errno(e, "cannot sync {}", name_of(dir));
  if (retry([&] { return ::fsync(dir); }) < 0)
    return fail_errno(errno, "cannot sync {}", name_of(dir));
  return {};
}

Status sync_file_system(int fd) {
  if (int e = fault(Op::sync, fd, "*")) return fail_errno(e, "cannot sync {}", name_of(fd));
  if (retry([&] { return ::syncfs(fd); }) < 0)
    return fail_errno(errno, "cannot sync {}", name_of(fd));
  return {};
}

Status write_back(int fd) {
  if (retry([&] { return ::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER); }) < 0)
    return fail_errno(errno, "cannot write back {}", name_of(fd));
  return {};
}

Status rename(int from_dir, const std::string& from, int to_dir, const std::string& to) {
  std::string both = from + '\0' + to;
  if (int e = fault(Op::rename, from_dir, both, static_cast<uint64_t>(to_dir)))
    return fail_errno(e, "cannot rename {} to {}", from, to);
  if (::renameat(from_dir, from.c_str(), to_dir, to.c_str()) < 0)
    return fail_errno(errno, "cannot rename {} to {}", from, to);
  return {};
}

Status rename(int dir, const std::string& from, const std::string& to) {
  return rename(dir, from, dir, to);
}

Status link(int from_dir, const std::string& from, int to_dir, const std::string& to) {
  std::string both = from + '\0' + to;
  if (int e = fault(Op::link, from_dir, both, static_cast<uint64_t>(to_dir)))
    return fail_errno(e, "cannot link {} to {}", from, to);
  return done(::linkat(from_dir, from.c_str(), to_dir, to.c_str(), 0), "link to", to);
}

Status unlink(int dir, const std::string& path) {
  if (int e = fault(Op::unlink, dir, path)) return fail_errno(e, "cannot remove {}", path);
  if (::unlinkat(dir, path.c_str(), 0) < 0 && errno != ENOENT)
    return fail_errno(errno, "cannot remove {}", path);
  return {};
}

Status make_directory(int dir, const std::string& path, mode_t mode) {
  if (int e = fault(Op::mkdir, dir, path)) return fail_errno(e, "cannot make directory {}", path);
  if (::mkdirat(dir, path.c_str(), mode) < 0 && errno != EEXIST)
    return fail_errno(errno, "cannot make directory {}", path);
  return {};
}

Status make_directories(const std::string& path, mode_t mode) {
  for (std::size_t i = 1; i <= path.size(); i++)
    if (i == path.size() || path[i] == '/') CHECK(make_directory(AT_FDCWD, path.substr(0, i), mode));
  return {};
}

Status truncate(int fd, uint64_t size) {
  if (int e = fault(Op::truncate, fd, {}, size))
    return fail_errno(e, "cannot truncate {}", name_of(fd));
  if (retry([&] { return ::ftruncate(fd, static_cast<off_t>(size)); }) < 0)
    return fail_errno(errno, "cannot truncate {}", name_of(fd));
  return {};
}

Status allocate(int fd, uint64_t offset, uint64_t size) {
  int e = fault(Op::allocate, fd, {}, offset + size);
  if (!e) e = ::posix_fallocate(fd, static_cast<off_t>(offset), static_cast<off_t>(size));
  if (e) return fail_errno(e, "cannot reserve {} in {}", size_text(size), name_of(fd));
  return {};
}

Result<uint64_t> size_of(int fd) {
  struct stat st;
  if (::fstat(fd, &st) < 0) return fail_errno(errno, "cannot look at {}", name_of(fd));
  return static_cast<uint64_t>(st.st_size);
}

bool exists(const std::string& path) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0;
}

Result<std::vector<std::string>> list(int dir, const std::string& path) {
  TRY(Fd fd, open(dir, path, O_RDONLY | O_DIRECTORY));
  DIR* d = ::fdopendir(fd.get());
  if (!d) return fail_errno(errno, "cannot list {}", path);
  fd.release();
  std::vector<std::string> names;
  while (dirent* e = ::readdir(d))
    if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) names.emplace_back(e->d_name);
  ::closedir(d);
  std::sort(names.begin(), names.end());
  return names;
}

Status remove_tree(const std::string& path) {
  struct stat st;
  if (::lstat(path.c_str(), &st) < 0) {
    if (errno == ENOENT) return {};
    return fail_errno(errno, "cannot look at {}", path);
  }
  if (S_ISDIR(st.st_mode)) {
    TRY(auto names, list(AT_FDCWD, path));
    for (auto& n : names) CHECK(remove_tree(path + "/" + n));
    return done(::rmdir(path.c_str()), "remove", path);
  }
  return unlink(AT_FDCWD, path);
}

Status write_durable(int dir, const std::string& name, std::string_view bytes, mode_t mode) {
  if (name.empty() || name.find('/') != name.npos)
    return fail(Fault::usage, "cannot write file '{}': the name must have no '/'", escape(name));
  static std::atomic<unsigned> counter{0};
  std::string tmp = fmt::format(".tmp-{}-{}-{}", name, ::getpid(), counter++);
  Status r = [&]() -> Status {
    TRY(Fd fd, open(dir, tmp, O_WRONLY | O_CREAT | O_EXCL, mode));
    CHECK(write_at(fd.get(), bytes, 0));
    CHECK(sync_data(fd.get()));
    return rename(dir, tmp, name);
  }();
  if (!r) {
    ::unlinkat(dir, tmp.c_str(), 0);
    return wrap(std::move(r), "cannot save {}", name);
  }
  return sync_directory(dir);
}

Result<Fd> lock(const std::string& path) {
  TRY(Fd fd, open(path, O_RDWR | O_CREAT, 0600));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK) return fail_errno(errno, "cannot lock {}", path);
    auto pid = read_at(fd.get(), 32, 0);
    return fail(Fault::perm, "{} is locked: already running as process {}", path,
                pid ? trim(*pid) : "?");
  }
  std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) < 0) return fail_errno(errno, "cannot write {}", path);
  CHECK(write_at(fd.get(), pid, 0));
  return fd;
}

}  // namespace jd::file

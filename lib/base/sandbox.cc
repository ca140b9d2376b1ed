// SPDX-License-Identifier: MIT
#include "lib/base/sandbox.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/config.h"
#include "lib/base/fd.h"
#include "lib/base/log.h"

namespace jd::sandbox {
namespace {
void skipped(const char* step, const std::string& why) {
  log::info("rights", {{"step", step}, {"skipped", why}});
}

const char* const basic_calls[] = {
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "close", "fstat",
    "newfstatat", "lseek", "mmap", "munmap", "mprotect", "brk", "madvise", "mremap", "futex",
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getpid", "getppid", "gettid",
    "getrandom", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "sigaltstack", "exit", "exit_group",
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select",
    "pselect6", "eventfd2", "timerfd_create", "timerfd_settime", "signalfd4", "tgkill", "restart_syscall", "sched_yield",
    "getrusage", "setitimer", "set_robust_list", "rseq", "fcntl", "ioctl", "dup", "dup2", "dup3", "pipe", "pipe2",
    "uname", "getuid", "geteuid", "getgid", "getegid", "sysinfo", "sched_getaffinity", "membarrier",
    "recvmsg", "sendmsg", "recvfrom", "sendto", "shutdown", "getsockopt", "setsockopt", "getsockname",
    "getpeername", "socketpair", "memfd_create", "ftruncate", "sendfile", "splice", "recvmmsg", "sendmmsg", "getcpu",
    // Refused by Landlock, not here, so that a library that looks for a file sees an ordinary error.
    "open", "openat", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "stat", "lstat", "statx", "getcwd"};
const char* const net_calls[] = {"socket", "bind", "listen", "connect", "accept", "accept4"};
const char* const file_calls[] = {
    "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "mkdir", "mkdirat", "rmdir",
    "fallocate", "fsync", "fdatasync", "syncfs", "sync_file_range", "getdents64", "flock", "statfs", "fstatfs", "chdir", "fchdir",
    "utimensat", "fchmod", "chmod", "fchmodat", "fchown", "fchownat", "umask", "msync", "mincore", "fadvise64", "copy_file_range",
    "inotify_init1", "inotify_add_watch", "inotify_rm_watch", "shmget", "shmat", "shmdt", "shmctl"};
const char* const process_calls[] = {"close_range", "clone", "clone3", "fork", "vfork", "wait4", "waitid", "setsid", "setpgid",
                                     "kill", "prlimit64", "getrlimit", "setrlimit", "setpriority", "sched_setscheduler"};
const char* const program_calls[] = {"execve", "execveat", "arch_prctl", "set_tid_address", "prlimit64", "getdents64"};
const char* const thread_calls[] = {"set_tid_address"};
const char* const confine_calls_list[] = {"prctl", "seccomp", "landlock_create_ruleset", "landlock_add_rule",
                                          "landlock_restrict_self", "setrlimit", "prlimit64"};

template <std::size_t N>
void allow(scmp_filter_ctx f, const char* const (&names)[N]) {
  for (const char* n : names) {
    int nr = seccomp_syscall_resolve_name(n);
    if (nr != __NR_SCMP_ERROR) seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0);
  }
}
}  // namespace

std::vector<PathRight> needs_of_program(const std::string& program) {
  std::vector<PathRight> all{{"/dev/null", true}};
  auto add = [&](const std::string& path, bool execute) {
    if (::access(path.c_str(), F_OK) == 0) all.push_back({path, false, execute});
  };
  add(program, true);
  // The kernel executes the loader that the program names: the one that loaded us, for we are all of one kind.
  Dl_info loader{};
  auto base = reinterpret_cast<void*>(::getauxval(AT_BASE));
  if (base && ::dladdr(base, &loader) && loader.dli_fname) add(loader.dli_fname, true);
  for (auto p : {"/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache"}) add(p, false);
#ifdef __SANITIZE_ADDRESS__
  add("/proc", false);  // the sanitizers read their own maps
#endif
  return all;
}

Status drop_identity(const Rights& r) {
  if (::geteuid() != 0) {
    if (!r.user.empty()) skipped("identity", "not-root");
    return {};
  }
  UserIds ids{0, 0};
  if (!r.user.empty()) {
    auto found = user_ids(r.user);
    // An instance in a directory of its own, started by root on a machine without `make install`.
    if (!found) {
      skipped("identity", found.error().what);
      return {};
    }
    ids = *found;
  }
  if (!r.root.empty()) {
    if (::chroot(r.root.c_str()) < 0) return fail_errno(errno, "cannot chroot to {}", r.root);
    if (::chdir("/") < 0) return fail_errno(errno, "cannot enter {}", r.root);
  }
  if (r.user.empty()) return {};
  if (::setgroups(0, nullptr) < 0 || ::setresgid(ids.gid, ids.gid, ids.gid) < 0 ||
      ::setresuid(ids.uid, ids.uid, ids.uid) < 0)
    return fail_errno(errno, "cannot become {}", r.user);
  if (::setuid(0) == 0) return fail(Fault::bug, "root can be regained after becoming {}", r.user);
  return {};
}

Status harden(uint64_t descriptors) {
  rlimit core{0, 0}, files;
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    rlimit wanted{descriptors, std::max<rlim_t>(descriptors, files.rlim_max)};
    if (::setrlimit(RLIMIT_NOFILE, &wanted) < 0) {
      skipped("descriptors", fmt::format("the hard limit is {}, {} wanted", files.rlim_max, descriptors));
      files.rlim_cur = files.rlim_max;
      if (::setrlimit(RLIMIT_NOFILE, &files) < 0) return fail_errno(errno, "cannot allow {} descriptors", files.rlim_max);
    }
  }
  if (::setrlimit(RLIMIT_CORE, &core) < 0 || ::prctl(PR_SET_DUMPABLE, 0) < 0 ||
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return fail_errno(errno, "cannot harden the process");
  return {};
}

Status confine_files(const std::vector<PathRight>& paths) {
  long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) {
    skipped("landlock", errno_text(errno));
    return {};
  }
  uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  uint64_t all = read | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                 LANDLOCK_ACCESS_FS_MAKE_SYM;
  uint64_t refer = 1u << 13, truncate = 1u << 14;  // ABI 2 and 3; Debian 12's header lacks the names
  if (abi >= 2) all |= refer;
  if (abi >= 3) all |= truncate;
  uint64_t write = all & ~(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                           LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM);
  uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | truncate;
  landlock_ruleset_attr attr{};
  attr.handled_access_fs = all;
  Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0)));
  if (!ruleset) return fail_errno(errno, "cannot make a Landlock ruleset");
  for (auto& p : paths) {
    Fd dir(::open(p.path.c_str(), O_PATH | O_CLOEXEC));
    if (!dir) return fail_errno(errno, "cannot open {}", p.path);
    landlock_path_beneath_attr rule{};
    rule.allowed_access = (p.write ? write : read) | (p.execute ? LANDLOCK_ACCESS_FS_EXECUTE : 0);
    struct stat is;
    if (::fstat(dir.get(), &is) < 0) return fail_errno(errno, "cannot look at {}", p.path);
    if (!S_ISDIR(is.st_mode)) rule.allowed_access &= of_files;
    rule.parent_fd = dir.get();
    if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
      return fail_errno(errno, "cannot add {} to the Landlock ruleset", p.path);
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
      ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) < 0)
    return fail_errno(errno, "cannot confine the process with Landlock");
  return {};
}

Result<CallFilter> CallFilter::make(unsigned calls) {
  CallFilter made;
#ifdef __SANITIZE_ADDRESS__
  (void)calls;  // the sanitizers' own calls at exit are not ours to list
  skipped("seccomp", "sanitizer build");
  return made;
#else
  scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (!f) return fail(Fault::temp, "cannot make a seccomp filter");
  seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary tree: the hot calls cost little
  allow(f, basic_calls);
  if (calls & net) allow(f, net_calls);
  if (calls & files) allow(f, file_calls);
  if (calls & processes) allow(f, process_calls);
  if (calls & programs) allow(f, program_calls);
  if (calls & threads) allow(f, thread_calls);
  // A thread of this process, not another process.
  if (calls & threads) seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  if (calls & confine) allow(f, confine_calls_list);
  // Asking for limits, not changing them: getrlimit is prlimit64 without a new value.
  if (!(calls & (processes | programs | confine))) seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
  // glibc falls back to clone only when clone3 does not exist.
  if (!(calls & processes)) seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  Fd out(::memfd_create("filter", MFD_CLOEXEC));
  int r = out ? seccomp_export_bpf(f, out.get()) : -errno;
  seccomp_release(f);
  if (r < 0) return fail_errno(-r, "cannot make a seccomp filter");
  made.program_.resize(static_cast<std::size_t>(std::max<off_t>(0, ::lseek(out.get(), 0, SEEK_END))));
  if (::pread(out.get(), made.program_.data(), made.program_.size(), 0) != static_cast<ssize_t>(made.program_.size()))
    return fail_errno(errno, "cannot make a seccomp filter");
  return made;
#endif
}

namespace {
Status load_program(const void* program, std::size_t bytes) {
  sock_fprog p{};
  p.len = static_cast<unsigned short>(bytes / sizeof(sock_filter));
  p.filter = static_cast<sock_filter*>(const_cast<void*>(program));
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) < 0) {
    if (errno != ENOSYS && errno != EINVAL) return fail_errno(errno, "cannot load a seccomp filter");
    skipped("seccomp", errno_text(errno));
  }
  return {};
}

}  // namespace

// tgkill reaches any process of ours, fcntl and ioctl can have the kernel send a signal (F_SETOWN),
// and System V memory has no owner but the user: lists of calls cannot tell, their arguments do.
Status confine_to_self() {
  auto number = static_cast<uint32_t>(offsetof(seccomp_data, nr));
  auto argument = [](unsigned n) { return static_cast<uint32_t>(offsetof(seccomp_data, args) + 8 * n); };
  std::vector<sock_filter> p;
  auto load = [&](uint32_t at) { p.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)); };
  auto refuse = [&] { p.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)); };
  auto unless_equal_skip = [&](uint32_t v, uint8_t n) { p.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, v, 0, n)); };
  auto if_equal_skip = [&](uint32_t v, uint8_t n) { p.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, v, n, 0)); };
  load(number);
  for (uint32_t nr : {SYS_shmget, SYS_shmat, SYS_kill, SYS_tkill, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev}) {
    unless_equal_skip(nr, 1);
    refuse();
  }
  unless_equal_skip(SYS_tgkill, 3);
  load(argument(0));
  if_equal_skip(static_cast<uint32_t>(::getpid()), 1);
  refuse();
  load(number);
  for (auto [nr, words] : {std::pair<uint32_t, std::vector<uint32_t>>{SYS_fcntl, {F_SETOWN, F_SETSIG, 15 /* F_SETOWN_EX */}},
                           {SYS_ioctl, {FIOSETOWN, SIOCSPGRP}}}) {
    unless_equal_skip(nr, static_cast<uint8_t>(1 + 2 * words.size()));
    load(argument(1));
    for (uint32_t w : words) {
      unless_equal_skip(w, 1);
      refuse();
    }
    load(number);
  }
  p.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return load_program(p.data(), p.size() * sizeof(sock_filter));
}

Status CallFilter::load() const {
  if (program_.empty()) return {};
  return load_program(program_.data(), program_.size());
}

Status confine_calls(unsigned calls) {
  TRY(CallFilter f, CallFilter::make(calls));
  return f.load();
}

Status confine_session(const std::string& account_directory, const CallFilter& filter, const std::vector<PathRight>& shared) {
  std::vector<PathRight> paths{{account_directory, true}};
  paths.insert(paths.end(), shared.begin(), shared.end());
  CHECK(confine_files(paths));
#ifndef __SANITIZE_ADDRESS__
  CHECK(confine_to_self());
#endif
  return filter.load();
}

void limit_cpu(Span from_now) {
  itimerval t{};
  t.it_value = {from_now.seconds(), static_cast<suseconds_t>(from_now.ns / 1000 % 1'000'000)};
  (void)::setitimer(ITIMER_PROF, &t, nullptr);  // a limit that cannot be set leaves the others
}

}  // namespace jd::sandbox

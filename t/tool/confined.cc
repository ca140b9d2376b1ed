// SPDX-License-Identifier: MIT
// confined OWN OTHERS PID [SHARED [write]]: what code inside a session's process can do.  Enters the sandbox of sessiond's
// workers (sandbox::confine_session) for the account's directory OWN, then tries what such a process
// must not be able to: OTHERS is a file of another account, PID a process of the same user, SHARED the
// directory of an account that its user may read, or write.  A line for each attempt; exit 1 when one went through,
// or when the account's own files, and those that are shared, cannot be used.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "lib/base/sandbox.h"

namespace {
int faults = 0;

void say(const char* what, bool is_well, int error) {
  printf("%s: %s (%s)\n", is_well ? "ok  " : "FAIL", what, error ? strerror(error) : "it went through");
  faults += !is_well;
}
// An attempt that must fail.
void refused(const char* what, long result) {
  int e = errno;
  say(what, result < 0 && (e == EPERM || e == EACCES || e == EXDEV || e == ENOSYS), result < 0 ? e : 0);
}
void works(const char* what, long result) { say(what, result >= 0, result < 0 ? errno : 0); }

void files(const std::string& own, const char* others) {
  std::string mine = own + "/confined-test";
  int fd = open(mine.c_str(), O_CREAT | O_RDWR, 0600);
  works("a file of its own", fd);
  works("to write it", write(fd, "x", 1));
  refused("to read another account's file", open(others, O_RDONLY));
  refused("to write it", open(others, O_WRONLY));
  refused("to list another account", open(std::string(others).substr(0, std::string(others).rfind('/')).c_str(), O_RDONLY | O_DIRECTORY));
  refused("the same by a way around", open((own + "/../" + std::string(others).substr(own.rfind('/') + 1)).c_str(), O_RDONLY));
  refused("by a symbolic link", symlink(others, (own + "/link").c_str()));
  refused("by a hard link", link(others, (own + "/link").c_str()));
  refused("to move a file away", rename(mine.c_str(), (std::string(others) + ".new").c_str()));
  refused("/etc/passwd", open("/etc/passwd", O_RDONLY));
  refused("another's memory", open("/proc/self/mem", O_RDWR));
  refused("a new root", chroot(own.c_str()));
  unlink(mine.c_str());
}

void shared(const std::string& own, const std::string& there) {
  std::string tree = there + "/tree", made = there + "/made", mine = own + "/confined-test";
  works("a shared account's file", open(tree.c_str(), O_RDONLY));
  works("to list a shared account", open(there.c_str(), O_RDONLY | O_DIRECTORY));
  refused("to write what is shared to be read", open(tree.c_str(), O_WRONLY));
  refused("to cut it", truncate(tree.c_str(), 0));
  refused("to remove it", unlink(tree.c_str()));
  refused("to make a file there", open(made.c_str(), O_CREAT | O_RDWR, 0600));
  refused("to make a directory there", mkdir(made.c_str(), 0700));
  int fd = open(mine.c_str(), O_CREAT | O_RDWR, 0600);
  works("a file of its own again", fd);
  refused("to move one there", rename(mine.c_str(), made.c_str()));
  refused("to link one there", link(mine.c_str(), made.c_str()));
  refused("to move one away", rename(tree.c_str(), (own + "/taken").c_str()));
  refused("to link one away", link(tree.c_str(), (own + "/taken").c_str()));
  unlink(mine.c_str());
}

// Some right to write opens all of that account's directory, for every change of a mailbox changes its log;
// what the rights are is imapd's to hold.  Its neighbours stay closed.
void shared_to_write(const std::string& there, const std::string& others) {
  std::string tree = there + "/tree", made = there + "/made";
  works("to write a shared account's file", open(tree.c_str(), O_RDWR));
  works("to make one there", open(made.c_str(), O_CREAT | O_RDWR, 0600));
  refused("to move it to another account", rename(made.c_str(), (others + ".new").c_str()));
  refused("to link another account's file there", link(others.c_str(), (there + "/taken").c_str()));
  refused("to read another account's file by way of the shared one", open((there + "/../" + others.substr(others.rfind('/', others.rfind('/') - 1) + 1)).c_str(), O_RDONLY));
  works("to remove it", unlink(made.c_str()));
}

void network() {
  refused("a TCP socket", socket(AF_INET, SOCK_STREAM, 0));
  refused("a TCP socket, IPv6", socket(AF_INET6, SOCK_STREAM, 0));
  refused("a UDP socket", socket(AF_INET, SOCK_DGRAM, 0));
  refused("a Unix socket", socket(AF_UNIX, SOCK_STREAM, 0));
  refused("a netlink socket", socket(AF_NETLINK, SOCK_RAW, 0));
  refused("io_uring", syscall(SYS_io_uring_setup, 1, nullptr));
}

void others(pid_t pid) {
  refused("a signal", kill(pid, 0));
  refused("a signal by tgkill", syscall(SYS_tgkill, pid, pid, SIGCONT));
  refused("a signal by tkill", syscall(SYS_tkill, pid, SIGCONT));
  refused("a signal by rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, pid, SIGCONT, nullptr));
  refused("a signal by pidfd", syscall(SYS_pidfd_open, pid, 0));
  int pair[2];
  works("a socket pair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  refused("a signal by F_SETOWN", fcntl(pair[0], F_SETOWN, pid));
  int owner = pid;
  refused("a signal by FIOSETOWN", ioctl(pair[0], FIOSETOWN, &owner));
  refused("ptrace", ptrace(PTRACE_ATTACH, pid, nullptr, nullptr));
  char byte;
  iovec here{&byte, 1}, there{&byte, 1};
  refused("process_vm_readv", process_vm_readv(pid, &here, 1, &there, 1, 0));
  refused("shared memory", shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
  refused("a priority", setpriority(PRIO_PROCESS, static_cast<id_t>(pid), 5));
  refused("a program", execl("/bin/true", "true", nullptr));
  refused("a process", syscall(SYS_clone3, nullptr, 0));
  refused("a process by fork", syscall(SYS_fork));
  works("a signal to itself", raise(SIGCONT));
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc > 6) return 100;
  bool may_write = argc == 6;
  auto filter = jd::sandbox::CallFilter::make(jd::sandbox::files);
  if (!filter || !jd::sandbox::harden(1024)) return 111;
  std::vector<jd::sandbox::PathRight> others_shared;
  if (argc > 4) others_shared.push_back({argv[4], may_write});
  if (auto r = jd::sandbox::confine_session(argv[1], *filter, others_shared); !r) {
    fprintf(stderr, "%s\n", r.error().what.c_str());
    return 111;
  }
  files(argv[1], argv[2]);
  if (may_write) shared_to_write(argv[4], argv[2]);
  else if (argc == 5) shared(argv[1], argv[4]);
  network();
  others(static_cast<pid_t>(atoi(argv[3])));
  printf("%d faults\n", faults);
  return faults ? 1 : 0;
}

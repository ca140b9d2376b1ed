// SPDX-License-Identifier: MIT
// maildirwait COUNT TIMEOUT READYFILE DIR... : waits (inotify) until COUNT files have arrived in
// DIR/new or DIR/cur (by create/link/rename-in); creates READYFILE once all watches are in place;
// then prints  "first=<epoch> last=<epoch> n=<count>".
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
static double wall() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}
int main(int ac, char **av) {
  long want = atol(av[1]);
  double end = wall() + atof(av[2]), first = 0, last = 0;
  long n = 0;
  int fd = inotify_init1(IN_NONBLOCK);
  for (int i = 4; i < ac; i++)
    for (const char *s : {"/new", "/cur"})
      if (inotify_add_watch(fd, (std::string(av[i]) + s).c_str(), IN_CREATE | IN_MOVED_TO) < 0)
        perror(av[i]);
  close(open(av[3], O_CREAT | O_WRONLY, 0600));
  static char b[1 << 20];
  bool ovf = false;
  while (n < want && wall() < end) {
    pollfd p{fd, POLLIN, 0};
    if (poll(&p, 1, 200) <= 0) continue;
    ssize_t r = read(fd, b, sizeof b);
    for (ssize_t o = 0; o < r;) {
      auto *e = (inotify_event *)(b + o);
      if (e->mask & IN_Q_OVERFLOW)
        ovf = true;
      else if (e->len && e->name[0] != '.') {
        n++;
        last = wall();
        if (!first) first = last;
      }
      o += sizeof *e + e->len;
    }
    usleep(2000);
  }
  printf("first=%.3f last=%.3f n=%ld%s\n", first, last, n, ovf ? " OVERFLOW" : "");
  return n < want;
}

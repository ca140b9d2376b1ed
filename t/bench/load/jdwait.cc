// SPDX-License-Identifier: MIT
// jdwait SOCKET [COUNT TIMEOUT] : prints how many deliveries qrun has made since its start; with COUNT, waits
// until they are so many.  One connection and one question every 5 ms: the waiting must not take the server's CPU.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

static long delivered(int fd) {
  std::string payload("cmd=stats\0version=1\0id=1\0", 25);
  std::string frame = std::to_string(payload.size()) + ":" + payload + ",";
  if (write(fd, frame.data(), frame.size()) != static_cast<ssize_t>(frame.size())) return -1;
  std::string in;
  char b[8192];
  while (in.empty() || in.back() != ',') {
    ssize_t n = read(fd, b, sizeof b);
    if (n <= 0) return -1;
    in.append(b, static_cast<size_t>(n));
  }
  auto at = in.find("delivered=");
  return at == in.npos ? -1 : atol(in.c_str() + at + 10);
}

int main(int ac, char **av) {
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  if (ac < 2 || strlen(av[1]) >= sizeof a.sun_path) return 100;
  strcpy(a.sun_path, av[1]);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, reinterpret_cast<sockaddr *>(&a), sizeof a) < 0) return perror(av[1]), 111;
  long want = ac > 2 ? atol(av[2]) : 0, n = 0;
  for (long left = ac > 3 ? atol(av[3]) * 200 : 0; (n = delivered(fd)) >= 0 && n < want && left > 0; left--) usleep(5000);
  printf("%ld\n", n);
  return n >= want ? 0 : 111;
}

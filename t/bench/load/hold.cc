// SPDX-License-Identifier: MIT
// hold smtp|starttls|imap|imaps HOST:PORT SESSIONS [USERS [USER_PATTERN [PASSWORD]]]: that many idle
// sessions: SMTP after its EHLO, in the clear or after STARTTLS; IMAP in IDLE in INBOX, in the clear or over TLS
// from the first byte, one user's after the other's.  From sixteen loopback addresses, so that ports suffice.
// Prints READY ok=N sec=S, and holds them until its input ends.  For each line `told` it prints of which users
// sessions were told of news (EXISTS) since the last, and of how many: TOLD user7=50, and CLOSED=N of all.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

static sockaddr_in at;
static SSL_CTX *context;
static std::string kind, pattern = "user%d", password = "pw", first_error;
static size_t users = 1, count;
static std::mutex error_lock;

static bool fail(const std::string &what) {
  std::lock_guard<std::mutex> lock(error_lock);
  if (first_error.empty()) first_error = what;
  return false;
}

struct Session {
  int fd = -1;
  SSL *tls = nullptr;
  size_t number = 0;
  std::string text;
  bool say(const std::string &line) {
    return tls ? SSL_write(tls, line.data(), (int)line.size()) == (int)line.size() : send(fd, line.data(), line.size(), MSG_NOSIGNAL) == (ssize_t)line.size();
  }
  ssize_t get() {  // more text: >0; the end: 0; nothing now: <0
    char b[4096];
    ssize_t n = tls ? SSL_read(tls, b, sizeof b) : recv(fd, b, sizeof b, 0);
    if (n > 0) text.append(b, (size_t)n);
    else if (tls) n = SSL_get_error(tls, (int)n) == SSL_ERROR_WANT_READ ? -1 : 0;
    else if (n < 0 && errno != EAGAIN) n = 0;
    return n;
  }
  std::string line() {
    size_t end;
    while ((end = text.find('\n')) == std::string::npos)
      if (get() <= 0) return "";
    std::string l = text.substr(0, end + 1);
    text.erase(0, end + 1);
    return l;
  }
  std::string until(const std::string &start, size_t blank) {  // the line that begins so, with a blank there
    for (;;) {
      std::string l = line();
      if (l.empty() || (l.compare(0, start.size(), start) == 0 && (l.size() <= blank || l[blank] == ' '))) return l;
    }
  }
  bool does(const std::string &command, const std::string &start, const std::string &good, size_t blank = 0) {
    if (!command.empty() && !say(command + "\r\n")) return fail("cannot say " + command);
    std::string l = until(start, start.empty() ? blank : start.size() - 1);
    return l.compare(0, good.size(), good) == 0 || fail(command + ": " + l);
  }
  bool code(const std::string &command, const std::string &wanted) { return does(command, "", wanted, 3); }
  bool secure() {
    tls = SSL_new(context);
    SSL_set_fd(tls, fd);
    return SSL_connect(tls) == 1 || fail("no TLS");
  }
  bool connect_it() {
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    timeval patience{60, 0};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)(number % 16));
    if (fd < 0 || bind(fd, (sockaddr *)&from, sizeof from) != 0 || connect(fd, (sockaddr *)&at, sizeof at) != 0) return fail(std::string("connect: ") + strerror(errno));
    return true;
  }
  bool open() {
    if (!connect_it()) return false;
    if (kind[0] == 's') {
      if (!code("", "220")) return false;
      if (kind == "starttls" && !(code("EHLO bench.load", "250") && code("STARTTLS", "220") && secure())) return false;
      return code("EHLO bench.load", "250");
    }
    if (kind == "imaps" && !secure()) return false;
    char user[200];
    snprintf(user, sizeof user, pattern.c_str(), (int)(number * users / count));
    return does("", "* ", "* OK") && does("l LOGIN " + std::string(user) + " " + password, "l ", "l OK") &&
           does("s SELECT INBOX", "s ", "s OK") && does("i IDLE", "+ ", "+ ");
  }
};

// The number of new EXISTS; closed: the session is over.
static int news(Session &s, bool &closed) {
  ssize_t n;
  while ((n = s.get()) > 0) {
  }
  closed = n == 0;
  int found = 0;
  for (size_t end; (end = s.text.find('\n')) != std::string::npos; s.text.erase(0, end + 1)) found += s.text.substr(0, end).find(" EXISTS") != std::string::npos;
  return found;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  signal(SIGPIPE, SIG_IGN);
  kind = argv[1];
  std::string host = argv[2];
  size_t colon = host.rfind(':');
  at.sin_family = AF_INET;
  at.sin_port = htons((uint16_t)atoi(host.c_str() + colon + 1));
  if (inet_pton(AF_INET, host.substr(0, colon).c_str(), &at.sin_addr) != 1 || ntohl(at.sin_addr.s_addr) >> 24 != 127) return 2;
  if (argc > 4) users = (size_t)std::max(1, atoi(argv[4]));
  if (argc > 5) pattern = argv[5];
  if (argc > 6) password = argv[6];
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  count = (size_t)atoi(argv[3]);
  std::vector<Session> all(count);
  for (size_t i = 0; i < all.size(); i++) all[i].number = i;
  auto began = std::chrono::steady_clock::now();
  std::atomic<size_t> next{0}, good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++)
    threads.emplace_back([&] {
      for (size_t n; (n = next++) < all.size();) good += all[n].open();
    });
  for (auto &t : threads) t.join();
  printf("READY ok=%zu sec=%.1f %s\n", good.load(), std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(), first_error.c_str());
  fflush(stdout);

  int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event input{EPOLLIN, {}};
  input.data.ptr = nullptr;
  epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input);
  std::map<size_t, int> told;
  int closed_count = 0;
  auto hear = [&](Session &s) {
    bool closed;
    if (int n = news(s, closed)) told[s.number * users / count] += n;
    if (closed) closed_count++, close(s.fd), s.fd = -1;
  };
  for (auto &s : all) {
    if (s.fd < 0) continue;
    fcntl(s.fd, F_SETFL, O_NONBLOCK);
    hear(s);
    epoll_event e{EPOLLIN, {}};
    e.data.ptr = &s;
    if (s.fd >= 0) epoll_ctl(epoll, EPOLL_CTL_ADD, s.fd, &e);
  }
  for (;;) {
    epoll_event events[256];
    int n = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.ptr) {
        hear(*(Session *)events[i].data.ptr);
        continue;
      }
      char b[64];
      ssize_t got = read(0, b, sizeof b);
      if (got <= 0) _exit(0);
      printf("TOLD");
      for (auto [user, times] : told) {
        char name[200];
        snprintf(name, sizeof name, pattern.c_str(), (int)user);
        printf(" %s=%d", name, times);
      }
      printf(" CLOSED=%d\n", closed_count);
      fflush(stdout);
      told.clear();
    }
  }
}

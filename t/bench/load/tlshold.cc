// SPDX-License-Identifier: MIT
// tlshold HOST:PORT SESSIONS [implicit]: that many idle SMTP sessions over TLS (STARTTLS, or from the
// first byte), each after its EHLO.  Prints READY ok=N and holds them until its input ends.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

static sockaddr_in at;
static bool is_implicit;
static SSL_CTX *context;

struct Session {
  int fd = -1;
  SSL *tls = nullptr;
  bool say(const std::string &text) {
    return tls ? SSL_write(tls, text.data(), (int)text.size()) == (int)text.size() : send(fd, text.data(), text.size(), MSG_NOSIGNAL) == (ssize_t)text.size();
  }
  int code() {  // of the next reply, all its lines
    std::string text;
    for (;;) {
      char b[4096];
      ssize_t n = tls ? SSL_read(tls, b, sizeof b) : recv(fd, b, sizeof b, 0);
      if (n <= 0) return 0;
      text.append(b, (size_t)n);
      if (text.back() != '\n') continue;
      size_t line = text.rfind('\n', text.size() - 2);
      line = line == std::string::npos ? 0 : line + 1;
      if (text.size() > line + 3 && text[line + 3] == ' ') return atoi(text.c_str() + line);
    }
  }
  bool secure() {
    tls = SSL_new(context);
    SSL_set_fd(tls, fd);
    return SSL_connect(tls) == 1;
  }
  bool open() {
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fd < 0 || connect(fd, (sockaddr *)&at, sizeof at) != 0) return false;
    if (is_implicit && !secure()) return false;
    if (code() != 220) return false;
    if (!is_implicit && !(say("EHLO bench.load\r\n") && code() == 250 && say("STARTTLS\r\n") && code() == 220 && secure())) return false;
    return say("EHLO bench.load\r\n") && code() == 250;
  }
};

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  signal(SIGPIPE, SIG_IGN);
  std::string host = argv[1];
  size_t colon = host.rfind(':');
  at.sin_family = AF_INET;
  at.sin_port = htons((uint16_t)atoi(host.c_str() + colon + 1));
  if (inet_pton(AF_INET, host.substr(0, colon).c_str(), &at.sin_addr) != 1 || ntohl(at.sin_addr.s_addr) >> 24 != 127) return 2;
  is_implicit = argc > 3 && !strcmp(argv[3], "implicit");
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  std::vector<Session> all((size_t)atoi(argv[2]));
  std::atomic<size_t> next{0}, good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++)
    threads.emplace_back([&] {
      for (size_t n; (n = next++) < all.size();) good += all[n].open();
    });
  for (auto &t : threads) t.join();
  printf("READY ok=%zu\n", good.load());
  fflush(stdout);
  char b[64];
  while (read(0, b, sizeof b) > 0) {
  }
  _exit(0);
}

// SPDX-License-Identifier: MIT
// mailload: server-independent load generator for SMTP/LMTP, POP3 and IMAP. Single file, threads +
// blocking sockets. build: g++ -O2 -std=c++20 -pthread -o mailload mailload.cc Every mode is
// bounded by -n and by -T (seconds, default 300). Only connects to loopback unless
// MAILLOAD_ANYHOST=1.
//
//  mailload smtp  -h HOST:PORT -s SESSIONS -n MSGS -f CORPUSDIR -r 'user%d@bench.test' -u NUSERS
//  [-d NDOMAINS] [-k MSGS_PER_CONN] [-p] [-l]
//        -k 0 = keep the connection for the whole run (default), 1 = new connection per message; -p
//        = pipeline MAIL/RCPT/DATA; -l = LMTP -r may hold two %d: user number and domain number (i
//        % NDOMAINS)
//  mailload pop3retr  -h HOST:PORT -U user%d -P pw [-u first] [-s sessions]         login, STAT,
//  RETR 1..n, QUIT  (each session its own user) mailload pop3login -h HOST:PORT -U user%d -P pw -u
//  NUSERS -s SESSIONS -n LOGINS  login, STAT, QUIT mailload imap  -h HOST:PORT -U user -P pw CMD...
//  one session; times every CMD, prints  ms, bytes, untagged lines, status
//        CMD "!sleep 1" sleeps; a CMD ending in '{F}' APPENDs file 0 of -f as literal
//  mailload imaplogin -h .. -U .. -P .. -u NUSERS -s S -n N    LOGIN + LOGOUT
//  mailload mixed -h .. -U user%d -P .. -u NUSERS -s S -n VISITS -f CORPUSDIR -m MAILBOX   boxes of 100 messages
//  mailload append -h .. -U user%d -P pw -u NUSERS -s SESSIONS -n MSGS -f CORPUSDIR -m MAILBOX
//  [-p](LITERAL+ if advertised by caller) mailload idle  -h .. -U user%d -P pw -u NUSERS -s
//  SESSIONS -T HOLD   logs in, SELECTs, IDLEs, prints READY, holds until stdin closes or T mailload
//  conns -h .. -s SESSIONS -T HOLD                             connects, reads greeting, sends
//  EHLO, prints READY, holds
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>
using std::string;
static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
static string host = "127.0.0.1", corpus, rpat = "user%d@bench.test", upat = "user%d", pw = "pw",
              mbox = "INBOX";
static int port = 25, S = 1, U = 1, D = 1, K = 0;
static long N = 1;
static double T = 300;
static bool pipe_ = false, lmtp = false;
static std::vector<string> cmds;
static std::atomic<long> errs{0};
static std::mutex emx;
static string firsterr;
static void err(const string &e) {
  errs++;
  std::lock_guard<std::mutex> l(emx);
  if (firsterr.empty()) firsterr = e;
}
static thread_local char room[262144];  // for one read
struct Conn {
  int fd = -1;
  string buf;
  size_t pos = 0;
  long rx = 0;
  bool open() {
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    inet_pton(AF_INET, host.c_str(), &a.sin_addr);
    if ((ntohl(a.sin_addr.s_addr) >> 24) != 127 && !getenv("MAILLOAD_ANYHOST")) {
      fprintf(stderr, "refusing non-loopback\n");
      exit(2);
    }
    int o = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &o, sizeof o);
    timeval tv{120, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
    buf.clear();
    pos = 0;
    if (connect(fd, (sockaddr *)&a, sizeof a)) {
      close();
      return false;
    }
    return true;
  }
  void close() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  bool send(const char *p, size_t n) {
    while (n) {
      ssize_t r = ::send(fd, p, n, MSG_NOSIGNAL);
      if (r <= 0) return false;
      p += r;
      n -= r;
    }
    return true;
  }
  bool send(const string &s) { return send(s.data(), s.size()); }
  bool fill() {
    if (pos > (1 << 20) || pos == buf.size()) {
      buf.erase(0, pos);
      pos = 0;
    }
    ssize_t r = recv(fd, room, sizeof room, 0);
    if (r <= 0) return false;
    buf.append(room, r);
    rx += r;
    return true;
  }
  // Room for what is read, touched before anything is timed: where the first touch of a page costs 14 us,
  // the client's would be most of the time of a FETCH.
  void warm() {
    buf.assign(3 << 20, 'x');
    buf.clear();
    pos = 0;
    memset(room, 'x', sizeof room);
  }
  bool line(string &l) {
    for (size_t s = pos;;) {
      size_t k = buf.find('\n', s);
      if (k != string::npos) {
        l.assign(buf, pos, k + 1 - pos);
        pos = k + 1;
        return true;
      }
      size_t had = buf.size() - pos;
      if (!fill()) return false;
      s = pos + had;
    }
  }
  bool skip(size_t n) {
    while (n) {
      size_t a = std::min(n, buf.size() - pos);
      pos += a;
      n -= a;
      if (n && !fill()) return false;
    }
    return true;
  }
  int smtp() {
    string l;
    do {
      if (!line(l) || l.size() < 4) return -1;
    } while (l[3] == '-');
    return atoi(l.c_str());
  }
  // until tagged line; counts untagged lines; skips literals properly
  string imap(const string &tag, long *untagged = nullptr) {
    string l;
    for (;;) {
      if (!line(l)) return "EOF";
      for (;;) {  // literal at the end of line?
        size_t e = l.size();
        while (e && (l[e - 1] == '\n' || l[e - 1] == '\r')) e--;
        if (!e || l[e - 1] != '}') break;
        size_t b = l.rfind('{', e);
        if (b == string::npos || b + 1 >= e - 1 ||
            l.find_first_not_of("0123456789", b + 1) != e - 1)
          break;
        if (!skip(strtoul(l.c_str() + b + 1, 0, 10))) return "EOF";
        string m;
        if (!line(m)) return "EOF";
        l = "*" + m;
      }
      if (l.compare(0, tag.size(), tag) == 0 && l[tag.size()] == ' ')
        return l.substr(tag.size() + 1);
      if (l[0] == '+') return l;
      if (untagged) ++*untagged;
    }
  }
};
static string fmt(const string &p, int a, int b = 0) {
  char t[512];
  snprintf(t, sizeof t, p.c_str(), a, b);
  return t;
}
static string slurp(const string &p) {
  std::ifstream f(p, std::ios::binary);
  std::stringstream s;
  s << f.rdbuf();
  return s.str();
}
static std::vector<string> load(bool stuff) {
  std::vector<string> names, out;
  if (DIR *d = opendir(corpus.c_str())) {
    while (dirent *e = readdir(d))
      if (e->d_name[0] != '.') names.push_back(e->d_name);
    closedir(d);
  }
  std::sort(names.begin(), names.end());
  if (names.size() > 20000) names.resize(20000);
  for (auto &n : names) {
    string r = slurp(corpus + "/" + n), o;
    o.reserve(r.size() * 1.05);
    bool bol = true;
    for (size_t i = 0; i < r.size(); i++) {
      char c = r[i];
      if (c == '\r') continue;
      if (stuff && bol && c == '.') o += '.';
      if (c == '\n') {
        o += "\r\n";
        bol = true;
      } else {
        o += c;
        bol = false;
      }
    }
    if (!bol) o += "\r\n";
    if (stuff) o += ".\r\n";
    out.push_back(std::move(o));
  }
  if (out.empty()) {
    fprintf(stderr, "no corpus in %s\n", corpus.c_str());
    exit(2);
  }
  return out;
}
static void lat(std::vector<float> &v) {
  if (v.empty()) return;
  std::sort(v.begin(), v.end());
  printf(" lat_ms p50=%.2f p95=%.2f p99=%.2f max=%.1f", v[v.size() / 2] * 1e3,
         v[v.size() * 95 / 100] * 1e3, v[v.size() * 99 / 100] * 1e3, v.back() * 1e3);
}
static double selfcpu() {
  rusage r;
  getrusage(RUSAGE_SELF, &r);
  return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}
static double begin = 0;  // wall time: the mail to be sent has been read by then
template <class F>
static double par(F f) {
  std::vector<std::thread> t;
  begin = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  double t0 = now();
  for (int i = 0; i < S; i++) t.emplace_back(f, i);
  for (auto &x : t) x.join();
  return now() - t0;
}
static void tail(const char *what, long n, double el, std::vector<float> &lats) {
  printf("%s n=%ld sec=%.3f rate=%.1f/s errs=%ld", what, n, el, n / el, errs.load());
  lat(lats);
  printf(" loadgen_cpu=%.2f begin=%.6f", selfcpu(), begin);
  if (!firsterr.empty()) {
    string e = firsterr;
    for (auto &c : e)
      if (c < 32) c = ' ';
    printf(" firsterr=\"%s\"", e.c_str());
  }
  printf("\n");
  fflush(stdout);
}

static int do_smtp() {
  auto msgs = load(true);
  std::atomic<long> next{0}, done{0};
  std::vector<float> all;
  std::mutex m;
  double end = now() + T;
  double el = par([&](int) {
    Conn c;
    std::vector<float> v;
    int inconn = 0;
    string l;
    auto hello = [&] {
      if (!c.open()) {
        err("connect");
        return false;
      }
      if (c.smtp() != 220) {
        err("greeting");
        c.close();
        return false;
      }
      c.send(lmtp ? "LHLO bench.load\r\n" : "EHLO bench.load\r\n");
      if (c.smtp() != 250) {
        err("ehlo");
        c.close();
        return false;
      }
      inconn = 0;
      return true;
    };
    int fails = 0;
    for (;;) {
      long i = next++;
      if (i >= N || now() > end || fails > 20) break;
      double t0 = now();
      if (c.fd < 0 && !hello()) {
        fails++;
        usleep(10000);
        continue;
      }
      const string &b = msgs[i % msgs.size()];
      string mf = "MAIL FROM:<sender" + std::to_string(i % 97) + "@sender.test>\r\n",
             rc = "RCPT TO:<" + fmt(rpat, i % U, i % D) + ">\r\n";
      bool ok = true;
      int code = 0;
      if (pipe_) {
        c.send(mf + rc + "DATA\r\n");
        ok = (code = c.smtp()) == 250 && (code = c.smtp()) == 250 && (code = c.smtp()) == 354;
      } else {
        ok = c.send(mf) && (code = c.smtp()) == 250 && c.send(rc) && (code = c.smtp()) == 250 &&
             c.send("DATA\r\n") && (code = c.smtp()) == 354;
      }
      if (ok) {
        ok = c.send(b) && (code = c.smtp()) == 250;
      }
      if (!ok) {
        err("reply " + std::to_string(code));
        fails++;
        c.close();
        continue;
      }
      done++;
      v.push_back(now() - t0);
      if (K && ++inconn >= K) {
        c.send("QUIT\r\n");
        c.smtp();
        c.close();
      }
    }
    if (c.fd >= 0) {
      c.send("QUIT\r\n");
      c.smtp();
      c.close();
    }
    std::lock_guard<std::mutex> g(m);
    all.insert(all.end(), v.begin(), v.end());
  });
  tail(lmtp ? "lmtp" : "smtp", done, el, all);
  return errs != 0;
}
static bool pop3cmd(Conn &c, const string &s, string &l) {
  return c.send(s) && c.line(l) && l[0] == '+';
}
static int do_pop3(bool retr) {
  std::atomic<long> next{0}, done{0}, bytes{0};
  std::vector<float> all;
  std::mutex m;
  double end = now() + T;
  if (retr && N < S) N = S;
  double el = par([&](int) {
    std::vector<float> v;
    string l;
    for (;;) {
      long i = next++;
      if (i >= N || now() > end) break;
      double t0 = now();
      Conn c;
      if (!c.open()) {
        err("connect");
        continue;
      }
      string u = fmt(upat, i % U);
      if (!c.line(l) || !pop3cmd(c, "USER " + u + "\r\n", l) ||
          !pop3cmd(c, "PASS " + pw + "\r\n", l) || !pop3cmd(c, "STAT\r\n", l)) {
        err("login " + l);
        c.close();
        continue;
      }
      if (retr) {
        long n = atol(l.c_str() + 4);
        for (long k = 1; k <= n; k++) {
          if (pipe_) {
            if (k == 1) {
              string q;
              for (long j = 1; j <= n; j++) q += "RETR " + std::to_string(j) + "\r\n";
              std::thread w([&c, q] { c.send(q); });
              w.detach();
            }
          } else
            c.send("RETR " + std::to_string(k) + "\r\n");
          if (!c.line(l) || l[0] != '+') {
            err("retr " + l);
            break;
          }
          for (;;) {
            if (!c.line(l)) {
              err("eof");
              break;
            }
            if (l == ".\r\n") break;
          }
          done++;
        }
        bytes += c.rx;
      } else
        done++;
      pop3cmd(c, "QUIT\r\n", l);
      c.close();
      v.push_back(now() - t0);
    }
    std::lock_guard<std::mutex> g(m);
    all.insert(all.end(), v.begin(), v.end());
  });
  if (retr) printf("MB/s=%.1f ", bytes / el / 1e6);
  tail(retr ? "pop3retr" : "pop3login", done, el, all);
  return errs != 0;
}
static bool ilogin(Conn &c, const string &u) {
  string l;
  if (!c.open()) {
    err("connect");
    return false;
  }
  if (!c.line(l)) {
    err("greeting");
    return false;
  }
  c.send("L LOGIN " + u + " " + pw + "\r\n");
  l = c.imap("L");
  if (l.compare(0, 2, "OK")) {
    err("login " + l);
    return false;
  }
  return true;
}
static double srvcpu() {
  const char *f = getenv("CPUFILE");
  if (!f) return 0;
  string t = slurp(f);
  size_t k = t.find("usage_usec ");
  return k == string::npos ? atof(t.c_str()) / 1e9 : atof(t.c_str() + k + 11) / 1e6;
}
static int do_imap() {
  Conn c;
  double t0 = now();
  if (!ilogin(c, fmt(upat, 0))) {
    printf("login failed %s\n", firsterr.c_str());
    return 1;
  }
  printf("%10.2f ms  LOGIN\n", (now() - t0) * 1e3);
  c.warm();
  int k = 0;
  for (auto &cmd : cmds) {
    if (cmd.compare(0, 7, "!sleep ") == 0) {
      usleep(atof(cmd.c_str() + 7) * 1e6);
      continue;
    }
    string tag = "T" + std::to_string(++k);
    long ut = 0, rx0 = c.rx;
    double u0 = srvcpu();
    t0 = now();
    c.send(tag + " " + cmd + "\r\n");
    string r = c.imap(tag, &ut);
    double el = now() - t0;
    while (!r.empty() && r.back() < 32) r.pop_back();
    printf("%10.2f ms %8.3f cpu_s %12ld bytes %8ld lines %8.1f MB/s  %s => %.60s\n", el * 1e3,
           srvcpu() - u0, c.rx - rx0, ut, (c.rx - rx0) / el / 1e6, cmd.c_str(), r.c_str());
    fflush(stdout);
    if (r == "EOF") return 1;
  }
  c.send("Z LOGOUT\r\n");
  c.imap("Z");
  return 0;
}
static int do_imaplogin() {
  std::atomic<long> next{0}, done{0};
  std::vector<float> all;
  std::mutex m;
  double end = now() + T;
  double el = par([&](int) {
    std::vector<float> v;
    for (;;) {
      long i = next++;
      if (i >= N || now() > end) break;
      double t0 = now();
      Conn c;
      if (ilogin(c, fmt(upat, i % U))) {
        c.send("Z LOGOUT\r\n");
        c.imap("Z");
        done++;
        v.push_back(now() - t0);
      }
      c.close();
    }
    std::lock_guard<std::mutex> g(m);
    all.insert(all.end(), v.begin(), v.end());
  });
  tail("imaplogin", done, el, all);
  return errs != 0;
}
// Many short visits: LOGIN, SELECT, five commands by chance, LOGOUT.  Counts commands.
static int do_mixed() {
  auto msgs = load(false);
  std::atomic<long> next{0}, done{0};
  std::vector<float> all;
  std::mutex m;
  double end = now() + T;
  double el = par([&](int s) {
    std::vector<float> v;
    unsigned chance = 1234567u + static_cast<unsigned>(s);
    auto pick = [&](unsigned n) { return (chance = chance * 1664525u + 1013904223u) / 65536 % n; };
    auto ask = [&](Conn &c, const string &text) {
      double t0 = now();
      c.send("M " + text + "\r\n");
      string r = c.imap("M");
      if (r.compare(0, 2, "OK")) err(text.substr(0, 40) + ": " + r);
      done++;
      v.push_back(now() - t0);
    };
    while (next < N && now() < end) {
      Conn c;
      double t0 = now();
      if (!ilogin(c, fmt(upat, s % U))) break;
      next++;
      done++;
      v.push_back(now() - t0);
      ask(c, "SELECT INBOX");
      for (int i = 0; i < 5; i++) {
        string n = std::to_string(1 + pick(100));
        switch (pick(6)) {
          case 0: ask(c, "FETCH " + n + " (UID FLAGS ENVELOPE)"); break;
          case 1: ask(c, "FETCH " + n + " (BODY.PEEK[])"); break;
          case 2: ask(c, "STORE " + n + (pick(2) ? " +" : " -") + "FLAGS (\\Flagged)"); break;
          case 3: ask(c, "UID SEARCH UNSEEN"); break;
          case 4: ask(c, "STATUS INBOX (MESSAGES UNSEEN)"); break;
          default: {
            const string &b = msgs[pick(static_cast<unsigned>(msgs.size()))];
            ask(c, "APPEND " + mbox + " {" + std::to_string(b.size()) + "+}\r\n" + b);
          }
        }
      }
      ask(c, "LOGOUT");
      c.close();
    }
    std::lock_guard<std::mutex> g(m);
    all.insert(all.end(), v.begin(), v.end());
  });
  tail("mixed", done, el, all);
  return errs != 0;
}
static int do_append() {
  auto msgs = load(false);
  std::atomic<long> next{0}, done{0};
  std::vector<float> all;
  std::mutex m;
  double end = now() + T;
  double el = par([&](int s) {
    Conn c;
    std::vector<float> v;
    if (!ilogin(c, fmt(upat, s % U))) return;
    for (;;) {
      long i = next++;
      if (i >= N || now() > end) break;
      const string &b = msgs[i % msgs.size()];
      double t0 = now();
      string tag = "A" + std::to_string(i), r;
      if (pipe_) {
        c.send(tag + " APPEND " + mbox + " {" + std::to_string(b.size()) + "+}\r\n" + b + "\r\n");
        r = c.imap(tag);
      } else {
        c.send(tag + " APPEND " + mbox + " {" + std::to_string(b.size()) + "}\r\n");
        r = c.imap(tag);
        if (r[0] == '+') {
          c.send(b + "\r\n");
          r = c.imap(tag);
        }
      }
      if (r.compare(0, 2, "OK")) {
        err("append " + r);
        break;
      }
      done++;
      v.push_back(now() - t0);
    }
    c.send("Z LOGOUT\r\n");
    c.imap("Z");
    c.close();
    std::lock_guard<std::mutex> g(m);
    all.insert(all.end(), v.begin(), v.end());
  });
  tail("append", done, el, all);
  return errs != 0;
}
static int do_hold(bool imap) {
  std::vector<Conn> cs(S);
  double t0 = now();
  int ok = 0;
  std::atomic<int> nx{0};
  std::vector<std::thread> t;
  std::atomic<int> good{0};
  for (int w = 0; w < 8; w++)
    t.emplace_back([&] {
      for (;;) {
        int i = nx++;
        if (i >= S || now() - t0 > T) break;
        Conn &c = cs[i];
        if (imap) {
          if (!ilogin(c, fmt(upat, i % U))) continue;
          c.send("S SELECT " + mbox + "\r\n");
          string r = c.imap("S");
          if (r.compare(0, 2, "OK")) {
            err("select " + r);
            continue;
          }
          c.send("I IDLE\r\n");
          r = c.imap("I");
          if (r[0] != '+') {
            err("idle " + r);
            continue;
          }
          good++;
        } else {
          if (!c.open()) {
            err("connect");
            continue;
          }
          int g = c.smtp();
          if (g != 220) {
            err("greeting " + std::to_string(g));
            continue;
          }
          c.send("EHLO bench.load\r\n");
          if (c.smtp() != 250) {
            err("ehlo");
            continue;
          }
          good++;
        }
      }
    });
  for (auto &x : t) x.join();
  ok = good;
  printf("READY ok=%d sec=%.2f errs=%ld %s\n", ok, now() - t0, errs.load(), firsterr.c_str());
  fflush(stdout);
  pollfd p{0, POLLIN, 0};
  poll(&p, 1, (int)(T * 1000));
  for (auto &c : cs) c.close();
  return 0;
}
int main(int ac, char **av) {
  signal(SIGPIPE, SIG_IGN);
  if (ac < 2) return 2;
  string mode = av[1];
  for (int i = 2; i < ac; i++) {
    string a = av[i];
    auto v = [&] { return i + 1 < ac ? string(av[++i]) : string(); };
    if (a == "-h") {
      string h = v();
      size_t k = h.rfind(':');
      host = h.substr(0, k);
      port = atoi(h.c_str() + k + 1);
    } else if (a == "-s")
      S = atoi(v().c_str());
    else if (a == "-n")
      N = atol(v().c_str());
    else if (a == "-f")
      corpus = v();
    else if (a == "-r")
      rpat = v();
    else if (a == "-u")
      U = atoi(v().c_str());
    else if (a == "-d")
      D = atoi(v().c_str());
    else if (a == "-k")
      K = atoi(v().c_str());
    else if (a == "-p")
      pipe_ = true;
    else if (a == "-l")
      lmtp = true;
    else if (a == "-U")
      upat = v();
    else if (a == "-P")
      pw = v();
    else if (a == "-T")
      T = atof(v().c_str());
    else if (a == "-m")
      mbox = v();
    else
      cmds.push_back(a);
  }
  if (S < 1) S = 1;
  if (U < 1) U = 1;
  if (D < 1) D = 1;
  if (mode == "smtp") return do_smtp();
  if (mode == "pop3retr") return do_pop3(true);
  if (mode == "pop3login") return do_pop3(false);
  if (mode == "imap") return do_imap();
  if (mode == "imaplogin") return do_imaplogin();
  if (mode == "mixed") return do_mixed();
  if (mode == "append") return do_append();
  if (mode == "idle") return do_hold(true);
  if (mode == "conns") return do_hold(false);
  return 2;
}

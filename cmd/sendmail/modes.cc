// SPDX-License-Identifier: MIT
#include "cmd/sendmail/modes.h"

#include <errno.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "cmd/sendmail/send.h"
#include "lib/base/stream.h"
#include "lib/base/text.h"
#include "lib/ipc/client.h"
#include "lib/smtp/server.h"

namespace jd::sendmail {
namespace {
constexpr Span patience = seconds(60);

int failed(const Error& e) {
  fprintf(stderr, "sendmail: %s\n", e.what.c_str());
  if (e.sys == EACCES || e.sys == EPERM) return EX_NOPERM;
  return e.fault == Fault::temp ? EX_TEMPFAIL : EX_UNAVAILABLE;
}

// As the queue's socket is root's, others are told so instead of an errno.
int failed_queue(const Error& e) {
  if (e.sys != EACCES) return failed(e);
  fprintf(stderr, "sendmail: only root may look at the queue: try `sudo mailq`, or `sudo jdctl queue list`\n");
  return EX_NOPERM;
}

std::string arrival(uint64_t since) {
  auto t = static_cast<time_t>(since);
  tm local{};
  ::localtime_r(&t, &local);
  char text[64];
  text[::strftime(text, sizeof text, "%a %b %e %H:%M:%S", &local)] = 0;
  return text;
}

struct Entry {
  std::string id, from, reason;
  uint64_t size = 0, received = 0;
  char mark = ' ';
  std::vector<std::string> recipients;
};

void print_entry(const Entry& e) {
  printf("%s%c %8llu %s  %s\n", e.id.c_str(), e.mark, static_cast<unsigned long long>(e.size), arrival(e.received).c_str(), e.from.empty() ? "MAILER-DAEMON" : e.from.c_str());
  if (!e.reason.empty()) printf("(%s)\n", one_line(e.reason).c_str());
  for (auto& r : e.recipients) printf("%45s%s\n", "", one_line(r).c_str());
  printf("\n");
}

std::vector<Entry> entries_of(const ipc::Message& m) {
  std::vector<Entry> r;
  for (auto& [k, v] : m.pairs()) {
    if (k == "qid") r.emplace_back().id = v;
    if (r.empty()) continue;
    Entry& e = r.back();
    if (k == "state") e.mark = v == "active" ? '*' : v == "hold" ? '!' : ' ';
    if (k == "from") e.from = v;
    if (k == "rcpt") e.recipients.push_back(v);
    if (k == "size") e.size = to_number(v).value_or(0);
    if (k == "received") e.received = to_number(v).value_or(0);
    if (k == "reason") e.reason = v;
  }
  return r;
}

// One piece of an order to qrun, until it is over.
template <class F>
int ask_queue(const Paths& paths, ipc::Message m, F each) {
  ipc::BlockingClient qrun("qrun", paths.socket("qrun-admin"));
  for (;;) {
    auto r = qrun.call(std::move(m), patience);
    if (!r) return failed_queue(r.error());
    each(*r);
    if (!r->has("more")) return EX_OK;
    m = ipc::Message("more");
    m.set("token", r->number("more"));
  }
}

smtp::Reply reply_of(const Sent& s) {
  if (s.status == EX_TEMPFAIL) return {451, "4.3.0", "not taken now: " + s.what};
  return {554, "5.6.0", "not taken: " + s.what};
}
}  // namespace

int speak_smtp(const Paths& paths, const Config& config) {
  smtp::ServerOptions o;
  o.hostname = config.hostname;
  o.may_relay = true;
  o.max_message = config.message_size;
  o.max_recipients = config.max_recipients;
  smtp::Server engine(o);
  std::string in;
  char block[65536];
  using Wants = smtp::Server::Wants;
  for (;;) {
    if (!write_stream(1, engine.take_output())) return EX_IOERR;
    switch (engine.wants()) {
      case Wants::close: return EX_OK;
      case Wants::lookup: engine.recipient_is_remote(); continue;
      case Wants::login: engine.login_failed({535, "5.7.8", "no logins here"}); continue;
      case Wants::starttls: return EX_PROTOCOL;  // not offered
      case Wants::commit: {
        queue::Envelope e = engine.envelope();
        Sent s = send(paths, e, engine.take_message());
        if (s.status == EX_OK) engine.committed(s.qid.empty() ? "locally" : s.qid);
        else engine.not_committed(reply_of(s));
        continue;
      }
      default: break;
    }
    std::size_t taken = engine.feed(in);
    in.erase(0, taken);
    if (taken || engine.wants() != Wants::bytes) continue;
    ssize_t n = ::read(0, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n == 0 ? EX_OK : EX_IOERR;
    in.append(block, static_cast<std::size_t>(n));
  }
}

int list_queue(const Paths& paths) {
  uint64_t bytes = 0, count = 0;
  ipc::Message m("queue");
  m.set("verb", "list").set("limit", uint64_t{500});
  int code = ask_queue(paths, std::move(m), [&](const ipc::Message& r) {
    for (auto& e : entries_of(r)) {
      if (!count++) printf("-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n");
      bytes += e.size;
      print_entry(e);
    }
  });
  if (code != EX_OK) return code;
  if (!count) printf("Mail queue is empty\n");
  else printf("-- %llu Kbytes in %llu Request%s.\n", static_cast<unsigned long long>(bytes / 1024), static_cast<unsigned long long>(count), count == 1 ? "" : "s");
  return EX_OK;
}

int flush_queue(const Paths& paths) {
  ipc::Message m("queue");
  m.set("verb", "retry").set("limit", uint64_t{0});
  return ask_queue(paths, std::move(m), [](const ipc::Message&) {});
}

}  // namespace jd::sendmail

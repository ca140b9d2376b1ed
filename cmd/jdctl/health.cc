// SPDX-License-Identifier: MIT
// health: is this instance able to do its work, for people, monitoring and keepalived.
#include "cmd/jdctl/health.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>

#include "cmd/jdctl/revocation.h"
#include "cmd/jdctl/tls.h"
#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/ipc/client.h"
#include "lib/mime/document.h"
#include "lib/net/address.h"

namespace jd::ctl {
namespace {
constexpr uint64_t few_bytes = 200 << 20, some_bytes = 2ull << 30;
constexpr Span soon = days(14), patience = seconds(5);
const char* const words_of[] = {"ok", "warning", "failed"};

struct Report {
  enum State { ok, warning, failed };
  struct Line { std::string what; State state; std::string text; };
  std::vector<Line> lines;
  void add(std::string what, State s, std::string text) { lines.push_back({std::move(what), s, std::move(text)}); }
  State worst() const {
    State w = ok;
    for (auto& l : lines) w = std::max(w, l.state);
    return w;
  }
};

void look_at_programs(Report& r, const Options& o) {
  std::vector<std::string> down;
  auto all = service_names(o);
  for (auto& p : all)
    if (!is_ready(o, p)) down.push_back(p);
  std::string names;
  for (auto& d : down) names += " " + d;
  if (down.empty()) r.add("programs", Report::ok, fmt::format("all {} work", all.size()));
  else r.add("programs", Report::failed, "not working:" + names);
}

void look_at_documents(Report& r, const Config& c) {
  if (!c.search_index || !c.search_documents || ::access(mime::pdftotext, X_OK) == 0) return;
  r.add("documents", Report::warning, fmt::format("searches do not find what stands in PDF: there is no {}; install poppler-utils, then jdctl reload", mime::pdftotext));
}

// The outcome of a connect: "" when somebody accepts.
std::string refused(const net::Address& at) {
  Fd fd(::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno_text(errno);
  if (::connect(fd.get(), at.data(), at.size()) == 0) return "";
  if (errno != EINPROGRESS) return errno_text(errno);
  pollfd p{fd.get(), POLLOUT, 0};
  if (::poll(&p, 1, static_cast<int>(patience.ms())) != 1) return "no answer";
  int e = 0;
  socklen_t size = sizeof e;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &e, &size);
  return e ? errno_text(e) : "";
}

void look_at_doors(Report& r, const Config& c) {
  std::string bad;
  std::size_t good = 0;
  for (auto* list : {&c.listen_smtp, &c.listen_submission, &c.listen_submissions, &c.listen_imap, &c.listen_imaps, &c.listen_pop3, &c.listen_pop3s})
    for (auto& text : *list) {
      std::string near = text;  // what listens everywhere is asked here
      if (near.starts_with("0.0.0.0:")) near = "127.0.0.1" + near.substr(7);
      if (near.starts_with("[::]:")) near = "[::1]" + near.substr(4);
      auto at = net::Address::parse(near);
      std::string why = at ? refused(*at) : at.error().what;
      if (why.empty()) good++;
      else bad += fmt::format("{}{} ({})", bad.empty() ? "" : ", ", text, why);
    }
  if (bad.empty()) r.add("doors", Report::ok, fmt::format("{} addresses take connections", good));
  else r.add("doors", Report::failed, "no connection at " + bad);
}

void look_at_directory(Report& r, const Options& o) {
  ipc::BlockingClient directory("directoryd", o.paths.socket("directory-admin"));
  auto a = directory.call(ipc::Message("domain-list"), patience);
  if (a) r.add("directory", Report::ok, fmt::format("{} domains", a->all("entry").size()));
  else r.add("directory", Report::failed, a.error().what);
}

void look_at_queue(Report& r, const Options& o, const Config& c) {
  ipc::BlockingClient qrun("qrun", o.paths.socket("qrun-admin"));
  auto a = qrun.call(ipc::Message("stats"), patience);
  if (!a) return r.add("queue", Report::failed, a.error().what);
  uint64_t oldest = a->number("oldest"), size = a->number("active") + a->number("waiting") + a->number("files");
  Span age = oldest ? now() - from_seconds(static_cast<int64_t>(oldest)) : Span{};
  std::string text = oldest ? fmt::format("{} messages, the oldest for {}", size, span_text(seconds(age.seconds()))) : fmt::format("{} messages", size);
  // What is over its time is returned: when it is not, the queue stands still.
  bool stands = age > c.give_up_after + hours(6), is_late = c.warn_after.ns && age > c.warn_after;
  r.add("queue", stands ? Report::failed : is_late ? Report::warning : Report::ok, text);
}

void look_at_disk(Report& r, const Options& o) {
  std::vector<std::pair<uint64_t, uint64_t>> seen;  // several folders are one file system
  for (auto& path : {o.paths.queue, o.paths.mail, o.paths.directory, o.paths.log, o.paths.run}) {
    struct statvfs s{};
    if (::statvfs(path.c_str(), &s) < 0) {
      r.add("disk " + path, Report::failed, errno_text(errno));
      continue;
    }
    std::pair<uint64_t, uint64_t> id{s.f_fsid, s.f_blocks};
    if (std::find(seen.begin(), seen.end(), id) != seen.end()) continue;
    seen.push_back(id);
    uint64_t left = uint64_t{s.f_bavail} * s.f_frsize, all = uint64_t{s.f_blocks} * s.f_frsize;
    uint64_t percent = all ? left * 100 / all : 100, inodes = s.f_files ? uint64_t{s.f_favail} * 100 / s.f_files : 100;
    bool is_empty = (left < few_bytes && percent < 10) || inodes < 1, is_low = (left < some_bytes && percent < 10) || inodes < 5;
    std::string text = fmt::format("{} left, {} %", size_text(left), percent);
    if (inodes < 5) text += fmt::format("; {} % of the inodes", inodes);
    r.add("disk " + path, is_empty ? Report::failed : is_low ? Report::warning : Report::ok, text);
  }
}

// Who revoked a certificate tells by OCSP; where that is not to be known now, clients go on all the same.
void look_at_revocations(Report& r, const std::vector<KnownCertificate>& all) {
  for (auto& x : ask_responders(all, patience)) {
    std::string what = "ocsp " + x.name;
    if (!x.is) {
      if (x.is.error().fault == Fault::usage) r.add(what, Report::warning, x.is.error().what + ": put the whole chain there, the host's own certificate first");
      else r.add(what, Report::warning, fmt::format("not known whether it is revoked: {}: {}; look again, and whether this host may connect there", x.responder, x.is.error().what));
      continue;
    }
    std::string says = fmt::format("{} says at {}", x.responder, iso8601(x.is->this_update));
    bool is_acmes = x.name.starts_with("acme/");
    switch (x.is->state) {
      case net::OcspAnswer::good: r.add(what, Report::ok, "not revoked, " + says); break;
      case net::OcspAnswer::unknown: r.add(what, Report::warning, "its issuer does not know it, " + says + ": ask the issuer, or get another"); break;
      case net::OcspAnswer::revoked:
        r.add(what, Report::failed,
              fmt::format("revoked on {}{}{}: clients may refuse it; {}", iso8601(x.is->revoked_at).substr(0, 10), x.is->reason.empty() ? "" : ", ", x.is->reason,
                          is_acmes ? "jdctl tls renew " + x.name.substr(5) + " gets another" : "put another into " + x.file + " and say jdctl reload"));
    }
  }
}

void look_at_certificates(Report& r, const Options& o, const Config& c) {
  auto all = known_certificates(o, c);
  for (auto& k : all) {
    std::string what = "certificate " + k.name;
    if (!k.is) {
      r.add(what, Report::failed, k.is.error().what);
      continue;
    }
    Span left = k.is->not_after - now();
    std::string until = iso8601(k.is->not_after).substr(0, 10);
    // One of a week is renewed when a third of it is left.
    Span early = std::min(soon, Span{(k.is->not_after - k.is->not_before).ns / 5});
    if (left.ns <= 0) r.add(what, Report::failed, "expired on " + until);
    else if (k.is->not_before > now()) r.add(what, Report::failed, "not good before " + iso8601(k.is->not_before));
    else if (left < early) r.add(what, Report::warning, fmt::format("good until {}, {}", until, span_text(seconds(left.seconds()))));
    else if (k.is->must_staple) r.add(what, Report::warning, "wants a stapled OCSP answer (must-staple), which is not sent: clients may refuse it");
    else r.add(what, Report::ok, "good until " + until);
  }
  look_at_revocations(r, all);
}

void look_at_clock(Report& r) {
  timex t{};
  int state = ::adjtimex(&t);
  if (now() < from_seconds(1'700'000'000)) r.add("clock", Report::failed, "is in the past: " + iso8601(now()));
  else if (state >= 0 && (t.status & STA_UNSYNC)) r.add("clock", Report::warning, "the kernel does not say that it is synchronised");
  else r.add("clock", Report::ok, iso8601(now()));
}
}  // namespace

int health(const Options& o, bool is_strict) {
  Report r;
  auto c = Config::load(o.paths);
  if (!c) {
    r.add("configuration", Report::failed, c.error().what);
  } else {
    look_at_programs(r, o);
    look_at_doors(r, *c);
    look_at_directory(r, o);
    look_at_queue(r, o, *c);
    look_at_disk(r, o);
    look_at_certificates(r, o, *c);
    look_at_documents(r, *c);
    look_at_clock(r);
  }
  if (o.json) {
    Json list = Json::array();
    for (auto& l : r.lines) list.push(Json::object().set("check", l.what).set("state", words_of[l.state]).set("text", l.text));
    print_json(Json::object().set("state", words_of[r.worst()]).set("checks", list));
  } else {
    std::vector<std::vector<std::string>> rows;
    for (auto& l : r.lines) rows.push_back({l.what, words_of[l.state], l.text});
    print_table({"check", "state", ""}, rows);
  }
  return r.worst() == Report::failed ? 2 : r.worst() == Report::warning && is_strict ? 1 : 0;
}

}  // namespace jd::ctl

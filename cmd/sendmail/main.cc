// SPDX-License-Identifier: MIT
// sendmail, mailq, newaliases: the commands by which programs send mail.  Row "sendmail" of jdmail(7).
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>

#include "cmd/sendmail/modes.h"
#include "cmd/sendmail/options.h"
#include "cmd/sendmail/send.h"
#include "lib/base/args.h"
#include "lib/base/text.h"
#include "lib/mime/complete.h"

namespace jd::sendmail {
namespace {

int failed(int code, const std::string& what) {
  fprintf(stderr, "sendmail: %s\n", what.c_str());
  return code;
}

// All of standard input, or up to a line with a dot alone; too much is told by its size.
Result<std::string> read_message(bool ignore_dots, std::size_t limit) {
  std::string r;
  char block[65536];
  std::size_t looked_at = 0;
  for (;;) {
    ssize_t n = ::read(0, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "cannot read the message");
    if (n == 0) return r;
    r.append(block, static_cast<std::size_t>(n));
    if (r.size() > limit) return fail(Fault::perm, "the message is larger than the {} allowed", size_text(limit));
    for (std::size_t at; !ignore_dots && (at = r.find('\n', looked_at)) != r.npos;) {
      auto line = std::string_view(r).substr(looked_at, at - looked_at);
      if (line == "." || line == ".\r") {
        r.resize(looked_at);
        return r;
      }
      looked_at = at + 1;
    }
  }
}

// "Ann Ex,room 5,..." of the user database, & being the login name.
std::string person(const passwd& p) {
  std::string r;
  for (char c : std::string_view(p.pw_gecos ? p.pw_gecos : "").substr(0, 200)) {
    if (c == ',') break;
    if (c == '&') r += p.pw_name;
    else if (!is_ctl(c)) r += c;
  }
  return r;
}

std::string origin_of(const Config& c) {
  if (!c.origin.empty()) return c.origin;
  auto domain = queue::domain_of(c.postmaster);
  return std::string(domain.empty() ? std::string_view(c.hostname) : domain);
}

// One address; "" for <>.
Result<std::string> sender_of(const Options& o, const std::string& login, const std::string& origin) {
  if (!o.has_sender) return login + "@" + origin;
  auto given = trim(o.sender);
  if (given.empty() || given == "<>") return std::string();
  auto found = mime::mailboxes_of(given, origin);
  if (found.size() != 1) return fail(Fault::usage, "-f {} is no address", escape(given));
  return found[0];
}

int take_message(const Options& o, const Paths& paths, const Config& config, const std::string& origin) {
  const passwd* user = ::getpwuid(::getuid());
  std::string login = user ? user->pw_name : fmt::format("uid{}", ::getuid());
  std::string name = o.full_name.empty() && user ? person(*user) : o.full_name;
  auto sender = sender_of(o, login, origin);
  if (!sender) return failed(EX_USAGE, sender.error().what);
  queue::Envelope e;
  e.reverse_path = *sender;
  std::vector<std::string> to;
  for (auto& list : o.recipients) {
    auto found = mime::mailboxes_of(list, origin);
    if (found.empty()) return failed(EX_USAGE, fmt::format("{} is no address", escape(list)));
    to.insert(to.end(), found.begin(), found.end());
  }
  if (to.empty() && !o.from_header) return failed(EX_USAGE, "to whom? Give recipients, or -t to take them from To, Cc and Bcc");
  auto text = read_message(o.ignore_dots, static_cast<std::size_t>(config.message_size));
  if (!text) return failed(text.error().fault == Fault::temp ? EX_IOERR : EX_DATAERR, text.error().what);
  // The name of who runs this is not that of another address.
  bool is_own = !o.full_name.empty() || *sender == login + "@" + origin;
  auto whole = mime::complete(mime::whole_lines(*text), {*sender, is_own ? name : "", origin, config.hostname, o.from_header, now()});
  to.insert(to.end(), whole.recipients.begin(), whole.recipients.end());
  for (auto& a : to) {
    bool is_there = std::any_of(e.recipients.begin(), e.recipients.end(), [&](auto& r) { return iequals(r.address, a); });
    if (is_there && to.size() < 2000) continue;
    if (auto ok = queue::check_address(a, false); !ok) return failed(EX_DATAERR, fmt::format("{}: {}", escape(a), ok.error().what));
    queue::Recipient& r = e.recipients.emplace_back();
    r.address = a;
    if (!o.notify.empty()) r.notify = queue::parse_notify(o.notify).value_or(0);
    e.smtputf8 = e.smtputf8 || !is_ascii(a);
  }
  if (e.recipients.empty()) return failed(EX_DATAERR, "no recipient: To, Cc and Bcc name nobody");
  if (auto ok = queue::check_address(e.reverse_path, true); !ok) return failed(EX_DATAERR, ok.error().what);
  e.smtputf8 = e.smtputf8 || !is_ascii(e.reverse_path);
  e.body = whole.has_8bit && !o.is_7bit ? queue::Body::eight_bit : queue::Body::seven_bit;
  e.ret = o.ret == "full" ? queue::Return::full : o.ret == "hdrs" ? queue::Return::headers : queue::Return::unset;
  e.envid = o.envid;
  e.verp = o.verp;
  Sent s = send(paths, std::move(e), whole.message);
  if (s.status != EX_OK) return failed(s.status, s.what);
  if (o.verbose) printf("queued%s\n", s.qid.empty() ? "" : (" as " + s.qid).c_str());
  return EX_OK;
}

int run(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  auto o = parse(argc, argv);
  if (!o) return failed(EX_USAGE, o.error().what);
  if (o->help || o->version) {
    printf("%s", o->help ? help_text().c_str() : fmt::format("jdmail {}\n", version).c_str());
    return EX_OK;
  }
  if (o->mode == Mode::nothing) return EX_OK;  // aliases are in the directory, effective at once
  Paths paths = Paths::of(o->prefix);
  if (o->mode == Mode::list_queue) return list_queue(paths);
  if (o->mode == Mode::flush) return flush_queue(paths);
  auto config = Config::load(paths);
  if (!config) return failed(EX_CONFIG, config.error().what);
  std::string origin = origin_of(*config);
  if (o->mode == Mode::smtp) return speak_smtp(paths, *config);
  return take_message(*o, paths, *config, origin);
}
}  // namespace
}  // namespace jd::sendmail

int main(int argc, char** argv) { return jd::sendmail::run(argc, argv); }

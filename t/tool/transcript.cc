// SPDX-License-Identifier: MIT
// transcript: plays conversations against the IMAP, POP3 and SMTP engines and compares every line.
//
//   transcript t/protocol/imap/*.t       prints each difference, then "N passed, N failed"
//
// Each file gets an account of its own in a scratch directory, and is played twice: the client's bytes
// whole, and one by one.  The folder's name (imap, pop3, smtp) says which engine.  Lines of a file:
//   # why                   a comment
//   C: text                 the client says text CRLF; what came before must all have been expected
//   P: text                 the same, but sent in one piece with the C: that follows
//   R: text                 raw: \r \n \0 \\ and \x41 stand for bytes, no CRLF is added
//   C: ... {*+}             (or {*}) with M: lines behind it: a literal of these lines, its size put in
//   M: text                 a line of that literal, or of a `deliver`
//   S: pattern              the next line of the answer; '*' is any run of characters
//   S: ...                  any number of lines, up to the one that the next pattern fits
//   2C: 2S:                 the same for a second session of another process on the same account
//   deliver                 mail comes into INBOX, the M: lines that follow; a session begins at its first C:
//   deliver-raw text        the same with the bytes of R:, whatever lines they make
//   notify                  the idling first session hears that something may have changed
//   quota N [M], message-size N, message-limit N, max-bad N    before the first C:
//   progress                              the same: a command that looks at 64 messages takes long
//   guest [read-only]       the second session is of bob@example.test, who was told that ann@example.test shares
//                           something with him; read-only: as one who cannot write into her directory
//   told: pattern           the last change of shares was told so: "owner identifier=rights ..."
//   2over, 2notify          the same of the second session
//   over                    the first session must have ended
// Of POP3, before the first C::
//   exclusive               a second session is refused
//   manner [utf8] [en|zh]   what was asked for before login
//   login-delay SECONDS, keeps-days N, prefers zh   as the operator has set it
//   door [tls] [clear]      the first session begins before login; TLS is there, passwords are taken without.  ann's
//                           password is "pw"; that of "soon" too, who comes too early, and of "full", for whom there is
//                           no mailbox; "temp" finds the directory down.  TLS's handshake is done at once.
// Of SMTP (the outside that it meets is in smtp_player.h):
//   smtp, submission, lmtp, no-tls, tls-at-once, auth-in-clear, may-relay, check-sender, check-header-from, message-size N, recipients N,
//   errors N, max-messages N, max-hold SECONDS, may-xclient, may-etrn, hide-client, tarpit
//                           before the first line of either side
//   secured                 the TLS handshake is done
//   long N                  the client sends N times "x" and CRLF
//   delays N                so many answers had to wait until now
//   no-room                 there is no memory for the message that is coming in
//   refuse-commit [perm], dismiss  the next message cannot be stored, now or (perm) ever; the session is ended by us
//   E: pattern              the next envelope that was taken
//   T: pattern              the next line of the message taken last
#include <stdlib.h>

#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/imap/session.h"
#include "lib/pop3/login.h"
#include "lib/pop3/session.h"
#include "t/tool/smtp_player.h"

namespace {

using namespace jd;

bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') star = p++, resume = t;
    else if (p < pattern.size() && pattern[p] == text[t]) ++p, ++t;
    else if (star != std::string_view::npos) p = star + 1, t = ++resume;
    else return false;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// \r \n \0 \\ \x41
std::string unescaped(std::string_view s) {
  std::string r;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '\\' || i + 1 == s.size()) r += s[i];
    else if (char c = s[++i]; c == 'x' && i + 2 < s.size()) r += static_cast<char>(std::stoi(std::string(s.substr(i + 1, 2)), nullptr, 16)), i += 2;
    else r += c == 'r' ? '\r' : c == 'n' ? '\n' : c == '0' ? '\0' : c;
  }
  return r;
}

std::optional<std::string> take_line(std::string& from) {
  auto end = from.find("\r\n");
  if (end == from.npos) return {};
  std::string l = from.substr(0, end);
  from.erase(0, end + 2);
  return l;
}

// One session, whichever engine, with what it said and nobody has looked at yet.
struct Player {
  std::unique_ptr<store::Account> account;
  std::unique_ptr<imap::Session> imap;
  std::unique_ptr<pop3::Session> pop3;
  std::unique_ptr<SmtpPlayer> smtp;
  std::unique_ptr<pop3::Login> door;  // until it has let somebody in
  std::function<void(std::string greeting, std::string early)> let_in;
  std::string said, waiting;
  void feed_piece(std::string_view bytes) {
    if (door) return feed_door(bytes);
    smtp ? smtp->feed(bytes, said) : imap ? imap->feed(bytes) : pop3->feed(bytes);
  }
  // As frontd does it.
  void feed_door(std::string_view bytes) {
    using Wants = pop3::Login::Wants;
    waiting += bytes;
    while (door->wants() != Wants::close) {
      waiting.erase(0, door->feed(waiting));
      said += door->take_output();
      if (door->wants() == Wants::bytes) return;
      if (door->wants() == Wants::starttls) door->secured(), waiting.clear();
      if (door->wants() == Wants::login) {
        auto& c = door->credentials();
        bool is_good = c.password.reveal() == "pw";
        if (is_good && c.user.starts_with("ann")) return let_in(door->succeeded(), std::exchange(waiting, {}));
        if (is_good && c.user == "soon") door->too_soon();
        else if (is_good && c.user == "full") door->unavailable();
        else door->failed(Error(c.user == "temp" ? Fault::temp : Fault::perm, "no"));
      }
      said += door->take_output();
    }
  }
  void feed(std::string_view bytes, std::size_t piece) {
    for (std::size_t i = 0; i < bytes.size(); i += piece) feed_piece(bytes.substr(i, piece));
  }
  bool is_over() const { return door ? door->wants() == pop3::Login::Wants::close : smtp ? smtp->is_over() : imap ? imap->is_over() : pop3->is_over(); }
  std::optional<std::string> line() { return take_line(said); }
};

class Transcript {
 public:
  Transcript(std::string file, std::size_t piece)
      : file_(std::move(file)), piece_(piece), is_pop3_(file_.find("/pop3/") != file_.npos), is_smtp_(file_.find("/smtp/") != file_.npos) {
    smtp_.hostname = "mx.example.test";
    smtp_.client_ip = "192.0.2.9";
    smtp_.has_tls = true;
    char name[] = "/tmp/jdmail-transcript-XXXXXX";
    root_ = ::mkdtemp(name);
    set_clock(&clock_);
  }
  ~Transcript() {
    players_.clear();
    set_clock(nullptr);
    (void)file::remove_tree(root_);  // a scratch directory: nothing to be done about it
  }

  bool play() {
    std::ifstream in(file_);
    if (!in) return wrong("cannot be read");
    for (std::string line; std::getline(in, line);) {
      ++number_;
      if (line.starts_with("M:")) {
        lines_ += (line.size() > 3 ? line.substr(3) : "") + "\r\n";
        continue;
      }
      if (!settle() || !step(line)) return false;
    }
    return settle() && nothing_left();
  }

 private:
  bool wrong(const std::string& why) {
    std::cout << file_ << ":" << number_ << ": " << why << (piece_ == 1 ? " (byte by byte)" : "") << "\n";
    return false;
  }

  // What waited for its M: lines is done now.
  bool settle() {
    if (!pending_) return true;
    auto then = std::exchange(pending_, nullptr);
    std::string body = std::exchange(lines_, {});
    return then(body);
  }

  bool step(const std::string& line) {
    if (line.empty() || line[0] == '#') return true;
    int who = line[0] == '2' ? 2 : 1;
    std::string rest = who == 2 ? line.substr(1) : line;
    std::string text = rest.size() > 3 ? rest.substr(3) : "";
    if (rest.starts_with("C:")) return client(who, text);
    if (rest.starts_with("S:")) return server(who, text);
    if (rest.starts_with("P:")) return held_ += text + "\r\n", true;
    if (rest.starts_with("R:")) return raw(who, unescaped(text));
    auto w = words(rest);
    if (is_smtp_) return smtp_step(rest, text, w);
    if (w[0] == "deliver") return pending_ = [this](const std::string& m) { return deliver(m); }, true;
    if (w[0] == "deliver-raw") return deliver(unescaped(rest.substr(12)));
    if (w[0] == "notify") return player(who).imap->notify(), true;
    if (w[0] == "over") return player(who).is_over() || wrong("the session goes on");
    if (w[0] == "guest") return has_guest_ = true, guest_may_write_ = w.size() == 1, true;
    if (rest.starts_with("told:")) return fits(trim(rest.substr(5)), told_) || wrong("told was: " + told_);
    if (w[0] == "progress") return imap_.progress_every = Span{}, true;
    if (w.size() >= 2 && w[0] == "quota") return imap_.quota = Quota::parse(rest.substr(6)), true;
    if (w.size() == 2 && w[0] == "message-size") return imap_.message_size = *to_number(w[1]), true;
    if (w.size() == 2 && w[0] == "message-limit") return imap_.message_limit = *to_number(w[1]), true;
    if (w.size() == 2 && w[0] == "max-bad")
      return imap_.max_bad = pop3_.max_bad = static_cast<unsigned>(*to_number(w[1])), true;
    if (is_pop3_ && players_.empty()) {
      if (w[0] == "exclusive") return pop3_.is_exclusive = true;
      if (w[0] == "manner") return pop3_.manner = pop3::Manner::parse(rest.substr(6)), true;
      if (w[0] == "prefers") return pop3_.offer.preferred = pop3::Manner::parse(w[1]).language, true;
      if (w[0] == "login-delay") return pop3_.offer.login_delay = seconds(static_cast<int64_t>(*to_number(w[1]))), true;
      if (w[0] == "keeps-days") return pop3_.offer.keeps_days = *to_number(w[1]), true;
      if (w[0] == "door") return door_ = " " + rest + " ", true;
    }
    return wrong("no such directive");
  }

  bool smtp_step(const std::string& rest, const std::string& text, const std::vector<std::string_view>& w) {
    using smtp::Kind;
    if (players_.empty()) {
      if (w[0] == "smtp") return true;
      if (w[0] == "submission") return smtp_.kind = Kind::submission, true;
      if (w[0] == "lmtp") return smtp_.kind = Kind::lmtp, smtp_.client_ip = "", true;
      if (w[0] == "no-tls") return smtp_.has_tls = false, true;
      if (w[0] == "tls-at-once") return smtp_.is_secured = true;
      if (w[0] == "auth-in-clear") return smtp_.may_auth_in_clear = true;
      if (w[0] == "check-sender") return smtp_.check_sender = true;
      if (w[0] == "check-header-from") return smtp_.check_sender = smtp_.check_header_from = true;
      if (w[0] == "may-relay") return smtp_.may_relay = true;
      if (w.size() == 2 && w[0] == "message-size") return smtp_.max_message = *to_number(w[1]), true;
      if (w.size() == 2 && w[0] == "recipients") return smtp_.max_recipients = *to_number(w[1]), true;
      if (w[0] == "may-xclient") return smtp_.may_xclient = true;
      if (w[0] == "may-etrn") return smtp_.may_etrn = true;
      if (w[0] == "hide-client") return smtp_.hide_client = true;
      if (w[0] == "tarpit") return smtp_.tarpit = seconds(1), true;
      if (w.size() == 2 && w[0] == "errors") return smtp_.max_errors = static_cast<unsigned>(*to_number(w[1])), true;
      if (w.size() == 2 && w[0] == "max-messages") return smtp_.max_messages = *to_number(w[1]), true;
      if (w.size() == 2 && w[0] == "max-hold") return smtp_.max_hold = seconds(static_cast<int64_t>(*to_number(w[1]))), true;
    }
    Player& p = player(1);
    if (rest.starts_with("E:")) return expect_line(p.smtp->envelopes, text);
    if (rest.starts_with("T:")) return expect_line(p.smtp->message, text);
    if (w[0] == "secured") return p.smtp->wants_tls() ? p.smtp->secured(), true : wrong("no handshake is due");
    if (w.size() == 2 && w[0] == "long") return raw(1, std::string(*to_number(w[1]), 'x') + "\r\n");
    if (w.size() == 2 && w[0] == "delays") return std::to_string(p.smtp->delays) == w[1] || wrong(fmt::format("{} answers waited", p.smtp->delays));
    if (w[0] == "no-room") return p.smtp->no_room(), true;
    if (w[0] == "refuse-commit") return p.smtp->refuse_commit(w.size() > 1), true;
    if (w[0] == "dismiss") return p.smtp->dismiss(p.said), true;
    if (w[0] == "over") return p.is_over() || wrong("the session goes on");
    return wrong("no such directive");
  }

  bool expect_line(std::string& lines, const std::string& pattern) {
    auto l = take_line(lines);
    if (!l) return wrong("expected and did not come: " + pattern);
    return fits(pattern, *l) || wrong(fmt::format("expected {}\n   but came {}", pattern, *l));
  }

  bool nothing_left() {
    for (auto& [who, p] : players_)
      if (p.smtp && !p.smtp->envelopes.empty()) return wrong("taken and not expected: " + p.smtp->envelopes);
    for (auto& [who, p] : players_)
      if (auto l = p.line()) return wrong(fmt::format("not expected: {}", *l));
    return true;
  }

  bool raw(int who, const std::string& bytes) {
    if (auto l = player(who).line()) return wrong("not expected: " + *l);
    return player(who).feed(bytes, piece_), true;
  }

  bool client(int who, const std::string& text) {
    if (auto l = player(who).line()) return wrong("not expected: " + *l);
    auto star = text.find("{*");
    if (star == text.npos) return player(who).feed(std::exchange(held_, {}) + text + "\r\n", piece_), true;
    pending_ = [this, who, text, star](const std::string& body) {
      std::string command = text;
      command.replace(star + 1, 1, std::to_string(body.size()));
      player(who).feed(command + "\r\n", piece_);
      if (command.find("+}") == command.npos && player(who).line().value_or("")[0] != '+') return wrong("no go-ahead");
      player(who).feed(body + "\r\n", piece_);
      return true;
    };
    return true;
  }

  bool server(int who, const std::string& pattern) {
    if (pattern == "...") return skipping_ = true;
    while (auto l = player(who).line()) {
      if (fits(pattern, *l)) return skipping_ = false, true;
      if (!skipping_) return wrong(fmt::format("expected {}\n   but came {}", pattern, *l));
    }
    return wrong("expected and did not come: " + pattern);
  }

  bool deliver(const std::string& message) {
    auto a = store::Account::open(root_ + "/ann", true);
    if (!a) return wrong(a.error().what);
    store::Account::Delivery d;
    d.bytes = message;
    d.id = store::delivery_id(std::to_string(number_), "ann@example.test");
    auto r = (*a)->deliver(d);
    return r.has_value() || wrong(r.error().what);
  }

  Player& player(int who) {
    Player& p = players_[who];
    if (p.account || p.smtp) return p;
    if (is_smtp_) {
      p.smtp = std::make_unique<SmtpPlayer>(smtp_);
      p.feed_piece("");
      return p;
    }
    bool is_guest = who == 2 && has_guest_;
    auto a = store::Account::open(root_ + (is_guest ? "/bob" : "/ann"), true);
    if (!a) {
      std::cerr << a.error().what << "\n";
      ::exit(111);
    }
    p.account = std::move(*a);
    auto write = [&p](std::string_view bytes) { return p.said += bytes, true; };
    if (is_pop3_ && who == 1 && !door_.empty()) {
      p.door = std::make_unique<pop3::Login>(door_.find(" tls ") != door_.npos, false, door_.find(" clear ") != door_.npos, true, pop3_.offer);
      p.let_in = [this, &p, write](std::string greeting, std::string early) {
        auto o = pop3_;
        o.greeting = std::move(greeting);
        o.early = std::move(early);
        o.manner = p.door->manner();
        p.pop3 = std::make_unique<pop3::Session>(*p.account, o, write);
        p.door.reset();
        p.pop3->start();
      };
      p.said = p.door->take_output();
      return p;
    }
    if (is_pop3_) p.pop3 = std::make_unique<pop3::Session>(*p.account, pop3_, write);
    else p.imap = std::make_unique<imap::Session>(*p.account, options(is_guest), write);
    p.imap ? p.imap->start() : p.pop3->start();
    return p;
  }

  imap::SessionOptions options(bool is_guest) {
    imap::SessionOptions o = imap_;
    o.user = is_guest ? "bob@example.test" : "ann@example.test";
    o.identities = {o.user, "anyone", "@example.test"};
    if (is_guest) o.others = {{"ann@example.test", root_ + "/ann", guest_may_write_, imap_.quota}};
    if (is_guest) o.quota = {};
    o.shares_changed = [this](const std::string& owner, const std::map<std::string, store::Rights>& all) {
      told_ = owner;
      for (auto& [identifier, rights] : all) told_ += " " + identifier + "=" + rights.text();
    };
    return o;
  }

  bool has_guest_ = false, guest_may_write_ = true;
  std::string told_;
  std::string file_, root_, lines_, held_, door_;
  std::size_t piece_;
  bool is_pop3_, is_smtp_, skipping_ = false;
  int number_ = 0;
  std::map<int, Player> players_;
  std::function<bool(const std::string&)> pending_;
  imap::SessionOptions imap_;
  pop3::SessionOptions pop3_;
  smtp::ServerOptions smtp_;
  ManualClock clock_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string logged;
  log::capture(&logged);
  int passed = 0, failed = 0;
  for (int i = 1; i < argc; ++i) {
    bool good = Transcript(argv[i], std::string::npos).play() && Transcript(argv[i], 1).play();
    good ? ++passed : ++failed;
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed ? 1 : 0;
}

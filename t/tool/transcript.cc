// SPDX-License-Identifier: MIT
// transcript: plays conversations against the IMAP and POP3 engines and compares every line.
//
//   transcript t/protocol/imap/*.t       prints each difference, then "N passed, N failed"
//
// Each file gets an account of its own in a scratch directory.  The folder's name (imap, pop3) says
// which engine.  Lines of a file:
//   # why                   a comment
//   C: text                 the client says text CRLF; what came before must all have been expected
//   C: ... {*+}             (or {*}) with M: lines behind it: a literal of these lines, its size put in
//   M: text                 a line of that literal, or of a `deliver`
//   S: pattern              the next line of the answer; '*' is any run of characters
//   S: ...                  any number of lines, up to the one that the next pattern fits
//   2C: 2S:                 the same for a second session of another process on the same account
//   deliver                 mail comes into INBOX, the M: lines that follow; a session begins at its first C:
//   notify                  the idling first session hears that something may have changed
//   quota N, message-size N, max-bad N    before the first C:
//   over                    the first session must have ended
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
#include "lib/pop3/session.h"

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

// One session, whichever engine, with what it said and nobody has looked at yet.
struct Player {
  std::unique_ptr<store::Account> account;
  std::unique_ptr<imap::Session> imap;
  std::unique_ptr<pop3::Session> pop3;
  std::string said;
  void feed(const std::string& bytes) { imap ? imap->feed(bytes) : pop3->feed(bytes); }
  bool is_over() const { return imap ? imap->is_over() : pop3->is_over(); }
  std::optional<std::string> line() {
    auto end = said.find("\r\n");
    if (end == said.npos) return {};
    std::string l = said.substr(0, end);
    said.erase(0, end + 2);
    return l;
  }
};

class Transcript {
 public:
  explicit Transcript(std::string file) : file_(std::move(file)), is_pop3_(file_.find("/pop3/") != file_.npos) {
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
    std::cout << file_ << ":" << number_ << ": " << why << "\n";
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
    if (rest.starts_with("C:")) return client(who, rest.size() > 3 ? rest.substr(3) : "");
    if (rest.starts_with("S:")) return server(who, rest.size() > 3 ? rest.substr(3) : "");
    auto w = words(rest);
    if (w[0] == "deliver") return pending_ = [this](const std::string& m) { return deliver(m); }, true;
    if (w[0] == "notify") return player(1).imap->notify(), true;
    if (w[0] == "over") return player(1).is_over() || wrong("the session goes on");
    if (w.size() == 2 && w[0] == "quota") return imap_.quota = *to_number(w[1]), true;
    if (w.size() == 2 && w[0] == "message-size") return imap_.message_size = *to_number(w[1]), true;
    if (w.size() == 2 && w[0] == "max-bad")
      return imap_.max_bad = pop3_.max_bad = static_cast<unsigned>(*to_number(w[1])), true;
    return wrong("no such directive");
  }

  bool nothing_left() {
    for (auto& [who, p] : players_)
      if (auto l = p.line()) return wrong(fmt::format("not expected: {}", *l));
    return true;
  }

  bool client(int who, const std::string& text) {
    if (auto l = player(who).line()) return wrong("not expected: " + *l);
    auto star = text.find("{*");
    if (star == text.npos) return player(who).feed(text + "\r\n"), true;
    pending_ = [this, who, text, star](const std::string& body) {
      std::string command = text;
      command.replace(star + 1, 1, std::to_string(body.size()));
      player(who).feed(command + "\r\n");
      if (command.find("+}") == command.npos && player(who).line().value_or("")[0] != '+') return wrong("no go-ahead");
      player(who).feed(body + "\r\n");
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
    if (p.account) return p;
    auto a = store::Account::open(root_ + "/ann", true);
    if (!a) {
      std::cerr << a.error().what << "\n";
      ::exit(111);
    }
    p.account = std::move(*a);
    auto write = [&p](std::string_view bytes) { return p.said += bytes, true; };
    if (is_pop3_) p.pop3 = std::make_unique<pop3::Session>(*p.account, pop3_, write);
    else p.imap = std::make_unique<imap::Session>(*p.account, imap_, write);
    p.imap ? p.imap->start() : p.pop3->start();
    return p;
  }

  std::string file_, root_, lines_;
  bool is_pop3_, skipping_ = false;
  int number_ = 0;
  std::map<int, Player> players_;
  std::function<bool(const std::string&)> pending_;
  imap::SessionOptions imap_;
  pop3::SessionOptions pop3_;
  ManualClock clock_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string logged;
  log::capture(&logged);
  int passed = 0, failed = 0;
  for (int i = 1; i < argc; ++i) {
    Transcript t(argv[i]);
    t.play() ? ++passed : ++failed;
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed ? 1 : 0;
}

// SPDX-License-Identifier: MIT
// domain, user, alias: what the directory knows.
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/jdctl/ctl.h"
#include "lib/base/secret.h"
#include "lib/base/text.h"

namespace jd::ctl {
namespace {

int tell(const Result<ipc::Message>& r, const std::string& done) {
  if (!r) return failed(r.error());
  print(done);
  return 0;
}

int show(const Options& o, const std::vector<std::string>& names, const Result<std::vector<std::vector<std::string>>>& rows) {
  if (!rows) return failed(rows.error());
  if (!o.json) {
    auto shown = *rows;
    for (auto& r : shown) r.resize(std::min(r.size(), names.size()));
    print_table(names, shown);
    return 0;
  }
  Json all = Json::array();
  for (auto& r : *rows) {
    Json j = Json::object();
    for (std::size_t i = 0; i < names.size() && i < r.size(); i++) {
      auto n = names[i] == "quota" ? to_number(r[i]) : std::nullopt;
      if (n) j.set(names[i], static_cast<int64_t>(*n));
      else j.set(names[i], r[i]);
    }
    all.push(std::move(j));
  }
  print_json(all);
  return 0;
}

Result<Secret> read_password(bool from_stdin) {
  std::string p;
  bool is_terminal = ::isatty(0) && !from_stdin;
  if (!is_terminal && !from_stdin) return fail(Fault::usage, "no terminal to ask for a password: use --password-stdin");
  termios before{};
  if (is_terminal) {
    fprintf(stderr, "Password: ");
    ::tcgetattr(0, &before);
    termios quiet = before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(0, TCSAFLUSH, &quiet);
  }
  for (int c; (c = getchar()) != EOF && c != '\n';) p += static_cast<char>(c);
  if (is_terminal) {
    ::tcsetattr(0, TCSAFLUSH, &before);
    fprintf(stderr, "\n");
  }
  Secret s(p);
  wipe(p);
  if (s.empty()) return fail(Fault::usage, "the password is empty");
  return s;
}
}  // namespace

Result<Rows> directory_list(const Options& o, const std::string& cmd, const std::string& domain) {
  Rows rows;
  std::string after;
  for (;;) {
    ipc::Message m(cmd);
    m.set("domain", domain).set("after", after).set("limit", uint64_t{1000});
    TRY(auto r, ask_directory(o, m));
    auto entries = r.all("entry");
    for (auto e : entries) {
      auto& row = rows.emplace_back();
      for (auto f : split(e, '\t')) row.emplace_back(f);
    }
    if (cmd == "domain-list" || entries.size() < 1000) return rows;
    after = rows.back()[0];
  }
}

int domain(const Options& o, const std::string& verb, const std::string& name) {
  if (verb == "list") return show(o, {"domain", "postmaster"}, directory_list(o, "domain-list", ""));
  ipc::Message m("domain-" + verb);
  m.set("name", name);
  return tell(ask_directory(o, m), fmt::format("domain {} {}", name, verb == "add" ? "added" : "removed"));
}

int user(const Options& o, const std::string& verb, const UserOptions& u) {
  if (verb == "list") return show(o, {"address", "quota", "state", "name"}, directory_list(o, "user-list", u.address));
  ipc::Message m("user-" + verb);
  m.set("address", u.address);
  for (auto& x : u.senders) m.set("target", x);
  if (verb == "send-as-list") {
    auto r = ask_directory(o, m);
    if (!r) return failed(r.error());
    std::vector<std::vector<std::string>> rows;
    for (auto e : r->all("entry")) rows.push_back({std::string(e)});
    return show(o, {"sender"}, rows);
  }
  if (verb == "add" && u.no_login) {
    if (u.password_stdin) return failed(Error(Fault::usage, "--no-login and a password do not go together"));
    m.set("login", "0");
  } else if (verb == "add" || verb == "passwd") {
    auto p = read_password(u.password_stdin);
    if (!p) return failed(p.error());
    m.set("password", p->reveal());
  }
  if (!u.quota.empty() || verb == "quota") {
    auto n = to_size(u.quota);
    if (!n) return failed(Error(Fault::usage, fmt::format("'{}' is not a size such as 5G, or 0 for none", u.quota)));
    m.set("quota", *n);
  }
  if (!u.person.empty()) m.set("person", u.person);
  std::string what = verb == "add" ? "added" : verb == "del" ? "removed; its mailbox stays on disk" : verb == "passwd" ? "has a new password"
                   : verb == "suspend" ? "suspended" : verb == "resume" ? "resumed" : verb == "send-as-add" ? "may send as " + u.senders.front() : verb == "send-as-del" ? "may not send as " + u.senders.front() + " any more" : "changed";
  int code = tell(ask_directory(o, m), fmt::format("account {} {}", u.address, what));
  return code || u.shared_with.empty() ? code : share_all(o, u.address, u.shared_with);
}

int alias(const Options& o, const std::string& verb, const std::string& address, const std::vector<std::string>& targets) {
  if (verb == "list") return show(o, {"alias", "targets"}, directory_list(o, "alias-list", address));
  ipc::Message m("alias-" + verb);
  m.set("address", address);
  for (auto& t : targets) m.set("target", t);
  return tell(ask_directory(o, m), fmt::format("alias {} {}", address, verb == "add" ? "set" : "removed"));
}

}  // namespace jd::ctl

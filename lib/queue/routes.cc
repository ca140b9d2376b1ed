// SPDX-License-Identifier: MIT
#include "lib/queue/routes.h"

#include <errno.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/mime/idna.h"

namespace jd::queue {
namespace {

bool is_route_name(std::string_view s) {
  return !s.empty() && s.size() <= 64 && std::all_of(s.begin(), s.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

bool is_host(std::string_view s) { return !s.empty() && s.size() < 300 && s.find_first_of("@/ \t") == s.npos; }

// Nothing like an address but letters, digits, dots and colons; what it is the connection finds out.
bool is_ip_like(std::string_view s) {
  return !s.empty() && s.find_first_not_of("0123456789abcdefABCDEF.:") == s.npos && s.find_first_of(".:") != s.npos;
}

std::vector<std::string> list(std::string_view s) {
  std::vector<std::string> r;
  for (auto x : split(s, ','))
    if (!x.empty()) r.emplace_back(x);
  return r;
}

Status set(Route& r, std::string_view key, std::string_view value) {
  if (key == "host" && r.has_hosts()) {
    r.hosts = list(value);
    for (auto& h : r.hosts)
      if (!is_host(h)) return fail(Fault::usage, "'{}' is no host", escape(h));
  } else if (key == "tls") {
    if (value != "opportunistic" && value != "required" && value != "implicit" && value != "never")
      return fail(Fault::usage, "tls= is one of opportunistic, required, implicit, never");
    if (!r.has_hosts()) return fail(Fault::usage, "tls= goes with smtp and lmtp; for a route by the DNS see etc/tls-policy");
    r.tls = value;
  } else if (key == "user" && r.has_hosts()) {
    r.user = value;
  } else if (key == "password_file" && r.has_hosts()) {
    r.password_file = value;
  } else if (key == "helo") {
    if (!is_host(value)) return fail(Fault::usage, "'{}' is no host name", escape(value));
    r.helo = value;
  } else if (key == "source") {
    r.source = list(value);
    for (auto& a : r.source)
      if (!is_ip_like(a)) return fail(Fault::usage, "'{}' is no address", escape(a));
  } else {
    return fail(Fault::usage, "'{}=' is no setting of such a route", escape(key));
  }
  return {};
}
}  // namespace

Status Routes::add_route(const std::vector<std::string_view>& w) {
  if (w.size() < 3) return fail(Fault::usage, "a route is: route name mx|smtp|lmtp [key=value ...]");
  Route r;
  if (!is_route_name(w[1]) || w[1] == "mx") return fail(Fault::usage, "'{}' is no name for a route: letters, digits, - and _", escape(w[1]));
  if (find(w[1])) return fail(Fault::usage, "the route {} is there twice", w[1]);
  if (w[2] != "mx" && w[2] != "smtp" && w[2] != "lmtp") return fail(Fault::usage, "a route is mx, smtp or lmtp, not '{}'", escape(w[2]));
  r.name = w[1];
  r.kind = w[2] == "mx" ? Route::Kind::mx : w[2] == "smtp" ? Route::Kind::smtp : Route::Kind::lmtp;
  for (std::size_t i = 3; i < w.size(); i++) {
    auto pair = split_once(w[i], '=');
    if (!pair) return fail(Fault::usage, "'{}' is no key=value", escape(w[i]));
    CHECK(set(r, pair->first, pair->second));
  }
  if (r.has_hosts() && r.hosts.empty()) return fail(Fault::usage, "the route {} needs host=", r.name);
  if (r.user.empty() != r.password_file.empty()) return fail(Fault::usage, "user= and password_file= go together");
  routes_.push_back(std::move(r));
  return {};
}

Status Routes::add_rule(const std::vector<std::string_view>& w, uint32_t line) {
  bool is_all = w[0] == "all";
  if (w.size() != (is_all ? 2u : 3u)) return fail(Fault::usage, "a rule is: to|from|user pattern route, or: all route");
  Rule rule{line, -1};
  if (auto* r = find(w.back()); r) rule.route = static_cast<int32_t>(r - routes_.data());
  else if (w.back() != "mx") return fail(Fault::usage, "there is no route '{}' above this line", escape(w.back()));
  rules_++;
  if (is_all) {
    if (other_.line == UINT32_MAX) other_ = rule;
    return {};
  }
  std::string key(w[1]);
  if (w[0] == "to") {
    bool is_below = key.starts_with('.');
    auto domain = mime::to_ascii_domain(std::string_view(key).substr(is_below));
    if (!domain || domain->empty() || domain->find('@') != domain->npos) return fail(Fault::usage, "'{}' is no domain", escape(key));
    to_.emplace((is_below ? "." : "") + *domain, rule);
  } else if (w[0] == "from") {
    if (key != "<>" && key.find('@') == key.npos) return fail(Fault::usage, "'{}' is no sender: a@b, @b or <>", escape(key));
    from_.emplace(lower(key), rule);
  } else {
    user_.emplace(lower(key), rule);
  }
  return {};
}

Result<Routes> Routes::parse(std::string_view text, const std::string& file) {
  Routes r;
  uint32_t number = 0;
  for (auto line : split(text, '\n')) {
    number++;
    auto w = words(line.substr(0, line.find('#')));
    if (w.empty()) continue;
    Status s = w[0] == "route" ? r.add_route(w)
               : w[0] == "to" || w[0] == "from" || w[0] == "user" || w[0] == "all"
                   ? r.add_rule(w, number)
                   : Status(fail(Fault::usage, "'{}': a line begins with route, to, from, user or all", escape(w[0])));
    if (!s) return fail(Fault::usage, "{}:{}: {}", file, number, s.error().what);
  }
  return r;
}

Result<Routes> Routes::load(const std::string& path) {
  auto text = file::read_all(path, 16 << 20);
  if (!text && text.error().sys == ENOENT) return Routes();
  if (!text) return Unexpected(text.error());
  return parse(*text, path);
}

void Routes::look(const Map& map, const std::string& key, const Rule*& best) {
  auto i = map.find(key);
  if (i != map.end() && (!best || i->second.line < best->line)) best = &i->second;
}

const Route* Routes::of(std::string_view domain, std::string_view sender, std::string_view user) const {
  if (!rules_) return nullptr;
  const Rule* best = nullptr;
  if (!to_.empty()) {
    std::string name = mime::to_ascii_domain(domain).value_or(std::string(domain));
    look(to_, name, best);
    for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1)) look(to_, name.substr(dot), best);
  }
  if (!from_.empty()) {
    std::string key = sender.empty() ? "<>" : lower(sender);
    look(from_, key, best);
    if (auto at = key.rfind('@'); at != key.npos) look(from_, key.substr(at), best);
  }
  if (!user_.empty() && !user.empty()) look(user_, lower(user), best);
  if (!best) best = &other_;  // "all" stands for what no other line is about, wherever it is
  return best->route < 0 ? nullptr : &routes_[static_cast<std::size_t>(best->route)];
}

const Route* Routes::find(std::string_view name) const {
  for (auto& r : routes_)
    if (r.name == name) return &r;
  return nullptr;
}

}  // namespace jd::queue

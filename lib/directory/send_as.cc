// SPDX-License-Identifier: MIT
// Who may send from which address.
#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/directory/directory.h"

namespace jd::directory {
namespace {
constexpr std::size_t max_aliases = 200;  // looked at for one question
constexpr std::size_t max_send_as = 1000;

Result<std::string> sender_of(std::string_view given) {
  TRY(Parts p, parse_address(given));
  return p.local + "@" + p.domain;
}
}  // namespace

Result<bool> Directory::leads_to(const Route& from, const std::string& account) {
  std::set<std::string> seen;
  std::vector<std::string> todo = from.targets;
  while (!todo.empty() && seen.size() < max_aliases) {
    std::string next = std::move(todo.back());
    todo.pop_back();
    if (next.starts_with("maildir:") || !seen.insert(next).second) continue;
    TRY(Route r, resolve(next));
    if (r.kind == Route::Kind::account && r.account.address == account) return true;
    if (r.kind == Route::Kind::alias) todo.insert(todo.end(), r.targets.begin(), r.targets.end());
  }
  return false;
}

Result<bool> Directory::may_send(std::string_view account_address, std::string_view address) {
  TRY(auto a, account(account_address));
  if (!a) return false;
  TRY(Route r, resolve(address));
  if (r.kind == Route::Kind::account && r.account.address == a->address) return true;
  auto p = parse_address(address);
  if (!p) return false;
  auto is_given = [&](const std::string& x) { return std::find(a->send_as.begin(), a->send_as.end(), x) != a->send_as.end(); };
  if (is_given(p->local + "@" + p->domain) || is_given(lower(r.address)) || is_given("@" + p->domain)) return true;
  return r.kind == Route::Kind::alias ? leads_to(r, a->address) : Result<bool>(false);
}

Status Directory::add_send_as(std::string_view address, const std::vector<std::string>& senders) {
  TRY(auto a, account(address));
  if (!a) return fail(Fault::perm, "no account {}", escape(address.substr(0, 320)));
  for (auto& given : senders) {
    TRY(std::string s, sender_of(given));
    if (std::find(a->send_as.begin(), a->send_as.end(), s) != a->send_as.end()) return fail(Fault::perm, "{} may send as {} already", a->address, s);
    a->send_as.push_back(s);
  }
  if (a->send_as.size() > max_send_as) return fail(Fault::usage, "an account may send as at most {} others", max_send_as);
  return change_account(address, [&](Account& c) { c.send_as = a->send_as; });
}

Status Directory::remove_send_as(std::string_view address, const std::vector<std::string>& senders) {
  TRY(auto a, account(address));
  if (!a) return fail(Fault::perm, "no account {}", escape(address.substr(0, 320)));
  for (auto& given : senders) {
    auto i = std::find(a->send_as.begin(), a->send_as.end(), lower(given));
    if (i == a->send_as.end()) return fail(Fault::perm, "{} has not the right to send as {}", a->address, escape(given.substr(0, 320)));
    a->send_as.erase(i);
  }
  return change_account(address, [&](Account& c) { c.send_as = a->send_as; });
}

}  // namespace jd::directory

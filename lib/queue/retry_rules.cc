// SPDX-License-Identifier: MIT
#include "lib/queue/retry_rules.h"

#include <errno.h>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace jd::queue {
namespace {
constexpr std::size_t max_waits = 50, max_rules = 100'000;

Result<RetryPolicy> policy_of(RetryPolicy p, const std::vector<std::string_view>& words) {
  if (words.size() < 2 || words.size() > 4) return fail(Fault::usage, "a line is: domain waits [give-up [warn]], such as: example.com 1m,5m,1h 2d");
  p.waits.clear();
  for (auto w : split(words[1], ',')) {
    auto s = to_span(w);
    if (!s || s->ns <= 0) return fail(Fault::usage, "'{}' is no time such as 90s, 5m, 4h or 5d", escape(w));
    p.waits.push_back(*s);
  }
  if (p.waits.size() > max_waits) return fail(Fault::usage, "more than {} waits", max_waits);
  for (std::size_t i = 2; i < words.size(); i++) {
    auto s = to_span(words[i]);
    if (!s || s->ns <= 0) return fail(Fault::usage, "'{}' is no time such as 90s, 5m, 4h or 5d", escape(words[i]));
    (i == 2 ? p.give_up_after : p.warn_after) = *s;
  }
  return p;
}
}  // namespace

Result<RetryRules> RetryRules::parse(RetryPolicy usual, std::string_view text, const std::string& file) {
  RetryRules r(std::move(usual));
  unsigned line = 0;
  for (auto l : split(text, '\n')) {
    line++;
    auto parts = words(l.substr(0, l.find('#')));
    if (parts.empty()) continue;
    auto p = policy_of(r.usual_, parts);
    if (!p) return fail(Fault::usage, "{}:{}: {}", file, line, p.error().what);
    if (r.rules_.size() >= max_rules) return fail(Fault::usage, "{}: more than {} lines", file, max_rules);
    if (!r.rules_.emplace(lower(parts[0]), std::move(*p)).second)
      return fail(Fault::usage, "{}:{}: a second line for {}", file, line, escape(parts[0]));
  }
  return r;
}

Result<RetryRules> RetryRules::load(RetryPolicy usual, const std::string& path) {
  auto text = file::read_all(path, 16 << 20);
  if (!text && text.error().sys == ENOENT) return RetryRules(std::move(usual));
  if (!text) return Unexpected(text.error());
  return parse(std::move(usual), *text, path);
}

const RetryPolicy& RetryRules::of(std::string_view domain) const {
  if (rules_.empty() || domain.empty()) return usual_;
  std::string key = lower(domain);
  if (auto i = rules_.find(key); i != rules_.end()) return i->second;
  for (auto dot = key.find('.'); dot != key.npos; dot = key.find('.', dot + 1))
    if (auto i = rules_.find(key.substr(dot)); i != rules_.end()) return i->second;
  return usual_;
}

}  // namespace jd::queue

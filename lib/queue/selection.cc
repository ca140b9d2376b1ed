// SPDX-License-Identifier: MIT
#include "lib/queue/selection.h"

#include <algorithm>

#include "lib/base/random.h"
#include "lib/base/text.h"

namespace jd::queue {
namespace {
constexpr std::size_t max_ids = 100'000;
constexpr std::string_view states[] = {"active", "deferred", "new", "hold"};

bool is_waiting(const Progress& p, std::size_t n) { return n >= p.status.size() || p.status[n] == RcptStatus::queued; }

std::string reason_text(const LastError& e) { return std::string(trim(fmt::format("{} {} {}", e.host, e.code, e.text))); }
}  // namespace

bool Selection::is_everything() const {
  return ids.empty() && sender.empty() && recipient.empty() && domain.empty() && reason.empty() && user.empty() &&
         state.empty() && !of_address && !older && !newer && !larger && !smaller;
}

OwnPairs Selection::pairs() const {
  OwnPairs r;
  for (auto& id : ids) r.emplace_back("qid", id);
  auto text = [&](const char* key, const std::string& v) {
    if (!v.empty()) r.emplace_back(key, v);
  };
  text("sender", sender);
  text("recipient", recipient);
  text("domain", domain);
  text("reason", reason);
  text("user", user);
  text("state", state);
  if (of_address) r.emplace_back("scope", "address");
  if (older) r.emplace_back("older", std::to_string(older->seconds()));
  if (newer) r.emplace_back("newer", std::to_string(newer->seconds()));
  if (larger) r.emplace_back("larger", std::to_string(*larger));
  if (smaller) r.emplace_back("smaller", std::to_string(*smaller));
  return r;
}

Result<Selection> Selection::from_pairs(const Pairs& pairs) {
  Selection s;
  for (auto& [k, v] : pairs) {
    auto number = [&, key = k, value = v]() -> Result<uint64_t> {
      auto n = to_number(value);
      if (!n || *n > (1ull << 33) * 1000) return fail(Fault::usage, "{}={} is no number", key, escape(value));
      return *n;
    };
    if (k == "qid") {
      if (s.ids.size() == max_ids) return fail(Fault::usage, "more than {} ids", max_ids);
      s.ids.emplace_back(v);
    } else if (k == "sender") s.sender = v;
    else if (k == "recipient") s.recipient = v;
    else if (k == "domain") s.domain = v;
    else if (k == "reason") s.reason = v;
    else if (k == "user") s.user = v;
    else if (k == "state") s.state = v;
    else if (k == "scope") {
      if (v != "address") return fail(Fault::usage, "scope {} is not address", escape(v));
      s.of_address = true;
    }
    else if (k == "older" || k == "newer") {
      TRY(uint64_t n, number());
      if (n > 1'000'000'000) return fail(Fault::usage, "{} is too long a time", escape(v));
      (k == "older" ? s.older : s.newer) = seconds(static_cast<int64_t>(n));
    } else if (k == "larger" || k == "smaller") {
      TRY(uint64_t n, number());
      (k == "larger" ? s.larger : s.smaller) = n;
    }
  }
  if (!s.state.empty() && std::find(std::begin(states), std::end(states), s.state) == std::end(states))
    return fail(Fault::usage, "state {} is none of active, deferred, new and hold", escape(s.state));
  return s;
}

QueueItem item_of(std::string_view state, const Message& m, const Progress& p, Time due) {
  QueueItem i;
  i.id = m.id;
  i.state = state;
  i.sender = m.envelope.reverse_path;
  i.user = m.envelope.user;
  i.size = m.length;
  i.attempts = p.attempts;
  i.received = m.envelope.received;
  i.due = due;
  for (std::size_t n = 0; n < m.envelope.recipients.size(); n++) {
    if (!is_waiting(p, n)) continue;
    i.recipients.push_back(m.envelope.recipients[n].address);
    if (n < p.errors.size() && p.errors[n].of_address) i.of_address = true;
    if (i.reason.empty() && n < p.errors.size() && !p.errors[n].text.empty()) i.reason = reason_text(p.errors[n]);
  }
  return i;
}

Result<Matcher> Matcher::make(const Selection& s, Time now) {
  Matcher m;
  m.ids_ = {s.ids.begin(), s.ids.end()};
  m.state_ = s.state;
  TRY(m.sender_, Pattern::address(s.sender));
  TRY(m.recipient_, Pattern::address(s.recipient));
  TRY(m.domain_, Pattern::domain(s.domain));
  TRY(m.reason_, Pattern::text(s.reason));
  TRY(m.user_, Pattern::address(s.user));
  if (s.older) m.before_ = now - *s.older;
  if (s.newer) m.after_ = now - *s.newer;
  m.of_address_ = s.of_address;
  m.larger_ = s.larger;
  m.smaller_ = s.smaller;
  m.needs_content_ = m.sender_.is_set() || m.recipient_.is_set() || m.domain_.is_set() || m.reason_.is_set() ||
                     m.user_.is_set() || s.of_address || s.larger || s.smaller;
  return m;
}

bool Matcher::takes_id(const std::string& id) const {
  if (!ids_.empty() && !ids_.count(id)) return false;
  if (!before_ && !after_) return true;
  Time t = time_of_id(id);
  return (!before_ || t <= *before_) && (!after_ || t >= *after_);
}

bool Matcher::takes_recipient(std::string_view address) const {
  return recipient_.matches(address) && (!domain_.is_set() || domain_.matches(domain_of(address)));
}

bool Matcher::takes(const Message& m, const Progress& p) const {
  if (!needs_content_) return true;
  const Envelope& e = m.envelope;
  if ((larger_ && m.length <= *larger_) || (smaller_ && m.length >= *smaller_)) return false;
  if (!sender_.matches(e.reverse_path) || !user_.matches(e.user)) return false;
  if (!recipient_.is_set() && !domain_.is_set() && !reason_.is_set() && !of_address_) return true;
  for (std::size_t n = 0; n < e.recipients.size(); n++) {
    if (!is_waiting(p, n) || !takes_recipient(e.recipients[n].address)) continue;
    if (of_address_ && !(n < p.errors.size() && p.errors[n].of_address)) continue;
    if (!reason_.is_set()) return true;
    if (n < p.errors.size() && !p.errors[n].text.empty() && reason_.matches(reason_text(p.errors[n]))) return true;
  }
  return false;
}

}  // namespace jd::queue

// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/sts.h"

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd {
namespace {
constexpr std::string_view prefix = "sts ";
}  // namespace

StsPolicies::StsPolicies(net::Loop& loop, dns::Resolver& resolver, http::Client* web, journal::StateFile* kept, uint16_t port)
    : loop_(loop), resolver_(resolver), web_(web), kept_(kept), port_(port), refresh_(loop, [this] { refresh(); }) {
  load();
  refresh_.start(hours(1));
}

// "id\nfetched\n" and the policy.
void StsPolicies::load() {
  if (!kept_) return;
  std::vector<std::string> old;
  for (auto& [key, value] : kept_->all()) {
    if (!key.starts_with(prefix)) continue;
    auto first = split_once(value, '\n');
    auto second = first ? split_once(first->second, '\n') : std::nullopt;
    auto fetched = second ? to_number(second->first) : std::nullopt;
    auto policy = fetched ? smtp::parse_sts_policy(second->second) : Result<smtp::StsPolicy>(fail(Fault::perm, "no policy"));
    Time at = from_seconds(static_cast<int64_t>(fetched.value_or(0)));
    if (!policy || at > now() || at + policy->max_age <= now()) {
      old.push_back(key);
      continue;
    }
    Entry& e = entries_[key.substr(prefix.size())];
    e.id = first->first;
    e.fetched = at;
    e.expires = at + policy->max_age;
    e.policy = std::make_shared<const smtp::StsPolicy>(std::move(*policy));
  }
  for (auto& k : old) (void)kept_->remove(k);  // what stays for a while does no harm
}

StsAnswer StsPolicies::answer(const Entry& e) const {
  if (e.policy && e.expires > now()) return {e.policy, "", ""};
  return {nullptr, e.failure, e.failure_text};
}

void StsPolicies::find(const std::string& domain, std::weak_ptr<int> alive, Done done) {
  if (!web_) return done({});
  auto i = entries_.find(domain);
  if (i == entries_.end()) {
    if (entries_.size() >= max_domains) make_room();
    i = entries_.try_emplace(domain).first;
  }
  Entry& e = i->second;
  if (e.policy && e.expires <= now()) {  // looked for at once: there may be a new one
    e.policy = nullptr;
    e.next_look = {};
  }
  bool is_due = e.next_look <= monotonic();
  bool is_valid = e.policy && e.expires > now();
  bool must_wait = !is_valid && (is_due || e.is_busy);
  StsAnswer known = answer(e);
  if (must_wait) e.waiting.emplace_back(std::move(alive), done);
  if (is_due && !e.is_busy) look(domain);
  if (!must_wait) done(known);
}

void StsPolicies::look(const std::string& domain) {
  entries_[domain].is_busy = true;
  resolver_.ask("_mta-sts." + domain, dns::Type::txt, [this, domain](dns::Answer a) { looked(domain, a); }, dns_patience);
}

void StsPolicies::looked(const std::string& domain, const dns::Answer& a) {
  Entry& e = entries_[domain];
  e.next_look = monotonic() + (a.outcome == dns::Outcome::failed ? minutes(1) : look_time);
  std::vector<std::string> texts;
  for (auto& r : a.records) texts.push_back(r.data);
  auto id = smtp::sts_id(texts);
  bool is_valid = e.policy && e.expires > now();
  bool is_old = is_valid && now() - e.fetched > Span{e.policy->max_age.ns / 2};
  if (id && (!is_valid || *id != e.id || is_old) && e.next_fetch <= monotonic()) return fetch(domain, *id);
  if (!id && a.outcome != dns::Outcome::failed) e.failure.clear(), e.failure_text.clear();
  finish(domain);
}

void StsPolicies::fetch(const std::string& domain, const std::string& id) {
  entries_[domain].next_fetch = monotonic() + fetch_time;
  http::Request r;
  r.url = fmt::format("https://mta-sts.{}{}/.well-known/mta-sts.txt", domain, port_ == 443 ? "" : fmt::format(":{}", port_));
  r.within = fetch_patience;
  r.max_body = smtp::max_sts_policy;
  web_->request(std::move(r), [this, domain, id](Result<http::Response> got) { fetched(domain, id, std::move(got)); });
}

void StsPolicies::fetched(const std::string& domain, const std::string& id, Result<http::Response> r) {
  Entry& e = entries_[domain];
  std::string word, why;
  Result<smtp::StsPolicy> policy = fail(Fault::perm, "not fetched");
  if (!r) {
    word = r.error().fault == Fault::perm ? "sts-webpki-invalid" : "sts-policy-fetch-error";
    why = r.error().what;
  } else if (r->status != 200) {
    word = "sts-policy-fetch-error";
    why = fmt::format("HTTP status {}", r->status);
  } else if (!istarts_with(r->header("content-type"), "text/plain")) {  // RFC 8461 §3.2
    word = "sts-policy-invalid";
    why = "the policy is not text/plain";
  } else if (policy = smtp::parse_sts_policy(r->body); !policy) {
    word = "sts-policy-invalid";
    why = policy.error().what;
  }
  if (policy) {
    e.id = id;
    e.fetched = now();
    e.expires = e.fetched + policy->max_age;
    if (kept_)
      if (auto s = kept_->set(std::string(prefix) + domain, fmt::format("{}\n{}\n{}", id, e.fetched.seconds(), policy->text())); !s) log::failure("state_failed", s.error());
    log::info("sts_policy", {{"domain", domain}, {"id", id}, {"mode", smtp::name_of(policy->mode)}, {"max_age", policy->max_age.seconds()}});
    e.policy = std::make_shared<const smtp::StsPolicy>(std::move(*policy));
    e.next_fetch = {};
  } else {
    log::warn("sts_failed", {{"domain", domain}, {"result", word}, {"what", why}});
  }
  e.failure = word;
  e.failure_text = why;
  finish(domain);
}

void StsPolicies::finish(const std::string& domain) {
  Entry& e = entries_[domain];
  e.is_busy = false;
  auto waiting = std::move(e.waiting);
  e.waiting.clear();
  StsAnswer a = answer(e);
  for (auto& [alive, done] : waiting)
    if (!alive.expired()) done(a);
}

// RFC 8461 §3.3: a policy is fetched anew before it ends, also when no mail goes there meanwhile.
void StsPolicies::refresh() {
  std::vector<std::string> due;
  for (auto& [domain, e] : entries_)
    if (e.policy && !e.is_busy && e.next_look <= monotonic() && now() - e.fetched > Span{e.policy->max_age.ns / 2}) {
      if (e.expires > now()) due.push_back(domain);
      else if (kept_) (void)kept_->remove(std::string(prefix) + domain), e.policy = nullptr;  // the next start does it else
    }
  for (auto& d : due) look(d);
  refresh_.start(hours(1));
}

void StsPolicies::make_room() {
  std::erase_if(entries_, [](auto& x) { return !x.second.is_busy && !x.second.policy && x.second.next_look <= monotonic(); });
  // Any will do, those without a policy first; a tenth, so that a flood of names does not come here each time.
  constexpr std::size_t enough = max_domains - max_domains / 10;
  for (bool also_policies : {false, true})
    for (auto i = entries_.begin(); entries_.size() > enough && i != entries_.end();) {
      bool may_go = !i->second.is_busy && (also_policies || !i->second.policy);
      if (may_go && i->second.policy && kept_) (void)kept_->remove(std::string(prefix) + i->first);
      i = may_go ? entries_.erase(i) : std::next(i);
    }
}

}  // namespace jd

// SPDX-License-Identifier: MIT
#include "cmd/tokend/tokens.h"

#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"

namespace jd {
namespace {
constexpr std::size_t max_known = 20'000, max_answer = 256 << 10, max_waiting = 1000;
constexpr Span known_for = minutes(1), keys_for = hours(1), keys_pause = seconds(30), patience = seconds(15);
const Error busy(Fault::temp, "too many logins with tokens at once");

// application/x-www-form-urlencoded: everything but letters and digits as %XX.
std::string form(std::string_view s) {
  std::string r;
  for (char c : s) r += is_alnum(c) ? std::string(1, c) : "%" + upper(hex(std::string_view(&c, 1)));
  return r;
}
}  // namespace

Tokens::Tokens(http::Client& web, const Config& c, Secret client_secret)
    : web_(web), jwks_url_(c.oauth_jwks), introspection_url_(c.oauth_introspection), client_(c.oauth_client), client_secret_(std::move(client_secret)),
      rules_{c.oauth_issuer, c.oauth_audience, c.oauth_scope, c.oauth_claim}, key_(random_bytes(32)) {}

void Tokens::account_of(Secret token, Done done) {
  std::string key = blake2b(token.reveal(), 32, key_);
  if (auto i = known_.find(key); i != known_.end() && i->second.until > monotonic()) return done(i->second.account);
  if (web_.waiting() + waiting_.size() >= max_waiting) return done(Unexpected(busy));
  auto jws = jwks_url_.empty() ? Result<auth::Jws>(Unexpected(busy)) : auth::Jws::parse(token.reveal());
  if (!jws && introspection_url_.empty()) return done(Unexpected(jws.error()));
  if (!jws) return introspect(token, key, std::move(done));
  with_keys(jws->header.string("kid"), [this, jws = *jws, key, done](const Error* e) {
    e ? done(Unexpected(*e)) : verify(jws, key, done);
  });
}

// Calls with the Error when there are no keys at all; old ones are better than none.
void Tokens::with_keys(std::string_view wanted, std::function<void(const Error*)> then) {
  bool is_old = !fetched_ || monotonic() - *fetched_ >= keys_for;
  bool is_missing = !keys_ || (!wanted.empty() && !keys_->has(wanted));
  bool may_ask = !fetched_ || monotonic() - *fetched_ >= keys_pause;
  // What is fetched may not come: nobody whose key is known waits for it but the one who asks.
  if (keys_ && !is_missing && (!is_old || !waiting_.empty())) return then(nullptr);
  if (waiting_.empty() && !is_old && !(is_missing && may_ask)) {
    static const Error none(Fault::temp, "the issuer's keys cannot be had");
    return then(keys_ ? nullptr : &none);
  }
  waiting_.push_back(std::move(then));
  if (waiting_.size() > 1) return;
  fetched_ = monotonic();
  web_.request({.url = jwks_url_, .headers = {{"Accept", "application/json"}}, .within = patience, .max_body = max_answer}, [this](Result<http::Response> r) {
    auto set = !r ? Result<auth::Jwks>(Unexpected(r.error()))
             : r->status != 200 ? Result<auth::Jwks>(fail(Fault::temp, "status {}", r->status)) : auth::Jwks::parse(r->body);
    if (set) keys_ = std::move(*set);
    else log::warn("token_keys_failed", {{"what", set.error().what}});
    Error e(Fault::temp, "the issuer's keys cannot be had");
    auto all = std::move(waiting_);
    waiting_.clear();
    for (auto& call : all) call(keys_ ? nullptr : &e);
  });
}

void Tokens::verify(const auth::Jws& jws, const std::string& key, const Done& done) {
  if (auto r = keys_->verify(jws); !r) return done(Unexpected(r.error()));
  auto claims = Json::parse(jws.payload);
  if (!claims) return done(fail(Fault::perm, "the token's claims are not JSON"));
  answer(*claims, true, key, done);
}

void Tokens::introspect(const Secret& token, const std::string& key, Done done) {
  http::Request q{.method = "POST", .url = introspection_url_, .within = patience, .max_body = max_answer};
  q.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  if (!client_.empty())  // RFC 6749 §2.3.1
    q.headers.emplace_back("Authorization", "Basic " + base64_encode(form(client_) + ":" + form(client_secret_.reveal())));
  q.body = "token_type_hint=access_token&token=" + form(token.reveal());
  web_.request(std::move(q), [this, key, done](Result<http::Response> r) {
    auto trouble = [&](const std::string& what) {
      log::warn("token_introspection_failed", {{"what", what}});
      done(fail(Fault::temp, "the issuer does not say whose the token is"));
    };
    if (!r) return trouble(r.error().what);
    if (r->status != 200) return trouble(fmt::format("status {}", r->status));
    auto claims = Json::parse(r->body);
    if (!claims) return trouble("its answer is not JSON");
    if (!claims->is_true("active")) return done(fail(Fault::perm, "the token is not active"));
    answer(*claims, false, key, done);
  });
}

void Tokens::answer(const Json& claims, bool must_expire, const std::string& key, const Done& done) {
  auto account = auth::account_of_claims(claims, rules_, now(), must_expire);
  if (!account) return done(std::move(account));
  int64_t left = claims.number("exp", INT64_MAX) - now().seconds();
  if (known_.size() >= max_known) known_.clear();
  if (left > 0) known_[key] = {*account, monotonic() + std::min(known_for, seconds(std::min<int64_t>(left, 3600)))};
  done(std::move(account));
}

}  // namespace jd

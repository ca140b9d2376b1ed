// SPDX-License-Identifier: MIT
// The SASL mechanisms that need more than a name and a password: a door carries the messages, and what
// is said here never leaves: the verifier, and whether an account exists.
#include "cmd/directoryd/service.h"
#include "lib/auth/token.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"

namespace jd {
using ipc::Message;

namespace {
constexpr std::size_t max_exchanges = 20'000;
const Error took_too_long(Fault::temp, "the login took too long; begin anew");
const Error malformed(Fault::usage, "malformed authentication data");
}  // namespace

void DirectoryService::sasl(Message m, Answer answer) {
  From from{std::string(m.get("ip")), std::string(m.get("protocol"))};
  std::string name(m.get("exchange"));
  if (name.empty()) {
    if (m.get("mechanism").starts_with("SCRAM-SHA-256")) return scram_first(m, from, std::move(answer));
    std::string mechanism(m.get("mechanism"));
    if (tokend_ && (mechanism == "OAUTHBEARER" || mechanism == "XOAUTH2")) return bearer(mechanism, m, from, std::move(answer));
    return answer(Message::failed(malformed));
  }
  auto i = exchanges_.find(name);
  if (i == exchanges_.end() || i->second.until < monotonic()) return answer(Message::failed(took_too_long));
  Exchange x = std::move(i->second);  // each is used once
  exchanges_.erase(i);
  if (x.from.ip != from.ip || x.from.protocol != from.protocol) return answer(Message::failed(malformed));
  switch (x.next) {
    case Exchange::Next::final: return scram_final(std::move(x), m.body(), answer);
    case Exchange::Next::refuse: return answer(Message::failed(Error(Fault::perm, "wrong token")));  // counted and logged already
    case Exchange::Next::confirm: break;
  }
  auto account = directory_.account(x.address);  // as it is now
  if (!account) return answer(Message::failed(account.error()));
  login_result(true, *account ? &**account : nullptr, x.user, from, answer);
}

// A flood of beginnings pushes out the oldest ones: an honest login takes a second.
void DirectoryService::go_on(Exchange x, std::string challenge, const Answer& answer) {
  std::string name = hex(random_bytes(16));
  x.until = monotonic() + minutes(1);
  exchanges_[name] = std::move(x);
  exchange_order_.push_back(name);
  auto is_over = [this](const std::string& n) {
    auto i = exchanges_.find(n);
    return i == exchanges_.end() || i->second.until < monotonic();
  };
  while (exchange_order_.size() > max_exchanges || is_over(exchange_order_.front())) {
    exchanges_.erase(exchange_order_.front());
    exchange_order_.pop_front();
  }
  Message m = Message::ok();
  m.set("exchange", name).set_body(std::move(challenge));
  answer(std::move(m));
}

void DirectoryService::scram_first(const Message& m, const From& from, Answer answer) {
  auth::Channel channel{m.get("tls") == "1", unhex(m.get("exporter")).value_or(""), unhex(m.get("end-point")).value_or("")};
  auto scram = std::make_shared<auth::Scram>(m.get("mechanism").ends_with("-PLUS"), std::move(channel));
  auto first = scram->first(m.body());
  if (!first && first.error().fault == Fault::usage) return answer(Message::failed(malformed));
  if (!first) return refuse(scram->user(), from, first.error().what, answer);
  if (!scram->act_as().empty()) return refuse(scram->user(), from, "wants to act as another account", answer);
  when_allowed(scram->user(), from, answer, [this, scram, from, answer] { scram_challenge(scram, from, answer); });
}

// Who has no account, or one without a verifier, gets a challenge that looks like any other.
void DirectoryService::scram_challenge(std::shared_ptr<auth::Scram> scram, const From& from, const Answer& answer) {
  auto account = directory_.account_for_login(scram->user());
  auto address = directory_.login_address(scram->user());
  auto secret = directory_.secret("scram");
  for (const Error* e : {account ? nullptr : &account.error(), address ? nullptr : &address.error(), secret ? nullptr : &secret.error()})
    if (e) return answer(Message::failed(*e));
  Exchange x;
  x.user = scram->user();
  x.from = from;
  if (*account && (*account)->scram.empty()) x.why = "no SCRAM verifier yet: it is made at a login with PLAIN";
  if (*account) x.address = (*account)->address;
  auto known = *account && x.why.empty() ? auth::Verifier::parse((*account)->scram) : auth::fake_verifier(*secret, *address);
  if (!known) {
    log::failure("directory_failed", known.error(), {{"user", x.address}});
    x.why = known.error().what;
    known = auth::fake_verifier(*secret, *address);
  }
  x.verifier = std::move(*known);
  x.scram = scram;
  std::string challenge = scram->challenge(x.verifier, base64_encode(random_bytes(18)));
  go_on(std::move(x), std::move(challenge), answer);
}

void DirectoryService::scram_final(Exchange x, std::string_view message, const Answer& answer) {
  // Many exchanges may have begun before the first of them failed.
  if (throttle_.before(x.user, x.from.ip).is_refused) {
    log::warn("login_throttled", {{"user", x.user}, {"ip", x.from.ip}, {"protocol", x.from.protocol}});
    return answer(Message::failed(Error(Fault::temp, "too many failed logins from here; try again later")));
  }
  auto final = x.scram->final(message, x.verifier);
  if (!final && final.error().fault == Fault::usage) return answer(Message::failed(malformed));
  if (!final || x.address.empty() || !x.why.empty())
    return refuse(x.user, x.from, x.address.empty() ? "no such account" : !x.why.empty() ? x.why : final.error().what, answer);
  x.next = Exchange::Next::confirm;
  go_on(std::move(x), std::move(*final), answer);
}

void DirectoryService::bearer(const std::string& mechanism, const Message& m, const From& from, Answer answer) {
  auto said = mechanism == "XOAUTH2" ? auth::parse_xoauth2(m.body()) : auth::parse_oauthbearer(m.body());
  if (!said) return answer(Message::failed(malformed));
  auto token = std::make_shared<Secret>(std::move(said->token));
  when_allowed(said->user, from, answer, [this, mechanism, user = said->user, token, from, answer] {
    Message ask("token");
    ask.set_body(std::string(token->reveal()));
    tokend_->request(std::move(ask), [this, mechanism, user, from, answer](Result<Message> r) { bearer_is(mechanism, user, r, from, answer); });
  });
}

// A token for somebody else than the client says it is: the token counts, and the login fails.
void DirectoryService::bearer_is(const std::string& mechanism, const std::string& user, const Result<Message>& said, const From& from, const Answer& answer) {
  if (!said && said.error().fault != Fault::perm) {
    log::failure("login_not_decided", said.error(), {{"user", user}, {"ip", from.ip}, {"protocol", from.protocol}});
    return answer(Message::failed(Error(Fault::temp, "the token cannot be checked now")));
  }
  std::string name = said ? std::string(said->get("account")) : "", why = said ? "" : said.error().what;
  auto account = directory_.account_for_login(name);
  auto claimed = directory_.login_address(user);
  if (!account || !claimed) return answer(Message::failed(!account ? account.error() : claimed.error()));
  if (why.empty() && !*account) why = "the token is for " + name + ", who has no account";
  else if (why.empty() && !user.empty() && *claimed != (*account)->address) why = "the token is for " + (*account)->address;
  else if (why.empty() && (*account)->is_suspended) why = "suspended";
  if (why.empty()) return login_result(true, &**account, user, from, answer);
  throttle_.failed(user, from.ip);
  log::warn("login_failed", {{"user", user}, {"ip", from.ip}, {"protocol", from.protocol}, {"why", why}});
  Exchange x;
  x.next = Exchange::Next::refuse;
  x.from = from;
  go_on(std::move(x), auth::bearer_error(mechanism, token_scope_), answer);
}

}  // namespace jd

// SPDX-License-Identifier: MIT
// smtp_player.h: an SMTP server's engine with an outside that transcripts know by heart.
//
//   recipients  every name @example.test but nobody@ (550), busy@ (451), often@ (450: the client's rate); postmaster;
//               all else is remote
//   logins      any user with the password "pw"; user "down": the directory does not answer
//   SCRAM       user "user", password "pencil", the nonce and salt of RFC 7677 §3; no channel binding
//   senders     an account's own address, team@example.test for everybody; down@: nobody can say
//   ETRN        busy.test: qrun does not answer; idle.test: nothing waits; else 3 messages
//   messages    taken as q1, q2 ...; `refuse-commit`: the next one is not (452, no space), `refuse-commit perm`: 554
//   STARTTLS    what the client sent before the handshake is thrown away, as lib/net's Stream does
#pragma once
#include <memory>
#include <string>

#include <fmt/format.h>

#include "lib/auth/scram.h"
#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/smtp/server.h"

class SmtpPlayer {
 public:
  explicit SmtpPlayer(const jd::smtp::ServerOptions& options) : engine_(options) {}

  void feed(std::string_view bytes, std::string& said) {
    waiting_ += bytes;
    turn();
    said += engine_.take_output();
  }
  void secured() {
    engine_.secured("TLSv1.3", "TLS_AES_256_GCM_SHA384");
    turn();
  }
  void dismiss(std::string& said) {
    engine_.dismiss("idle too long, good bye");
    said += engine_.take_output();
  }
  void no_room() { engine_.drop_message(); }
  void refuse_commit(bool for_good) {
    refusal_ = for_good ? jd::smtp::Reply{554, "5.3.0", "the message cannot be taken"} : jd::smtp::Reply{452, "4.3.1", "no space left; try again later"};
  }
  bool is_over() const { return engine_.wants() == Wants::close; }
  bool wants_tls() const { return engine_.wants() == Wants::starttls; }
  // One line "k=v k=v" per message taken, and the lines of the last one.
  std::string envelopes, message;
  int delays = 0;  // answers that had to wait

 private:
  using Wants = jd::smtp::Server::Wants;

  void turn() {
    for (;;) {
      waiting_.erase(0, engine_.feed(waiting_));
      auto wants = engine_.wants();
      if (wants == Wants::lookup) lookup();
      else if (wants == Wants::login) login();
      else if (wants == Wants::sender && engine_.sender_address() == "down@example.test") engine_.sender_is(false, jd::smtp::Reply{451, "4.3.0", "try again later"});
      else if (wants == Wants::sender) engine_.sender_is(engine_.sender_address() == "team@example.test" || engine_.sender_address() == engine_.user() + "@example.test");
      else if (wants == Wants::commit) commit();
      else if (wants == Wants::etrn) etrn();
      else if (wants == Wants::delay) delays++, engine_.delay_over();
      else break;
    }
    if (wants_tls()) waiting_.clear();
  }

  void lookup() {
    using jd::smtp::Reply;
    const std::string& a = engine_.lookup_address();
    if (a == "nobody@example.test") engine_.recipient_is(Reply{550, "5.1.1", "no such mailbox here"});
    else if (a == "often@example.test") engine_.recipient_is(Reply{450, "4.7.1", "too many recipients from your address; try again later"});
    else if (a == "busy@example.test") engine_.recipient_is(Reply{451, "4.3.0", "try again later"});
    else if (a.ends_with("@example.test") || jd::iequals(a, "postmaster")) engine_.recipient_is(std::nullopt);
    else engine_.recipient_is_remote();
  }

  // What directoryd does with its verifier and its table of exchanges.
  void scram(const jd::auth::Credentials& c) {
    using namespace jd;
    auto refuse = [&](const Error& e) {
      e.fault == Fault::usage ? engine_.login_failed({501, "5.5.2", "malformed authentication data"})
                              : engine_.login_failed({535, "5.7.8", "wrong user name or password"});
    };
    if (c.exchange == "confirm") return engine_.logged_in(scram_->user());
    if (c.exchange.empty()) {
      scram_.emplace(c.mechanism.ends_with("-PLUS"), auth::Channel{c.mechanism.ends_with("-PLUS"), "", ""});
      if (auto r = scram_->first(c.message.reveal()); !r) return refuse(r.error());
      return engine_.login_goes_on(scram_->challenge(verifier_, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"), "final");
    }
    auto r = scram_->final(c.message.reveal(), verifier_);
    if (!r || scram_->user() != "user") return refuse(r ? Error(Fault::perm, "") : r.error());
    engine_.login_goes_on(*r, "confirm");
  }

  void login() {
    auto& c = engine_.credentials();
    if (c.mechanism.starts_with("SCRAM")) return scram(c);
    if (c.user == "down") engine_.login_failed({454, "4.7.0", "temporary authentication failure"});
    else if (c.password.reveal() == "pw" && c.act_as.empty()) engine_.logged_in(c.user);
    else engine_.login_failed({535, "5.7.8", "wrong user name or password"});
  }

  void etrn() {
    auto& d = engine_.etrn_domain();
    if (d == "busy.test") engine_.etrn_started(jd::fail(jd::Fault::temp, "down"));
    else engine_.etrn_started(d == "idle.test" ? 0 : engine_.etrn_with_below() ? 4 : 3);
  }

  void commit() {
    message = engine_.take_message();
    if (auto refusal = std::exchange(refusal_, std::nullopt)) return engine_.not_committed(*refusal);
    std::string line;
    for (auto& [k, v] : engine_.envelope().pairs())
      if (k != "received") line += fmt::format("{}{}={}", line.empty() ? "" : " ", k, v);
    envelopes += line + "\r\n";
    engine_.committed(fmt::format("q{}", ++taken_));
  }

  jd::smtp::Server engine_;
  std::optional<jd::auth::Scram> scram_;
  jd::auth::Verifier verifier_ = jd::auth::make_verifier(jd::Secret("pencil"), *jd::base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
  std::string waiting_;
  int taken_ = 0;
  std::optional<jd::smtp::Reply> refusal_;
};

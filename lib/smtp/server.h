// SPDX-License-Identifier: MIT
// server.h: the server's side of one SMTP, submission or LMTP session; no I/O.
//
//   feed(bytes) -> how many were taken; output() is what to send; next() is what it waits for:
//
//     start ─ greeting ─> command ─┬─ MAIL ──> command      (logged in: ──> sender ──sender_is──> command)
//                                  ├─ RCPT ──> lookup ──recipient_is──> command
//                                  ├─ AUTH ──> (lines) ──> login ──logged_in──> command
//                                  ├─ DATA/BDAT: bytes ──> commit ──committed──> command
//                                  ├─ STARTTLS ──> starttls ──secured──> start (EHLO again)
//                                  ├─ ETRN ──> etrn ──etrn_started──> command
//                                  ├─ a mistake too many ──> delay ──delay_over──> command
//                                  └─ QUIT / too many errors ──> close
//   While it waits for an answer it takes no bytes; pipelined commands stay with the caller.
//
// RFC 5321, 1870 SIZE, 2033 LMTP, 2034/3463 enhanced codes, 2920 PIPELINING, 3207 STARTTLS, 4954 AUTH,
// 6152 8BITMIME, 6531 SMTPUTF8, 3030 CHUNKING and BINARYMIME, 3461 DSN, 8689 REQUIRETLS, 9422 LIMITS,
// 4865 FUTURERELEASE (submission, to whom may send), 2852 DELIVERBY, 1985 ETRN; Postfix's XCLIENT, XFORWARD.
// server.cc: bytes and answers; commands.cc: the session's commands; transaction.cc: MAIL, RCPT, DATA,
// BDAT; sender.cc: whose address it is sent from; parameters.h: what stands behind the paths; message.cc: a
// message that is complete; front.cc: XCLIENT, XFORWARD, ETRN; guard.h: what the outside forbids.
// Bounded: command line 2,048 bytes (12,288 in AUTH), recipients, message size, header, errors.
// Errors: from the fifth on the answer waits (delay); max_errors end the session when they are more
// than the recipients accepted: a list with some dead addresses is no attack.  100 commands in a row
// that lead to nothing (NOOP, RSET, VRFY ...) count as an error each from there on.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/auth/sasl.h"
#include "lib/base/secret.h"
#include "lib/queue/envelope.h"
#include "lib/smtp/data.h"
#include "lib/smtp/forwarded.h"
#include "lib/smtp/guard.h"
#include "lib/smtp/parameters.h"
#include "lib/smtp/reply.h"

namespace jd::smtp {

enum class Kind : uint8_t { smtp, submission, lmtp };

struct ServerOptions {
  Kind kind = Kind::smtp;
  std::string hostname;
  std::string client_ip;          // "" on a Unix socket
  bool has_tls = false;           // a certificate is there
  bool is_secured = false;        // TLS from the first byte
  bool may_auth_in_clear = false;
  bool may_relay = false;         // by its address
  bool has_tokens = false;        // OAUTHBEARER and XOAUTH2 are offered
  bool check_sender = false;      // who is logged in sends from his own addresses only
  bool check_header_from = false; // those of the From field too
  uint64_t max_message = 50 << 20;
  uint64_t max_recipients = 1000;
  unsigned max_errors = 20;
  Span tarpit;                    // 0: errors are answered at once
  bool may_xclient = false, may_etrn = false;
  bool hide_client = false;       // who has logged in is named in Received by nothing but that
  Guard* guard = nullptr;         // outlives the engine
  uint64_t max_messages = 0;      // of one session (LIMITS: MAILMAX); 0: no limit
  Span max_hold;                  // FUTURERELEASE; 0: not offered
  Span min_by = minutes(1);       // DELIVERBY: the shortest time after which mail may be returned
};

class Server {
 public:
  enum class Wants : uint8_t { bytes, lookup, sender, login, commit, starttls, etrn, delay, close };
  explicit Server(ServerOptions options);

  std::size_t feed(std::string_view bytes);
  Wants wants() const { return wants_; }
  std::string take_output();

  // lookup: may mail for this address be taken?
  const std::string& lookup_address() const;
  uint64_t declared_size() const { return declared_size_; }  // MAIL's SIZE; 0: none given
  void recipient_is(std::optional<Reply> refusal);  // nullopt: it is ours; remote: see is_remote
  void recipient_is_remote();                       // taken only from those who may relay
  // sender: may user() send from this address?  refusal: nobody can say now.
  const std::string& sender_address() const { return senders_.back(); }
  void sender_is(bool may, std::optional<Reply> refusal = std::nullopt);
  // login
  const auth::Credentials& credentials() const { return exchange_->credentials(); }
  void logged_in(const std::string& account);
  void login_goes_on(std::string_view challenge, const std::string& exchange);  // the directory wants to hear more
  void login_failed(const Reply& r);
  // commit: message() is complete, with our Received field in front
  const queue::Envelope& envelope() const { return env(); }
  std::string take_message();
  // One reply; LMTP gives it to each recipient.
  void committed(const std::string& queue_id);
  void not_committed(const Reply& r);
  // starttls
  void secured(const std::string& version, const std::string& cipher);

  // etrn: mail for this domain (and what is below it) is to be tried now
  const std::string& etrn_domain() const { return lookup_address(); }
  bool etrn_with_below() const { return etrn_below_; }
  void etrn_started(const Result<uint64_t>& messages);  // how many wait there
  // delay: so long nothing is to be said to the client
  Span delay() const { return o_.tarpit; }
  void delay_over();

  // A message that is coming in: bytes of memory it has, and the end of that: it is read on and refused.
  bool is_receiving() const { return mode_ == Mode::data || mode_ == Mode::bdat; }
  std::size_t held() const { return reader_ ? reader_->held() : message_.capacity(); }
  void drop_message();

  // 421 and the end: shutting down, idle too long.
  void dismiss(const std::string& text, std::string_view enhanced = "4.4.2");
  const std::string& user() const { return user_; }
  const std::string& helo() const { return helo_; }
  unsigned errors() const { return errors_; }
  const ServerOptions& options() const { return o_; }
  std::string with() const;  // RFC 3848: ESMTPSA, LMTP ...

 private:
  enum class Mode : uint8_t { command, auth, data, bdat };
  struct Transaction {
    queue::Envelope envelope;
    queue::Recipient pending;
  };
  Transaction& transaction() {
    if (!transaction_) transaction_ = std::make_unique<Transaction>();
    return *transaction_;
  }
  queue::Envelope& env() { return transaction().envelope; }
  const queue::Envelope& env() const;
  queue::Recipient& pending() { return transaction().pending; }
  void command(std::string_view line);
  void reply(int code, std::string_view enhanced, std::string_view text);
  void error(int code, std::string_view enhanced, std::string_view text);
  void greet();
  void reset();
  void refuse_by(Guard::What what, const Reply& r);
  void too_long();
  void no_recipients();
  void hello(std::string_view argument, bool is_extended);
  void mail(std::string_view argument);
  void rcpt(std::string_view argument);
  void data(std::string_view argument);
  void bdat(std::string_view argument);
  void auth(std::string_view argument);
  void starttls(std::string_view argument);
  void xclient(std::string_view argument);
  void xforward(std::string_view argument);
  void etrn(std::string_view argument);
  bool is_idle_talk();
  void auth_step(auth::Exchange::Step step);
  Offered offered() const;
  bool may_hold() const { return o_.kind == Kind::submission && o_.max_hold.ns > 0 && (!user_.empty() || o_.may_relay); }
  void vrfy(std::string_view argument);
  void refuse_chunk(const Reply& r, bool is_mistake = true);
  void refuse_message(const Reply& r);
  void end_chunk();
  void error(const Reply& r) { error(r.code, r.enhanced, r.text); }
  auth::Offer offer() const { return {o_.is_secured, o_.has_tokens}; }
  bool may_auth() const { return o_.is_secured || o_.may_auth_in_clear; }
  void begin_message();
  std::optional<Reply> look_at_header(std::string& added);
  void end_message();
  void ask_for_header_senders();
  bool make_lines(bool& bare, bool& long_line);
  std::string received_field() const;

  ServerOptions o_;
  Mode mode_ = Mode::command;
  Wants wants_ = Wants::bytes;
  std::string output_, helo_, user_, tls_, client_name_;
  bool extended_ = false, has_mail_ = false, skipping_line_ = false, etrn_below_ = false, close_after_delay_ = false;
  std::size_t held_from_ = 0;  // during delay: what of output_ has to wait
  unsigned errors_ = 0, idle_talk_ = 0;
  uint64_t accepted_ = 0;  // recipients, in the whole session
  uint64_t declared_size_ = 0, chunk_left_ = 0, messages_ = 0;
  bool last_chunk_ = false, chunk_refused_ = false, is_chunked_ = false, is_dropped_ = false;
  std::unique_ptr<Transaction> transaction_;  // made at the first MAIL: silent sessions have none
  std::unique_ptr<auth::Exchange> exchange_;
  std::unique_ptr<DataReader> reader_;
  std::unique_ptr<Attributes> forwarded_;  // XFORWARD: of the next message
  std::string message_;
  std::vector<std::string> senders_;  // to be asked for, the next one last
  bool in_header_ = false;            // they are the message's, not the envelope's
};

}  // namespace jd::smtp

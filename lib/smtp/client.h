// SPDX-License-Identifier: MIT
// client.h: the sending side of SMTP (RFC 5321) and LMTP (RFC 2033) without I/O: bytes in, bytes out.
//
//   feed(bytes) -> Event; then write take_output() until it is empty, again after each event.
//   start_tls: begin TLS, then secured().   ready: send() may be called.
//   done: results() has each recipient; is_reusable() says whether another send() may follow.
//   failed: nothing was sent and this connection is of no use; failure() says why.
// Between two messages feed() is given what the host says unasked: anything but none ends the session.
// Where the session ended (421, a broken connection) before the end of the message was handed out,
// is_undelivered() says that nobody has it: it may be sent anew at once.
//
// One send() is one transaction, or several where the host takes fewer recipients at once: it says so
// (LIMITS RCPTMAX, RCPTDOMAINMAX, RFC 9422) or answers 452 to those that are too many (RFC 5321
// §4.5.3.1.10).  A transaction that fails as a whole is the last one.
// Used when offered: SIZE, 8BITMIME, SMTPUTF8, DSN, PIPELINING, STARTTLS, AUTH PLAIN/LOGIN, CHUNKING (the
// message is counted, not dotted; a small first one goes out with its recipients), BINARYMIME,
// REQUIRETLS, DELIVERBY, LIMITS.
// A reply has at most max_reply bytes.  To a host without 8BITMIME an 8-bit message goes in 7-bit
// form; when it is signed, as it is: nearly every host takes it, and the signature stays good.  A binary
// message goes in lines to a host without BINARYMIME; where it cannot, 5.6.3.  To one without SMTPUTF8 a
// domain goes in its ASCII form (RFC 5891); a wide local part is refused, 5.6.7, a wide header 5.6.9.
#pragma once
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/secret.h"
#include "lib/base/time.h"
#include "lib/queue/agent.h"

namespace jd::smtp {

struct ClientOptions {
  std::string hostname;           // ours, for EHLO
  std::string peer;               // who answers, for results
  bool may_tls = true, must_tls = false, is_secured = false;
  bool must_differ = false;       // a peer that calls itself `hostname` is ourselves: failed, 5.4.6
  std::string user;               // empty: no AUTH
  Secret password;
  bool may_login_in_clear = true;  // else without TLS: failed, 4.7.11
  bool is_lmtp = false;
};

class Client {
 public:
  enum class Event : uint8_t { none, start_tls, ready, done, failed };
  static constexpr std::size_t max_reply = 16 << 10, max_line = 4096, block = 64 << 10;
  static constexpr std::size_t early_bytes = 32 << 10;  // a message that may go out with its recipients

  explicit Client(ClientOptions options) : options_(std::move(options)) { expect_.push_back(What::greeting); }
  Event feed(std::string_view bytes);
  Event secured();                          // TLS stands: EHLO again
  // `d` and `message` live until done.  Refusals without a word to the peer are done at once.
  Event send(const queue::RemoteDelivery& d, std::string_view message);
  Event closed(const std::string& why);     // the connection is gone
  void quit();
  std::string take_output();                // at most about one block of the message
  Span patience() const;                    // RFC 5321 §4.5.3.2
  bool is_reusable() const { return !broken_; }
  bool is_used_up() const { return mail_max_ && mails_ >= mail_max_; }  // LIMITS MAILMAX: QUIT comes next
  bool is_between() const { return !in_message_; }
  bool is_undelivered() const { return is_lost_ && is_unanswered_ && !is_whole_; }
  void end_after_this() { ends_early_ = true; }  // no further transaction for this message
  bool is_whole() const { return is_whole_; }  // the end of the message was handed out
  bool was_mail_refused() const { return mail_refused_; }  // the first MAIL of this message
  bool offers_tls() const { return tls_; }               // in what it said last
  bool offers_requiretls() const { return requiretls_; }  // RFC 8689
  // The same host under another of its names.
  void set_peer(std::string name) { options_.peer = std::move(name); }
  const queue::RcptResult& failure() const { return failure_; }
  const std::vector<queue::RcptResult>& results() const { return results_; }

 private:
  enum class What : uint8_t { greeting, ehlo, helo, starttls, auth, login_user, login_password, mail, rcpt, data, body, rset, quit };
  struct Reply { int code = 0; std::string text; };
  // client.cc: the session
  Event take(std::string_view line);
  Event handle(What what, const Reply& r);
  Event after_hello();
  Event login();
  Event fail_with(queue::Fate fate, std::string code, std::string text);
  void put(What what, std::string line);
  void hello();
  void extension(std::string_view line);
  void limit(std::string_view word);
  // client_mail.cc: a message
  Event prepare();
  Event prepare_body();
  Event begin_transaction();
  void choose_recipients();
  Event finish_all(queue::Fate fate, const std::string& code, const std::string& text);
  Event end_transaction();
  Event reset_and_done();
  Event on_mail(const Reply& r);
  Event on_rcpt(const Reply& r);
  Event on_data(const Reply& r);
  Event on_body(const Reply& r);
  void put_rcpt();
  void put_mail();
  void put_message();
  std::string mail_line() const;
  std::string wire(const std::string& address) const;
  void settle(std::size_t recipient, const Reply& reply);
  void settle_rest(const Reply& reply);
  void stuff();

  ClientOptions options_;
  std::deque<What> expect_;
  std::string in_, out_;
  Reply reply_;
  // What the host offers; forgotten when TLS begins.
  bool tls_ = false, pipelining_ = false, utf8_ = false, eight_bit_ = false, dsn_ = false, plain_ = false, login_ = false;
  bool has_size_ = false, chunking_ = false, binary_ = false, requiretls_ = false, by_ = false;
  uint64_t size_ = 0, by_min_ = 0, rcpt_max_ = 0, domain_max_ = 0, mail_max_ = 0;
  bool broken_ = false, in_message_ = false;
  bool is_lost_ = false;   // the session ended before its time
  bool is_unanswered_ = false;  // somebody's result is only that
  bool is_whole_ = false, ends_early_ = false;
  uint64_t mails_ = 0;     // transactions on this connection
  const queue::RemoteDelivery* d_ = nullptr;
  std::string_view message_;
  std::string converted_;  // what message_ is then
  std::size_t at_ = 0, next_rcpt_ = 0, answered_ = 0;
  bool sending_ = false, mail_ok_ = false, mail_refused_ = false;
  bool mail_waits_ = false;  // for the answer to RSET, where commands go one by one
  bool counted_ = false;     // BDAT
  bool raw_ = false;         // BODY=BINARYMIME
  bool is_wide_ = false;     // SMTPUTF8
  unsigned transactions_ = 0;  // of this message
  char last_ = '\n';
  std::deque<std::size_t> pending_;              // recipients not tried yet
  std::vector<std::size_t> round_, accepted_;    // of this transaction
  std::vector<std::size_t> again_;               // too many for it
  std::size_t told_ = 0;                         // LMTP: answers to the message
  std::vector<queue::RcptResult> results_;
  std::vector<bool> settled_;
  queue::RcptResult failure_;
};

// "4.2.2" where the text behind the code begins with it and its class fits; else the plain one of the class.
std::string enhanced_of(int code, std::string_view text);

}  // namespace jd::smtp

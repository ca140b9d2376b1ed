// SPDX-License-Identifier: MIT
// session.h: one POP3 session of one user (RFC 1939), from the moment that he is known.
//
// Bytes in, bytes out, as in imap/session.h: feed() takes any pieces and gives the answers to
// `write`, complete when it returns.  Only the TRANSACTION and UPDATE states are here: greeting, USER
// and PASS are the front door's.  STAT TOP UIDL CAPA PIPELINING RESP-CODES (RFC 2449), AUTH-RESP-CODE (RFC 3206),
// LANG and UTF8 (RFC 6856): without the latter a message whose header has bytes over 127 is given in ASCII form
// (mime/downgrade.h).  STAT, LIST and RETR count the bytes that RETR sends, without doubled dots.
//
// The mailbox is INBOX as it is at start(); later arrivals are not seen.  UIDL is what another server said of
// the message before it was imported (store/uidl.h), else made of the folder's uid_validity and the message's
// UID (SessionOptions::uidl), so it stays the same for ever.  Deleted messages go at QUIT,
// durably before its +OK; when the client goes without QUIT, nothing is deleted (RFC 1939 §6).
// Blocking only in the store.  One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/time.h"
#include "lib/pop3/language.h"
#include "lib/store/account.h"
#include "lib/store/uidl.h"

namespace jd::pop3 {

struct SessionOptions {
  std::string greeting;           // first bytes out, whole lines; may be empty
  std::string early;              // bytes that were read from the client before the hand-over
  std::string uidl = "%v.%u";     // base/uidl_format.h; a valid one
  bool is_exclusive = false;      // refuse to be the second POP3 session of this mailbox
  Offer offer;
  Manner manner;                  // as asked for before login
  Language* spoken = nullptr;     // kept up to date, for who has to speak in the session's place
  unsigned max_bad = 20;          // bad commands until the session is ended
  Span idle = minutes(10);        // run_session: silence until the end
  Span cpu;                       // run_session: of the processor, for what was read at once; then SIGPROF
  int owner = -1;                 // run_session: readable while whoever runs us wants an end
};

// Blocks until the session is over or `in` ends.  Returns an exit status.
int run_session(int in, int out, store::Account& account, const SessionOptions& options);

class Session {
 public:
  using Write = std::function<bool(std::string_view)>;  // false: the client is gone
  Session(store::Account& account, const SessionOptions& options, Write write)
      : account_(account), options_(options), write_(std::move(write)), manner_(options.manner) {}

  void start();  // opens INBOX; when that fails the session is over with an -ERR
  void feed(std::string_view bytes);
  void end(const Text& why, std::string_view code = "");  // -ERR, nothing deleted
  bool is_over() const { return is_over_; }
  void note_read();  // what RETR has read is \Seen for IMAP: at QUIT, and when the client goes without

 private:
  struct Row;
  struct Message {
    store::Entry entry;
    bool deleted = false;
    uint64_t octets = 0;  // as RETR sends them; 0: not counted yet
  };
  void line(std::string_view text);
  void stat(std::string_view);
  void list(std::string_view);
  void uidl(std::string_view);
  void retr(std::string_view);
  void top(std::string_view);
  void dele(std::string_view);
  void noop(std::string_view);
  void rset(std::string_view);
  void capa(std::string_view);
  void utf8(std::string_view);
  void lang(std::string_view);
  void quit(std::string_view);
  Status open();
  Message* find(std::string_view number);  // null: answered
  std::string_view in_words(const Text& t) const { return t.in(manner_.language); }
  void ok(std::string_view text);
  void ok(const Text& text) { ok(in_words(text)); }
  void bad(std::string_view text, std::string_view code = "");
  void bad(const Text& text, std::string_view code = "") { bad(in_words(text), code); }
  bool takes_nothing(std::string_view command, std::string_view rest);  // false: answered
  Result<std::string> shown(const Message& m);
  std::optional<std::string> read(const Message& m);  // nullopt: answered
  uint64_t octets(Message& m);
  void put_lines(std::string_view message);
  bool learn_uidls();  // false: answered
  std::string unique(const Message& m) const;
  void flush();

  static const Row rows[];
  store::Account& account_;
  SessionOptions options_;
  Write write_;
  Manner manner_;
  Fd exclusive_;
  store::Folder* inbox_ = nullptr;
  std::optional<store::Uidls> uidls_;  // once they are asked for
  std::vector<Message> messages_;
  store::UidSet read_;  // by RETR, not seen before
  uint32_t uid_validity_ = 0;
  std::string held_, out_;
  bool is_over_ = false, is_too_long_ = false;
  unsigned bad_ = 0;
};

}  // namespace jd::pop3

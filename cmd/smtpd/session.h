// SPDX-License-Identifier: MIT
// session.h: one connection of smtpd: its stream, its engine, and what the engine waits for.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "cmd/smtpd/limits.h"
#include "lib/base/config.h"
#include "lib/directory/client.h"
#include "lib/ipc/client.h"
#include "lib/net/loop.h"
#include "lib/net/stream.h"
#include "lib/smtp/server.h"

namespace jd {

// What all sessions of a process share.
struct SmtpShared {
  net::Loop& loop;
  const Config& config;
  directory::Client& directory;
  ipc::AsyncClient& injector;
  std::shared_ptr<net::TlsContext> tls;
  Limits& limits;
};

// One timer tells the session what it waits for: the greeting that is held back, an answer that is, or
// the client.  A client makes progress when it ends a command, or with bytes of a message at min_rate.
class SmtpSession : public net::StreamHandler, public net::Kept, private smtp::Guard {
 public:
  // key: Limits' of the client, where the connection is counted.
  SmtpSession(SmtpShared& shared, smtp::ServerOptions options, std::string key, bool tls_at_once, std::function<void(SmtpSession&)> ended);
  ~SmtpSession() override;
  void open(Fd fd);
  void dismiss(const char* why);  // a literal; when idle; a message under way is finished first
  const std::string& counted_as() const { return counted_as_ ? *counted_as_ : key_; }

 private:
  enum class Wait : uint8_t { client, greeting, answer };
  std::size_t on_data(std::string_view bytes) override;
  void on_closed(const std::string& why) override;
  void on_secured() override;
  std::optional<smtp::Reply> may_mail(const smtp::Server&) override;
  std::optional<smtp::Reply> may_rcpt(const smtp::Server&) override;
  std::optional<smtp::Reply> may_receive(const smtp::Server&) override;
  void client_is(smtp::ServerOptions& o) override;
  void refused(const smtp::Server&, What what, const smtp::Reply& r) override;
  void on_timer();
  void wait_for_client(bool has_progress);
  void account();
  void greet();
  void leave();
  void early();
  void etrn();
  smtp::ServerOptions with_guard(smtp::ServerOptions o);
  void proceed();  // does what the engine waits for
  void go_on();    // after an answer
  void lookup();
  void sender();
  void login();
  void commit();
  void end();

  SmtpShared& s_;
  smtp::Server engine_;
  net::Stream stream_;
  std::function<void(SmtpSession&)> ended_;
  net::Timer timer_;
  std::string id_, ip_, key_;
  std::unique_ptr<std::string> counted_as_;  // where XCLIENT has changed the key
  const char* leave_with_ = nullptr;         // why it is to end soon; a literal
  bool tls_at_once_, ending_ = false, handshaking_ = false, has_greeted_ = false;
  Wait wait_ = Wait::client;
  uint8_t logged_ = 0;           // refusals
  Time opened_, progress_, began_;  // began_: of the message that is coming in; 0: none
  uint64_t came_ = 0;            // bytes of it
  std::size_t held_ = 0, in_flight_ = 0;  // memory that limits knows of; of that, what the queue is taking
  uint64_t asked_directory_ = 0, asked_injector_ = 0;
};

}  // namespace jd

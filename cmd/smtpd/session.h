// SPDX-License-Identifier: MIT
// session.h: one connection of smtpd: its stream, its engine, and what the engine waits for.
#pragma once
#include <functional>
#include <memory>
#include <string>

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
};

class SmtpSession : public net::StreamHandler, public net::Kept {
 public:
  SmtpSession(SmtpShared& shared, smtp::ServerOptions options, bool tls_at_once, std::function<void(SmtpSession&)> ended);
  ~SmtpSession() override;
  void open(Fd fd);
  void dismiss(const std::string& why);  // when idle; a message under way is finished first
  const std::string& ip() const { return ip_; }

 private:
  std::size_t on_data(std::string_view bytes) override;
  void on_closed(const std::string& why) override;
  void on_secured() override;
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
  std::string id_, ip_;
  bool tls_at_once_, ending_ = false;
  uint64_t asked_directory_ = 0, asked_injector_ = 0;
};

}  // namespace jd

// SPDX-License-Identifier: MIT
// door.h: one connection of frontd: speaks to a stranger until he is known, then hands him over.
//
// Plain connections are given away (the descriptor goes to the session's process); with TLS this
// process stays between: it decrypts and passes bytes on to a socket pair.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "lib/base/config.h"
#include "lib/directory/client.h"
#include "lib/imap/login.h"
#include "lib/ipc/client.h"
#include "lib/net/loop.h"
#include "lib/net/stream.h"
#include "lib/pop3/login.h"

namespace jd {

struct DoorShared {
  net::Loop& loop;
  const Config& config;
  directory::Client& directory;
  ipc::AsyncClient& sessions;
  std::shared_ptr<net::TlsContext> tls;
  pop3::Offer pop3;
};

enum class Protocol { imap, pop3 };

class Door : public net::StreamHandler, public net::Kept {
 public:
  Door(DoorShared& shared, Protocol protocol, bool tls_at_once, std::string ip, bool is_near, std::function<void(Door&)> ended);
  ~Door() override;
  void open(Fd fd);
  void dismiss();  // shutting down: those who are not handed over leave

 private:
  // The other end of a session behind TLS.
  struct Back : net::StreamHandler {
    explicit Back(Door& d) : door(d) {}
    std::size_t on_data(std::string_view b) override { return door.from_session(b); }
    void on_closed(const std::string&) override { door.session_ended(); }
    void on_drained() override { door.stream_.resume(); }
    Door& door;
  };
  std::size_t on_data(std::string_view bytes) override;
  void on_closed(const std::string& why) override;
  void on_secured() override;
  void on_drained() override { if (back_) back_->resume(); }
  std::size_t from_session(std::string_view bytes);
  void session_ended();
  void proceed();
  void log_in();
  void hand_over(const directory::Login& who);
  void end();
  template <class F>
  decltype(auto) login(F f) { return std::visit(f, login_); }

  DoorShared& s_;
  Protocol protocol_;
  std::variant<imap::Login, pop3::Login> login_;
  net::Stream stream_;
  Back back_handler_{*this};
  std::unique_ptr<net::Stream> back_;
  std::function<void(Door&)> ended_;
  std::string id_, ip_;
  bool tls_at_once_, ending_ = false;
  uint64_t asked_directory_ = 0, asked_sessions_ = 0;
};

}  // namespace jd

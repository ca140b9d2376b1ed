// SPDX-License-Identifier: MIT
// connections.h: SMTP connections to other hosts, each kept a little while for the next message.
//
//   Delivery ── take(peer) ──► one that idles, or none ── open(peer) ──► Connection ──► ready
//            ── send() ──► done ── give_back() ──► idles ──► the next message, or QUIT
//
// One that idles for idle_time, has carried max_messages or is max_age old ends with QUIT, as all
// do at stop(): nobody waits for that, nor for the answer to RSET.  What the host says or does while
// it idles (421, the end of the connection) takes it out at once.
// Peers are the same when address, port, use of TLS, what is demanded of the certificate, login, source
// address and HELO name are (Peer::key).
// A host that could not be reached is remembered for unreachable_time, so that the next messages try
// others first; one whose TLS is broken for tls_broken_time, so that they do not try it again where clear
// text will do.  At most max_idle connections idle; max_unreachable hosts are remembered of each kind.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/secret.h"
#include "lib/net/address.h"
#include "lib/net/stream.h"
#include "lib/net/tls.h"
#include "lib/smtp/client.h"

namespace jd {

class Connections;

struct Peer {
  enum class Tls : uint8_t {
    opportunistic,  // where it is offered
    required,       // STARTTLS
    implicit,       // from the first byte
    never,
  };
  std::string name;
  net::Address address;
  Tls tls = Tls::opportunistic;
  net::TlsPeer verify = {};   // what its certificate must show
  bool is_lmtp = false;
  std::string helo = {};      // empty: our host name
  std::optional<net::Address> source = {};  // where the connection comes from
  std::string user = {};  // empty: no login
  Secret password;
  bool may_be_us = true;  // a host that greets us with our own name is no error

  std::string key() const;
};

class Connection : public net::StreamHandler {
 public:
  // ready: once, after open(); send() may be called.  done: results are there.  failed: the session is
  // of no use.  The user may give the Connection back, discard or destroy it inside.
  struct User {
    virtual ~User() = default;
    virtual void on_event(smtp::Client::Event e) = 0;
  };
  ~Connection() override;

  // delivery and message live until done.
  void send(const queue::RemoteDelivery& delivery, std::string_view message);
  const smtp::Client& session() const { return client_; }
  void end_after_this() { client_.end_after_this(); }
  bool was_connected() const { return connected_; }
  // TLS was begun, not demanded, and the session failed before it could be used: clear text may do.
  bool failed_in_tls() const { return failed_in_tls_; }
  bool failed_in_handshake() const { return failed_in_handshake_; }
  bool is_secured() const { return secured_; }
  const net::TlsVerdict& tls_verdict() const { return stream_.tls_verdict(); }
  const Peer& peer() const { return peer_; }
  bool is_reused() const { return messages_ > 1; }

 private:
  friend class Connections;
  Connection(Connections& owner, Peer peer, bool in_clear);
  std::size_t on_data(std::string_view bytes) override;
  void on_closed(const std::string& why) override;
  void on_connected() override;
  void on_secured() override;
  void on_drained() override;
  void begin_tls();
  void handle(smtp::Client::Event e);
  void pump();  // what the client has to say goes out, a block at a time

  Connections& owner_;
  Peer peer_;
  std::string key_;
  smtp::Client client_;
  net::Stream stream_;
  net::Timer idle_;
  User* user_ = nullptr;  // none: it idles or ends
  unsigned messages_ = 0;
  Time born_;
  bool connected_ = false, securing_ = false, secured_ = false, is_ready_ = false, failed_in_tls_ = false,
       failed_in_handshake_ = false, leaving_ = false;
};

class Connections {
 public:
  static constexpr Span idle_time = seconds(3), max_age = minutes(5), unreachable_time = minutes(1), tls_broken_time = minutes(30);
  static constexpr Span connect_patience = seconds(30), tls_patience = seconds(60);
  static constexpr unsigned max_messages = 100;
  static constexpr std::size_t max_idle = 500, max_unreachable = 1000;

  struct Settings {
    std::string hostname;  // ours
    std::shared_ptr<net::TlsContext> opportunistic, verified;
  };
  Connections(net::Loop& loop, Settings settings) : loop_(loop), settings_(std::move(settings)) {}

  bool has_idle(const Peer& peer) const { return idle_.count(peer.key()) != 0; }
  std::unique_ptr<Connection> take(const Peer& peer, Connection::User& user);
  // temp: no descriptors, no route, or refused at once.
  Result<std::unique_ptr<Connection>> open(const Peer& peer, bool in_clear, Connection::User& user);
  void give_back(std::unique_ptr<Connection> c);  // after done
  void end(std::unique_ptr<Connection> c);        // with QUIT where that makes sense
  void unreachable(const net::Address& a);
  bool is_unreachable(const net::Address& a) const;
  void tls_broken(const net::Address& a);
  bool is_tls_broken(const net::Address& a) const;
  void stop();  // QUIT to all that idle; none idles from now on
  std::size_t idle() const { return idle_count_; }
  std::size_t leaving() const { return leaving_.size(); }

 private:
  friend class Connection;
  std::unique_ptr<Connection> remove_idle(Connection& c);
  void quit(std::unique_ptr<Connection> c);
  void discard(std::unique_ptr<Connection> c);
  void gone(Connection& c);  // one without a user closed
  void expire(Connection& c);

  net::Loop& loop_;
  Settings settings_;
  std::unordered_map<std::string, std::vector<std::unique_ptr<Connection>>> idle_;  // the last used last
  std::vector<std::unique_ptr<Connection>> leaving_;  // QUIT is on its way
  using Until = std::unordered_map<std::string, Time>;
  static void remember(Until& map, const net::Address& a, Span time);
  static bool is_known(const Until& map, const net::Address& a);
  Until unreachable_, tls_broken_;
  std::size_t idle_count_ = 0;
  bool stopping_ = false;
};

}  // namespace jd

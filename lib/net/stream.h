// SPDX-License-Identifier: MIT
// stream.h: one connection under a Loop: buffered, with or without TLS, always with a deadline.
//
//   bytes in -> handler.on_data(all that is there) -> how many were taken; the rest is offered again
//   with what comes next.  write() collects; one send per turn.
// After close() or on_closed() no callback is made any more.  The handler may destroy the stream in
// any callback.  Memory while idle: no buffers.  A stream reads at most 64 KB a turn.
// TLS: start_tls_* discards plaintext that came before the handshake (command injection: what
// a man in the middle put behind STARTTLS must not be taken for the secured client's).
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/net/address.h"
#include "lib/net/loop.h"
#include "lib/net/tls.h"
#include "lib/net/tls_peer.h"

namespace jd::net {

struct StreamHandler {
  virtual ~StreamHandler() = default;
  virtual std::size_t on_data(std::string_view bytes) = 0;
  // The other side ended, the connection broke, the deadline passed or TLS failed: why.  Closed now.
  virtual void on_closed(const std::string& why) = 0;
  virtual void on_connected() {}
  virtual void on_secured() {}
  // All written bytes have left, after high_water or more waited or the other side was slow.
  virtual void on_drained() {}
};

class Stream {
 public:
  static constexpr std::size_t high_water = 256 << 10;

  Stream(Loop& loop, StreamHandler& handler);
  ~Stream();
  void open(Fd connected);                      // non-blocking
  Status connect(const Address& to, Span within, const Address* from = nullptr);  // then on_connected or on_closed

  void write(std::string_view bytes);
  std::size_t pending() const { return out_.size() - out_at_; }
  void pause();    // on_data is not called
  void resume();   // what waits is offered in this turn
  void set_deadline(Span from_now);  // for the next progress that its owner sets; 0: none
  void close();                // at once
  void close_after_flush();    // at once when nothing waits to leave; else later, and on_closed("done") tells
  bool is_open() const { return static_cast<bool>(fd_); }

  Status start_tls_server(TlsContext& context);
  Status start_tls_client(TlsContext& context, const std::string& host);
  Status start_tls_client(TlsContext& context, const TlsPeer& peer);
  const TlsVerdict& tls_verdict() const { return verdict_; }  // of the client's handshake, also after it failed
  bool peer_has_digest(const std::vector<std::string>& digests) const;
  bool is_secured() const { return ssl_ && !handshaking_; }
  std::string tls_version() const;  // "TLSv1.3"
  std::string tls_cipher() const;
  // The certificate of the client, where one was asked for: its subject and whether it was good; nullopt: none.
  struct TlsClient { std::string subject; bool is_good; };
  std::optional<TlsClient> tls_client() const;
  // What a login can be bound to; "" when this connection has it not.
  std::string tls_exporter() const;   // RFC 9266 §2: tls-exporter
  std::string tls_end_point() const;  // RFC 5929 §4: tls-server-end-point, of a server

  const Address& peer() const { return peer_; }
  int fd() const { return fd_.get(); }
  // Plain and with nothing buffered: gives the descriptor away (to another process).
  Fd release();
  // What was read and not taken.
  std::string take_input() { return std::move(in_); }

 private:
  void on_events(uint32_t events);
  void read_on();
  void read_some();
  void offer();
  void flush();
  void watch(bool is_disturbed = false);
  void handshake();
  void close_gently();
  void fail_with(const std::string& why);
  Status begin_tls(TlsContext& context);

  Loop& loop_;
  StreamHandler& handler_;
  Fd fd_;
  Watch watch_;
  Timer deadline_;
  Task flush_task_, read_task_;
  Address peer_;
  ssl_st* ssl_ = nullptr;
  TlsVerdict verdict_;
  std::string in_, out_;
  std::size_t out_at_ = 0;
  uint32_t wanted_ = 0;
  bool connecting_ = false, handshaking_ = false, paused_ = false, ending_ = false, was_high_ = false,
       tls_wants_write_ = false, eof_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  bool* gone_ = nullptr;  // set when the stream is destroyed inside one of its callbacks
};

}  // namespace jd::net

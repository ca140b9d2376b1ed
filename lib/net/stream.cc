// SPDX-License-Identifier: MIT
#include "lib/net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>

#include "lib/net/linger.h"

namespace jd::net {
namespace {
// Runs a callback of the handler; false: the stream is no more.
#define JD_CALL_HANDLER(call)             \
  do {                                    \
    bool gone = false;                    \
    bool* outer = gone_;                  \
    gone_ = &gone;                        \
    call;                                 \
    if (gone) {                           \
      if (outer) *outer = true;           \
      return;                             \
    }                                     \
    gone_ = outer;                        \
  } while (0)
}  // namespace

Stream::Stream(Loop& loop, StreamHandler& handler)
    : loop_(loop), handler_(handler), watch_(loop, [this](uint32_t e) { on_events(e); }),
      deadline_(loop, [this] { fail_with("timed out"); }), flush_task_(loop, [this] { flush(); }),
      read_task_(loop, [this] { read_on(); }) {}

Stream::~Stream() {
  close();
  if (gone_) *gone_ = true;
}

void Stream::open(Fd connected) {
  fd_ = std::move(connected);
  int on = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on Unix sockets: fine
  peer_ = Address::peer_of(fd_.get());
  watch();
}

Status Stream::connect(const Address& to, Span within, const Address* from) {
  Fd fd(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno(errno, "cannot make a socket");
  if (from && from->family() == to.family() && ::bind(fd.get(), from->data(), from->size()) < 0)
    return fail_errno(errno, "cannot send from {}", from->text());
  int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), to.data(), to.size()) < 0 && errno != EINPROGRESS && errno != EAGAIN)
    return fail_errno(errno, "cannot connect to {}", to.text());
  fd_ = std::move(fd);
  peer_ = to;
  connecting_ = true;
  set_deadline(within);
  watch();
  return {};
}

void Stream::set_deadline(Span s) {
  if (s.ns > 0) deadline_.start(s);
  else deadline_.stop();
}

void Stream::close() {
  watch_.stop();
  deadline_.stop();
  flush_task_.stop();
  read_task_.stop();
  if (ssl_) {
    if (fd_ && !handshaking_) SSL_shutdown(ssl_);  // says goodbye, does not wait for theirs
    ERR_clear_error();
    SSL_free(ssl_);
    ssl_ = nullptr;
  }
  fd_.reset();
  wanted_ = 0;
  std::string().swap(in_);
  std::string().swap(out_);
  out_at_ = 0;
}

// Closing with unread input sends a reset, which may take our last reply from the other side.
void Stream::close_gently() {
  if (!fd_ || connecting_ || handshaking_) return close();
  if (ssl_) {
    SSL_shutdown(ssl_);  // says goodbye, does not wait for theirs
    ERR_clear_error();
    SSL_free(ssl_);
    ssl_ = nullptr;
  }
  watch_.stop();
  loop_.linger().take(std::move(fd_));
  close();
}

void Stream::fail_with(const std::string& why) {
  if (!fd_) return;
  std::string reason = why;
  close();
  handler_.on_closed(reason);
}

void Stream::close_after_flush() {
  ending_ = true;
  if (pending() == 0) return close_gently();
  if (!deadline_.is_running()) set_deadline(minutes(1));
  flush_task_.start();
  watch();
}

Fd Stream::release() {
  MUST(!ssl_ && pending() == 0);
  watch_.stop();
  deadline_.stop();
  flush_task_.stop();
  read_task_.stop();
  wanted_ = 0;
  return std::move(fd_);
}

// Registers what the stream waits for; only when it changed.  While it is paused the kernel is told to
// be silent only when something has come (on_events).
void Stream::watch(bool is_disturbed) {
  if (!fd_) return;
  uint32_t want = 0;
  if (connecting_ || (pending() > 0 && was_high_) || tls_wants_write_) want |= EPOLLOUT;
  if (!connecting_ && !eof_ && (!paused_ || handshaking_ || (wanted_ & EPOLLIN && !is_disturbed)) && !ending_)
    want |= EPOLLIN;
  if (want == 0) want = EPOLLRDHUP;
  if (want == wanted_ && watch_.is_running()) return;
  Status r = watch_.is_running() ? watch_.change(want) : watch_.start(fd_.get(), want);
  wanted_ = want;
  if (!r)  // the kernel is out of memory or watches: this connection ends, the others go on
    loop_.post([this, why = r.error().what, alive = std::weak_ptr<int>(alive_)] { if (!alive.expired()) fail_with(why); });
}

void Stream::on_events(uint32_t events) {
  if (connecting_) {
    int e = 0;
    socklen_t size = sizeof e;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &e, &size);
    if (e) return fail_with(errno_text(e));
    if (!(events & EPOLLOUT)) return;
    connecting_ = false;
    watch();
    JD_CALL_HANDLER(handler_.on_connected());
    if (fd_ && pending()) flush_task_.start();
    return;
  }
  if (handshaking_) return handshake();
  if (events & EPOLLOUT) {
    tls_wants_write_ = false;
    bool gone = false;
    bool* outer = gone_;
    gone_ = &gone;
    flush();
    if (gone) {
      if (outer) *outer = true;
      return;
    }
    gone_ = outer;
    if (!fd_) return;
  }
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) {
    if (paused_ && (events & (EPOLLHUP | EPOLLERR))) return fail_with("connection reset");
    if (paused_ && wanted_ & EPOLLIN) return watch(true);
    if (!paused_ && !ending_) read_some();
    else if (ending_ && (events & (EPOLLHUP | EPOLLERR))) fail_with("connection reset");
    else if (wanted_ == EPOLLRDHUP) {  // paused and half closed: look again when resumed
      watch_.stop();
      wanted_ = 0;
    }
  }
}

// What TLS holds already or the handler left; it may have paused since this was asked for.
void Stream::read_on() {
  if (!fd_ || paused_ || ending_ || handshaking_) return;
  if (in_.empty() || (ssl_ && SSL_has_pending(ssl_))) read_some();  // offers what was left, too
  else offer();
}

void Stream::read_some() {
  char* buffer = loop_.scratch();
  std::size_t got = 0;
  if (ssl_) {
    ERR_clear_error();
    int n = SSL_read(ssl_, buffer, static_cast<int>(Loop::scratch_bytes));
    if (n > 0) {
      got = static_cast<std::size_t>(n);
      if (SSL_has_pending(ssl_)) read_task_.start();
    } else {
      switch (SSL_get_error(ssl_, n)) {
        case SSL_ERROR_WANT_READ: return;
        case SSL_ERROR_WANT_WRITE: tls_wants_write_ = true; watch(); return;
        case SSL_ERROR_ZERO_RETURN: return fail_with("closed by the other side");
        default: return fail_with(ERR_peek_error() ? tls_error() : "connection reset");
      }
    }
  } else {
    ssize_t n = ::recv(fd_.get(), buffer, Loop::scratch_bytes, 0);
    if (n < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      return fail_with(errno_text(errno));
    }
    if (n == 0) return fail_with("closed by the other side");
    got = static_cast<std::size_t>(n);
  }
  if (!in_.empty()) {
    in_.append(buffer, got);
    return offer();
  }
  std::size_t taken = 0;
  bool was_plain = !ssl_;
  JD_CALL_HANDLER(taken = handler_.on_data(std::string_view(buffer, got)));
  if (!fd_) return;
  MUST(taken <= got);
  if (was_plain && ssl_) return;  // TLS began in there: the plaintext behind it does not count
  if (taken < got) in_.assign(buffer + taken, got - taken);
}

void Stream::offer() {
  if (!fd_ || paused_ || ending_ || in_.empty()) return;
  std::size_t taken = 0;
  bool was_plain = !ssl_;
  // The handler may write, pause, close, or begin TLS, which empties in_.
  std::string whole = std::move(in_);
  in_.clear();
  JD_CALL_HANDLER(taken = handler_.on_data(whole));
  if (!fd_ || (was_plain && ssl_)) return;
  in_ = std::move(whole);
  if (taken >= in_.size()) std::string().swap(in_);
  else if (taken > 0) in_.erase(0, taken);
}

// The kernel is told only when something comes meanwhile (on_events): mostly nothing does.
void Stream::pause() { paused_ = true; }

void Stream::resume() {
  if (!paused_) return;
  paused_ = false;
  watch();
  if (!in_.empty() || (ssl_ && SSL_has_pending(ssl_))) read_task_.start();
}

void Stream::write(std::string_view bytes) {
  if (!fd_) return;
  out_.append(bytes);
  if (pending() >= high_water) was_high_ = true;  // on_drained tells when it has left
  if (!connecting_ && !handshaking_) flush_task_.start();
}

void Stream::flush() {
  while (fd_ && !connecting_ && !handshaking_ && pending() > 0) {
    const char* p = out_.data() + out_at_;
    std::size_t left = pending(), sent = 0;
    if (ssl_) {
      ERR_clear_error();
      int n = SSL_write(ssl_, p, static_cast<int>(std::min<std::size_t>(left, 1 << 20)));
      if (n <= 0) {
        int e = SSL_get_error(ssl_, n);
        if (e != SSL_ERROR_WANT_WRITE && e != SSL_ERROR_WANT_READ)
          return fail_with(ERR_peek_error() ? tls_error() : "connection reset");
        was_high_ = true;
        break;
      }
      sent = static_cast<std::size_t>(n);
    } else {
      ssize_t n = ::send(fd_.get(), p, left, MSG_NOSIGNAL);
      if (n < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return fail_with(errno_text(errno));
        was_high_ = true;
        break;
      }
      sent = static_cast<std::size_t>(n);
    }
    out_at_ += sent;
  }
  if (!fd_) return;
  if (pending() == 0) {
    std::string().swap(out_);
    out_at_ = 0;
    bool tell = was_high_;
    was_high_ = false;
    if (ending_) {
      close_gently();
      return handler_.on_closed("done");
    }
    watch();
    if (tell) JD_CALL_HANDLER(handler_.on_drained());
    return;
  }
  if (out_at_ > high_water && out_at_ > out_.size() / 2) {  // moving the rest must stay linear
    out_.erase(0, out_at_);
    out_at_ = 0;
  }
  watch();
}

Status Stream::begin_tls(TlsContext& context) {
  std::string().swap(in_);  // plaintext behind STARTTLS
  ssl_ = SSL_new(context.get());
  if (!ssl_ || SSL_set_fd(ssl_, fd_.get()) != 1) return fail(Fault::temp, "cannot begin TLS: {}", tls_error());
  return {};
}

Status Stream::start_tls_server(TlsContext& context) {
  if (pending()) flush();  // the reply that invites the handshake goes out in clear
  if (!fd_) return fail(Fault::temp, "the connection is closed");
  if (pending()) return fail(Fault::temp, "the other side does not take our reply");
  CHECK(begin_tls(context));
  SSL_set_accept_state(ssl_);
  handshaking_ = true;
  paused_ = false;
  watch();
  return {};
}

Status Stream::start_tls_client(TlsContext& context, const std::string& host) {
  TlsPeer p;
  p.host = host;
  if (context.verifies()) p.check = TlsPeer::Check::names, p.names = {host};
  return start_tls_client(context, p);
}

Status Stream::start_tls_client(TlsContext& context, const TlsPeer& peer) {
  CHECK(begin_tls(context));
  CHECK(demand(ssl_, peer));
  verdict_ = {};
  SSL_set_connect_state(ssl_);
  handshaking_ = true;
  read_task_.stop();
  loop_.post([this, alive = std::weak_ptr<int>(alive_)] { if (!alive.expired() && handshaking_) handshake(); });
  return {};
}

bool Stream::peer_has_digest(const std::vector<std::string>& digests) const { return ssl_ && has_digest(ssl_, digests); }

void Stream::handshake() {
  ERR_clear_error();
  int n = SSL_do_handshake(ssl_);
  if (n != 1) {
    switch (SSL_get_error(ssl_, n)) {
      case SSL_ERROR_WANT_READ: tls_wants_write_ = false; return watch();
      case SSL_ERROR_WANT_WRITE: tls_wants_write_ = true; return watch();
      default: {
        std::string why = ERR_peek_error() ? "TLS handshake failed: " + tls_error() : "closed during the TLS handshake";
        if (!SSL_is_server(ssl_)) verdict_ = verdict_of(ssl_);
        return fail_with(verdict_.text.empty() ? why : why + " (" + verdict_.text + ")");
      }
    }
  }
  handshaking_ = false;
  tls_wants_write_ = false;
  if (!SSL_is_server(ssl_)) verdict_ = verdict_of(ssl_);
  watch();
  JD_CALL_HANDLER(handler_.on_secured());
  if (!fd_) return;
  if (pending()) flush_task_.start();
  if (!paused_ && SSL_has_pending(ssl_)) read_task_.start();
}

std::string Stream::tls_version() const { return ssl_ ? SSL_get_version(ssl_) : ""; }
std::string Stream::tls_cipher() const { return ssl_ ? SSL_get_cipher_name(ssl_) : ""; }


std::optional<Stream::TlsClient> Stream::tls_client() const {
  X509* x = is_secured() ? SSL_get0_peer_certificate(ssl_) : nullptr;
  if (!x) return std::nullopt;
  std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
  X509_NAME_print_ex(out.get(), X509_get_subject_name(x), 0, XN_FLAG_RFC2253);
  char* p = nullptr;
  long n = BIO_get_mem_data(out.get(), &p);
  return TlsClient{std::string(p, static_cast<std::size_t>(n)), SSL_get_verify_result(ssl_) == X509_V_OK};
}

std::string Stream::tls_exporter() const {
  // Before TLS 1.3 only the extended master secret makes it unique (RFC 9266 §4.2).
  if (!is_secured() || (SSL_version(ssl_) < TLS1_3_VERSION && SSL_get_extms_support(ssl_) != 1)) return "";
  constexpr std::string_view label = "EXPORTER-Channel-Binding";
  std::string r(32, '\0');
  int made = SSL_export_keying_material(ssl_, reinterpret_cast<unsigned char*>(r.data()), r.size(), label.data(), label.size(), nullptr, 0, 1);
  return made == 1 ? r : "";
}

std::string Stream::tls_end_point() const {
  X509* x = is_secured() ? SSL_get_certificate(ssl_) : nullptr;
  int digest_id = NID_undef;
  if (!x || !OBJ_find_sigid_algs(X509_get_signature_nid(x), &digest_id, nullptr)) return "";
  if (digest_id == NID_md5 || digest_id == NID_sha1) digest_id = NID_sha256;  // RFC 5929 §4.1
  const EVP_MD* digest = digest_id == NID_undef ? nullptr : EVP_get_digestbynid(digest_id);
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!digest || X509_digest(x, digest, out, &size) != 1) return "";
  return {reinterpret_cast<char*>(out), size};
}

}  // namespace jd::net

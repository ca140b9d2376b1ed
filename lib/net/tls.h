// SPDX-License-Identifier: MIT
// tls.h: TLS contexts, through OpenSSL 3.  TLS 1.2 and 1.3 only.
//
// Of a server: TLS 1.2 with ECDHE and an AEAD only.  With several certificates the client's SNI chooses: by
// name, then by wildcard; who asks for none of them, or for nothing, gets the first.
// A context is made with full rights (it reads the key) and then shared by all sessions.  A reload
// makes another; sessions keep the one that they began with.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>

#include "lib/base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace jd::net {

class TlsContext {
 public:
  // PEM files; the certificate file has the chain.  usage: which file, and what is wrong with it.
  static Result<std::shared_ptr<TlsContext>> server(const std::string& certificate, const std::string& key);
  // Another certificate, for those who ask for one of its names (SNI, RFC 6066 §3).  Before the first session.
  Status add(const std::string& certificate, const std::string& key);
  // Ask clients for a certificate, too, and check it against these authorities (PEM).  Who has none, or a bad
  // one, is served all the same: Stream::tls_client tells.  After add().
  Status ask_clients(const std::string& ca_file);
  // Serve only who offers this protocol (ALPN, RFC 7301), and say so.  Before add().
  void serve_only(std::string protocol);
  // verify: the peer's certificate must be good for its host name; else TLS is opportunistic.
  // The authorities are those of ca_file (PEM), or the system's.  A verifying one can use DANE, see tls_peer.h.
  static Result<std::shared_ptr<TlsContext>> client(bool verify, const std::string& ca_file = "");
  ~TlsContext();
  ssl_ctx_st* get() const { return ctx_; }
  bool verifies() const { return verify_; }

 private:
  TlsContext(ssl_ctx_st* ctx, bool verify) : ctx_(ctx), verify_(verify) {}
  void choose_protocol(ssl_ctx_st* c);
  static int choose(ssl_st* session, int* alert, void* self);
  ssl_ctx_st* ctx_;
  bool verify_;
  std::string protocol_;
  std::unordered_map<std::string, std::shared_ptr<ssl_ctx_st>> by_name_;
};

// A self-signed certificate and its P-256 key, as PEM: so that a new instance speaks TLS at once.
struct PemPair { std::string certificate, key; };
Result<PemPair> self_signed(const std::string& host_name);

// What OpenSSL has to say, in one line; clears its queue.
std::string tls_error();

}  // namespace jd::net

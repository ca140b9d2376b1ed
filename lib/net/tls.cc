// SPDX-License-Identifier: MIT
#include "lib/net/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/net/certificate.h"

namespace jd::net {
namespace {
template <auto F>
struct Free {
  template <class T>
  void operator()(T* p) const { F(p); }
};
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;

std::string text_of(BIO* b) {
  char* p = nullptr;
  long n = BIO_get_mem_data(b, &p);
  return {p, static_cast<std::size_t>(n)};
}

void common(SSL_CTX* c) {
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}
}  // namespace

std::string tls_error() {
  unsigned long e = ERR_peek_last_error();
  ERR_clear_error();
  if (!e) return "TLS failed";
  const char* reason = ERR_reason_error_string(e);
  return reason ? reason : "TLS failed";
}

TlsContext::~TlsContext() { SSL_CTX_free(ctx_); }

namespace {
void serve_by(SSL_CTX* c) {
  common(c);
  MUST(SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1);
  SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);  // tickets do
  static const unsigned char context_id[] = "jdmail";
  SSL_CTX_set_session_id_context(c, context_id, sizeof context_id - 1);
}

Status use(SSL_CTX* c, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(c, certificate.c_str()) != 1)
    return fail(Fault::usage, "cannot use the certificate {}: {}", certificate, tls_error());
  if (SSL_CTX_use_PrivateKey_file(c, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(Fault::usage, "cannot use the key {}: {}", key, tls_error());
  if (SSL_CTX_check_private_key(c) != 1)
    return fail(Fault::usage, "the key {} is not that of the certificate {}", key, certificate);
  return {};
}
}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::server(const std::string& certificate, const std::string& key) {
  SSL_CTX* c = SSL_CTX_new(TLS_server_method());
  MUST(c);
  std::shared_ptr<TlsContext> t(new TlsContext(c, false));
  serve_by(c);
  CHECK(use(c, certificate, key));
  return t;
}

Status TlsContext::add(const std::string& certificate, const std::string& key) {
  std::shared_ptr<SSL_CTX> c(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  MUST(c);
  serve_by(c.get());
  CHECK(use(c.get(), certificate, key));
  if (!protocol_.empty()) choose_protocol(c.get());
  for (auto& name : names_of(SSL_CTX_get0_certificate(c.get()))) by_name_.try_emplace(name, c);
  SSL_CTX_set_tlsext_servername_callback(ctx_, choose);
  SSL_CTX_set_tlsext_servername_arg(ctx_, this);
  return {};
}

int TlsContext::choose(SSL* session, int*, void* self) {
  auto& by_name = static_cast<TlsContext*>(self)->by_name_;
  const char* asked = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
  if (!asked) return SSL_TLSEXT_ERR_NOACK;
  std::string host = lower(std::string_view(asked).substr(0, 255));
  auto i = by_name.find(host);
  if (auto dot = host.find('.'); i == by_name.end() && dot != host.npos && dot > 0) i = by_name.find("*" + host.substr(dot));
  if (i == by_name.end()) return SSL_TLSEXT_ERR_NOACK;  // RFC 6066 §3: go on with the default
  SSL_set_SSL_CTX(session, i->second.get());
  return SSL_TLSEXT_ERR_OK;
}

// The callback of the context that the SNI chose counts: each of them has it.
void TlsContext::choose_protocol(SSL_CTX* c) {
  auto choose = [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size, void* self) {
    auto& wanted = static_cast<TlsContext*>(self)->protocol_;
    std::string_view offered(reinterpret_cast<const char*>(in), in_size);
    while (!offered.empty()) {
      auto n = static_cast<unsigned char>(offered[0]);
      if (offered.size() < n + 1u) break;
      if (offered.substr(1, n) == wanted) {
        *out = in + (in_size - offered.size()) + 1;
        *size = n;
        return SSL_TLSEXT_ERR_OK;
      }
      offered.remove_prefix(n + 1u);
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  };
  SSL_CTX_set_alpn_select_cb(c, choose, this);
}

void TlsContext::serve_only(std::string protocol) {
  protocol_ = std::move(protocol);
  choose_protocol(ctx_);
}

Status TlsContext::ask_clients(const std::string& ca_file) {
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(ca_file.c_str());
  if (!names || SSL_CTX_load_verify_locations(ctx_, ca_file.c_str(), nullptr) != 1)
    return fail(Fault::usage, "cannot use the authorities in {}: {}", ca_file, tls_error());
  SSL_CTX_set_client_CA_list(ctx_, names);
  // The outcome is kept in the session and told; it does not end the handshake.
  SSL_CTX_set_verify(ctx_, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  for (auto& [name, c] : by_name_) {  // of the context that the SNI chose these count
    SSL_CTX_set1_cert_store(c.get(), SSL_CTX_get_cert_store(ctx_));
    SSL_CTX_set_client_CA_list(c.get(), SSL_dup_CA_list(names));
  }
  return {};
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(bool verify, const std::string& ca_file) {
  SSL_CTX* c = SSL_CTX_new(TLS_client_method());
  MUST(c);
  std::shared_ptr<TlsContext> t(new TlsContext(c, verify));
  common(c);
  SSL_CTX_set_options(c, SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (verify) SSL_CTX_dane_enable(c);
  if (verify && !ca_file.empty()) {
    if (SSL_CTX_load_verify_file(c, ca_file.c_str()) != 1)
      return fail(Fault::usage, "cannot use the authorities in {}: {}", ca_file, tls_error());
  } else if (verify && SSL_CTX_set_default_verify_paths(c) != 1)
    return fail(Fault::temp, "cannot load the system's certificate authorities: {}", tls_error());
  // A weak certificate is still better than clear text, which is what would come instead.
  if (!verify) SSL_CTX_set_security_level(c, 1);
  SSL_CTX_set_verify(c, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return t;
}

Result<PemPair> self_signed(const std::string& host) {
  KeyPtr key(EVP_EC_gen("P-256"));
  X509Ptr x(X509_new());
  if (!key || !x) return fail(Fault::temp, "cannot make a key: {}", tls_error());
  X509_set_version(x.get(), 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x.get()), random_number() >> 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), -3600);
  X509_time_adj_ex(X509_getm_notAfter(x.get()), 3650, 0, nullptr);
  X509_set_pubkey(x.get(), key.get());
  X509_NAME* name = X509_get_subject_name(x.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
  X509_set_issuer_name(x.get(), name);
  std::string alt = "DNS:" + host + ",DNS:localhost,IP:127.0.0.1";
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, x.get(), x.get(), nullptr, nullptr, 0);
  X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &ctx, NID_subject_alt_name, alt.c_str());
  if (e) {
    X509_add_ext(x.get(), e, -1);
    X509_EXTENSION_free(e);
  }
  if (!X509_sign(x.get(), key.get(), EVP_sha256())) return fail(Fault::temp, "cannot sign a certificate: {}", tls_error());
  BioPtr cert(BIO_new(BIO_s_mem())), priv(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(cert.get(), x.get());
  PEM_write_bio_PrivateKey(priv.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return PemPair{text_of(cert.get()), text_of(priv.get())};
}

}  // namespace jd::net

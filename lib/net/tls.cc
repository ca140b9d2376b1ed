// SPDX-License-Identifier: MIT
#include "lib/net/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/base/random.h"

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

Result<std::shared_ptr<TlsContext>> TlsContext::server(const std::string& certificate, const std::string& key) {
  SSL_CTX* c = SSL_CTX_new(TLS_server_method());
  MUST(c);
  std::shared_ptr<TlsContext> t(new TlsContext(c, false));
  common(c);
  SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);  // tickets do
  static const unsigned char context_id[] = "jdmail";
  SSL_CTX_set_session_id_context(c, context_id, sizeof context_id - 1);
  if (SSL_CTX_use_certificate_chain_file(c, certificate.c_str()) != 1)
    return fail(Fault::usage, "cannot use the certificate {}: {}", certificate, tls_error());
  if (SSL_CTX_use_PrivateKey_file(c, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(Fault::usage, "cannot use the key {}: {}", key, tls_error());
  if (SSL_CTX_check_private_key(c) != 1)
    return fail(Fault::usage, "the key {} is not that of the certificate {}", key, certificate);
  return t;
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

// SPDX-License-Identifier: MIT
#include "lib/net/tls_peer.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/net/tls.h"

namespace jd::net {
namespace {

uint8_t byte_of(const std::string& s, std::size_t i) { return static_cast<uint8_t>(s[i]); }

// RFC 7672 §3.1.3: PKIX-TA(0) and PKIX-EE(1) are of no use for SMTP.
bool is_for_smtp(const std::string& r) { return r.size() > 3 && (byte_of(r, 0) == 2 || byte_of(r, 0) == 3); }

int add(SSL* s, const std::string& r) {
  int n = SSL_dane_tlsa_add(s, byte_of(r, 0), byte_of(r, 1), byte_of(r, 2), reinterpret_cast<const unsigned char*>(r.data()) + 3, r.size() - 3);
  ERR_clear_error();
  return n;  // 0: not usable, less: malformed
}

Status add_names(SSL* s, const std::vector<std::string>& names) {
  for (auto& n : names)
    if (SSL_add1_host(s, n.c_str()) != 1) return fail(Fault::temp, "cannot check for the name {}: {}", escape(n), tls_error());
  return {};
}
}  // namespace

std::string TlsPeer::key() const {
  std::string r = fmt::format("{} {}", static_cast<int>(check), host);
  for (auto* list : {&names, &tlsa, &digests})
    for (auto& x : *list) r += fmt::format(" {}:{}", x.size(), x);
  return hex(blake2b(r, 16));
}

Status demand(ssl_st* s, const TlsPeer& p) {
  bool is_dane = p.check == TlsPeer::Check::dane;
  if (is_dane) {
    if (SSL_dane_enable(s, p.host.c_str()) <= 0) return fail(Fault::temp, "cannot use DANE: {}", tls_error());
    SSL_dane_set_flags(s, DANE_FLAG_NO_DANE_EE_NAMECHECKS);  // RFC 7672 §3.1.1
    int used = 0;
    for (auto& r : p.tlsa)
      if (is_for_smtp(r) && add(s, r) > 0) used++;
    if (!used) return fail(Fault::perm, "no TLSA record is usable");
  }
  if (!p.host.empty()) SSL_set_tlsext_host_name(s, p.host.c_str());
  if (!p.names.empty()) {
    SSL_set_hostflags(s, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);  // RFC 8461 §4.1
    CHECK(add_names(s, p.names));
  }
  // A weak certificate is still better than clear text, which is what would come instead.
  if (p.check == TlsPeer::Check::any) SSL_set_security_level(s, 1);
  SSL_set_verify(s, is_dane || p.check == TlsPeer::Check::names ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return {};
}

std::size_t usable_tlsa(const std::vector<std::string>& records) {
  static SSL_CTX* const c = [] {
    SSL_CTX* x = SSL_CTX_new(TLS_client_method());
    MUST(x && SSL_CTX_dane_enable(x) > 0);
    return x;
  }();
  std::unique_ptr<SSL, decltype(&SSL_free)> s(SSL_new(c), SSL_free);
  MUST(s && SSL_dane_enable(s.get(), "example.org") > 0);
  return static_cast<std::size_t>(std::count_if(records.begin(), records.end(), [&](auto& r) { return is_for_smtp(r) && add(s.get(), r) > 0; }));
}

std::string tlsa_text(const std::string& r) {
  return r.size() < 3 ? hex(r) : fmt::format("{} {} {} {}", byte_of(r, 0), byte_of(r, 1), byte_of(r, 2), hex(r.substr(3)));
}

TlsVerdict verdict_of(ssl_st* s) {
  long e = SSL_get_verify_result(s);
  if (e == X509_V_OK) return {};
  TlsVerdict v{CertificateFault::other, X509_verify_cert_error_string(e)};
  switch (e) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: v.fault = CertificateFault::expired; break;
    case X509_V_ERR_HOSTNAME_MISMATCH: v.fault = CertificateFault::host_mismatch; break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_DANE_NO_MATCH: v.fault = CertificateFault::not_trusted; break;
    default: break;
  }
  return v;
}

bool has_digest(ssl_st* s, const std::vector<std::string>& digests) {
  std::unique_ptr<X509, decltype(&X509_free)> x(SSL_get1_peer_certificate(s), X509_free);
  if (!x) return false;
  unsigned char d[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  auto is_one = [&] { return std::find(digests.begin(), digests.end(), std::string(reinterpret_cast<char*>(d), n)) != digests.end(); };
  if (X509_digest(x.get(), EVP_sha256(), d, &n) == 1 && is_one()) return true;
  unsigned char* der = nullptr;
  int size = i2d_PUBKEY(X509_get0_pubkey(x.get()), &der);
  if (size <= 0) return false;
  std::string key(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  std::string digest = sha256(key);
  return std::find(digests.begin(), digests.end(), digest) != digests.end();
}

}  // namespace jd::net

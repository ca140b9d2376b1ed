// SPDX-License-Identifier: MIT
#include "cmd/acmed/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "lib/base/random.h"
#include "lib/net/tls.h"

namespace jd {
namespace {
template <auto F>
struct Free {
  template <class T>
  void operator()(T* p) const { F(p); }
};
using Request = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;

Unexpected failed(const char* what) { return fail(Fault::temp, "cannot make {}: {}", what, net::tls_error()); }

Extension alternative_names(const std::vector<std::string>& names) {
  GENERAL_NAMES* all = GENERAL_NAMES_new();
  for (auto& n : names) {
    GENERAL_NAME* one = GENERAL_NAME_new();
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, n.data(), static_cast<int>(n.size()));
    GENERAL_NAME_set0_value(one, GEN_DNS, text);
    sk_GENERAL_NAME_push(all, one);
  }
  Extension e(X509V3_EXT_i2d(NID_subject_alt_name, 0, all));
  GENERAL_NAMES_free(all);
  return e;
}
}  // namespace

Result<std::string> certificate_request(const auth::Key& key, const std::vector<std::string>& names) {
  Request r(X509_REQ_new());
  Extension e = alternative_names(names);
  if (!r || !e) return failed("a certificate request");
  STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(extensions, e.get());
  bool good = X509_REQ_set_version(r.get(), 0) == 1 && X509_REQ_set_pubkey(r.get(), key.get()) == 1 &&
              X509_REQ_add_extensions(r.get(), extensions) == 1 && X509_REQ_sign(r.get(), key.get(), EVP_sha256()) > 0;
  sk_X509_EXTENSION_free(extensions);
  unsigned char* der = nullptr;
  int n = good ? i2d_X509_REQ(r.get(), &der) : 0;
  if (n <= 0) return failed("a certificate request");
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(n));
  OPENSSL_free(der);
  return out;
}

Result<std::string> challenge_certificate(const auth::Key& key, const std::string& name, const std::string& digest) {
  X509Ptr x(X509_new());
  Extension names = alternative_names({name});
  // RFC 8737 §3: id-pe-acmeIdentifier, critical, an OCTET STRING of the digest.
  std::unique_ptr<ASN1_OBJECT, Free<ASN1_OBJECT_free>> id(OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1));
  std::unique_ptr<ASN1_OCTET_STRING, Free<ASN1_OCTET_STRING_free>> value(ASN1_OCTET_STRING_new());
  std::string der = std::string("\x04\x20", 2) + digest;
  ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>(der.data()), static_cast<int>(der.size()));
  Extension identifier(X509_EXTENSION_create_by_OBJ(nullptr, id.get(), 1, value.get()));
  if (!x || !names || !identifier) return failed("a challenge's certificate");
  X509_set_version(x.get(), 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x.get()), random_number() >> 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), 86'400);
  X509_NAME* subject = X509_get_subject_name(x.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("acme challenge"), -1, -1, 0);
  X509_set_issuer_name(x.get(), subject);
  X509_set_pubkey(x.get(), key.get());
  X509_add_ext(x.get(), names.get(), -1);
  X509_add_ext(x.get(), identifier.get(), -1);
  if (X509_sign(x.get(), key.get(), EVP_sha256()) <= 0) return failed("a challenge's certificate");
  Bio out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), x.get());
  char* p = nullptr;
  long n = BIO_get_mem_data(out.get(), &p);
  return std::string(p, static_cast<std::size_t>(n));
}

bool is_of_key(const std::string& chain, const auth::Key& key) {
  Bio in(BIO_new_mem_buf(chain.data(), static_cast<int>(chain.size())));
  X509Ptr x(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  bool same = x && X509_check_private_key(x.get(), key.get()) == 1;
  ERR_clear_error();
  return same;
}

}  // namespace jd

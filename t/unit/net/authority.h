// SPDX-License-Identifier: MIT
// authority.h: certificate authorities for tests, made when asked for, and what their OCSP responders answer.
#pragma once
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "lib/base/time.h"

namespace jd::test {

struct Pair {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;
  std::string pem() const {
    BIO* b = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(b, certificate.get());
    char* at = nullptr;
    long n = BIO_get_mem_data(b, &at);
    std::string r(at, static_cast<std::size_t>(n));
    BIO_free(b);
    return r;
  }
};

inline void extend(X509* x, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x, nullptr, nullptr, 0);
  X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(x, e, -1);
  X509_EXTENSION_free(e);
}

// By itself when `by` is null.  usage: an extended key usage; url: of an OCSP responder.
inline Pair certify(const char* name, long serial, const Pair* by, bool is_authority, const char* usage = nullptr, const char* url = nullptr) {
  Pair p{{EVP_EC_gen("P-256"), EVP_PKEY_free}, {X509_new(), X509_free}};
  X509* x = p.certificate.get();
  X509* issuer = by ? by->certificate.get() : x;
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
  X509_gmtime_adj(X509_getm_notBefore(x), -86400);
  X509_gmtime_adj(X509_getm_notAfter(x), 30 * 86400);
  X509_set_pubkey(x, p.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(x, X509_get_subject_name(issuer));
  extend(x, issuer, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (usage) extend(x, issuer, NID_ext_key_usage, usage);
  if (url) extend(x, issuer, NID_info_access, (std::string("OCSP;URI:") + url).c_str());
  X509_sign(x, by ? by->key.get() : p.key.get(), EVP_sha256());
  return p;
}

struct Says {
  int state = V_OCSP_CERTSTATUS_GOOD;
  int64_t from = -3600, until = 86400;  // seconds from now; until 0: does not say
  bool has_certificate = true;          // the signer's, in the answer
};

// The answer about `of`, which `issuer` made, signed by `signer`.
inline std::string ocsp_answer(const Pair& of, const Pair& issuer, const Pair& signer, Says says = {}) {
  OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
  OCSP_CERTID* id = OCSP_cert_to_id(EVP_sha1(), of.certificate.get(), issuer.certificate.get());
  ASN1_TIME *from = X509_gmtime_adj(nullptr, static_cast<long>(says.from)), *until = says.until ? X509_gmtime_adj(nullptr, static_cast<long>(says.until)) : nullptr;
  ASN1_TIME* revoked = X509_gmtime_adj(nullptr, -7200);
  OCSP_basic_add1_status(basic, id, says.state, OCSP_REVOKED_STATUS_KEYCOMPROMISE, revoked, from, until);
  OCSP_basic_sign(basic, signer.certificate.get(), signer.key.get(), EVP_sha256(), nullptr, says.has_certificate ? 0 : OCSP_NOCERTS);
  OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* der = nullptr;
  int size = i2d_OCSP_RESPONSE(response, &der);
  std::string r(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  for (auto* t : {from, until, revoked}) ASN1_TIME_free(t);
  OCSP_CERTID_free(id);
  OCSP_BASICRESP_free(basic);
  OCSP_RESPONSE_free(response);
  return r;
}

}  // namespace jd::test

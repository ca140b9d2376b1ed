// SPDX-License-Identifier: MIT
#include "lib/net/certificate.h"

#include <fcntl.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

#include <memory>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/net/tls.h"

namespace jd::net {
namespace {
template <auto F>
struct Free {
  template <class T>
  void operator()(T* p) const { F(p); }
};
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;

std::string entry(const X509_NAME* name, int nid) {
  int i = X509_NAME_get_index_by_NID(name, nid, -1);
  if (i < 0) return "";
  unsigned char* utf8 = nullptr;
  int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
  std::string r(reinterpret_cast<char*>(utf8), n > 0 ? static_cast<std::size_t>(n) : 0);
  OPENSSL_free(utf8);
  return r;
}

std::string responder_of(X509* x) {
  STACK_OF(OPENSSL_STRING)* all = X509_get1_ocsp(x);
  std::string r = all && sk_OPENSSL_STRING_num(all) > 0 ? sk_OPENSSL_STRING_value(all, 0) : "";
  X509_email_free(all);
  return r;
}
}  // namespace

Time certificate_time(const ASN1_STRING* t) {
  tm parts{};
  if (ASN1_TIME_to_tm(t, &parts) != 1) return {};
  return from_civil({parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, 0});
}

std::vector<std::string> names_of(const X509* x) {
  std::vector<std::string> r;
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
    const GENERAL_NAME* n = sk_GENERAL_NAME_value(names, i);
    if (n->type != GEN_DNS) continue;
    std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(n->d.dNSName)), static_cast<std::size_t>(ASN1_STRING_length(n->d.dNSName)));
    if (!text.empty() && text.find('\0') == text.npos) r.push_back(lower(text));
  }
  GENERAL_NAMES_free(names);
  if (!names)
    if (auto cn = lower(entry(X509_get_subject_name(x), NID_commonName)); !cn.empty()) r.push_back(cn);
  return r;
}

Result<Certificate> parse_certificate(std::string_view pem) {
  BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509Ptr x(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!x) return fail(Fault::usage, "no certificate in PEM: {}", tls_error());
  Certificate c;
  c.names = names_of(x.get());
  c.not_before = certificate_time(X509_get0_notBefore(x.get()));
  c.not_after = certificate_time(X509_get0_notAfter(x.get()));
  c.issuer = entry(X509_get_issuer_name(x.get()), NID_commonName);
  if (c.issuer.empty()) c.issuer = entry(X509_get_issuer_name(x.get()), NID_organizationName);
  c.is_self_signed = X509_self_signed(x.get(), 1) == 1;
  c.must_staple = X509_get_ext_by_NID(x.get(), NID_tlsfeature, -1) >= 0;
  c.responder = responder_of(x.get());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(x.get(), EVP_sha256(), digest, &size) == 1) c.fingerprint = hex(std::string_view(reinterpret_cast<char*>(digest), size));
  ERR_clear_error();
  return c;
}

Result<Certificate> read_certificate(const std::string& file) {
  TRY(std::string pem, file::read_all(file, 1 << 20));
  return wrap(parse_certificate(pem), "{}", file);
}

bool is_for(const std::vector<std::string>& names, std::string_view given) {
  std::string host = lower(given);
  auto dot = host.find('.');
  std::string wildcard = dot == host.npos || dot == 0 ? "" : "*" + host.substr(dot);
  for (auto& n : names)
    if (n == host || (!wildcard.empty() && n == wildcard)) return true;
  return false;
}

std::vector<PemFiles> certificates_below(const std::string& dir) {
  std::vector<PemFiles> r;
  auto names = file::list(AT_FDCWD, dir);
  if (!names) return r;
  for (auto& n : *names) {
    PemFiles f{n, dir + "/" + n + "/cert.pem", dir + "/" + n + "/key.pem"};
    if (n.find('~') != n.npos) continue;  // acmed is at it
    if (file::exists(f.certificate) && file::exists(f.key)) r.push_back(std::move(f));
  }
  return r;
}

}  // namespace jd::net

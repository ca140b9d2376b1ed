// SPDX-License-Identifier: MIT
#include "lib/net/ocsp.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <vector>

#include "lib/net/certificate.h"
#include "lib/net/tls.h"

namespace jd::net {
namespace {
constexpr std::size_t max_chain = 16;

template <auto F>
struct Free {
  template <class T>
  void operator()(T* p) const { F(p); }
};
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using IdPtr = std::unique_ptr<OCSP_CERTID, Free<OCSP_CERTID_free>>;
using RequestPtr = std::unique_ptr<OCSP_REQUEST, Free<OCSP_REQUEST_free>>;
using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Free<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;

std::vector<X509Ptr> chain_of(std::string_view pem) {
  std::vector<X509Ptr> r;
  BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (bio && r.size() < max_chain) {
    X509Ptr x(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!x) break;
    r.push_back(std::move(x));
  }
  ERR_clear_error();
  return r;
}

// RFC 6960 §4.2.2.2: the issuer itself, or whom it certified for this.
Status check_signer(OCSP_BASICRESP* basic, X509* issuer, Time now) {
  StorePtr store(X509_STORE_new());
  MUST(store && X509_STORE_add_cert(store.get(), issuer) == 1);
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);  // the issuer is the anchor, whoever is above it
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), static_cast<time_t>(now.ns / 1'000'000'000));
  STACK_OF(X509)* more = sk_X509_new_null();  // the issuer need not be in the answer
  MUST(more && sk_X509_push(more, issuer) > 0);
  int is = OCSP_basic_verify(basic, more, store.get(), OCSP_NOEXPLICIT);
  sk_X509_free(more);
  if (is == 1) return {};
  return fail(Fault::perm, "the answer is not signed by the certificate's issuer, nor by whom it named: {}", tls_error());
}
}  // namespace

struct OcspQuestion::Impl {
  X509Ptr issuer;
  IdPtr id;
  std::string bytes, responder;
};

OcspQuestion::OcspQuestion(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OcspQuestion::OcspQuestion(OcspQuestion&&) noexcept = default;
OcspQuestion::~OcspQuestion() = default;
const std::string& OcspQuestion::bytes() const { return impl_->bytes; }
const std::string& OcspQuestion::responder() const { return impl_->responder; }

Result<OcspQuestion> OcspQuestion::of(std::string_view pem) {
  TRY(Certificate own, parse_certificate(pem));
  if (own.responder.empty()) return fail(Fault::usage, "the certificate names no OCSP responder");
  std::vector<X509Ptr> chain = chain_of(pem);
  MUST(!chain.empty());
  auto impl = std::make_unique<Impl>();
  for (std::size_t i = 1; i < chain.size() && !impl->issuer; i++)
    if (X509_check_issued(chain[i].get(), chain[0].get()) == X509_V_OK) impl->issuer = std::move(chain[i]);
  if (!impl->issuer) return fail(Fault::usage, "the certificate of its issuer, {}, is not behind it in the file", own.issuer);
  impl->id.reset(OCSP_cert_to_id(EVP_sha1(), chain[0].get(), impl->issuer.get()));
  RequestPtr request(OCSP_REQUEST_new());
  MUST(request);
  OCSP_CERTID* copy = impl->id ? OCSP_CERTID_dup(impl->id.get()) : nullptr;  // the request's from now on
  unsigned char* der = nullptr;
  int size = copy && OCSP_request_add0_id(request.get(), copy) ? i2d_OCSP_REQUEST(request.get(), &der) : -1;
  if (size <= 0) return fail(Fault::usage, "cannot make a question to OCSP of it: {}", tls_error());
  impl->bytes.assign(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  impl->responder = own.responder;
  return OcspQuestion(std::move(impl));
}

Result<OcspAnswer> OcspQuestion::read(std::string_view bytes, Time now) const {
  if (bytes.size() > max_answer) return fail(Fault::perm, "the answer is larger than {} bytes", max_answer);
  auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  ResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(bytes.size())));
  ERR_clear_error();
  if (!response) return fail(Fault::perm, "the answer is not one of OCSP");
  if (int status = OCSP_response_status(response.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return fail(Fault::temp, "the responder says: {}", OCSP_response_status_str(status));
  BasicPtr basic(OCSP_response_get1_basic(response.get()));
  ERR_clear_error();
  if (!basic) return fail(Fault::perm, "the answer is of a kind that nobody asked for");
  CHECK(check_signer(basic.get(), impl_->issuer.get(), now));

  int state = 0, reason = -1;
  ASN1_GENERALIZEDTIME *revoked = nullptr, *from = nullptr, *until = nullptr;
  if (OCSP_resp_find_status(basic.get(), impl_->id.get(), &state, &reason, &revoked, &from, &until) != 1)
    return fail(Fault::perm, "the answer is about another certificate");
  OcspAnswer a;
  a.this_update = certificate_time(from);
  if (until) a.next_update = certificate_time(until);
  Time end = until ? a.next_update : a.this_update + max_age;
  if (a.this_update.ns == 0 || a.this_update > now + max_skew) return fail(Fault::perm, "the answer is from the future, {}: is this host's clock right?", iso8601(a.this_update));
  if (end + max_skew < now) return fail(Fault::perm, "the answer was good until {} only", iso8601(end));
  a.state = state == V_OCSP_CERTSTATUS_GOOD ? OcspAnswer::good : state == V_OCSP_CERTSTATUS_REVOKED ? OcspAnswer::revoked : OcspAnswer::unknown;
  if (a.state == OcspAnswer::revoked) {
    if (revoked) a.revoked_at = certificate_time(revoked);
    if (reason >= 0) a.reason = OCSP_crl_reason_str(reason);
  }
  return a;
}

}  // namespace jd::net

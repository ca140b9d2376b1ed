// SPDX-License-Identifier: MIT
// ocsp.h: has a certificate been revoked?  The question for its issuer's responder, and what its answer says.
//
//   TRY(OcspQuestion q, OcspQuestion::of(chain_pem));  // POST q.bytes() to responder(), application/ocsp-request
//   TRY(OcspAnswer a, q.read(body, now()));
//
// RFC 6960, in the manner of RFC 5019: one certificate, named by SHA-1, without a nonce, since large
// responders sign in advance.  What keeps old answers out is their time: thisUpdate to nextUpdate (without
// a nextUpdate max_age), with max_skew for clocks.  An answer counts only when the certificate's issuer,
// or a responder certified by it for OCSP signing, signed it.
// Pure; the answer is not trusted.  One thread.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace jd::net {

struct OcspAnswer {
  enum State { good, revoked, unknown };
  State state = unknown;
  Time this_update, next_update;  // next_update.ns 0: it does not say
  Time revoked_at;                // of revoked
  std::string reason;             // of revoked: "keyCompromise", ...; "" when not said
};

class OcspQuestion {
 public:
  static constexpr Span max_age = days(1), max_skew = minutes(5);
  static constexpr std::size_t max_answer = 64 << 10;
  static constexpr std::string_view asked_as = "application/ocsp-request";
  // The first certificate in PEM; its issuer is among the others.  usage: it is not, or names no responder.
  static Result<OcspQuestion> of(std::string_view chain_pem);
  OcspQuestion(OcspQuestion&&) noexcept;
  ~OcspQuestion();
  const std::string& bytes() const;
  const std::string& responder() const;  // its URL
  // temp: the responder says "try later" or the like.  perm: damaged, about another certificate, not for
  // now, or not signed by one who may.
  Result<OcspAnswer> read(std::string_view answer, Time now) const;

 private:
  struct Impl;
  explicit OcspQuestion(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jd::net

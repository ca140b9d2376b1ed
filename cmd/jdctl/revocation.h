// SPDX-License-Identifier: MIT
// revocation.h: asks the issuers of certificates, by OCSP, whether they have revoked one.
//
// All at once, within one Span altogether.  Only those that name a responder are asked, not expired ones.
// Blocking: a Loop of its own.
#pragma once
#include <string>
#include <vector>

#include "cmd/jdctl/tls.h"
#include "lib/net/ocsp.h"

namespace jd::ctl {

struct Revocation {
  std::string name, file;  // KnownCertificate's
  std::string responder;   // its URL
  Result<net::OcspAnswer> is;  // usage: it cannot be asked for; others: no answer, or none that counts
};
std::vector<Revocation> ask_responders(const std::vector<KnownCertificate>& certificates, Span within);

}  // namespace jd::ctl

// SPDX-License-Identifier: MIT
// tls.h: jdctl tls list|renew, and the certificates that `health` looks at.
#pragma once
#include <string>
#include <vector>

#include "cmd/jdctl/ctl.h"
#include "lib/net/certificate.h"

namespace jd::ctl {

struct KnownCertificate {
  std::string name, file;
  Result<net::Certificate> is;
};
std::vector<KnownCertificate> known_certificates(const Options& o, const Config& c);
int tls_list(const Options& o);  // 1: one cannot be read
int tls_renew(const Options& o, const std::string& name);  // "": all

}  // namespace jd::ctl

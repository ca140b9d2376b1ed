// SPDX-License-Identifier: MIT
// x509.h: what acmed makes with OpenSSL: requests for certificates, and the certificate that answers a
// TLS-ALPN-01 challenge (RFC 8737).
#pragma once
#include <string>
#include <vector>

#include "lib/auth/jose.h"
#include "lib/base/result.h"

namespace jd {

// A PKCS #10 request in DER for these host names, signed by `key`.
Result<std::string> certificate_request(const auth::Key& key, const std::vector<std::string>& names);
// PEM; digest: SHA-256 of the key authorization.
Result<std::string> challenge_certificate(const auth::Key& key, const std::string& name, const std::string& digest);
// Does the first certificate of this chain belong to the key?
bool is_of_key(const std::string& chain_pem, const auth::Key& key);

}  // namespace jd

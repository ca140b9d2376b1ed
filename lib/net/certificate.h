// SPDX-License-Identifier: MIT
// certificate.h: what a certificate in a file says: for whom, from when, until when.
//
//   etc/tls/<name>/cert.pem  the chain, the host's own first    etc/tls/<name>/key.pem  its key
//   etc/tls/acme/<name>/     the same, acmed's
// Blocking; pure but for reading files.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

struct x509_st;
struct asn1_string_st;

namespace jd::net {

struct Certificate {
  std::vector<std::string> names;  // of hosts, lower case, "*.example.org" too; the common name when there are no others
  Time not_before, not_after;
  std::string issuer;              // its common name, or organisation
  bool is_self_signed = false;
  bool must_staple = false;        // RFC 7633
  std::string responder;           // OCSP's URL; "": none
  std::string fingerprint;         // SHA-256, in hexadecimal
};
// The first one in PEM.  usage: there is none.
Result<Certificate> parse_certificate(std::string_view pem);
Result<Certificate> read_certificate(const std::string& file);
std::vector<std::string> names_of(const x509_st* x);
Time certificate_time(const asn1_string_st* t);  // of both of X.509's ways to write one; 0: it is none

// RFC 6125 §6.4.3: "*" stands for one whole label, the first.
bool is_for(const std::vector<std::string>& names, std::string_view host);

struct PemFiles { std::string name, certificate, key; };  // name of the folder; paths
// The folders in `dir` that have both files, sorted, but for "*.new" and "*.old"; none when `dir` is not there.
std::vector<PemFiles> certificates_below(const std::string& dir);

}  // namespace jd::net

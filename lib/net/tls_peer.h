// SPDX-License-Identifier: MIT
// tls_peer.h: what the certificate of a host that we connect to must show, and why it did not.
//
//   any           whatever it is; `names` and the outcome of checking them are looked at afterwards
//   names         signed by an authority of the context, for one of `names` (".example.org": any host below it)
//   dane          as the TLSA records say (RFC 6698, 7671): at least one of them is usable
//   fingerprints  the SHA-256 of the certificate or of its public key is one of `digests`
// Pure but for OpenSSL.  One thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

struct ssl_st;

namespace jd::net {

struct TlsPeer {
  enum class Check : uint8_t { any, names, dane, fingerprints };
  Check check = Check::any;
  std::string host;                  // SNI; with dane the base domain of the records (RFC 7671 §10.2)
  std::vector<std::string> names;
  std::vector<std::string> tlsa;     // in wire form
  std::vector<std::string> digests;  // 32 bytes each

  std::string key() const;           // the same for the same demands
};

// Before the handshake.  temp: no memory; perm: no record of `tlsa` is usable.
Status demand(ssl_st* session, const TlsPeer& peer);
// How many of these records DANE can use here.
std::size_t usable_tlsa(const std::vector<std::string>& records);

std::string tlsa_text(const std::string& record);  // "3 1 1 0a1b..."

// What RFC 8460 §4.3 calls it; "" when the certificate is not at fault.
enum class CertificateFault : uint8_t { none, expired, host_mismatch, not_trusted, other };
struct TlsVerdict {
  CertificateFault fault = CertificateFault::none;
  std::string text;  // OpenSSL's words
};
TlsVerdict verdict_of(ssl_st* session);        // after the handshake, failed or not
bool has_digest(ssl_st* session, const std::vector<std::string>& digests);

}  // namespace jd::net

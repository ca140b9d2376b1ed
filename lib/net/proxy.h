// SPDX-License-Identifier: MIT
// proxy.h: the PROXY protocol: the first bytes of a connection from a proxy say whom it speaks for.
//
//   version 1   "PROXY TCP4 192.0.2.9 198.51.100.1 40000 25" CRLF, at most 107 bytes; TCP6; UNKNOWN
//   version 2   0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A, version and command, family, length (2), then
//               addresses and ports in network order and fields (TLVs), which are passed over
// proxy-protocol.txt of HAProxy (2020).  A header of UNKNOWN, LOCAL or another family than TCP over
// IPv4 or IPv6 is is_local: the proxy speaks for itself.  Pure; at most max_proxy_header bytes.
#pragma once
#include <optional>
#include <string_view>

#include "lib/base/result.h"
#include "lib/net/address.h"

namespace jd::net {

constexpr std::size_t max_proxy_header = 16 + 2048;

struct ProxyHeader {
  std::size_t size = 0;  // of the header; what the client says begins behind it
  bool is_local = false;
  Address client, server;  // unless is_local
};

// `bytes`: all that has come so far.  nullopt: more is needed.  perm: this is no such header.
Result<std::optional<ProxyHeader>> parse_proxy(std::string_view bytes);

}  // namespace jd::net

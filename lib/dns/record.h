// SPDX-License-Identifier: MIT
// record.h: the kinds of DNS records that mail asks for, out of their wire form.
//
// RFC 1035 §3.3 (CNAME, MX, PTR, TXT), RFC 3596 (AAAA), RFC 6698 (TLSA).  Pure; input is not trusted.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jd::dns {

enum class Type : uint16_t { a = 1, cname = 5, ptr = 12, mx = 15, txt = 16, aaaa = 28, tlsa = 52, dnskey = 48 };

struct Record {
  // a, aaaa: 4 or 16 bytes, network order.  mx, ptr, cname: a host name in lower case without the last dot,
  // "" for the root.  txt: the strings joined (RFC 7208 §3.3).  tlsa, dnskey: the wire form.
  std::string data;
  uint16_t preference = 0;  // of mx
};

// nullopt: malformed, a compressed name, or a name with bytes that are in no host name.
std::optional<Record> read_record(Type type, std::string_view rdata);

// "1.2.0.192.in-addr.arpa" for 4 bytes, "...ip6.arpa" for 16; "" for anything else.
std::string reverse_name(std::string_view ip_bytes);

// What may be asked: 1 to 253 bytes, labels of 1 to 63 letters, digits, '-' and '_'; a last dot is fine.
bool is_askable(std::string_view name);

}  // namespace jd::dns

// SPDX-License-Identifier: MIT
#include "lib/net/proxy.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "lib/base/text.h"

namespace jd::net {
namespace {
using Found = Result<std::optional<ProxyHeader>>;
constexpr std::string_view line_start = "PROXY ", signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t max_line = 107;

Unexpected none(const char* why) { return fail(Fault::perm, "no PROXY header: {}", why); }

// A port without sign or leading zero.
std::optional<uint16_t> port_of(std::string_view s) {
  auto n = to_number(s);
  if (!n || *n > 65535 || (s.size() > 1 && s[0] == '0')) return std::nullopt;
  return static_cast<uint16_t>(*n);
}

Found version_1(std::string_view bytes) {
  auto lf = bytes.substr(0, max_line).find('\n');
  if (lf == bytes.npos) {
    if (bytes.size() >= max_line) return none("its line is too long");
    return std::nullopt;
  }
  if (lf == 0 || bytes[lf - 1] != '\r') return none("its line does not end with CR LF");
  ProxyHeader h;
  h.size = lf + 1;
  auto line = bytes.substr(0, lf - 1);
  auto w = split(line, ' ');
  if (w.size() >= 2 && w[1] == "UNKNOWN") {
    h.is_local = true;
    return h;
  }
  if (w.size() != 6 || (w[1] != "TCP4" && w[1] != "TCP6")) return none("neither TCP4, TCP6 nor UNKNOWN");
  int family = w[1] == "TCP4" ? AF_INET : AF_INET6;
  auto from = port_of(w[4]), to = port_of(w[5]);
  if (!from || !to) return none("a port is wrong");
  auto client = Address::of(w[2], *from), server = Address::of(w[3], *to);
  if (!client || !server || client->family() != family || server->family() != family) return none("an address is wrong");
  h.client = *client;
  h.server = *server;
  return h;
}

Address ipv4(const char* ip, const char* port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  memcpy(&a.sin_addr, ip, 4);
  memcpy(&a.sin_port, port, 2);
  return Address::from(reinterpret_cast<sockaddr*>(&a), sizeof a);
}

Address ipv6(const char* ip, const char* port) {
  sockaddr_in6 a{};
  a.sin6_family = AF_INET6;
  memcpy(&a.sin6_addr, ip, 16);
  memcpy(&a.sin6_port, port, 2);
  return Address::from(reinterpret_cast<sockaddr*>(&a), sizeof a);
}

Found version_2(std::string_view bytes) {
  if (bytes.size() < 16) return std::nullopt;
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  unsigned version = byte(12) >> 4, command = byte(12) & 15, family = byte(13);
  std::size_t length = byte(14) * 256u + byte(15);
  if (version != 2) return none("its version is unknown");
  if (command > 1) return none("its command is unknown");
  if (16 + length > max_proxy_header) return none("it is too long");
  if (bytes.size() < 16 + length) return std::nullopt;
  ProxyHeader h;
  h.size = 16 + length;
  const char* p = bytes.data() + 16;
  if (command == 0) {
    h.is_local = true;
  } else if (family == 0x11) {
    if (length < 12) return none("it is too short for its addresses");
    h.client = ipv4(p, p + 8);
    h.server = ipv4(p + 4, p + 10);
  } else if (family == 0x21) {
    if (length < 36) return none("it is too short for its addresses");
    h.client = ipv6(p, p + 32);
    h.server = ipv6(p + 16, p + 34);
  } else {
    h.is_local = true;
  }
  return h;
}
}  // namespace

Found parse_proxy(std::string_view bytes) {
  auto begins = [&](std::string_view with) {
    auto n = std::min(bytes.size(), with.size());
    return bytes.substr(0, n) == with.substr(0, n);
  };
  if (begins(line_start)) return bytes.size() < line_start.size() ? Found(std::nullopt) : version_1(bytes);
  if (begins(signature)) return bytes.size() < signature.size() ? Found(std::nullopt) : version_2(bytes);
  return none("other bytes came");
}

}  // namespace jd::net

// SPDX-License-Identifier: MIT
// address.h: where to listen and connect: IPv4, IPv6 or a Unix socket; and networks.
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace jd::net {

class Address {
 public:
  Address() = default;
  // "127.0.0.1:2025", "[::1]:25", "unix:/path".  usage: what is wrong with it.
  static Result<Address> parse(std::string_view text);
  static Result<Address> of(std::string_view ip, uint16_t port);
  static Address from(const sockaddr* a, socklen_t size);
  static Address peer_of(int fd);
  static Address local_of(int fd);

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }
  std::string text() const;  // as parse takes it
  std::string ip() const;    // without port; IPv4-mapped IPv6 as IPv4; "" for Unix sockets
  std::string ip_bytes() const;  // 4 or 16, network order; IPv4-mapped IPv6 as 4; "" for Unix sockets
  uint16_t port() const;
  bool is_unix() const { return family() == AF_UNIX; }
  bool is_loopback() const;  // Unix sockets too

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

class Network {
 public:
  static Result<Network> parse(std::string_view text);  // "10.0.0.0/8", "2001:db8::/32", "192.0.2.1"
  bool contains(const Address& a) const;

 private:
  std::string bytes_;  // 4 or 16
  unsigned bits_ = 0;
};

}  // namespace jd::net

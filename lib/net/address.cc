// SPDX-License-Identifier: MIT
#include "lib/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "lib/base/text.h"

namespace jd::net {
namespace {
// 4 or 16 bytes; IPv4-mapped addresses as 4.
std::string bytes_of(const Address& a) {
  if (a.family() == AF_INET) {
    auto* in = reinterpret_cast<const sockaddr_in*>(a.data());
    return {reinterpret_cast<const char*>(&in->sin_addr), 4};
  }
  if (a.family() == AF_INET6) {
    auto* in = reinterpret_cast<const sockaddr_in6*>(a.data());
    std::string b(reinterpret_cast<const char*>(&in->sin6_addr), 16);
    return IN6_IS_ADDR_V4MAPPED(&in->sin6_addr) ? b.substr(12) : b;
  }
  return "";
}
}  // namespace

Result<Address> Address::of(std::string_view ip, uint16_t port) {
  Address a;
  std::string text(ip.substr(0, ip.find('\0')));
  if (text.size() != ip.size()) return fail(Fault::usage, "'{}' is not an IP address", escape(ip));
  auto* v4 = reinterpret_cast<sockaddr_in*>(&a.storage_);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    a.size_ = sizeof *v4;
    return a;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&a.storage_);
  memset(&a.storage_, 0, sizeof a.storage_);
  if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    a.size_ = sizeof *v6;
    return a;
  }
  return fail(Fault::usage, "'{}' is not an IP address", escape(ip));
}

Result<Address> Address::parse(std::string_view text) {
  if (text.starts_with("unix:")) {
    Address a;
    auto* u = reinterpret_cast<sockaddr_un*>(&a.storage_);
    auto path = text.substr(5);
    if (path.empty() || path.size() >= sizeof u->sun_path)
      return fail(Fault::usage, "'{}': the path of a Unix socket has 1 to {} bytes", escape(text), sizeof u->sun_path - 1);
    u->sun_family = AF_UNIX;
    memcpy(u->sun_path, path.data(), path.size());
    a.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    return a;
  }
  auto colon = text.rfind(':');
  auto port = colon == text.npos ? std::nullopt : to_number(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535)
    return fail(Fault::usage, "'{}' is not an address such as 127.0.0.1:25 or [::1]:25", escape(text));
  auto host = text.substr(0, colon);
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed != (host.find(':') != host.npos))  // "::1:25" could be an address without a port
    return fail(Fault::usage, "'{}' is not an address such as 127.0.0.1:25 or [::1]:25", escape(text));
  return of(host, static_cast<uint16_t>(*port));
}

Address Address::from(const sockaddr* a, socklen_t size) {
  Address r;
  r.size_ = size <= sizeof r.storage_ ? size : static_cast<socklen_t>(sizeof r.storage_);
  memcpy(&r.storage_, a, r.size_);
  return r;
}

Address Address::peer_of(int fd) {
  Address r;
  r.size_ = sizeof r.storage_;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&r.storage_), &r.size_) < 0) r = Address();
  return r;
}
Address Address::local_of(int fd) {
  Address r;
  r.size_ = sizeof r.storage_;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&r.storage_), &r.size_) < 0) r = Address();
  return r;
}

std::string Address::ip() const {
  std::string b = bytes_of(*this);
  if (b.empty()) return "";
  char out[INET6_ADDRSTRLEN];
  return ::inet_ntop(b.size() == 4 ? AF_INET : AF_INET6, b.data(), out, sizeof out) ? out : "";
}

std::string Address::ip_bytes() const { return bytes_of(*this); }

uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  return 0;
}

std::string Address::text() const {
  if (is_unix()) return std::string("unix:") + reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  std::string host = ip();
  return host.find(':') == host.npos ? fmt::format("{}:{}", host, port()) : fmt::format("[{}]:{}", host, port());
}

bool Address::is_loopback() const {
  if (is_unix()) return true;
  std::string b = bytes_of(*this);
  if (b.size() == 4) return static_cast<unsigned char>(b[0]) == 127;
  return b == std::string(15, '\0') + '\1';
}

Result<Network> Network::parse(std::string_view text) {
  auto parts = split_once(text, '/');
  TRY(Address a, Address::of(parts ? parts->first : text, 0));
  Network n;
  n.bytes_ = bytes_of(a);
  auto whole = static_cast<unsigned>(n.bytes_.size() * 8);
  auto bits = parts ? to_number(parts->second) : std::optional<uint64_t>(whole);
  if (!bits || *bits > whole) return fail(Fault::usage, "'{}' is not a network such as 192.0.2.0/24", escape(text));
  n.bits_ = static_cast<unsigned>(*bits);
  return n;
}

bool Network::contains(const Address& a) const {
  std::string b = bytes_of(a);
  if (b.size() != bytes_.size()) return false;
  unsigned whole = bits_ / 8, rest = bits_ % 8;
  if (memcmp(b.data(), bytes_.data(), whole) != 0) return false;
  if (rest == 0) return true;
  auto mask = static_cast<unsigned char>(0xff << (8 - rest));
  return ((static_cast<unsigned char>(b[whole]) ^ static_cast<unsigned char>(bytes_[whole])) & mask) == 0;
}

}  // namespace jd::net

// SPDX-License-Identifier: MIT
#include "lib/dns/record.h"

#include <fmt/core.h>

#include "lib/base/text.h"

namespace jd::dns {
namespace {

bool is_name_byte(char c) { return is_alnum(c) || c == '-' || c == '_'; }

// The whole of `wire` must be one name.
std::optional<std::string> read_name(std::string_view wire) {
  std::string name;
  if (wire.size() > 255) return std::nullopt;
  while (!wire.empty()) {
    auto length = static_cast<unsigned char>(wire[0]);
    wire.remove_prefix(1);
    if (length == 0) return wire.empty() ? std::optional(name) : std::nullopt;
    if (length > 63 || length > wire.size()) return std::nullopt;
    if (!name.empty()) name += '.';
    for (char c : wire.substr(0, length)) {
      if (!is_name_byte(c)) return std::nullopt;  // a dot or a newline in a label would forge a name
      name += to_lower(c);
    }
    wire.remove_prefix(length);
  }
  return std::nullopt;
}

std::optional<Record> with_name(std::string_view wire, uint16_t preference) {
  auto name = read_name(wire);
  if (!name) return std::nullopt;
  return Record{std::move(*name), preference};
}

std::optional<Record> read_text(std::string_view wire) {
  Record r;
  while (!wire.empty()) {
    auto length = static_cast<unsigned char>(wire[0]);
    wire.remove_prefix(1);
    if (length > wire.size()) return std::nullopt;
    r.data.append(wire.substr(0, length));
    wire.remove_prefix(length);
  }
  return r;
}

}  // namespace

std::optional<Record> read_record(Type type, std::string_view rdata) {
  if (rdata.size() > 65535) return std::nullopt;
  switch (type) {
    case Type::a: return rdata.size() == 4 ? std::optional(Record{std::string(rdata)}) : std::nullopt;
    case Type::aaaa: return rdata.size() == 16 ? std::optional(Record{std::string(rdata)}) : std::nullopt;
    case Type::tlsa: return rdata.size() > 3 ? std::optional(Record{std::string(rdata)}) : std::nullopt;
    case Type::dnskey: return rdata.size() > 4 ? std::optional(Record{std::string(rdata)}) : std::nullopt;
    case Type::cname:
    case Type::ptr: return with_name(rdata, 0);
    case Type::txt: return read_text(rdata);
    case Type::mx: break;
  }
  if (rdata.size() < 3) return std::nullopt;
  auto high = static_cast<unsigned char>(rdata[0]), low = static_cast<unsigned char>(rdata[1]);
  return with_name(rdata.substr(2), static_cast<uint16_t>(high << 8 | low));
}

std::string reverse_name(std::string_view ip) {
  std::string r;
  if (ip.size() == 4) {
    for (std::size_t i = 4; i-- > 0;) r += fmt::format("{}.", static_cast<unsigned char>(ip[i]));
    return r + "in-addr.arpa";
  }
  if (ip.size() != 16) return r;
  for (std::size_t i = 16; i-- > 0;) {
    auto b = static_cast<unsigned char>(ip[i]);
    r += fmt::format("{:x}.{:x}.", b & 15, b >> 4);
  }
  return r + "ip6.arpa";
}

bool is_askable(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  for (auto label : split(name, '.')) {
    if (label.empty() || label.size() > 63) return false;
    for (char c : label)
      if (!is_name_byte(c)) return false;
  }
  return true;
}

}  // namespace jd::dns

// SPDX-License-Identifier: MIT
#include "lib/smtp/forwarded.h"

#include <arpa/inet.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/smtp/xtext.h"

namespace jd::smtp {
namespace {
using Member = std::optional<std::string> Attributes::*;
enum class Form : uint8_t { text, address, port, protocol, source };
struct Name {
  std::string_view name;
  Member to;
  Form form;
};
constexpr Name xclient_names[] = {{"NAME", &Attributes::name, Form::text},         {"ADDR", &Attributes::ip, Form::address},
                                  {"PORT", &Attributes::port, Form::port},         {"PROTO", &Attributes::proto, Form::protocol},
                                  {"HELO", &Attributes::helo, Form::text},         {"LOGIN", &Attributes::login, Form::text},
                                  {"DESTADDR", &Attributes::dest_ip, Form::address}, {"DESTPORT", &Attributes::dest_port, Form::port}};
constexpr Name xforward_names[] = {{"NAME", &Attributes::name, Form::text},   {"ADDR", &Attributes::ip, Form::address},
                                   {"PORT", &Attributes::port, Form::port},   {"PROTO", &Attributes::proto, Form::protocol},
                                   {"HELO", &Attributes::helo, Form::text},   {"IDENT", &Attributes::ident, Form::text},
                                   {"SOURCE", &Attributes::source, Form::source}};

// The address as inet_ntop writes it; IPv4 within IPv6 as IPv4.
std::optional<std::string> address_of(std::string s) {
  if (istarts_with(s, "IPV6:")) s.erase(0, 5);
  in6_addr six;
  in_addr four;
  char text[INET6_ADDRSTRLEN];
  if (::inet_pton(AF_INET, s.c_str(), &four) == 1) return s;
  if (::inet_pton(AF_INET6, s.c_str(), &six) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&six)) ::inet_ntop(AF_INET, six.s6_addr + 12, text, sizeof text);
  else ::inet_ntop(AF_INET6, &six, text, sizeof text);
  return text;
}

bool is_good(Form form, std::string& value) {
  if (value.empty()) return true;
  if (value.size() > 255 || std::any_of(value.begin(), value.end(), is_ctl)) return false;
  if (form == Form::port) return to_number(value).value_or(65536) <= 65535;
  if (form == Form::protocol) return iequals(value, "SMTP") || iequals(value, "ESMTP");
  if (form == Form::source) return iequals(value, "LOCAL") || iequals(value, "REMOTE");
  if (form == Form::text) return value.find(' ') == value.npos && is_utf8(value);
  auto ip = address_of(value);
  if (ip) value = *ip;
  return ip.has_value();
}

template <class Names>
bool read(std::string_view text, const Names& names, Attributes& to) {
  bool any = false;
  for (; !(text = trim(text)).empty(); any = true) {
    auto end = std::min(text.find(' '), text.size());
    auto pair = split_once(text.substr(0, end), '=');
    text.remove_prefix(end);
    if (!pair) return false;
    auto n = std::find_if(std::begin(names), std::end(names), [&](auto& x) { return iequals(x.name, pair->first); });
    if (n == std::end(names) || to.*(n->to)) return false;
    bool is_unknown = iequals(pair->second, "[UNAVAILABLE]") || iequals(pair->second, "[TEMPUNAVAIL]");
    std::optional<std::string> value = is_unknown ? std::string() : decode_xtext(pair->second);
    if (!value || !is_good(n->form, *value)) return false;
    to.*(n->to) = std::move(*value);
  }
  return any;
}
}  // namespace

std::string_view attribute_names(Speech speech) {
  return speech == Speech::xclient ? "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT" : "NAME ADDR PORT PROTO HELO IDENT SOURCE";
}

bool read_attributes(Speech speech, std::string_view text, Attributes& to) {
  return speech == Speech::xclient ? read(text, xclient_names, to) : read(text, xforward_names, to);
}

}  // namespace jd::smtp

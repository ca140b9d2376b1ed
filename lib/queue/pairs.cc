// SPDX-License-Identifier: MIT
#include "lib/queue/pairs.h"

#include <charconv>

#include "lib/base/text.h"

namespace jd::queue {

void put_pair(std::string& out, std::string_view key, std::string_view value) {
  char number[24];
  auto end = std::to_chars(number, number + sizeof number, key.size() + 1 + value.size()).ptr;
  out.append(number, static_cast<std::size_t>(end - number));
  out += ':';
  out += key;
  out += '=';
  out += value;
  out += ',';
}

Result<Pairs> decode_pairs(std::string_view bytes) {
  Pairs r;
  while (!bytes.empty()) {
    std::size_t length = 0;
    auto [p, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), length);
    auto digits = static_cast<std::size_t>(p - bytes.data());
    if (error != std::errc() || digits > 9 || digits >= bytes.size() || bytes[digits] != ':')
      return fail(Fault::perm, "not a netstring");
    bytes.remove_prefix(digits + 1);
    if (bytes.size() <= length || bytes[length] != ',')
      return fail(Fault::perm, "a netstring is cut short");
    auto pair = split_once(bytes.substr(0, length), '=');
    if (!pair || pair->first.empty()) return fail(Fault::perm, "a netstring is no key=value");
    if (r.size() == max_pairs) return fail(Fault::perm, "more than {} values", max_pairs);
    r.push_back(*pair);
    bytes.remove_prefix(length + 1);
  }
  return r;
}

Pairs views(const OwnPairs& own) {
  Pairs r;
  r.reserve(own.size());
  for (auto& [k, v] : own) r.emplace_back(k, v);
  return r;
}

std::optional<std::string_view> find(const Pairs& pairs, std::string_view key) {
  for (auto& [k, v] : pairs)
    if (k == key) return v;
  return {};
}

std::string_view get(const Pairs& pairs, std::string_view key) {
  return find(pairs, key).value_or(std::string_view());
}

uint64_t get_number(const Pairs& pairs, std::string_view key, uint64_t otherwise) {
  auto v = find(pairs, key);
  return v ? to_number(*v).value_or(otherwise) : otherwise;
}

}  // namespace jd::queue

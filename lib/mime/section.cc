// SPDX-License-Identifier: MIT
#include "lib/mime/section.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/header.h"

namespace jd::mime {
namespace {

// Takes the leading "1.2.3" off `spec`; false on a number that is none.  "2.TEXT" leaves "TEXT".
bool take_numbers(std::string_view& spec, std::vector<uint64_t>* numbers) {
  while (!spec.empty() && is_digit(spec[0])) {
    auto dot = spec.find('.');
    auto n = to_number(spec.substr(0, dot));
    if (!n || *n == 0 || numbers->size() > 2 * max_depth) return false;
    numbers->push_back(*n);
    if (dot == spec.npos) {
      spec = {};
      return true;
    }
    spec.remove_prefix(dot + 1);
    if (spec.empty()) return false;
  }
  return true;
}

struct Place {
  const Part* part = nullptr;
  bool invented = false;  // the empty part of a multipart without parts
};

// Part n of a multipart, or part 1 of a message that is none.
Place step(const Part& p, uint64_t n, bool is_root) {
  if (!p.is_multipart()) return {is_root && n == 1 ? &p : nullptr};
  if (p.children.empty()) return {n == 1 ? &p : nullptr, true};
  return {n <= p.children.size() ? &p.children[n - 1] : nullptr};
}

Place walk(const Part& root, const std::vector<uint64_t>& numbers) {
  Place at{&root};
  bool is_root = true;
  for (uint64_t n : numbers) {
    if (at.invented) return {};
    if (!is_root && at.part->is_message() && !at.part->children.empty()) {
      at = step(at.part->children[0], n, true);
    } else {
      at = step(*at.part, n, is_root);
    }
    is_root = false;
    if (!at.part) return {};
  }
  return at;
}

}  // namespace

std::string_view Range::of(std::string_view message) const {
  if (begin >= message.size() || end < begin) return {};
  return message.substr(begin, end - begin);
}

const Part* find_part(const Part& root, std::string_view number) {
  std::vector<uint64_t> numbers;
  if (!take_numbers(number, &numbers) || !number.empty()) return nullptr;
  Place at = walk(root, numbers);
  return at.invented ? nullptr : at.part;
}

std::optional<Range> section(const Part& root, std::string_view spec) {
  std::vector<uint64_t> numbers;
  if (!take_numbers(spec, &numbers)) return std::nullopt;
  Place at = walk(root, numbers);
  if (!at.part) return std::nullopt;
  const Part& p = *at.part;
  if (at.invented) {
    if (!spec.empty() && !iequals(spec, "MIME")) return std::nullopt;
    return Range{p.body_begin, p.body_begin};
  }
  if (spec.empty()) return numbers.empty() ? Range{p.header_begin, p.end} : Range{p.body_begin, p.end};
  if (iequals(spec, "MIME")) {
    if (numbers.empty()) return std::nullopt;
    return Range{p.header_begin, p.body_begin};
  }
  const Part* m = &p;  // the message whose HEADER or TEXT is meant
  if (!numbers.empty()) {
    if (!p.is_message() || p.children.empty()) return std::nullopt;
    m = &p.children[0];
  }
  if (iequals(spec, "HEADER")) return Range{m->header_begin, m->body_begin};
  if (iequals(spec, "TEXT")) return Range{m->body_begin, m->end};
  return std::nullopt;
}

std::string header_fields(std::string_view header, const std::vector<std::string>& names,
                          bool all_but) {
  std::string r;
  FieldReader reader(header);
  for (Field f; reader.next(f);) {
    bool named = std::any_of(names.begin(), names.end(), [&](auto& n) { return iequals(f.name, n); });
    if (f.name.empty() ? !all_but : named == all_but) continue;
    r += f.whole;
    if (!r.ends_with('\n')) r += "\r\n";
  }
  return r += "\r\n";
}

}  // namespace jd::mime

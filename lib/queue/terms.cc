// SPDX-License-Identifier: MIT
#include "lib/queue/terms.h"

#include <errno.h>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace jd::queue {
namespace {
constexpr std::string_view first_line = "jdmail-destinations 1\n";
constexpr const char* file_name = "destinations";
}  // namespace

std::string encode_terms(const AllTerms& all) {
  std::string r(first_line);
  for (auto& [name, t] : all) {
    if (t.is_plain()) continue;
    for (char c : name) r += c == ' ' ? std::string("%20") : std::string(1, c);
    if (t.frozen) r += " frozen=1";
    if (t.max) r += fmt::format(" max={}", t.max);
    if (t.per_minute) r += fmt::format(" rate={}", t.per_minute);
    r += t.other + "\n";
  }
  return r;
}

Result<AllTerms> decode_terms(std::string_view text) {
  if (!text.starts_with(first_line)) return fail(Fault::perm, "queue/{} is no list of destinations of version 1", file_name);
  text.remove_prefix(first_line.size());
  AllTerms all;
  for (auto line : split(text, '\n')) {
    auto w = words(line);
    if (w.empty()) continue;
    if (all.size() == max_terms) return fail(Fault::perm, "queue/{} has more than {} lines", file_name, max_terms);
    std::string name = lower(w[0]);
    for (std::size_t at; (at = name.find("%20")) != name.npos;) name.replace(at, 3, " ");
    Terms& t = all[name];
    for (std::size_t i = 1; i < w.size(); i++) {
      auto pair = split_once(w[i], '=');
      auto n = pair ? to_number(pair->second) : std::nullopt;
      if (n && pair->first == "frozen") t.frozen = *n == 1;
      else if (n && *n <= 1'000'000 && pair->first == "max") t.max = static_cast<unsigned>(*n);
      else if (n && *n <= 1'000'000 && pair->first == "rate") t.per_minute = static_cast<unsigned>(*n);
      else t.other += " " + std::string(w[i]);
    }
  }
  return all;
}

Result<AllTerms> load_terms(int dir) {
  auto text = file::read_all(dir, file_name, 4 << 20);
  if (!text && text.error().sys == ENOENT) return AllTerms();
  if (!text) return Unexpected(text.error());
  return decode_terms(*text);
}

Status save_terms(int dir, const AllTerms& all) { return file::write_durable(dir, file_name, encode_terms(all)); }

}  // namespace jd::queue

// SPDX-License-Identifier: MIT
#include "lib/directory/access.h"

#include <fmt/format.h>

#include "lib/base/text.h"

namespace jd::directory {

std::string to_text(const Grantees& all) {
  std::string out;
  for (auto& [who, rights] : all) out += (out.empty() ? "" : " ") + who + "=" + rights;
  return out;
}

Grantees grantees_of(std::string_view text) {
  Grantees out;
  for (auto word : words(text)) {
    auto eq = word.rfind('=');
    if (eq != word.npos && eq > 0 && out.size() < max_grantees) out[std::string(word.substr(0, eq))] = word.substr(eq + 1);
  }
  return out;
}

std::string Access::text() const {
  std::string out;
  for (auto& i : identities) out += "i" + i + "\n";
  for (auto& s : shared) out += fmt::format("s{}\t{}\t{}\t{}\n", s.owner, s.path, s.may_write ? "w" : "r", s.quota.text());
  if (!told.empty()) out += "t" + told + "\n";
  return out;
}

Access Access::parse(std::string_view text) {
  Access a;
  for (auto line : split(text, '\n')) {
    if (line.empty()) continue;
    std::string_view rest = line.substr(1);
    if (line[0] == 'i') a.identities.emplace_back(rest);
    if (line[0] == 't') a.told = rest;
    if (line[0] != 's') continue;
    auto f = split(rest, '\t');
    if (f.size() != 4 || f[0].empty() || f[1].empty()) continue;
    a.shared.push_back({std::string(f[0]), std::string(f[1]), f[2] == "w", Quota::parse(f[3])});
  }
  return a;
}

}  // namespace jd::directory

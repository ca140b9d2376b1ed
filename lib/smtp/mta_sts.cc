// SPDX-License-Identifier: MIT
#include "lib/smtp/mta_sts.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jd::smtp {
namespace {

bool is_id(std::string_view s) { return !s.empty() && s.size() <= 32 && std::all_of(s.begin(), s.end(), is_alnum); }

// "mx.example.org" or "*.example.org"
bool is_pattern(std::string_view s) {
  if (s.starts_with("*.")) s.remove_prefix(2);
  if (s.empty() || s.size() > 253) return false;
  for (auto label : split(s, '.')) {
    if (label.empty() || label.size() > 63) return false;
    for (char c : label)
      if (!is_alnum(c) && c != '-' && c != '_') return false;
  }
  return true;
}
}  // namespace

std::optional<std::string> sts_id(const std::vector<std::string>& txt) {
  std::optional<std::string> id;
  unsigned records = 0;
  for (auto& t : txt) {
    auto fields = split(t, ';');
    if (trim(fields[0]) != "v=STSv1" || fields[0].starts_with(' ')) continue;
    if (++records > 1) return {};
    for (std::size_t i = 1; i < fields.size() && !id; i++)
      if (auto pair = split_once(trim(fields[i]), '='); pair && trim(pair->first) == "id") id = std::string(trim(pair->second));
    if (!id || !is_id(*id)) id.reset();
  }
  return id;
}

Result<StsPolicy> parse_sts_policy(std::string_view text) {
  if (text.size() > max_sts_policy) return fail(Fault::perm, "the policy is too large");
  StsPolicy p;
  bool has_version = false, has_mode = false, has_age = false;
  for (auto line : split(text, '\n')) {
    auto pair = split_once(line, ':');
    if (!pair) continue;
    auto key = trim(pair->first), value = trim(pair->second);
    if (key == "version" && !has_version) {
      if (value != "STSv1") return fail(Fault::perm, "the policy's version is '{}'", escape(value.substr(0, 40)));
      has_version = true;
    } else if (key == "mode" && !has_mode) {
      if (value != "enforce" && value != "testing" && value != "none") return fail(Fault::perm, "the policy's mode is '{}'", escape(value.substr(0, 40)));
      p.mode = value == "enforce" ? StsPolicy::Mode::enforce : value == "testing" ? StsPolicy::Mode::testing : StsPolicy::Mode::none;
      has_mode = true;
    } else if (key == "max_age" && !has_age) {
      auto n = value.size() <= 10 ? to_number(value) : std::nullopt;
      if (!n) return fail(Fault::perm, "the policy's max_age is no number");
      p.max_age = seconds(static_cast<int64_t>(std::min<uint64_t>(*n, 31'557'600)));
      has_age = true;
    } else if (key == "mx") {
      if (!is_pattern(value)) return fail(Fault::perm, "the policy names a host '{}'", escape(value.substr(0, 80)));
      if (p.mx.size() == max_sts_hosts) return fail(Fault::perm, "the policy names too many hosts");
      p.mx.push_back(lower(value));
    }
  }
  if (!has_version) return fail(Fault::perm, "the policy has no version");
  if (!has_mode) return fail(Fault::perm, "the policy has no mode");
  if (!has_age) return fail(Fault::perm, "the policy has no max_age");
  if (p.mx.empty() && p.mode != StsPolicy::Mode::none) return fail(Fault::perm, "the policy names no host");
  return p;
}

// The wildcard is one label, the leftmost (§4.1).
bool StsPolicy::allows(std::string_view host) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::size_t dot = host.find('.');
  return std::any_of(mx.begin(), mx.end(), [&](const std::string& m) {
    if (!m.starts_with("*.")) return iequals(m, host);
    return dot != host.npos && dot > 0 && iequals(std::string_view(m).substr(2), host.substr(dot + 1));
  });
}

std::string_view name_of(StsPolicy::Mode m) {
  return m == StsPolicy::Mode::enforce ? "enforce" : m == StsPolicy::Mode::testing ? "testing" : "none";
}

std::vector<std::string> StsPolicy::lines() const {
  std::vector<std::string> r{"version: STSv1", fmt::format("mode: {}", name_of(mode))};
  for (auto& m : mx) r.push_back("mx: " + m);
  r.push_back(fmt::format("max_age: {}", max_age.seconds()));
  return r;
}

std::string StsPolicy::text() const {
  std::string r;
  for (auto& l : lines()) r += l + "\n";
  return r;
}

}  // namespace jd::smtp

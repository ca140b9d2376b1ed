// SPDX-License-Identifier: MIT
#include "lib/smtp/address_failure.h"

#include <re2/re2.h>
#include <re2/set.h>

#include "lib/base/text.h"

namespace jd::smtp {

struct AddressFailures::Impl {
  explicit Impl(const RE2::Options& o) : set(o, RE2::UNANCHORED) {}
  RE2::Set set;
};

AddressFailures::AddressFailures() = default;
AddressFailures::~AddressFailures() = default;
AddressFailures::AddressFailures(AddressFailures&&) noexcept = default;
AddressFailures& AddressFailures::operator=(AddressFailures&&) noexcept = default;

Result<AddressFailures> AddressFailures::parse(const std::vector<std::string>& patterns) {
  AddressFailures r;
  if (patterns.empty()) return r;
  RE2::Options o(RE2::Latin1);  // replies are any bytes
  o.set_case_sensitive(false);
  o.set_log_errors(false);
  r.impl_ = std::make_unique<Impl>(o);
  for (auto& p : patterns) {
    std::string why;
    if (r.impl_->set.Add(p, &why) < 0) return fail(Fault::usage, "relay.address_failures: '{}': {}", escape(p), why);
  }
  if (!r.impl_->set.Compile()) return fail(Fault::usage, "relay.address_failures: the patterns are too large");
  return r;
}

bool AddressFailures::is_one(std::string_view reply) const {
  if (!impl_ || (!reply.starts_with('4') && !reply.starts_with('5'))) return false;
  return impl_->set.Match(re2::StringPiece(reply.data(), std::min<std::size_t>(reply.size(), 2000)), nullptr);
}

}  // namespace jd::smtp

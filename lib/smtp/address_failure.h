// SPDX-License-Identifier: MIT
// address_failure.h: is a refusal about the address that we send from (a block list, its reputation), so
// that the message may pass from another one?  The operator's patterns, RE2, any case; linear time.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace jd::smtp {

class AddressFailures {
 public:
  AddressFailures();
  ~AddressFailures();
  AddressFailures(AddressFailures&&) noexcept;
  AddressFailures& operator=(AddressFailures&&) noexcept;
  static Result<AddressFailures> parse(const std::vector<std::string>& patterns);  // usage: which is wrong
  // reply: a 4xx or 5xx with its text, "554 5.7.1 [192.0.2.1] is blocked".
  bool is_one(std::string_view reply) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jd::smtp

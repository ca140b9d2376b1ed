// SPDX-License-Identifier: MIT
// secret.h: passwords and keys: wiped when they go, compared in constant time, never printed.
//
// There is no formatter and no conversion to std::string on purpose: logging one does not compile.
#pragma once
#include <string>
#include <string_view>

namespace jd {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes) : bytes_(bytes) {}
  Secret(Secret&& o) noexcept;
  Secret& operator=(Secret&& o) noexcept;
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& o);
  ~Secret();
  std::string_view reveal() const { return bytes_; }  // for the one call that needs the bytes
  bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

bool equal_constant_time(std::string_view a, std::string_view b);
void wipe(std::string& s);

}  // namespace jd

// SPDX-License-Identifier: MIT
#include "lib/base/secret.h"

#include <sodium.h>

namespace jd {

void wipe(std::string& s) {
  s.resize(s.capacity());  // the small-string buffer and moved-from storage too
  sodium_memzero(s.data(), s.size());
  s.clear();
}

Secret::Secret(Secret&& o) noexcept : bytes_(o.bytes_) { wipe(o.bytes_); }
Secret& Secret::operator=(Secret&& o) noexcept {
  if (this != &o) {
    wipe(bytes_);
    bytes_ = o.bytes_;
    wipe(o.bytes_);
  }
  return *this;
}
Secret& Secret::operator=(const Secret& o) {
  if (this != &o) {
    wipe(bytes_);
    bytes_ = o.bytes_;
  }
  return *this;
}
Secret::~Secret() { wipe(bytes_); }

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace jd

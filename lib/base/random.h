// SPDX-License-Identifier: MIT
// random.h: unpredictable bytes, and names that never repeat.
#pragma once
#include <cstdint>
#include <string>

#include "lib/base/time.h"

namespace jd {

std::string random_bytes(std::size_t n);  // from the kernel's generator, fit for keys
uint64_t random_number();
uint64_t random_below(uint64_t n);  // uniform, n > 0

// A name for a message or a session: 13 base-32 characters of the time in microseconds, then 7 of
// randomness.  Sorts by time; the time can be read back.  Lower-case letters and digits only.
std::string unique_id(Time at = now());
Time time_of_id(const std::string& id);  // Time{} when it is not one of ours
bool is_id(const std::string& id);

}  // namespace jd

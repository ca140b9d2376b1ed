// SPDX-License-Identifier: MIT
// password.h: how passwords are kept and checked: Argon2id (RFC 9106) in its usual "$argon2id$" text.
//
// Both functions use 64 MB and about 100 ms of a core: a daemon calls them from a worker thread.
// Thread safe.
#pragma once
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/secret.h"

namespace jd::auth {

// usage: shorter than 1 or longer than 1000 bytes, or with a NUL.  temp: out of memory.
Result<std::string> hash_password(const Secret& password);
// Takes as long for a stored text that is empty or no hash at all as for a good one.
bool is_password(const std::string& stored, const Secret& password);

}  // namespace jd::auth

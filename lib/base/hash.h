// SPDX-License-Identifier: MIT
// hash.h: digests and base64, through libsodium.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jd {

std::string blake2b(std::string_view bytes, std::size_t size = 32, std::string_view key = {});
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);
uint64_t hash64(std::string_view bytes);  // fast, not keyed: for tables whose keys are ours

std::string base64_encode(std::string_view bytes);
// Strict RFC 4648 with padding, as SASL wants it; nullopt on anything else.
std::optional<std::string> base64_decode(std::string_view text);
// RFC 4648 §5 without padding, as JOSE wants it (RFC 7515 §2).
std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace jd

// SPDX-License-Identifier: MIT
#include "lib/base/hash.h"

#include <sodium.h>

#include "lib/base/result.h"

namespace jd {
namespace {
const unsigned char* raw(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }
unsigned char* raw(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }
}  // namespace

std::string blake2b(std::string_view bytes, std::size_t size, std::string_view key) {
  std::string r(size, '\0');
  MUST(crypto_generichash(raw(r), size, raw(bytes), bytes.size(), key.empty() ? nullptr : raw(key),
                          key.size()) == 0);
  return r;
}

std::string sha256(std::string_view bytes) {
  std::string r(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(raw(r), raw(bytes), bytes.size());
  return r;
}

uint64_t hash64(std::string_view bytes) {
  uint64_t h = 0xcbf29ce484222325u;  // FNV-1a
  for (char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return h ^ (h >> 32);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  crypto_auth_hmacsha256_state state;
  std::string r(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_init(&state, raw(key), key.size());
  crypto_auth_hmacsha256_update(&state, raw(bytes), bytes.size());
  crypto_auth_hmacsha256_final(&state, raw(r));
  sodium_memzero(&state, sizeof state);
  return r;
}

namespace {
std::string encode64(std::string_view bytes, int variant) {
  std::string r(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(r.data(), r.size(), raw(bytes), bytes.size(), variant);
  r.pop_back();  // its NUL
  return r;
}

std::optional<std::string> decode64(std::string_view text, int variant) {
  std::string r(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(raw(r), r.size(), text.data(), text.size(), nullptr, &size, &end, variant) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  r.resize(size);
  return r;
}
}  // namespace

std::string base64_encode(std::string_view bytes) { return encode64(bytes, sodium_base64_VARIANT_ORIGINAL); }
std::optional<std::string> base64_decode(std::string_view text) { return decode64(text, sodium_base64_VARIANT_ORIGINAL); }
std::string base64url_encode(std::string_view bytes) { return encode64(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING); }
std::optional<std::string> base64url_decode(std::string_view text) { return decode64(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING); }

}  // namespace jd

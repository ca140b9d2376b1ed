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

std::string base64_encode(std::string_view bytes) {
  std::string r(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(r.data(), r.size(), raw(bytes), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  r.pop_back();  // its NUL
  return r;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string r(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(raw(r), r.size(), text.data(), text.size(), nullptr, &size, &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  r.resize(size);
  return r;
}

}  // namespace jd

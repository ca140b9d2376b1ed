// SPDX-License-Identifier: MIT
#include "lib/auth/password.h"

#include <errno.h>
#include <sodium.h>

namespace jd::auth {
namespace {
constexpr std::size_t max_password = 1000;

// What an account that does not exist is compared with, so that time does not tell them apart.
const std::string& nobodys_hash() {
  static const std::string h = [] {
    auto made = hash_password(Secret("x"));
    return made ? *made : std::string();
  }();
  return h;
}
}  // namespace

Result<std::string> hash_password(const Secret& password) {
  auto p = password.reveal();
  if (p.empty()) return fail(Fault::usage, "a password must not be empty");
  if (p.size() > max_password || p.find('\0') != p.npos)
    return fail(Fault::usage, "a password has at most {} bytes and no NUL", max_password);
  char out[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str(out, p.data(), p.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
    return fail_errno(ENOMEM, "cannot hash a password");
  return std::string(out);
}

bool is_password(const std::string& stored, const Secret& password) {
  auto p = password.reveal();
  if (p.size() > max_password) p = p.substr(0, max_password);
  bool is_real = stored.starts_with("$argon2") && password.reveal().size() <= max_password;
  const std::string& against = is_real ? stored : nobodys_hash();
  bool same = crypto_pwhash_str_verify(against.c_str(), p.data(), p.size()) == 0;
  return same && is_real;
}

}  // namespace jd::auth

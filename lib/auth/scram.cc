// SPDX-License-Identifier: MIT
#include "lib/auth/scram.h"

#include <openssl/evp.h>

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/mime/charset.h"

namespace jd::auth {
namespace {
constexpr std::size_t max_message = 4096, max_name = 512, max_nonce = 1024, salt_size = 16, key_size = 32;
constexpr std::string_view scheme = "SCRAM-SHA-256$";

const unsigned char* raw(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }

std::string exclusive_or(std::string a, std::string_view b) {
  for (std::size_t i = 0; i < a.size(); i++) a[i] = static_cast<char>(a[i] ^ b[i]);
  return a;
}

Verifier from_salted(std::string& salted, std::string salt, unsigned iterations) {
  Verifier v;
  v.iterations = iterations;
  v.salt = std::move(salt);
  v.stored_key = sha256(hmac_sha256(salted, "Client Key"));
  v.server_key = hmac_sha256(salted, "Server Key");
  wipe(salted);
  return v;
}

// saslname: "=2C" is a comma, "=3D" an equals sign, and nothing else begins with "=".
bool take_name(std::string_view coded, std::string& name) {
  name.clear();
  for (std::size_t i = 0; i < coded.size(); i++) {
    if (coded[i] != '=') {
      name += coded[i];
      continue;
    }
    auto code = coded.substr(i, 3);
    if (code != "=2C" && code != "=3D") return false;
    name += code == "=2C" ? ',' : '=';
    i += 2;
  }
  return !name.empty() && name.size() <= max_name && is_utf8(name) && std::none_of(name.begin(), name.end(), is_ctl);
}

// "r=": printable but comma.
bool is_nonce(std::string_view s) {
  return !s.empty() && s.size() <= max_nonce && std::all_of(s.begin(), s.end(), [](char c) { return c > ' ' && c < 127 && c != ','; });
}

// The value of the attribute that begins `rest`, up to the comma that follows, which is taken too.
std::optional<std::string_view> attribute(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return std::nullopt;
  auto end = std::min(rest.find(','), rest.size());
  auto value = rest.substr(2, end - 2);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return value;
}

const Error malformed(Fault::usage, "malformed SCRAM message");
const Error wrong(Fault::perm, "wrong password");
const Error not_bound(Fault::perm, "wrong channel binding");
}  // namespace

std::string Verifier::text() const {
  return fmt::format("{}{}:{}${}:{}", scheme, iterations, base64_encode(salt), base64_encode(stored_key), base64_encode(server_key));
}

Result<Verifier> Verifier::parse(std::string_view text) {
  Unexpected bad(Error(Fault::perm, "a SCRAM verifier is damaged"));
  if (!text.starts_with(scheme)) return bad;
  auto halves = split_once(text.substr(scheme.size()), '$');
  if (!halves) return bad;
  auto left = split_once(halves->first, ':'), right = split_once(halves->second, ':');
  if (!left || !right) return bad;
  auto iterations = to_number(left->first);
  auto salt = base64_decode(left->second), stored = base64_decode(right->first), server = base64_decode(right->second);
  if (!iterations || *iterations == 0 || *iterations > 10'000'000 || !salt || salt->empty() || !stored || !server ||
      stored->size() != key_size || server->size() != key_size)
    return bad;
  return Verifier{static_cast<unsigned>(*iterations), *salt, *stored, *server};
}

Verifier make_verifier(const Secret& password, const std::string& salt, unsigned iterations) {
  auto prepared = mime::saslprep(password.reveal());
  std::string p = prepared ? std::move(*prepared) : std::string(password.reveal());
  std::string salted(key_size, '\0');
  MUST(PKCS5_PBKDF2_HMAC(p.data(), static_cast<int>(p.size()), raw(salt), static_cast<int>(salt.size()), static_cast<int>(iterations),
                         EVP_sha256(), static_cast<int>(key_size), reinterpret_cast<unsigned char*>(salted.data())) == 1);
  wipe(p);
  return from_salted(salted, salt, iterations);
}

Verifier make_verifier(const Secret& password) { return make_verifier(password, random_bytes(salt_size)); }

Verifier fake_verifier(std::string_view key, std::string_view name) {
  std::string salted = hmac_sha256(key, "keys\n" + lower(name));
  return from_salted(salted, hmac_sha256(key, "salt\n" + lower(name)).substr(0, salt_size), scram_iterations);
}

// RFC 5802 §6: "p" with the mechanism that has no binding, or the other way round, is not valid.
Status Scram::bind(std::string_view flag) {
  if (flag == "n" || flag == "y") {
    if (is_plus_) return Unexpected(malformed);
    // §6: a client that could bind and saw no -PLUS, although it was offered: somebody took it out.
    if (flag == "y" && channel_.is_tls) return fail(Fault::perm, "the client did not see our -PLUS");
    return {};
  }
  if (!flag.starts_with("p=") || !is_plus_) return Unexpected(malformed);
  if (flag == "p=tls-exporter") binding_ = channel_.exporter;
  else if (flag == "p=tls-server-end-point") binding_ = channel_.end_point;
  if (binding_.empty()) return fail(Fault::perm, "unsupported channel binding type");
  return {};
}

Status Scram::first(std::string_view message) {
  if (message.size() > max_message || message.find('\0') != message.npos) return Unexpected(malformed);
  auto flag_end = message.find(',');
  auto header_end = flag_end == message.npos ? flag_end : message.find(',', flag_end + 1);
  if (header_end == message.npos) return Unexpected(malformed);
  header_ = message.substr(0, header_end + 1);
  auto authzid = message.substr(flag_end + 1, header_end - flag_end - 1);
  if (!authzid.empty() && (!authzid.starts_with("a=") || !take_name(authzid.substr(2), act_as_))) return Unexpected(malformed);
  auto rest = message.substr(header_end + 1);
  bare_ = rest;
  auto name = attribute(rest, 'n');  // "m=", a mandatory extension, is none that we know
  if (!name || !take_name(*name, user_)) return Unexpected(malformed);
  auto nonce = attribute(rest, 'r');
  if (!nonce || !is_nonce(*nonce)) return Unexpected(malformed);
  nonce_ = *nonce;
  if (act_as_ == user_) act_as_.clear();
  return bind(message.substr(0, flag_end));
}

std::string Scram::challenge(const Verifier& v, std::string_view nonce) {
  nonce_ += nonce;
  first_ = fmt::format("r={},s={},i={}", nonce_, base64_encode(v.salt), v.iterations);
  return first_;
}

Result<std::string> Scram::final(std::string_view message, const Verifier& v) const {
  auto cut = message.rfind(",p=");
  if (message.size() > max_message || cut == message.npos || first_.empty()) return Unexpected(malformed);
  auto without_proof = message.substr(0, cut), rest = without_proof;
  auto binding = attribute(rest, 'c'), nonce = attribute(rest, 'r');
  auto proof = base64_decode(message.substr(cut + 3));
  if (!binding || !nonce || !proof || proof->size() != key_size) return Unexpected(malformed);
  auto bound = base64_decode(*binding);
  if (!bound) return Unexpected(malformed);
  if (!equal_constant_time(*bound, header_ + binding_)) return Unexpected(not_bound);
  if (!equal_constant_time(*nonce, nonce_)) return Unexpected(wrong);
  std::string signed_text = fmt::format("{},{},{}", bare_, first_, without_proof);
  std::string client_key = exclusive_or(std::move(*proof), hmac_sha256(v.stored_key, signed_text));
  bool is_good = equal_constant_time(sha256(client_key), v.stored_key);
  wipe(client_key);
  if (!is_good) return Unexpected(wrong);
  return "v=" + base64_encode(hmac_sha256(v.server_key, signed_text));
}

}  // namespace jd::auth

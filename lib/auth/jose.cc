// SPDX-License-Identifier: MIT
#include "lib/auth/jose.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/base/text.h"

namespace jd::auth {
namespace {
constexpr std::size_t max_compact = 16 << 10, max_keys = 100, max_set = 256 << 10, half = 32;
constexpr int min_rsa_bits = 2048, max_rsa_bits = 8192;

template <auto F>
struct Free {
  template <class T>
  void operator()(T* p) const { F(p); }
};
using Bn = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Ctx = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using Ecdsa = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

const unsigned char* raw(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }

Unexpected useless(const char* why) {
  ERR_clear_error();
  return fail(Fault::perm, "a key is not usable: {}", why);
}

Result<std::string> bytes_of(const Json& jwk, std::string_view name) {
  auto b = base64url_decode(jwk.string(name));
  if (!b || b->empty() || b->size() > 2048) return useless("a member is missing or damaged");
  return *b;
}

Result<EVP_PKEY*> import(const char* type, OSSL_PARAM* params) {
  Ctx ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!ctx || EVP_PKEY_fromdata_init(ctx.get()) != 1 || EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) return useless("damaged");
  return key;
}

Result<EVP_PKEY*> rsa_key(const Json& jwk) {
  TRY(std::string n, bytes_of(jwk, "n"));
  TRY(std::string e, bytes_of(jwk, "e"));
  Bn modulus(BN_bin2bn(raw(n), static_cast<int>(n.size()), nullptr)), exponent(BN_bin2bn(raw(e), static_cast<int>(e.size()), nullptr));
  int bits = BN_num_bits(modulus.get());
  if (bits < min_rsa_bits || bits > max_rsa_bits) return useless("RSA keys have 2048 to 8192 bits");
  if (e.size() > 8 || !BN_is_odd(exponent.get()) || BN_is_one(exponent.get())) return useless("a strange exponent");
  Builder b(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(b.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(b.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  Params params(OSSL_PARAM_BLD_to_param(b.get()));
  return import("RSA", params.get());
}

Result<EVP_PKEY*> ec_key(const Json& jwk) {
  if (jwk.string("crv") != "P-256") return useless("of another curve than P-256");
  TRY(std::string x, bytes_of(jwk, "x"));
  TRY(std::string y, bytes_of(jwk, "y"));
  if (x.size() != half || y.size() != half) return useless("coordinates have 32 bytes");
  std::string point = "\x04" + x + y, group = "P-256";  // the point is checked to be on the curve
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
                         OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()), OSSL_PARAM_construct_end()};
  return import("EC", params);
}

Result<EVP_PKEY*> ed_key(const Json& jwk) {
  if (jwk.string("crv") != "Ed25519") return useless("of another curve than Ed25519");
  TRY(std::string x, bytes_of(jwk, "x"));
  EVP_PKEY* key = x.size() == half ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(x), x.size()) : nullptr;
  if (!key) return useless("damaged");
  return key;
}

std::string number(EVP_PKEY* key, const char* name, std::size_t size = 0) {
  BIGNUM* n = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &n) != 1) return "";
  Bn owner(n);
  std::string r(std::max(size, static_cast<std::size_t>(BN_num_bytes(n))), '\0');
  BN_bn2binpad(n, reinterpret_cast<unsigned char*>(r.data()), static_cast<int>(r.size()));
  return base64url_encode(r);
}

// JWA has r and s side by side, OpenSSL has DER.
std::string to_der(std::string_view both) {
  if (both.size() != 2 * half) return "";
  Ecdsa sig(ECDSA_SIG_new());
  ECDSA_SIG_set0(sig.get(), BN_bin2bn(raw(both), half, nullptr), BN_bin2bn(raw(both.substr(half)), half, nullptr));
  unsigned char* out = nullptr;
  int n = i2d_ECDSA_SIG(sig.get(), &out);
  std::string r(reinterpret_cast<char*>(out), n > 0 ? static_cast<std::size_t>(n) : 0);
  OPENSSL_free(out);
  return r;
}

std::string from_der(std::string_view der) {
  const unsigned char* p = raw(der);
  Ecdsa sig(d2i_ECDSA_SIG(nullptr, &p, static_cast<long>(der.size())));
  if (!sig) return "";
  std::string r(2 * half, '\0');
  auto* out = reinterpret_cast<unsigned char*>(r.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out, half);
  BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out + half, half);
  return r;
}

const EVP_MD* digest_of(const std::string& algorithm) { return algorithm == "EdDSA" ? nullptr : EVP_sha256(); }
}  // namespace

Key::Key(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}

Result<Key> Key::make() {
  EVP_PKEY* k = EVP_EC_gen("P-256");
  if (!k) return fail(Fault::temp, "cannot make a key");
  return Key(k);
}

Result<Key> Key::from_pem(const Secret& pem) {
  std::unique_ptr<BIO, Free<BIO_free_all>> bio(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())));
  EVP_PKEY* k = PEM_read_bio_PrivateKey(bio.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr);
  if (!k) return useless("not a private key in PEM");
  Key key(k);
  if (key.algorithm().empty()) return useless("of no kind that we know");
  return key;
}

Result<Key> Key::from_jwk(const Json& jwk) {
  std::string type = jwk.string("kty");
  auto k = type == "RSA" ? rsa_key(jwk) : type == "EC" ? ec_key(jwk) : type == "OKP" ? ed_key(jwk) : Result<EVP_PKEY*>(useless("of no kind that we know"));
  if (!k) return Unexpected(k.error());
  Key key(*k);
  std::string wants = jwk.string("alg");
  if (!wants.empty() && wants != key.algorithm()) return useless("of another algorithm");
  return key;
}

Secret Key::pem() const {
  std::unique_ptr<BIO, Free<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* p = nullptr;
  long n = BIO_get_mem_data(bio.get(), &p);
  return Secret(std::string_view(p, static_cast<std::size_t>(n)));
}

std::string Key::algorithm() const {
  int id = EVP_PKEY_get_base_id(key_.get());
  if (id == EVP_PKEY_RSA) return "RS256";
  if (id == EVP_PKEY_ED25519) return "EdDSA";
  char group[64];
  bool is_p256 = id == EVP_PKEY_EC && EVP_PKEY_get_group_name(key_.get(), group, sizeof group, nullptr) == 1 && std::string_view(group) == "prime256v1";
  return is_p256 ? "ES256" : "";
}

Json Key::jwk() const {
  std::string alg = algorithm();
  Json j = Json::object();
  if (alg == "ES256")
    return j.set("crv", "P-256").set("kty", "EC").set("x", number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, half)).set("y", number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, half));
  if (alg == "RS256")
    return j.set("e", number(key_.get(), OSSL_PKEY_PARAM_RSA_E)).set("kty", "RSA").set("n", number(key_.get(), OSSL_PKEY_PARAM_RSA_N));
  std::string x(half, '\0');
  std::size_t n = x.size();
  EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(x.data()), &n);
  return j.set("crv", "Ed25519").set("kty", "OKP").set("x", base64url_encode(x));
}

std::string Key::thumbprint() const { return base64url_encode(sha256(jwk().text())); }

bool Key::verifies(std::string_view text, std::string_view signature) const {
  std::string alg = algorithm(), sig(signature);
  if (alg == "ES256") sig = to_der(signature);
  Digest ctx(EVP_MD_CTX_new());
  bool good = !sig.empty() && EVP_DigestVerifyInit(ctx.get(), nullptr, digest_of(alg), nullptr, key_.get()) == 1 &&
              EVP_DigestVerify(ctx.get(), raw(sig), sig.size(), raw(text), text.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<std::string> Key::sign(std::string_view text) const {
  std::string alg = algorithm();
  Digest ctx(EVP_MD_CTX_new());
  std::string sig(1024, '\0');
  std::size_t n = sig.size();
  if (EVP_DigestSignInit(ctx.get(), nullptr, digest_of(alg), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(ctx.get(), reinterpret_cast<unsigned char*>(sig.data()), &n, raw(text), text.size()) != 1)
    return useless("cannot sign");
  sig.resize(n);
  return alg == "ES256" ? from_der(sig) : sig;
}

Result<Jws> Jws::parse(std::string_view compact) {
  Unexpected bad(Error(Fault::perm, "not a signed token"));
  if (compact.size() > max_compact) return bad;
  auto parts = split(compact, '.');
  if (parts.size() != 3) return bad;
  auto header = base64url_decode(parts[0]), payload = base64url_decode(parts[1]), signature = base64url_decode(parts[2]);
  if (!header || !payload || !signature) return bad;
  auto json = Json::parse(*header);
  if (!json || json->string("alg").empty()) return bad;
  // RFC 7515 §4.1.11: what must be understood and is not.  §4.1.2, 4.1.3: keys that it brings along count nothing.
  if (!json->at("crit").is_null()) return fail(Fault::perm, "a signed token wants what we do not know");
  return Jws{std::move(*json), std::move(*payload), std::string(compact.substr(0, parts[0].size() + 1 + parts[1].size())), std::move(*signature)};
}

Result<std::string> sign_jws(const Key& key, Json header, std::string_view payload) {
  header.set("alg", key.algorithm());
  std::string protected_part = base64url_encode(header.text()), body = base64url_encode(payload);
  TRY(std::string signature, key.sign(protected_part + "." + body));
  return Json::object().set("protected", protected_part).set("payload", body).set("signature", base64url_encode(signature)).text();
}

Result<Jwks> Jwks::parse(std::string_view text) {
  if (text.size() > max_set) return fail(Fault::perm, "the key set is too large");
  TRY(Json j, Json::parse(text));
  Jwks set;
  for (auto& one : j.at("keys").items()) {
    if (set.keys.size() >= max_keys) break;
    std::string use = one.string("use");
    if (!use.empty() && use != "sig") continue;
    // RFC 7517 §5: a key that we do not understand is none.
    if (auto key = Key::from_jwk(one)) set.keys.push_back({one.string("kid"), std::move(*key)});
  }
  if (set.keys.empty()) return fail(Fault::perm, "the key set has no key that we can use");
  return set;
}

bool Jwks::has(std::string_view id) const {
  return std::any_of(keys.begin(), keys.end(), [&](auto& k) { return k.id == id; });
}

Status Jwks::verify(const Jws& jws) const {
  std::string alg = jws.header.string("alg"), id = jws.header.string("kid");
  for (auto& k : keys) {
    if (k.key.algorithm() != alg || (!id.empty() && k.id != id)) continue;
    if (k.key.verifies(jws.signed_text, jws.signature)) return {};
  }
  return fail(Fault::perm, "the signature is not good");
}

}  // namespace jd::auth

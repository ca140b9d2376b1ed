// SPDX-License-Identifier: MIT
#include "lib/http/acme.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jd::http::acme {
namespace {
constexpr std::size_t max_url = 2048, max_token = 256, max_authorizations = 100, max_text = 500;

bool is_token(std::string_view s) {
  return !s.empty() && s.size() <= max_token && std::all_of(s.begin(), s.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

Result<std::string> url_of(const Json& j, std::string_view key) {
  std::string u = j.string(key);
  bool good = u.starts_with("https://") && u.size() <= max_url && std::none_of(u.begin(), u.end(), [](char c) { return is_ctl(c) || c == ' '; });
  if (!good) return fail(Fault::perm, "the ACME server's answer has no URL '{}'", key);
  return u;
}

Result<Status8555> status_of(const Json& j) {
  const char* const names[] = {"pending", "processing", "ready", "valid", "invalid"};
  std::string s = j.string("status");
  for (int i = 0; i < 5; i++)
    if (s == names[i]) return static_cast<Status8555>(i);
  if (s == "deactivated" || s == "expired" || s == "revoked") return Status8555::invalid;
  return fail(Fault::perm, "the ACME server's answer has the status '{}'", escape(s.substr(0, 40)));
}

std::string problem_of(const Json& j) {
  if (j.is_null()) return "";
  std::string type = j.string("type");
  if (auto colon = type.rfind(':'); colon != type.npos) type.erase(0, colon + 1);
  return escape((type + ": " + j.string("detail")).substr(0, max_text));
}

Result<Json> object(std::string_view body) {
  TRY(Json j, Json::parse(body));
  if (j.keys().empty()) return fail(Fault::perm, "the ACME server's answer is no object");
  return j;
}
}  // namespace

Result<Directory> parse_directory(std::string_view body) {
  TRY(Json j, object(body));
  Directory d;
  TRY(d.new_nonce, url_of(j, "newNonce"));
  TRY(d.new_account, url_of(j, "newAccount"));
  TRY(d.new_order, url_of(j, "newOrder"));
  return d;
}

Result<Order> parse_order(std::string_view body) {
  TRY(Json j, object(body));
  Order o;
  TRY(o.status, status_of(j));
  for (auto& a : j.at("authorizations").items()) {
    if (o.authorizations.size() >= max_authorizations) return fail(Fault::perm, "the ACME server wants too many authorizations");
    TRY(std::string u, url_of(Json::object().set("url", a), "url"));
    o.authorizations.push_back(std::move(u));
  }
  TRY(o.finalize, url_of(j, "finalize"));
  if (o.status == Status8555::valid) {
    TRY(o.certificate, url_of(j, "certificate"));
  }
  o.error = problem_of(j.at("error"));
  return o;
}

Result<Authorization> parse_authorization(std::string_view body, std::string_view type) {
  TRY(Json j, object(body));
  Authorization a;
  TRY(a.status, status_of(j));
  a.name = lower(j.at("identifier").string("value"));
  for (auto& c : j.at("challenges").items()) {
    if (a.error.empty()) a.error = problem_of(c.at("error"));
    if (c.string("type") != type) continue;
    TRY(a.url, url_of(c, "url"));
    a.token = c.string("token");
    if (!is_token(a.token)) return fail(Fault::perm, "the ACME server's challenge has no good token");
  }
  return a;
}

Problem parse_problem(std::string_view body, int status) {
  auto j = Json::parse(body);
  if (!j || j->string("type").empty()) return {fmt::format("status {}", status), false};
  return {problem_of(*j), j->string("type") == "urn:ietf:params:acme:error:badNonce"};
}

std::optional<std::string> challenge_asked_for(std::string_view request) {
  constexpr std::string_view before = "GET /.well-known/acme-challenge/";
  auto line = request.substr(0, request.find("\r\n"));
  if (!line.starts_with(before)) return std::nullopt;
  line.remove_prefix(before.size());
  auto token = line.substr(0, line.find(' '));
  if (!is_token(token) || !line.substr(token.size()).starts_with(" HTTP/1.")) return std::nullopt;
  return std::string(token);
}

}  // namespace jd::http::acme

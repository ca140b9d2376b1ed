// SPDX-License-Identifier: MIT
// acme.h: what an ACME server says (RFC 8555), read out of its JSON; what is answered to its challenges.
// Pure.  perm: the answer is not what the RFC says.  Everything is bounded.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"

namespace jd::http::acme {

struct Directory { std::string new_nonce, new_account, new_order; };  // URLs
Result<Directory> parse_directory(std::string_view body);

enum class Status8555 : uint8_t { pending, processing, ready, valid, invalid };
struct Order {
  Status8555 status = Status8555::pending;
  std::vector<std::string> authorizations;  // URLs
  std::string finalize, certificate;        // URLs; the second when valid
  std::string error;                        // why it is invalid
};
Result<Order> parse_order(std::string_view body);

struct Authorization {
  Status8555 status = Status8555::pending;
  std::string name;          // of the host
  std::string url, token;    // of the challenge of the wanted type; "" when it is not offered
  std::string error;
};
// type: "http-01" or "tls-alpn-01".  A token is base64url: it becomes a part of a path.
Result<Authorization> parse_authorization(std::string_view body, std::string_view type);

// RFC 7807: "type: detail" for the log; is_bad_nonce: say it again with another nonce (RFC 8555 §6.5).
struct Problem { std::string text; bool is_bad_nonce; };
Problem parse_problem(std::string_view body, int status);

// The token that a request for a challenge asks for; nullopt: none of ours (RFC 8555 §8.3).
std::optional<std::string> challenge_asked_for(std::string_view request);

}  // namespace jd::http::acme

// SPDX-License-Identifier: MIT
// routes.h: which way mail for other hosts goes: etc/routes, one line for a route or a rule.
//
//   route office  smtp  host=mail.office.example:25 tls=required   # a mail system behind this one
//   route store   lmtp  host=10.0.0.5:24,10.0.0.6:24               # those named first are tried first
//   route isp     smtp  host=smtp.isp.example:587 tls=required user=us password_file=isp.password
//   route bulk    mx    source=192.0.2.10,192.0.2.11,2001:db8::10 helo=out2.example.org
//   to   example.com         office      # a domain of recipients; ".example.com": any domain below it
//   from news@example.org    bulk        # a sender; "@example.org": all of that domain; "<>": reports
//   user ann@example.org     isp         # who logged in to send it
//   all  isp                             # what no other line is about
// The first rule that fits counts.  "mx" is a route that is always there: by the DNS, from any address.
// Without any rule that fits: relay.smarthost of jdmail.toml, or by the DNS.
//   key := host=name[:port],...   (smtp, lmtp; 25 and 24)    tls=opportunistic|required|implicit|never
//        | user= password_file=   (smtp, lmtp)               | source=address,... | helo=name
// With `required` and `implicit` the certificate must be good for the host.  From `source` those of the
// family of the host's address take turns; hosts of a family that has none are not tried.
// Pure; a look-up costs as many hash look-ups as the domain has labels, however long the file is.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"

namespace jd::queue {

struct Route {
  enum class Kind : uint8_t { mx, smtp, lmtp };
  std::string name;
  Kind kind = Kind::mx;
  std::vector<std::string> hosts;   // "name:port" as written
  std::string tls = "opportunistic";
  std::string user, password_file;
  std::vector<std::string> source;
  std::string helo;
  bool has_hosts() const { return kind != Kind::mx; }
};

class Routes {
 public:
  // usage: file, line, and what is wrong.
  static Result<Routes> parse(std::string_view text, const std::string& file);
  static Result<Routes> load(const std::string& path);  // absent: none
  // The route of a message; nullptr: no rule fits or the rule says "mx".  domain in lower case.
  const Route* of(std::string_view domain, std::string_view sender, std::string_view user) const;
  const Route* find(std::string_view name) const;
  const std::vector<Route>& all() const { return routes_; }
  bool is_empty() const { return rules_ == 0; }

 private:
  struct Rule { uint32_t line; int32_t route; };  // route < 0: mx
  using Map = std::unordered_map<std::string, Rule>;
  Status add_route(const std::vector<std::string_view>& w);
  Status add_rule(const std::vector<std::string_view>& w, uint32_t line);
  static void look(const Map& map, const std::string& key, const Rule*& best);

  std::vector<Route> routes_;
  Map to_, from_, user_;
  Rule other_{UINT32_MAX, -1};
  std::size_t rules_ = 0;
};

}  // namespace jd::queue

// SPDX-License-Identifier: MIT
// rights.h: who may do what with a folder: the rights of RFC 4314 and the list of those who have some.
//
// Rights are named by their letters: l lookup, r read, s keep \Seen, w other flags, i insert, p post,
// k make folders below, x delete or rename the folder, t \Deleted, e expunge, a change these rights.
// Of RFC 2086, `c` stands for k and x, `d` for e and t; both are shown beside those that they stand for.
//
// An identifier is an address of an account, "anyone" (whoever has an account here), "@domain"
// (whoever has one there) or "group:address" (those to whom an alias leads).  With '-' before it
// it tells rights that are taken away, whoever else gives them.  Pure.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace jd::store {

class Rights {
 public:
  constexpr Rights() = default;
  constexpr explicit Rights(uint16_t bits) : bits_(bits & all_bits) {}
  // nullopt: a letter that is no right.
  static std::optional<Rights> parse(std::string_view letters);
  static constexpr Rights all() { return Rights(all_bits); }
  bool has(char letter) const;
  bool has_any(std::string_view letters) const;
  bool empty() const { return bits_ == 0; }
  // Does one who has them write into the account's directory?
  bool are_to_write() const { return has_any("swiktexa"); }
  std::string text() const;      // "lrs"
  std::string imap_text() const; // with c and d where RFC 4314 §2.1.1 wants them
  uint16_t bits() const { return bits_; }
  Rights operator|(Rights o) const { return Rights(bits_ | o.bits_); }
  Rights operator&(Rights o) const { return Rights(bits_ & o.bits_); }
  Rights without(Rights o) const { return Rights(static_cast<uint16_t>(bits_ & ~o.bits_)); }
  bool operator==(const Rights&) const = default;

 private:
  static constexpr uint16_t all_bits = 0x7ff;
  uint16_t bits_ = 0;
};

// Of one folder.  The owner is in none: he has all rights, always.
using Acl = std::map<std::string, Rights>;
constexpr std::size_t max_acl = 100, max_identifier = 340;

// As it is kept: lower case.  usage: it is none of the above.
Result<std::string> parse_identifier(std::string_view given);

// What somebody may do who is all of these ("bob@example.org", "anyone", "@example.org", "group:...").
Rights rights_of(const Acl& acl, const std::vector<std::string>& identities);

// Somebody with whom something of an account is shared; with several folders, all rights together.
// What is taken away by '-' entries is not in it.
std::map<std::string, Rights> grantees(const std::map<uint32_t, Acl>& all);

}  // namespace jd::store

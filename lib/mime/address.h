// SPDX-License-Identifier: MIT
// address.h: the mailboxes and groups of From, To, Cc ... as mail readers take them.
//
// RFC 5322 §3.4 with its obsolete forms (§4.4) and UTF-8 (RFC 6532), and tolerant beyond: missing
// brackets or commas, ';' for ',', dots and '@' in unquoted names, unclosed quotes and comments.
// Never fails; linear time; at most `limit` entries.  Pure.  SMTP's paths are not this: lib/smtp.
//
// A group comes as group_begin (its name in `name`), its mailboxes, group_end; every begin has its
// end.  `name` and `local` are raw, with quoting removed and encoded words kept (RFC 3501 ENVELOPE
// wants them so); decode_words(name) is what people read.  A mailbox without brackets takes its
// name from a comment: "a@b (Ann)".  A word that is no address at all is a mailbox with that `local`
// and no domain; several such words are a `name` with neither.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jd::mime {

struct Address {
  enum class Kind : uint8_t { mailbox, group_begin, group_end };
  Kind kind = Kind::mailbox;
  std::string name;
  std::string route;  // "@a,@b": the obsolete source route
  std::string local, domain;
  bool is_mailbox() const { return kind == Kind::mailbox; }
  bool is_complete() const { return is_mailbox() && !local.empty() && !domain.empty(); }
  bool operator==(const Address&) const = default;
};

constexpr std::size_t max_addresses = 10'000;

std::vector<Address> parse_addresses(std::string_view raw, std::size_t limit = max_addresses);
// The first mailbox that has local part and domain.
std::optional<Address> first_mailbox(std::string_view raw);

// local@domain, the local part quoted where it must be; "" when both are empty.
std::string address_spec(const Address& a);
// For a header field: `name` in UTF-8 is encoded as a phrase (encoded_word.h).
std::string format_mailbox(std::string_view name, std::string_view local, std::string_view domain);

}  // namespace jd::mime

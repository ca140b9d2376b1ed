// SPDX-License-Identifier: MIT
// portable.h: what Maildir and mbox share: a message with what is known about it, outside the store.
//
// Line ends.  The store keeps CRLF; files have LF.  to_wire() puts a CR before each LF that has none,
// and changes nothing else, so that a message whose lines end with CRLF already stays as it is.
// to_file() gives LF lines when to_wire() makes the same bytes of them again, else the bytes as they
// are: to_wire(to_file(m)) == m for every message in wire form.  All functions are pure and linear.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jd::store {

// More than this is not taken in: a message is held in memory while it is converted.
constexpr std::size_t max_portable_bytes = 256u << 20;

struct Numbering {  // 0: the source does not say
  uint32_t uid_validity = 0, uid_next = 0;
};

struct PortableMessage {
  std::string bytes;  // CRLF
  uint8_t flags = 0;  // enum Flag
  std::vector<std::string> keywords;
  uint32_t uid = 0;   // 0: not known
  int64_t date = 0;   // INTERNALDATE, seconds; 0: not known
  bool is_recent = false;  // nobody has seen it in a list yet
  std::string uidl;        // what POP3 called it (uidl.h); "": not known
};

std::string to_wire(std::string_view file_bytes);
std::string to_file(std::string_view wire_bytes);
// IMAP can name it (RFC 3501: an atom, here of at most 255 bytes): anything else would break its answers.
bool is_keyword(std::string_view s);

// Something that was left out, and why: for people.
struct Left {
  std::string where, why;
};

}  // namespace jd::store

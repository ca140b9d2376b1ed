// SPDX-License-Identifier: MIT
// fetch_items.h: what FETCH asks for (RFC 3501 §6.4.5), read off a command.  Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/imap/lexer.h"

namespace jd::imap {

enum class Fetch : uint8_t { flags, internal_date, size, envelope, body, body_structure, uid, section, binary, binary_size, preview, mod_seq, saved, email_id, thread_id };

struct FetchItem {
  Fetch what = Fetch::flags;
  std::string label;                // as the answer names it: "BODY[1.MIME]<0>"
  std::string section;              // for mime::section(); "HEADER" where fields are chosen
  bool has_fields = false, all_but = false;
  std::vector<std::string> fields;
  std::optional<std::pair<uint64_t, uint64_t>> partial;  // from, count
  bool marks_seen = false;
};

constexpr std::size_t max_fetch_items = 100;

// One item, a macro or a list; `why` says what is wrong when it is false.
bool take_fetch_items(Cursor& c, std::vector<FetchItem>& out, std::string& why);

}  // namespace jd::imap

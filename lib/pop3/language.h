// SPDX-License-Identifier: MIT
// language.h: in which language POP3 speaks to people (LANG, RFC 6856 §3), and what both halves of a session share.
//
// Until a client has said LANG, texts are English in ASCII (RFC 1939); then they are UTF-8.  Response codes
// and numbers are the same in each.  All functions are pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/config.h"
#include "lib/base/time.h"

namespace jd::pop3 {

enum class Language : uint8_t { none, en, zh };  // none: i-default (RFC 2277 §4.5)

struct Text {
  std::string_view en, zh;
  constexpr std::string_view in(Language l) const { return l == Language::zh ? zh : en; }
};

// What a door's owner has set; the same before login and after.
struct Offer {
  Span login_delay;                    // 0: none
  std::optional<uint64_t> keeps_days;  // what is in INBOX is kept so long; nullopt: until the client deletes it
  Language preferred = Language::en;   // of LANG *
  static Offer of(const Config& config);
};
// CAPA's lines, without those that only the front door has; each ends with CRLF.
std::string capabilities(const Offer& offer);

// What a client has asked for before login, for the half of the session that comes after it.
struct Manner {
  bool is_utf8 = false;
  Language language = Language::none;
  std::string text() const;  // "utf8 zh"
  static Manner parse(std::string_view text);  // words that it does not know are nothing
};

// LANG: its whole answer.  The language is another one then, or, when there is no such, the same.
std::string answer_lang(std::string_view argument, const Offer& offer, Language& language, bool& is_good);

std::string ok_line(std::string_view text);
std::string err_line(std::string_view text, std::string_view code = "");  // code: without brackets

}  // namespace jd::pop3

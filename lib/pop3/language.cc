// SPDX-License-Identifier: MIT
#include "lib/pop3/language.h"

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/pop3/texts.h"
#include "lib/store/expire.h"

namespace jd::pop3 {
namespace {
struct Known {
  std::string_view tag, name;
  Language language;
};
constexpr Known all[] = {{"en", "English", Language::en}, {"zh", "中文", Language::zh}, {"i-default", "English", Language::none}};

std::string_view tag_of(Language l) {
  for (auto& k : all)
    if (k.language == l) return k.tag;
  return "";
}

// RFC 4647 §3.4: zh-TW is answered in zh.
std::optional<Language> look_up(std::string_view range, const Offer& offer) {
  if (range == "*") return offer.preferred;
  for (;;) {
    for (auto& k : all)
      if (iequals(k.tag, range)) return k.language;
    auto cut = range.rfind('-');
    if (cut == range.npos) return {};
    range = range.substr(0, cut);
  }
}
}  // namespace

Offer Offer::of(const Config& c) {
  Offer o;
  o.login_delay = c.pop3_login_delay;
  o.preferred = c.pop3_language == "zh" ? Language::zh : Language::en;
  auto rules = store::expire_rules(c);  // what makes no sense does nothing, and keeperd says so
  if (!rules) return o;
  for (auto& r : *rules) {
    if (r.special != store::Special::none || !iequals(r.folder, "INBOX")) continue;
    auto kept = static_cast<uint64_t>(r.age.seconds() / days(1).seconds());
    if (!o.keeps_days || kept < *o.keeps_days) o.keeps_days = kept;
  }
  return o;
}

std::string capabilities(const Offer& o) {
  std::string r = "TOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nUTF8 USER\r\nLANG\r\n";
  if (o.login_delay.ns > 0) r += fmt::format("LOGIN-DELAY {}\r\n", o.login_delay.seconds());
  r += o.keeps_days ? fmt::format("EXPIRE {}\r\n", *o.keeps_days) : "EXPIRE NEVER\r\n";
  return r + "IMPLEMENTATION jdmail\r\n";
}

std::string Manner::text() const { return fmt::format("{}{}", is_utf8 ? "utf8 " : "", tag_of(language)); }

Manner Manner::parse(std::string_view text) {
  Manner m;
  for (auto w : words(text)) {
    if (w == "utf8") m.is_utf8 = true;
    for (auto& k : all)
      if (k.tag == w) m.language = k.language;
  }
  return m;
}

std::string answer_lang(std::string_view argument, const Offer& offer, Language& language, bool& is_good) {
  is_good = true;
  if (argument.empty()) {
    std::string r = ok_line(texts::languages.in(language));
    for (auto& k : all) r += fmt::format("{} {}\r\n", k.tag, k.name);
    return r + ".\r\n";
  }
  auto found = look_up(argument, offer);
  is_good = found.has_value();
  if (!found) return err_line(texts::no_such_language.in(language));
  language = *found;
  return ok_line(fmt::format("{} {}", tag_of(language), texts::language_changed.in(language)));
}

std::string ok_line(std::string_view text) { return fmt::format("+OK {}\r\n", text); }
std::string err_line(std::string_view text, std::string_view code) {
  return code.empty() ? fmt::format("-ERR {}\r\n", text) : fmt::format("-ERR [{}] {}\r\n", code, text);
}

}  // namespace jd::pop3

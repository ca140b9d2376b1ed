// SPDX-License-Identifier: MIT
#include "lib/mime/digest.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/mime/address.h"
#include "lib/mime/charset.h"
#include "lib/mime/date.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"

namespace jd::mime {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
constexpr uint8_t version = 2;
constexpr std::size_t head_bytes = 4 + 8 + 8 + 2 * digest_fields;
constexpr std::size_t max_text = 700, max_key = 200, max_references = 1500, max_subject = 1000;

// The first bytes, between characters.
std::string_view cut(std::string_view utf8, std::size_t bytes) {
  if (utf8.size() <= bytes) return utf8;
  while (bytes && (static_cast<unsigned char>(utf8[bytes]) & 0xC0) == 0x80) --bytes;
  return utf8.substr(0, bytes);
}

std::string sort_key(std::string_view utf8) { return std::string(cut(upper(fold_case(utf8)), max_key)); }

// Blanks and controls run together to one blank, none at the ends.
std::string one_blank(std::string_view s) {
  std::string r;
  for (char c : s) {
    bool blank = c == ' ' || is_ctl(c);
    if (!blank) r += c;
    else if (!r.empty() && r.back() != ' ') r += ' ';
  }
  if (r.ends_with(' ')) r.pop_back();
  return r;
}

// "[...]" and the blanks behind it at `at`: where it ends, or `at`.
std::size_t blob(std::string_view s, std::size_t at) {
  if (at >= s.size() || s[at] != '[') return at;
  std::size_t end = s.find_first_of("[]", at + 1);
  if (end == s.npos || s[end] != ']') return at;
  ++end;
  while (end < s.size() && s[end] == ' ') ++end;
  return end;
}

// "re", "fw" or "fwd", blanks, a blob, ":" at `at`: where it ends, or `at`.
std::size_t reply_mark(std::string_view s, std::size_t at) {
  std::string_view rest = s.substr(at);
  std::size_t n = istarts_with(rest, "fwd") ? 3 : istarts_with(rest, "re") || istarts_with(rest, "fw") ? 2 : 0;
  if (!n) return at;
  std::size_t i = at + n;
  while (i < s.size() && s[i] == ' ') ++i;
  i = blob(s, i);
  return i < s.size() && s[i] == ':' ? i + 1 : at;
}

bool drop_trailer(std::string_view& s) {
  bool any = false;
  while (true) {
    if (s.ends_with(' ')) s.remove_suffix(1);
    else if (s.size() >= 5 && iequals(s.substr(s.size() - 5), "(fwd)")) s.remove_suffix(5), any = true;
    else return any;
  }
}

// Leaders and blobs, as long as there are any (steps 3 to 5).
bool drop_leaders(std::string_view& s) {
  bool any = false;
  while (true) {
    if (s.starts_with(' ')) {
      s.remove_prefix(1);
      continue;
    }
    std::size_t at = 0;
    for (std::size_t next; (next = blob(s, at)) != at;) at = next;
    std::size_t end = reply_mark(s, at);
    if (end != at) {
      s.remove_prefix(end);
      any = true;
      continue;
    }
    std::size_t one = blob(s, 0);
    if (!one || one >= s.size()) return any;
    s.remove_prefix(one);
  }
}

class Maker {
 public:
  std::string make(std::string_view message) {
    FieldReader reader(message);
    std::size_t count = 0;
    for (Field f; count < max_fields && reader.next(f); ++count) field(f);
    return encode();
  }

 private:
  std::string& at(DigestField f) { return text_[static_cast<std::size_t>(f)]; }
  void put(DigestField f, std::string_view s) { at(f) = s; }

  void field(const Field& f) {
    if (iequals(f.name, "Subject")) subject(f.value);
    else if (iequals(f.name, "From")) addresses(f.value, DigestField::from, DigestField::from_key, DigestField::from_name);
    else if (iequals(f.name, "To")) addresses(f.value, DigestField::to, DigestField::to_key, DigestField::to_name);
    else if (iequals(f.name, "Cc")) addresses(f.value, DigestField::cc, DigestField::cc_key, DigestField::cc_key);
    else if (iequals(f.name, "Bcc")) searchable(DigestField::bcc, decode_words(f.value));
    else if (iequals(f.name, "Date")) date(f.value);
    else if (iequals(f.name, "Message-ID")) only_id(DigestField::message_id, f.value);
    else if (iequals(f.name, "In-Reply-To")) only_id(DigestField::in_reply_to, f.value);
    else if (iequals(f.name, "References")) references(f.value);
  }

  // True for the first field of its name.
  bool searchable(DigestField f, std::string_view decoded) {
    auto bit = static_cast<uint16_t>(1 << static_cast<int>(f));
    bool first = !(marks_ & bit);
    marks_ |= bit;
    std::string& out = at(f);
    if (!first && out.size() < max_text) out += '\n';
    std::string folded = fold(decoded);
    std::string_view some = cut(folded, max_text - std::min(max_text, out.size()));
    if (some.size() < folded.size()) marks_ |= static_cast<uint16_t>(bit << 5);
    out += some;
    return first;
  }

  void subject(std::string_view raw) {
    std::string decoded = decode_words(raw);
    if (!searchable(DigestField::subject, decoded)) return;
    bool is_reply = false;
    put(DigestField::base_subject, sort_key(base_subject(decoded, is_reply)));
    if (is_reply) marks_ |= 1 << 10;
  }

  void addresses(std::string_view raw, DigestField whole, DigestField key, DigestField name) {
    if (!searchable(whole, decode_words(raw))) return;
    auto all = parse_addresses(raw, 1);
    if (all.empty()) return;
    const Address& a = all[0];
    std::string shown = one_blank(decode_words(a.name));
    if (name != key) put(name, sort_key(shown.empty() ? clean_utf8(address_spec(a)) : shown));
    put(key, sort_key(a.is_mailbox() && !a.local.empty() ? clean_utf8(a.local) : shown));
  }

  void date(std::string_view raw) {
    if (marks_ >> 11 & 1) return;
    auto d = parse_date(raw);
    if (!d) return;
    marks_ |= 1 << 11;
    utc_ = d->time.seconds();
    local_ = utc_ + d->offset_minutes * 60;
  }

  // The next <id> of a value; RFC 5256 §3: <"a"@b> is <a@b>.
  static bool next_id(std::string_view& in, std::string& id) {
    while (true) {
      auto open = in.find('<');
      if (open == in.npos) return false;
      in.remove_prefix(open + 1);
      auto close = in.find('>');
      if (close == in.npos) return false;
      id = normal(in.substr(0, close));
      in.remove_prefix(close + 1);
      if (!id.empty()) return true;
    }
  }
  static std::string normal(std::string_view raw) {
    std::string id;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '"' || raw[i] == ' ' || is_ctl(raw[i]) || raw[i] == '<') continue;
      if (raw[i] == '\\' && i + 1 < raw.size() && raw[i + 1] > ' ') ++i;
      id += raw[i];
    }
    return id.size() > max_digest_id ? "#" + hex(blake2b(id)) : id;
  }

  void only_id(DigestField f, std::string_view raw) {
    if (!at(f).empty()) return;
    std::string id;
    if (!next_id(raw, id) && f == DigestField::message_id) {
      auto w = words(raw);  // without brackets, as some senders write it
      if (w.size() == 1) id = normal(w[0]);
    }
    put(f, id);
  }

  void references(std::string_view raw) {
    if (!at(DigestField::references).empty()) return;
    std::vector<std::string> ids;
    for (std::string id; next_id(raw, id);) {
      if (ids.size() >= 200) ids.erase(ids.begin() + 1);  // the first and the last ones count
      ids.push_back(id);
    }
    if (ids.empty()) return;
    std::size_t size = ids[0].size(), from = ids.size();
    while (from > 1 && size + 1 + ids[from - 1].size() <= max_references) size += 1 + ids[--from].size();
    std::string& out = at(DigestField::references);
    out = ids[0];
    for (; from < ids.size(); ++from) out += " " + ids[from];
  }

  std::string encode() const {
    std::string out(4, '\0');
    out[0] = static_cast<char>(version);
    memcpy(out.data() + 2, &marks_, 2);
    append(out, local_);
    append(out, utc_);
    std::size_t end = 0;
    for (auto& t : text_) append(out, static_cast<uint16_t>(end += t.size()));
    for (auto& t : text_) out += t;
    return out;
  }
  template <class T>
  static void append(std::string& out, T v) {
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
  }

  std::array<std::string, digest_fields> text_;
  uint16_t marks_ = 0;
  int64_t local_ = 0, utc_ = 0;
};

static_assert(head_bytes + 5 * max_text + 6 * max_key + 2 * max_digest_id + max_references <= max_digest);

}  // namespace

std::string base_subject(std::string_view utf8, bool& is_reply) {
  std::string text = one_blank(cut(utf8, max_subject));
  std::string_view s = text;
  while (true) {
    is_reply |= drop_trailer(s);
    is_reply |= drop_leaders(s);
    if (!istarts_with(s, "[fwd:") || !s.ends_with(']')) break;
    s = s.substr(5, s.size() - 6);
    is_reply = true;
  }
  return std::string(s);
}

std::string make_digest(std::string_view message) { return Maker().make(message); }

Result<DigestView> DigestView::decode(std::string_view bytes) {
  if (bytes.size() < head_bytes || bytes.size() > max_digest || bytes[0] != static_cast<char>(version) || bytes[1] != 0)
    return fail(Fault::perm, "not a digest");
  DigestView v;
  v.bytes_ = bytes;
  memcpy(&v.marks_, bytes.data() + 2, 2);
  memcpy(&v.local_, bytes.data() + 4, 8);
  memcpy(&v.utc_, bytes.data() + 12, 8);
  std::size_t before = 0;
  for (std::size_t f = 0; f < digest_fields; ++f) {
    if (v.end(f) < before) return fail(Fault::perm, "damaged digest");
    before = v.end(f);
  }
  if (head_bytes + before != bytes.size()) return fail(Fault::perm, "damaged digest");
  return v;
}

uint16_t DigestView::end(std::size_t field) const {
  uint16_t n;
  memcpy(&n, bytes_.data() + 20 + 2 * field, 2);
  return n;
}

std::string_view DigestView::get(DigestField f) const {
  auto i = static_cast<std::size_t>(f);
  std::size_t from = i ? end(i - 1) : 0;
  return bytes_.substr(head_bytes + from, end(i) - from);
}

std::string_view DigestView::first_reference() const {
  auto all = get(DigestField::references);
  return all.substr(0, all.find(' '));
}

}  // namespace jd::mime

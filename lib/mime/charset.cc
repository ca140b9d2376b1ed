// SPDX-License-Identifier: MIT
#include "lib/mime/charset.h"

#include <string.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>
#include <unicode/usprep.h>
#include <unicode/uvernum.h>

#include <algorithm>
#include <array>
#include <vector>

#include "lib/base/text.h"
#include "lib/mime/han.h"

namespace jd::mime {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t max_label = 64;

struct Alias {
  std::string_view label, name;
};
// Labels that mean another charset in real mail than they say, or that ICU does not know.
constexpr Alias aliases[] = {
    {"gb2312", "gb18030"},        {"gb_2312-80", "gb18030"},   {"gb2312-80", "gb18030"},
    {"gb_2312", "gb18030"},       {"gbk", "gb18030"},          {"x-gbk", "gb18030"},
    {"cp936", "gb18030"},         {"ms936", "gb18030"},        {"windows-936", "gb18030"},
    {"euc-cn", "gb18030"},        {"x-euc-cn", "gb18030"},     {"chinese", "gb18030"},
    {"csgb2312", "gb18030"},      {"gb-18030", "gb18030"},     {"hz-gb-2312", "HZ"},
    {"big5", "Big5-HKSCS"},       {"x-x-big5", "Big5-HKSCS"},  {"big-5", "Big5-HKSCS"},
    {"cp950", "Big5-HKSCS"},      {"csbig5", "Big5-HKSCS"},    {"ks_c_5601-1987", "windows-949"},
    {"ks_c_5601", "windows-949"}, {"ksc5601", "windows-949"},  {"euc-kr", "windows-949"},
    {"ks_c_5601-1989", "windows-949"}, {"uhc", "windows-949"}, {"shift_jis", "windows-31j"},
    {"cp949", "windows-949"},     {"ms949", "windows-949"},    {"ksc_5601", "windows-949"},
    {"shift-jis", "windows-31j"}, {"sjis", "windows-31j"},     {"x-sjis", "windows-31j"},
    {"ms_kanji", "windows-31j"},  {"cp932", "windows-31j"},    {"x-euc-jp", "EUC-JP"},
    {"iso-8859-1", "windows-1252"}, {"iso8859-1", "windows-1252"}, {"iso_8859-1", "windows-1252"},
    {"latin1", "windows-1252"},   {"latin-1", "windows-1252"}, {"l1", "windows-1252"},
    {"cp1252", "windows-1252"},   {"iso-8859-9", "windows-1254"}, {"iso-8859-11", "windows-874"},
    {"tis-620", "windows-874"},   {"koi8r", "KOI8-R"},         {"koi8u", "KOI8-U"},
    {"unicode-1-1-utf-7", "UTF-7"}, {"x-unicode-2-0-utf-7", "UTF-7"}, {"iso-8859-8-i", "iso-8859-8"},
    {"iso-8859-8-e", "iso-8859-8"}, {"macintosh", "macintosh"}, {"x-mac-roman", "macintosh"},
};

enum class Kind : uint8_t { ascii, utf8, guess, other };

Kind kind_of(std::string_view l) {
  for (std::string_view u : {"utf-8", "utf8", "unicode-1-1-utf-8", "utf-8-mac", "cp65001", "csutf8",
                             "utf_8", "x-utf-8"})
    if (l == u) return Kind::utf8;
  for (std::string_view a : {"us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "iso-ir-6", "us",
                             "646", "7bit"})
    if (l == a) return Kind::ascii;
  for (std::string_view g : {"", "unknown-8bit", "x-unknown", "unknown", "binary", "8bit", "default",
                             "none", "ansi", "x-user-defined"})
    if (l == g) return Kind::guess;
  return Kind::other;
}

// Lower case, quotes and blanks off, only bytes that charset names have; empty otherwise (ICU reads
// options behind a comma: those are never passed on).
std::string clean_label(std::string_view label) {
  label = trim(label);
  while (!label.empty() && (label.front() == '"' || label.front() == '\'')) label.remove_prefix(1);
  while (!label.empty() && (label.back() == '"' || label.back() == '\'')) label.remove_suffix(1);
  if (label.size() > max_label) return {};
  for (char c : label)
    if (!is_alnum(c) && !strchr("-_.:+()", c)) return {};
  return lower(label);
}

struct Converter {
  std::string label;
  UConverter* handle = nullptr;
};

// Most recently used first.  Unknown labels are kept too, with a null handle: spam repeats them.
struct Cache {
  std::vector<Converter> list;
  ~Cache() {
    for (Converter& c : list)
      if (c.handle) ucnv_close(c.handle);
  }
};

UConverter* open(const std::string& label) {
  const char* name = label.c_str();
  for (const Alias& a : aliases)
    if (a.label == label) name = a.name.data();
  UErrorCode e = U_ZERO_ERROR;
  UConverter* c = ucnv_open(name, &e);
  if (U_FAILURE(e)) return nullptr;
  return c;
}

UConverter* cached(const std::string& label) {
  static thread_local Cache cache;
  constexpr std::size_t capacity = 8;
  auto& list = cache.list;
  auto it = std::find_if(list.begin(), list.end(), [&](auto& c) { return c.label == label; });
  if (it == list.end()) {
    if (list.size() >= capacity) {
      if (list.back().handle) ucnv_close(list.back().handle);
      list.pop_back();
    }
    it = list.insert(list.begin(), Converter{label, open(label)});
  }
  std::rotate(list.begin(), it, it + 1);
  if (list.front().handle) ucnv_reset(list.front().handle);
  return list.front().handle;
}

void append_utf16(std::string& out, const UChar* s, std::size_t n) {
  for (std::size_t i = 0; i < n; i++) {
    uint32_t c = s[i];
    if (c >= 0xD800 && c < 0xDC00 && i + 1 < n && s[i + 1] >= 0xDC00 && s[i + 1] < 0xE000)
      c = 0x10000 + ((c - 0xD800) << 10) + (uint32_t{s[++i]} - 0xDC00);
    else if (c >= 0xD800 && c < 0xE000) c = 0xFFFD;
    auto put = [&](uint32_t b) { out += static_cast<char>(b); };
    if (c < 0x80) put(c);
    else if (c < 0x800) put(0xC0 | c >> 6), put(0x80 | (c & 63));
    else if (c < 0x10000) put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
    else put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 63)), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  }
}

// A pair of surrogates may be split between two buffers: the first half waits in *half.
struct Utf16Sink {
  UChar half = 0;
  void take(std::string& out, const UChar* s, std::size_t n) {
    if (n == 0) return;
    if (half) {
      UChar pair[2] = {half, s[0]};
      bool is_pair = s[0] >= 0xDC00 && s[0] < 0xE000;
      append_utf16(out, pair, is_pair ? 2 : 1);
      half = 0;
      if (is_pair) s++, n--;
      if (n == 0) return;
    }
    if (s[n - 1] >= 0xD800 && s[n - 1] < 0xDC00) half = s[--n];
    append_utf16(out, s, n);
  }
};

void convert(UConverter* c, std::string_view bytes, bool flush, Utf16Sink& sink, std::string& out) {
  std::array<UChar, 2048> buffer;
  const char* from = bytes.data();
  const char* end = from + bytes.size();
  for (;;) {
    UErrorCode e = U_ZERO_ERROR;
    UChar* to = buffer.data();
    ucnv_toUnicode(c, &to, buffer.data() + buffer.size(), &from, end, nullptr, flush, &e);
    sink.take(out, buffer.data(), static_cast<std::size_t>(to - buffer.data()));
    if (e == U_BUFFER_OVERFLOW_ERROR) continue;
    if (U_SUCCESS(e) || from >= end) break;
  }
  if (flush && sink.half) out += replacement, sink.half = 0;
}

// Length of the well-formed sequence at s[i]; 0: malformed; -1: the start of one, cut by the end.
int utf8_length(std::string_view s, std::size_t i) {
  auto b = [&](std::size_t k) { return static_cast<unsigned char>(s[k]); };
  unsigned c = b(i);
  if (c < 0x80) return 1;
  int n = c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
  for (int k = 1; k < n; k++) {
    if (i + static_cast<std::size_t>(k) >= s.size()) return -1;
    unsigned d = b(i + static_cast<std::size_t>(k));
    unsigned low = k > 1 ? 0x80 : c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    unsigned high = k > 1 ? 0xBF : c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (d < low || d > high) return 0;
  }
  return n;
}

std::size_t ascii_run(std::string_view s, std::size_t i) {
  std::size_t from = i;
  for (; i + 8 <= s.size(); i += 8) {
    uint64_t w;
    memcpy(&w, s.data() + i, 8);
    if (w & 0x8080808080808080u) break;
  }
  while (i < s.size() && !is_8bit(s[i])) i++;
  return i - from;
}

// Returns how many bytes at the end are the start of a character that is not all there yet.
std::size_t append_clean(std::string_view s, bool flush, std::string& out) {
  for (std::size_t i = 0; i < s.size();) {
    std::size_t run = ascii_run(s, i);
    while (i + run < s.size()) {
      int n = utf8_length(s, i + run);
      if (n <= 0) break;
      run += static_cast<std::size_t>(n);
    }
    out += s.substr(i, run);
    i += run;
    if (i >= s.size()) break;
    if (utf8_length(s, i) < 0 && !flush) return s.size() - i;
    out += replacement;
    i++;
    while (i < s.size() && (static_cast<unsigned char>(s[i]) & 0xC0) == 0x80) i++;
  }
  return 0;
}

// Chinese text in GB18030?  It must decode without a fault, and at least half of its double bytes
// must lie where GB2312 has its characters: Latin text in an 8-bit charset hardly ever does.
bool looks_like_gb18030(std::string_view s) {
  std::size_t common = 0, all = 0;
  for (std::size_t i = 0; i < s.size(); i++) {
    auto c = static_cast<unsigned char>(s[i]);
    if (c < 0x80) continue;
    if (c == 0x80 || c == 0xFF || i + 1 >= s.size()) return false;
    auto d = static_cast<unsigned char>(s[i + 1]);
    if (d >= '0' && d <= '9') {  // four bytes
      if (i + 3 >= s.size() || !is_8bit(s[i + 2]) || !is_digit(s[i + 3])) return false;
      i += 3;
    } else {
      if (d < 0x40 || d == 0x7F || d == 0xFF) return false;
      common += c >= 0xA1 && c <= 0xF7 && d >= 0xA1;
      i++;
    }
    all++;
  }
  return common * 2 >= all;
}

std::string guess_label(std::string_view bytes) {
  if (is_utf8(bytes)) return "utf-8";
  return looks_like_gb18030(bytes) ? "gb18030" : "windows-1252";
}

}  // namespace

std::string clean_utf8(std::string_view bytes) {
  std::string r;
  r.reserve(bytes.size());
  append_clean(bytes, true, r);
  return r;
}

std::string to_utf8(std::string_view bytes, std::string_view label) {
  std::string l = clean_label(label);
  Kind kind = kind_of(l);
  if (kind == Kind::utf8) return clean_utf8(bytes);
  if (kind != Kind::other && is_ascii(bytes)) return std::string(bytes);
  UConverter* c = kind == Kind::other ? cached(l) : nullptr;
  if (!c) {
    l = guess_label(bytes);
    if (l == "utf-8") return std::string(bytes);
    c = cached(l);
  }
  if (!c) return clean_utf8(bytes);
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 2);
  Utf16Sink sink;
  convert(c, bytes, true, sink, out);
  return out;
}

std::optional<std::string> from_utf8(std::string_view utf8, std::string_view label) {
  std::string l = clean_label(label);
  Kind kind = kind_of(l);
  if (kind == Kind::utf8) return clean_utf8(utf8);
  if (kind == Kind::ascii) return is_ascii(utf8) ? std::optional(std::string(utf8)) : std::nullopt;
  UConverter* c = kind == Kind::other ? cached(l) : nullptr;
  if (!c || !is_utf8(utf8) || utf8.size() > (1u << 28)) return std::nullopt;
  auto wide = icu::UnicodeString::fromUTF8(
      icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())));
  UErrorCode e = U_ZERO_ERROR;
  ucnv_setFromUCallBack(c, UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &e);
  std::string out(static_cast<std::size_t>(UCNV_GET_MAX_BYTES_FOR_STRING(
                      wide.length(), ucnv_getMaxCharSize(c))), '\0');
  int32_t n = ucnv_fromUChars(c, out.data(), static_cast<int32_t>(out.size()), wide.getBuffer(),
                              wide.length(), &e);
  if (U_FAILURE(e)) return std::nullopt;
  out.resize(static_cast<std::size_t>(n));
  return out;
}

bool is_charset(std::string_view label) {
  std::string l = clean_label(label);
  Kind kind = kind_of(l);
  if (kind == Kind::other) return cached(l) != nullptr;
  return kind != Kind::guess;
}

std::string fold_case(std::string_view utf8) {
  if (is_ascii(utf8)) return lower(utf8);
  UErrorCode e = U_ZERO_ERROR;
  static const icu::Normalizer2* folding = icu::Normalizer2::getNFKCCasefoldInstance(e);
  if (!folding || utf8.size() > (1u << 30)) return lower(utf8);
  std::string out;
  out.reserve(utf8.size());
  icu::StringByteSink<std::string> sink(&out);
  folding->normalizeUTF8(0, icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())), sink,
                         nullptr, e);
  if (U_FAILURE(e)) return lower(utf8);
  return out;
}

std::string fold(std::string_view utf8) {
  std::string r = fold_case(utf8);
  if (!is_ascii(r)) simplify_han(r);
  return r;
}

std::string fold_version() { return std::string("2 icu ") + U_ICU_VERSION; }

std::optional<std::string> saslprep(std::string_view utf8) {
  if (is_ascii(utf8)) {
    for (char c : utf8)
      if (is_ctl(c)) return std::nullopt;
    return std::string(utf8);
  }
  if (!is_utf8(utf8) || utf8.size() > (1u << 20)) return std::nullopt;
  UErrorCode e = U_ZERO_ERROR;
  UStringPrepProfile* profile = usprep_openByType(USPREP_RFC4013_SASLPREP, &e);
  if (U_FAILURE(e)) return std::nullopt;
  icu::UnicodeString in = icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())));
  std::vector<UChar> out(static_cast<std::size_t>(in.length()) * 18 + 16);  // the longest expansion of NFKC
  // Characters younger than Unicode 3.2 are taken as they are: people type them.
  int32_t n = usprep_prepare(profile, in.getBuffer(), in.length(), out.data(), static_cast<int32_t>(out.size()), USPREP_ALLOW_UNASSIGNED, nullptr, &e);
  usprep_close(profile);
  if (U_FAILURE(e)) return std::nullopt;
  std::string r;
  icu::UnicodeString(out.data(), n).toUTF8String(r);
  return r;
}

struct CharsetDecoder::State {
  std::string label;
  Kind kind;
  UConverter* converter = nullptr;  // owned: a stream keeps its shift state
  Utf16Sink sink;
  std::string rest;  // an unfinished UTF-8 character, or what a guess still waits for
  void decide(std::string_view bytes) {
    label = guess_label(bytes);
    kind = label == "utf-8" ? Kind::utf8 : Kind::other;
    if (kind == Kind::other) converter = open(label);
    if (!converter) kind = Kind::utf8;
  }
};

CharsetDecoder::CharsetDecoder(std::string_view label) : state_(std::make_unique<State>()) {
  state_->label = clean_label(label);
  state_->kind = kind_of(state_->label);
  if (state_->kind == Kind::other) {
    state_->converter = open(state_->label);
    if (!state_->converter) state_->kind = Kind::guess;
  }
}
CharsetDecoder::CharsetDecoder(CharsetDecoder&&) noexcept = default;
CharsetDecoder::~CharsetDecoder() {
  if (state_ && state_->converter) ucnv_close(state_->converter);
}

void CharsetDecoder::feed(std::string_view bytes, std::string& out) {
  State& s = *state_;
  if (s.kind == Kind::other) return convert(s.converter, bytes, false, s.sink, out);
  if (s.kind != Kind::utf8 && s.rest.empty()) {  // ASCII so far: nothing to decide yet
    std::size_t n = ascii_run(bytes, 0);
    out += bytes.substr(0, n);
    bytes.remove_prefix(n);
  }
  if (bytes.empty()) return;
  s.rest += bytes;
  if (s.kind != Kind::utf8) {
    constexpr std::size_t enough = 4096;  // 8-bit text seen before the charset is guessed from it
    if (s.rest.size() < enough) return;
    std::string_view seen = s.rest;
    // A cut character at the end must not spoil the guess: judge up to the last ASCII byte.
    while (!seen.empty() && is_8bit(seen.back())) seen.remove_suffix(1);
    s.decide(seen.empty() ? std::string_view(s.rest) : seen);
    if (s.kind == Kind::other) {
      convert(s.converter, s.rest, false, s.sink, out);
      s.rest.clear();
      return;
    }
  }
  std::size_t left = append_clean(s.rest, false, out);
  s.rest.erase(0, s.rest.size() - left);
}

void CharsetDecoder::finish(std::string& out) {
  State& s = *state_;
  if (s.kind == Kind::guess || s.kind == Kind::ascii) s.decide(s.rest);
  if (s.kind == Kind::other) convert(s.converter, s.rest, true, s.sink, out);
  else append_clean(s.rest, true, out);
  s.rest.clear();
}

}  // namespace jd::mime

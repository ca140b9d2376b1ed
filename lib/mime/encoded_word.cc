// SPDX-License-Identifier: MIT
#include "lib/mime/encoded_word.h"

#include <algorithm>
#include <array>
#include <optional>

#include "lib/base/text.h"
#include "lib/mime/charset.h"
#include "lib/mime/header.h"
#include "lib/mime/token.h"
#include "lib/mime/transfer.h"

namespace jd::mime {
namespace {

constexpr std::size_t max_word = 75;  // RFC 2047 §2
constexpr std::size_t max_line = 76;

struct Word {
  std::string_view charset, text;
  bool base64;
  std::size_t end;  // offset behind "?="
};

class Decoder {
 public:
  explicit Decoder(std::string_view s) : s_(s) {}

  std::string run() {
    std::size_t i = 0;
    while (i < s_.size()) {
      std::size_t at = s_.find("=?", i);
      std::optional<Word> w;
      if (at != s_.npos) w = word_at(at);
      if (!w) {
        std::size_t to = at == s_.npos ? s_.size() : at + 2;
        literal(s_.substr(i, to - i));
        i = to;
        continue;
      }
      std::string_view between = s_.substr(i, at - i);
      // Blanks between two words are not text (RFC 2047 §6.2).
      if (!after_word_ || between.find_first_not_of(" \t") != between.npos) literal(between);
      take(*w);
      i = w->end;
    }
    flush();
    return std::move(out_);
  }

 private:
  // "=?charset?B?text?=" at `at`.  Each search is remembered, so that hostile text costs one pass.
  std::optional<Word> word_at(std::size_t at) {
    std::size_t q1 = s_.find('?', at + 2);
    if (q1 == s_.npos || q1 == at + 2 || q1 - at > 80 || q1 + 2 >= s_.size() || s_[q1 + 2] != '?')
      return std::nullopt;
    char e = to_lower(s_[q1 + 1]);
    if (e != 'b' && e != 'q') return std::nullopt;
    std::size_t text = q1 + 3;
    if (close_ != s_.npos && close_ < text) close_ = s_.find("?=", text);
    if (close_ == s_.npos) return std::nullopt;
    std::string_view charset = s_.substr(at + 2, q1 - at - 2);
    charset = charset.substr(0, charset.find('*'));
    if (charset.find_first_of(" \t\"") != charset.npos) return std::nullopt;
    std::string_view t = s_.substr(text, close_ - text);
    if (t.find("=?") != t.npos) return std::nullopt;
    return Word{charset, t, e == 'b', close_ + 2};
  }

  void literal(std::string_view text) {
    flush();
    if (text.empty()) return;
    after_word_ = false;
    if (is_ascii(text)) out_ += text;
    else out_ += guess_to_utf8(text);
  }

  void take(const Word& w) {
    if (!iequals(w.charset, charset_)) flush();
    charset_ = w.charset;
    after_word_ = true;
    if (w.base64) {
      base64_.feed(w.text, bytes_);
      if (w.text.find('=') != w.text.npos) base64_.finish(bytes_);
      return;
    }
    base64_.finish(bytes_);
    std::string q(w.text);
    std::replace(q.begin(), q.end(), '_', ' ');
    if (!q.empty() && q.back() == ' ') q.replace(q.size() - 1, 1, "=20");
    bytes_ += decode(q, Encoding::quoted_printable);
  }

  void flush() {
    base64_.finish(bytes_);
    if (!bytes_.empty()) {
      std::string text = to_utf8(bytes_, charset_);
      for (char c : text) out_ += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    bytes_.clear();
    charset_ = {};
  }

  std::string_view s_;
  std::size_t close_ = 0;
  std::string out_, bytes_;
  std::string_view charset_;
  TransferDecoder base64_{Encoding::base64};
  bool after_word_ = false;
};

bool is_q_plain(char c) {  // safe in a phrase too: RFC 2047 §5 (3)
  return is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

std::size_t q_size(std::string_view s) {
  std::size_t n = 0;
  for (char c : s) n += is_q_plain(c) || c == ' ' ? 1 : 3;
  return n;
}

std::string q_encode(std::string_view s) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string r;
  for (char c : s) {
    auto b = static_cast<unsigned char>(c);
    if (c == ' ') r += '_';
    else if (is_q_plain(c)) r += c;
    else r += '=', r += digits[b >> 4], r += digits[b & 15];
  }
  return r;
}

// The end of the character that begins at i.
std::size_t next_char(std::string_view s, std::size_t i) {
  for (i++; i < s.size() && (static_cast<unsigned char>(s[i]) & 0xC0) == 0x80;) i++;
  return i;
}

// Could be taken for an encoded word, or has bytes that a header line may not have.
bool needs_encoding(std::string_view s) {
  if (s.find("=?") != s.npos) return true;
  std::size_t run = 0;
  for (char c : s) {
    if (is_8bit(c) || is_ctl(c)) return true;
    run = c == ' ' ? 0 : run + 1;
    if (run > 900) return true;  // a line that could not be folded under 998
  }
  return false;
}

// Folds at blanks once a line passes the limit; every fold keeps its blank.
std::string fold_plain(std::string_view s, std::size_t column) {
  std::string r;
  std::size_t line = column;
  for (std::size_t i = 0; i < s.size();) {
    std::size_t word = s.find_first_not_of(' ', i);
    if (word == s.npos) break;  // blanks at the end would not survive
    std::size_t end = std::min(s.find(' ', word), s.size());
    if (line + (end - i) > max_line && i > 0 && word > i) {
      r += "\r\n";
      line = 0;
    }
    r += s.substr(i, end - i);
    line += end - i;
    i = end;
  }
  return r;
}

}  // namespace

std::string decode_words(std::string_view raw) {
  std::string s = unfold(raw);
  std::erase(s, '\r');
  std::replace(s.begin(), s.end(), '\0', ' ');
  if (s.find("=?") == s.npos) return is_ascii(s) ? s : guess_to_utf8(s);
  return Decoder(s).run();
}

std::string encode_words(std::string_view utf8, std::size_t column) {
  constexpr std::size_t frame = 12;  // =?utf-8?B? ?=
  bool q = q_size(utf8) <= (utf8.size() + 2) / 3 * 4;
  std::string text = clean_utf8(utf8);
  std::string r;
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t room = std::min(max_word, column + frame + 12 < max_line ? max_line - column : max_word) - frame;
    bool fresh_line = column + frame + 12 >= max_line;
    std::size_t end = i;
    while (end < text.size()) {
      std::size_t to = next_char(text, end);
      std::string_view piece = std::string_view(text).substr(i, to - i);
      std::size_t cost = q ? q_size(piece) : (piece.size() + 2) / 3 * 4;
      if (cost > room && end > i) break;
      end = to;
    }
    std::string_view piece = std::string_view(text).substr(i, end - i);
    if (!r.empty() || fresh_line) r += "\r\n ", column = 1;
    r += q ? "=?utf-8?Q?" + q_encode(piece) + "?=" : "=?utf-8?B?" + encode_base64(piece, 0) + "?=";
    i = end;
    column = 1;
  }
  return r;
}

std::string encode_text(std::string_view utf8, std::size_t column) {
  if (needs_encoding(utf8)) return encode_words(utf8, column);
  return fold_plain(utf8, column);
}

std::string encode_phrase(std::string_view utf8, std::size_t column) {
  if (utf8.empty()) return {};
  if (needs_encoding(utf8)) return encode_words(utf8, column);
  bool atoms = std::all_of(utf8.begin(), utf8.end(), [](char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~ ").find(c) != std::string_view::npos;
  });
  if (atoms && utf8.front() != ' ' && utf8.back() != ' ' && utf8.find("  ") == utf8.npos)
    return fold_plain(utf8, column);
  std::string r = "\"";
  for (char c : utf8) {
    if (c == '"' || c == '\\') r += '\\';
    r += c;
  }
  return r + "\"";
}

std::string parameter_text(const Parameters& all, std::string_view name) {
  auto p = parameter(all, name);
  if (!p) return {};
  return p->charset.empty() ? decode_words(p->bytes) : to_utf8(p->bytes, p->charset);
}

std::string format_parameter(std::string_view name, std::string_view utf8) {
  std::string r(name);
  if (!needs_encoding(utf8)) return r + "=" + quote_if_needed(utf8);
  r += "*=utf-8''";
  for (char c : utf8) {
    if (is_alnum(c) || c == '-' || c == '.' || c == '_') r += c;
    else r += '%' + upper(hex({&c, 1}));
  }
  return r;
}

}  // namespace jd::mime

// SPDX-License-Identifier: MIT
#include "lib/mime/transfer.h"

#include <string.h>

#include <algorithm>
#include <array>

#include "lib/base/text.h"

namespace jd::mime {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> make_values() {
  std::array<int8_t, 256> v{};
  v.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); i++)
    v[static_cast<unsigned char>(alphabet[i])] = static_cast<int8_t>(i);
  return v;
}
constexpr std::array<int8_t, 256> values = make_values();
int value(char c) { return values[static_cast<unsigned char>(c)]; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

constexpr std::size_t max_uu_line = 256;   // beyond it a line is not uuencode
constexpr std::size_t max_qp_blanks = 998;  // blanks held back at the end of a line

}  // namespace

Encoding encoding_of(std::string_view token) {
  token = trim(token);
  if (iequals(token, "base64")) return Encoding::base64;
  if (iequals(token, "quoted-printable")) return Encoding::quoted_printable;
  for (std::string_view u : {"x-uuencode", "x-uue", "uuencode", "uue"})
    if (iequals(token, u)) return Encoding::uuencode;
  return Encoding::identity;
}

bool is_known_encoding(std::string_view token) {
  if (encoding_of(token) != Encoding::identity) return true;
  for (std::string_view k : {"", "7bit", "8bit", "binary"})
    if (iequals(trim(token), k)) return true;
  return false;
}

void TransferDecoder::feed(std::string_view bytes, std::string& out) {
  switch (encoding_) {
    case Encoding::identity: out += bytes; break;
    case Encoding::base64: base64(bytes, out); break;
    case Encoding::quoted_printable: quoted_printable(bytes, out); break;
    case Encoding::uuencode: uuencode(bytes, out); break;
  }
}

void TransferDecoder::finish(std::string& out) {
  if (encoding_ == Encoding::base64) {
    if (count_ >= 2) out += static_cast<char>(count_ == 2 ? bits_ >> 4 : bits_ >> 10);
    if (count_ == 3) out += static_cast<char>(bits_ >> 2);
  } else if (encoding_ == Encoding::quoted_printable) {
    if (held_.size() == 2 && held_[0] == '=') out += held_;  // "=X": not an escape
  } else if (encoding_ == Encoding::uuencode) {
    uu_line(out);
  }
  bits_ = 0;
  count_ = 0;
  held_.clear();
}

void TransferDecoder::base64(std::string_view bytes, std::string& out) {
  std::size_t i = 0;
  out.reserve(out.size() + bytes.size() / 4 * 3 + 3);
  while (i < bytes.size()) {
    while (count_ == 0 && i + 4 <= bytes.size()) {  // whole groups, the usual case
      int a = value(bytes[i]), b = value(bytes[i + 1]), c = value(bytes[i + 2]), d = value(bytes[i + 3]);
      if ((a | b | c | d) < 0) break;
      auto v = static_cast<uint32_t>(a << 18 | b << 12 | c << 6 | d);
      char three[3] = {static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
      out.append(three, 3);
      i += 4;
    }
    if (i >= bytes.size()) return;
    char ch = bytes[i++];
    int v = value(ch);
    if (v < 0) {
      if (ch != '=') continue;
      Encoding keep = encoding_;  // padding ends a group; more may follow
      finish(out);
      encoding_ = keep;
      continue;
    }
    bits_ = bits_ << 6 | static_cast<uint32_t>(v);
    if (++count_ < 4) continue;
    out += static_cast<char>(bits_ >> 16);
    out += static_cast<char>(bits_ >> 8);
    out += static_cast<char>(bits_);
    bits_ = 0;
    count_ = 0;
  }
}

// held_ is "=" or "=X" or "=\r" or "= ..." (soft line end with blanks), or blanks of a line's end.
void TransferDecoder::quoted_printable(std::string_view bytes, std::string& out) {
  for (std::size_t i = 0; i < bytes.size(); i++) {
    char c = bytes[i];
    if (held_.empty()) {
      std::size_t from = i;
      for (; i < bytes.size() && bytes[i] != '='; i++) {  // a blank within a line, the usual one, is text
        bool is_blank = bytes[i] == ' ' || bytes[i] == '\t';
        if (is_blank && (i + 1 == bytes.size() || static_cast<unsigned char>(bytes[i + 1]) <= ' ')) break;
      }
      out += bytes.substr(from, i - from);
      if (i == bytes.size()) return;
      if (bytes[i] == '=' && i + 2 < bytes.size()) {
        int high = hex_digit(bytes[i + 1]), low = hex_digit(bytes[i + 2]);
        if (high >= 0 && low >= 0) {
          out += static_cast<char>(high << 4 | low);
          i += 2;
          continue;
        }
      }
      held_ = bytes[i];
      continue;
    }
    if (held_[0] != '=') {  // blanks: dropped before a line end (RFC 2045 §6.7 rule 3)
      if ((c == ' ' || c == '\t') && held_.size() < max_qp_blanks) {
        held_ += c;
        continue;
      }
      if (c != '\r' && c != '\n') out += held_;
      held_.clear();
      i--;
      continue;
    }
    if (held_.size() == 2 && hex_digit(held_[1]) >= 0) {
      int low = hex_digit(c);
      if (low >= 0) out += static_cast<char>(hex_digit(held_[1]) << 4 | low);
      else out += held_;
      held_.clear();
      if (low < 0) i--;
      continue;
    }
    if (c == '\n') {  // soft line end
      held_.clear();
    } else if (c == '\r' || c == ' ' || c == '\t' || (held_.size() == 1 && hex_digit(c) >= 0)) {
      held_ += c;
      if (held_.size() < max_qp_blanks) continue;
      out += held_;
      held_.clear();
    } else {
      out += held_;
      held_.clear();
      i--;
    }
  }
}

void TransferDecoder::uu_line(std::string& out) {
  std::string_view line = trim(held_);
  if (!inside_) {
    inside_ = line.substr(0, 6) == "begin ";
  } else if (line == "end") {
    inside_ = false;
  } else if (!held_.empty() && held_.size() < max_uu_line) {
    auto six = [&](std::size_t k) {
      return k < held_.size() ? static_cast<uint32_t>(held_[k] - 32) & 63 : 0;
    };
    std::size_t n = six(0);
    n = std::min(n, held_.size() * 3 / 4);
    for (std::size_t k = 1, done = 0; done < n; k += 4) {
      uint32_t v = six(k) << 18 | six(k + 1) << 12 | six(k + 2) << 6 | six(k + 3);
      for (int shift = 16; shift >= 0 && done < n; shift -= 8, done++)
        out += static_cast<char>(v >> shift);
    }
  }
  held_.clear();
}

void TransferDecoder::uuencode(std::string_view bytes, std::string& out) {
  for (char c : bytes) {
    if (c == '\n') uu_line(out);
    else if (c != '\r' && held_.size() < max_uu_line) held_ += c;
  }
}

std::string decode(std::string_view bytes, Encoding e) {
  std::string out;
  TransferDecoder d(e);
  d.feed(bytes, out);
  d.finish(out);
  return out;
}

std::string encode_base64(std::string_view bytes, std::size_t line) {
  std::string r;
  r.reserve(bytes.size() / 3 * 4 + 8 + (line ? bytes.size() / 28 : 0));
  std::size_t column = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    if (line && column + 4 > line) {
      r += "\r\n";
      column = 0;
    }
    auto b = [&](std::size_t k) {
      return i + k < bytes.size() ? uint32_t{static_cast<unsigned char>(bytes[i + k])} : 0;
    };
    uint32_t v = b(0) << 16 | b(1) << 8 | b(2);
    r += alphabet[v >> 18];
    r += alphabet[v >> 12 & 63];
    r += i + 1 < bytes.size() ? alphabet[v >> 6 & 63] : '=';
    r += i + 2 < bytes.size() ? alphabet[v & 63] : '=';
    column += 4;
  }
  if (line && !bytes.empty()) r += "\r\n";
  return r;
}

std::string encode_quoted_printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string r;
  r.reserve(text.size() + text.size() / 8);
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    bool at_eol = i + 1 == text.size() || text.substr(i + 1, 2) == "\r\n";
    if (text.substr(i, 2) == "\r\n") {
      r += "\r\n";
      column = 0;
      i++;
      continue;
    }
    bool plain = (c > 32 && c < 127 && c != '=') || ((c == ' ' || c == '\t') && !at_eol);
    // "." alone and "From " at a line's beginning are what transports damage.
    if (column == 0 && (c == '.' || text.substr(i, 5) == "From ")) plain = false;
    std::size_t width = plain ? 1 : 3;
    if (column + width > (at_eol ? 76u : 75u)) {
      r += "=\r\n";
      column = 0;
    }
    if (plain) {
      r += c;
    } else {
      auto b = static_cast<unsigned char>(c);
      r += '=';
      r += digits[b >> 4];
      r += digits[b & 15];
    }
    column += width;
  }
  return r;
}

}  // namespace jd::mime

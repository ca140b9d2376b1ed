// SPDX-License-Identifier: MIT
#include "lib/mime/text.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "lib/base/text.h"
#include "lib/mime/charset.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "lib/mime/section.h"
#include "lib/mime/transfer.h"

namespace jd::mime {
namespace {

constexpr std::size_t piece_bytes = 64 << 10;

std::string_view body_of(std::string_view message, const Part& p) {
  return Range{p.body_begin, p.end}.of(message);
}

// In pieces, so that a part of any size needs the memory of one.
bool each_piece(std::string_view bytes, const TextSink& sink) {
  for (std::size_t i = 0; i < bytes.size(); i += piece_bytes)
    if (!sink(bytes.substr(i, piece_bytes))) return false;
  return true;
}

// The chain of filters over one text part: transfer decoding, charset, HTML, line ends.
class TextFilter {
 public:
  TextFilter(const Part& p, const TextSink& sink)
      : transfer_(encoding_of(p.encoding)), charset_(label_of(p)), html_(p.subtype == "html"), sink_(sink) {}

  bool feed(std::string_view bytes) {
    bytes_.clear();
    transfer_.feed(bytes, bytes_);
    return text(false);
  }
  bool finish() {
    bytes_.clear();
    transfer_.finish(bytes_);
    return text(true);
  }

 private:
  static std::string label_of(const Part& p) {
    auto label = parameter(p.parameters, "charset");
    return label ? label->bytes : std::string();
  }
  bool text(bool last) {
    utf8_.clear();
    charset_.feed(bytes_, utf8_);
    if (last) charset_.finish(utf8_);
    std::string* out = &utf8_;
    if (html_) {
      plain_.clear();
      tags_.feed(utf8_, plain_);
      if (last) tags_.finish(plain_);
      out = &plain_;
    }
    std::erase(*out, '\r');
    return out->empty() || sink_(*out);
  }

  TransferDecoder transfer_;
  CharsetDecoder charset_;
  bool html_;
  HtmlText tags_;
  const TextSink& sink_;
  std::string bytes_, utf8_, plain_;
};

bool visit_text_leaf(std::string_view message, const Part& p, const TextSink& sink) {
  TextFilter filter(p, sink);
  auto feed = [&](std::string_view piece) { return filter.feed(piece); };
  return each_piece(body_of(message, p), feed) && filter.finish();
}

// Finds a folded needle in text that comes in pieces: the end of each piece is kept for the next.
class Finder {
 public:
  explicit Finder(std::string_view utf8) : needle_(fold(utf8)) {}
  bool found() const { return found_; }
  bool feed(std::string_view utf8) {  // false once found: it is a sink
    window_ += fold(utf8);
    found_ = found_ || window_.find(needle_) != window_.npos;
    std::size_t keep = std::min(window_.size(), needle_.size());
    window_.erase(0, window_.size() - keep);
    return !found_;
  }
  void part_ends() { window_.clear(); }

 private:
  std::string needle_, window_;
  bool found_ = false;
};

// A plain search for a short needle in bytes that are their own text: no copies are made.  Horspool's
// steps over lower case; the needle's length bounds what a byte can cost.
class PlainScan {
 public:
  static constexpr std::size_t max_needle = 64;
  explicit PlainScan(std::string_view utf8) {
    bool plain = utf8.size() <= max_needle && std::none_of(utf8.begin(), utf8.end(), [](char c) { return is_ctl(c) || is_8bit(c); });
    if (!plain) return;
    needle_ = lower(utf8);
    for (auto& s : step_) s = static_cast<uint8_t>(needle_.size());
    for (std::size_t i = 0; i + 1 < needle_.size(); ++i) {
      auto left = static_cast<uint8_t>(needle_.size() - 1 - i);
      step_[static_cast<unsigned char>(needle_[i])] = step_[static_cast<unsigned char>(to_upper(needle_[i]))] = left;
    }
  }
  // nullopt: these bytes must be decoded to know.
  std::optional<bool> find(std::string_view message, const Part& p) const {
    if (needle_.empty() || !p.is_text() || p.subtype == "html" || !p.children.empty()) return {};
    if (encoding_of(p.encoding) != Encoding::identity) return {};
    if (auto label = parameter(p.parameters, "charset"); label && !is_like_ascii(label->bytes)) return {};
    std::string_view body = body_of(message, p);
    if (!is_ascii(body) || has_bare_cr(body)) return {};
    return find(body);
  }

 private:
  static bool is_like_ascii(std::string_view label) {
    for (std::string_view known : {"us-ascii", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"})
      if (iequals(label, known)) return true;
    return false;
  }
  // It is taken out of text, and may join what stands around it.
  static bool has_bare_cr(std::string_view s) {
    for (auto at = s.find('\r'); at != s.npos; at = s.find('\r', at + 1))
      if (at + 1 == s.size() || s[at + 1] != '\n') return true;
    return false;
  }
  bool find(std::string_view s) const {
    std::size_t n = needle_.size();
    for (std::size_t at = 0; at + n <= s.size(); at += step_[static_cast<unsigned char>(s[at + n - 1])]) {
      std::size_t i = n;
      while (i && to_lower(s[at + i - 1]) == needle_[i - 1]) --i;
      if (!i) return true;
    }
    return false;
  }

  std::string needle_;  // empty: not for this
  uint8_t step_[256];
};

bool body_contains(std::string_view message, const Part& part, const PlainScan& plain, Finder& finder, const TextSink& sink) {
  if (part.children.empty()) {
    if (auto known = plain.find(message, part)) return *known;
    finder.part_ends();
    visit_body_text(message, part, sink);
    return finder.found();
  }
  for (const Part& c : part.children)
    if (body_contains(message, c, plain, finder, sink)) return true;
  return false;
}

const Part* first_text(const Part& p, std::string_view subtype, std::vector<const Part*>& tried) {
  if (p.is_text() && p.subtype == subtype && p.disposition.type != "attachment" &&
      std::find(tried.begin(), tried.end(), &p) == tried.end())
    return &p;
  for (const Part& c : p.children)
    if (const Part* found = first_text(c, subtype, tried)) return found;
  return nullptr;
}

// RFC 2231: a name in a charset of its own, or in pieces, cannot be read in the field as it stands.
bool visit_extended_names(const Part& p, const TextSink& sink) {
  for (auto [all, name] : {std::pair(&p.parameters, "name"), std::pair(&p.disposition.parameters, "filename")}) {
    auto is_extended = [extended = std::string(name) + "*"](auto& parameter) { return parameter.first == extended; };
    if (std::none_of(all->begin(), all->end(), is_extended)) continue;
    auto value = parameter(*all, name);
    if (value && !sink(to_utf8(value->bytes, value->charset) + "\n")) return false;
  }
  return true;
}

std::string one_line(std::string_view s, std::size_t characters) {
  std::string r;
  std::size_t count = 0;
  bool blank = false;
  for (char c : s) {
    bool begins = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (is_ctl(c) || c == ' ') {
      blank = !r.empty();
      continue;
    }
    if (begins && (count += blank ? 2 : 1) > characters) break;
    if (blank) r += ' ';
    blank = false;
    r += c;
  }
  return r;
}

}  // namespace

bool visit_body_text(std::string_view message, const Part& part, const TextSink& sink) {
  // A multipart in which no part was found is what its sender wrote: shown as the text that it is.
  if (part.children.empty() && (part.is_text() || part.is_multipart()))
    return visit_text_leaf(message, part, sink) && sink("\n");
  for (const Part& c : part.children)
    if (!visit_body_text(message, c, sink)) return false;
  return true;
}

bool visit_header_text(std::string_view message, const Part& part, bool deep, const TextSink& sink) {
  FieldReader reader(Range{part.header_begin, part.body_begin}.of(message));
  for (Field f; reader.next(f);) {
    std::string line = f.name.empty() ? "" : clean_utf8(f.name) + ": ";
    if (!sink(line + decode_words(f.value) + "\n")) return false;
  }
  if (!visit_extended_names(part, sink)) return false;
  if (!deep) return true;
  for (const Part& c : part.children)
    if (!visit_header_text(message, c, true, sink)) return false;
  return true;
}

bool visit_decoded(std::string_view message, const Part& leaf, const TextSink& sink) {
  TransferDecoder decoder(encoding_of(leaf.encoding));
  std::string out;
  bool goes_on = each_piece(body_of(message, leaf), [&](std::string_view piece) {
    out.clear();
    decoder.feed(piece, out);
    return out.empty() || sink(out);
  });
  if (!goes_on) return false;
  out.clear();
  decoder.finish(out);
  return out.empty() || sink(out);
}

std::string decoded(std::string_view message, const Part& leaf) {
  return decode(body_of(message, leaf), encoding_of(leaf.encoding));
}

bool contains_text(std::string_view message, const Part& root, std::string_view utf8, SearchIn where) {
  if (utf8.empty()) return true;
  Finder finder(utf8);
  TextSink sink = [&](std::string_view piece) { return finder.feed(piece); };
  if (where == SearchIn::all) visit_header_text(message, root, true, sink);
  return finder.found() || body_contains(message, root, PlainScan(utf8), finder, sink);
}

std::string preview(std::string_view message, const Part& root, std::size_t characters) {
  constexpr std::size_t enough = 16 << 10;  // bytes of text looked at
  std::vector<const Part*> tried;
  for (std::string_view subtype : {"plain", "html"}) {
    while (tried.size() < 8) {
      const Part* p = first_text(root, subtype, tried);
      if (!p) break;
      tried.push_back(p);
      std::string text;
      visit_text_leaf(message, *p, [&](std::string_view piece) {
        text += piece;
        return text.size() < enough;
      });
      std::string line = one_line(text, characters);
      if (!line.empty()) return line;
    }
  }
  return {};
}

}  // namespace jd::mime

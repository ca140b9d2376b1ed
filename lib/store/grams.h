// SPDX-License-Identifier: MIT
// grams.h: the pieces of text that the search index knows (search_file.h), as numbers.
//
// SEARCH finds substrings, so the index holds no words: it holds what every substring that is long
// enough is made of.  Between white space (code points up to U+0020) text is cut into
//   pairs     two neighbours of which one or both are CJK (U+2E80 and above: han, kana, hangul, ...);
//             the last of such characters before white space or the end is paired with 0
//   trigrams  three neighbours, none of them CJK
// so that any two Chinese characters, and any three letters of an address, are one gram, and one
// Chinese character is the beginning of a pair.  Text is folded before (mime::fold).
//
//   gram := 40 bits: scope(1) kind(1) pair: 18 + 18 bits of the code points | trigram: 3 * 12 bits
// What does not fit is cut off: different texts may share a gram, but a text never loses one.
// Pure; linear; any bytes are taken.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace jd::store {

using Gram = uint64_t;
enum class Scope : uint8_t { body, header };  // where the text stands in the message
constexpr Gram max_gram = (Gram{1} << 40) - 1;
constexpr Gram gram_always = max_gram;  // of messages that every search must look at; no text has it

// Text in pieces that begin and end between characters.
class GramReader {
 public:
  explicit GramReader(Scope s) : scope_(static_cast<Gram>(s) << 39) {}
  template <class Sink>
  void feed(std::string_view folded, Sink&& sink) {
    for (std::size_t i = 0; i < folded.size();) next(take(folded, i), sink);
  }
  template <class Sink>
  void end(Sink&& sink) { next(' ', sink); }

  static bool is_cjk(uint32_t c) { return c >= 0x2E80; }
  Gram pair(uint32_t a, uint32_t b) const { return scope_ | Gram{1} << 38 | Gram{a & 0x3FFFF} << 18 | (b & 0x3FFFF); }

 private:
  static uint32_t take(std::string_view s, std::size_t& i) {
    auto c = static_cast<unsigned char>(s[i++]);
    if (c < 0x80) return c;
    int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    uint32_t r = c & (0x3Fu >> more);
    for (; more && i < s.size(); --more) r = r << 6 | (static_cast<unsigned char>(s[i++]) & 0x3F);
    return r;
  }
  Gram trigram(uint32_t c) const { return scope_ | Gram{a_ & 0xFFF} << 24 | Gram{b_ & 0xFFF} << 12 | (c & 0xFFF); }
  template <class Sink>
  void next(uint32_t c, Sink&& sink) {
    bool blank = c <= ' ';
    if (b_ && (is_cjk(b_) || (is_cjk(c) && !blank))) sink(pair(b_, blank ? 0 : c));
    else if (a_ && !blank && !is_cjk(a_)) sink(trigram(c));
    a_ = blank ? 0 : b_;
    b_ = blank ? 0 : c;
  }

  Gram scope_;
  uint32_t a_ = 0, b_ = 0;  // the two before; 0: none
  friend struct Needle;
};

// What a text that contains `folded` has: all of `whole`, and of each range one or more.
// Neither: it is too short to say anything.
struct Needle {
  struct Range { Gram first, last; };
  std::vector<Gram> whole;
  std::vector<Range> ranges;
  Needle(std::string_view folded, Scope scope);
  bool is_empty() const { return whole.empty() && ranges.empty(); }
};

}  // namespace jd::store

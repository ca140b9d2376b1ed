// SPDX-License-Identifier: MIT
// token.h: the words of structured header fields (RFC 5322 §3.2): blanks, comments, quoted strings.
//
// A Lexer walks over a raw, still folded value.  It never fails and never goes back: what is not
// closed ends with the value.  Linear; comments nest to any depth without recursion.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace jd::mime {

class Lexer {
 public:
  explicit Lexer(std::string_view raw) : s_(raw) {}
  bool done() const { return at_ >= s_.size(); }
  char peek() const { return s_[at_]; }  // only when not done()
  char take() { return s_[at_++]; }
  bool take_if(char c);
  std::size_t at() const { return at_; }
  std::string_view since(std::size_t from) const { return s_.substr(from, at_ - from); }

  // Blanks, line ends and comments.  The text of the last comment, trimmed, goes to *comment.
  void skip_blank(std::string* comment = nullptr);
  void skip_spaces();  // blanks and line ends only
  // At '"': the content, escapes undone, line ends dropped; stands behind the closing quote.
  std::string quoted();
  // The longest run of bytes that are neither blank, line end, nor in `stop`.
  std::string_view run(std::string_view stop);

 private:
  void skip_comment(std::string* text);

  std::string_view s_;
  std::size_t at_ = 0;
};

// "a b" with quotes and escapes, unless it is one token (RFC 2045 §5.1).
std::string quote_if_needed(std::string_view value);

}  // namespace jd::mime

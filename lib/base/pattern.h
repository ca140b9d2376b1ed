// SPDX-License-Identifier: MIT
// pattern.h: how an operator names the text, the addresses or the domains that he means.
//
//   text     "/expression/": an RE2 expression, found anywhere; otherwise a substring
//   address  "<>": the null sender; "user@domain": exactly that; "@domain": everybody there;
//            with * or ?: a glob over the whole address; "/expression/"; otherwise a substring
//   domain   "domain": exactly that; ".domain": it and all below; a glob; "/expression/"
// Letters of any case are alike.  Matching is linear in the text.  Errors: usage (the expression).
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace jd {

class Pattern {
 public:
  Pattern();
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  static Result<Pattern> text(std::string_view words);
  static Result<Pattern> address(std::string_view words);
  static Result<Pattern> domain(std::string_view words);
  bool matches(std::string_view s) const;
  bool is_set() const { return kind_ != Kind::none; }  // one that was never made matches everything

 private:
  enum class Kind : uint8_t { none, substring, whole, at_domain, below, glob, expression };
  struct Expression;
  static Result<Pattern> expression(std::string_view words);
  Kind kind_ = Kind::none;
  std::string words_;
  std::unique_ptr<Expression> expression_;
};

// * stands for any text, ? for any one byte; any case; the whole of s.
bool glob_matches(std::string_view glob, std::string_view s);

}  // namespace jd

// SPDX-License-Identifier: MIT
#include "lib/base/pattern.h"

#include <re2/re2.h>

#include "lib/base/text.h"

namespace jd {
namespace {
constexpr std::size_t max_pattern = 1000;
constexpr int64_t max_expression_memory = 8 << 20;

bool is_expression(std::string_view s) { return s.size() > 2 && s.front() == '/' && s.back() == '/'; }
bool is_glob(std::string_view s) { return s.find_first_of("*?") != s.npos; }
}  // namespace

struct Pattern::Expression {
  explicit Expression(std::string_view words, const re2::RE2::Options& o)
      : re(re2::StringPiece(words.data(), words.size()), o) {}
  re2::RE2 re;
};

Pattern::Pattern() = default;
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

Result<Pattern> Pattern::expression(std::string_view words) {
  re2::RE2::Options o;
  o.set_case_sensitive(false);
  o.set_log_errors(false);
  o.set_max_mem(max_expression_memory);
  o.set_encoding(re2::RE2::Options::EncodingLatin1);  // bytes: what remote hosts say is not always UTF-8
  Pattern p;
  p.kind_ = Kind::expression;
  p.expression_ = std::make_unique<Expression>(words.substr(1, words.size() - 2), o);
  if (!p.expression_->re.ok())
    return fail(Fault::usage, "{} is no expression: {}", escape(words), p.expression_->re.error());
  return p;
}

Result<Pattern> Pattern::text(std::string_view words) {
  Pattern p;
  if (words.empty()) return p;
  if (words.size() > max_pattern) return fail(Fault::usage, "a pattern has at most {} bytes", max_pattern);
  if (is_expression(words)) return expression(words);
  p.kind_ = Kind::substring;
  p.words_ = words;
  return p;
}

Result<Pattern> Pattern::address(std::string_view words) {
  TRY(Pattern p, text(words));
  if (p.kind_ != Kind::substring) return p;
  auto at = words.rfind('@');
  if (words == "<>") {
    p.kind_ = Kind::whole;
    p.words_.clear();
  } else if (is_glob(words)) {
    p.kind_ = Kind::glob;
  } else if (at == 0 && words.size() > 1) {
    p.kind_ = Kind::at_domain;
  } else if (at != words.npos && at > 0 && at + 1 < words.size()) {
    p.kind_ = Kind::whole;
  }
  return p;
}

Result<Pattern> Pattern::domain(std::string_view words) {
  TRY(Pattern p, text(words));
  if (p.kind_ != Kind::substring) return p;
  if (words.front() == '@') p.words_ = words.substr(1);
  p.kind_ = is_glob(words) ? Kind::glob : words.front() == '.' ? Kind::below : Kind::whole;
  return p;
}

bool Pattern::matches(std::string_view s) const {
  switch (kind_) {
    case Kind::none: return true;
    case Kind::substring: return ifind(s, words_) != std::string_view::npos;
    case Kind::whole: return iequals(s, words_);
    case Kind::at_domain: {
      auto at = s.rfind('@');
      return at != s.npos && iequals(s.substr(at), words_);
    }
    case Kind::below: {
      std::string_view name = std::string_view(words_).substr(1);
      return iequals(s, name) || (s.size() > words_.size() && iequals(s.substr(s.size() - words_.size()), words_));
    }
    case Kind::glob: return glob_matches(words_, s);
    case Kind::expression: return re2::RE2::PartialMatch(re2::StringPiece(s.data(), s.size()), expression_->re);
  }
  return false;
}

// Only the last * is ever returned to: at most glob times text steps.
bool glob_matches(std::string_view glob, std::string_view s) {
  std::size_t g = 0, i = 0, star = std::string_view::npos, mark = 0;
  while (i < s.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      mark = i;
    } else if (g < glob.size() && (glob[g] == '?' || to_lower(glob[g]) == to_lower(s[i]))) {
      g++;
      i++;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      i = ++mark;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') g++;
  return g == glob.size();
}

}  // namespace jd

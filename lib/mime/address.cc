// SPDX-License-Identifier: MIT
#include "lib/mime/address.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/mime/encoded_word.h"

namespace jd::mime {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; }
bool is_special(char c) {
  return c == '<' || c == '>' || c == ',' || c == ';' || c == ':' || c == '@' || c == '"' ||
         c == '(' || c == '[' || c == ']';
}

struct Token {
  enum class Kind : uint8_t { word, quoted, literal, special, end };
  Kind kind = Kind::end;
  char special = 0;
  bool spaced = false;  // blanks or a comment stand before it
  std::string text;
  bool is(char c) const { return kind == Kind::special && special == c; }
};

// Words, quoted strings, domain literals and specials; the last comment is kept aside.
class AddressLexer {
 public:
  explicit AddressLexer(std::string_view s) : s_(s) {}

  Token next() {
    Token t;
    t.spaced = skip_blanks();
    if (i_ >= s_.size()) return t;
    char c = s_[i_];
    if (c == '"' && quotes_ && quoted(t)) return t;
    if (c == '[' && literal(t)) return t;
    bool ordinary = !is_special(c) || (c == '"' && !quotes_) || (c == '(' && !comments_) ||
                    c == '[' || c == ']';
    if (!ordinary) {
      t.kind = Token::Kind::special;
      t.special = c;
      t.text = c;
      i_++;
      return t;
    }
    t.kind = Token::Kind::word;
    std::size_t from = i_++;
    while (i_ < s_.size() && !is_space(s_[i_]) && !is_special(s_[i_])) i_++;
    t.text = s_.substr(from, i_ - from);
    return t;
  }
  std::string take_comment() { return std::exchange(comment_, {}); }
  void drop_comment() { comment_.clear(); }

 private:
  bool skip_blanks() {
    std::size_t from = i_;
    while (i_ < s_.size()) {
      if (is_space(s_[i_])) i_++;
      else if (s_[i_] != '(' || !comments_ || !comment()) break;
    }
    return i_ > from;
  }
  bool comment() {
    std::string text;
    int depth = 0;
    for (std::size_t i = i_; i < s_.size(); i++) {
      char c = s_[i];
      if (c == '(' && depth++ == 0) continue;
      if (c == ')' && --depth == 0) {
        i_ = i + 1;
        comment_ = std::string(trim(text));
        return true;
      }
      if (c == '\\' && i + 1 < s_.size()) c = s_[++i];
      if (c != '\r' && c != '\n') text += c ? c : ' ';
    }
    comments_ = false;  // none is closed from here on: an ordinary byte, and no second search
    return false;
  }
  bool quoted(Token& t) {
    for (std::size_t i = i_ + 1; i < s_.size(); i++) {
      char c = s_[i];
      if (c == '"') {
        i_ = i + 1;
        t.kind = Token::Kind::quoted;
        return true;
      }
      if (c == '\\' && i + 1 < s_.size()) c = s_[++i];
      if (c != '\r' && c != '\n') t.text += c ? c : ' ';
    }
    quotes_ = false;
    t.text.clear();
    return false;
  }
  bool literal(Token& t) {
    constexpr std::size_t longest = 256;
    std::size_t end = s_.substr(i_, longest).find(']');
    if (end == s_.npos) return false;
    for (char c : s_.substr(i_, end + 1))
      if (!is_space(c)) t.text += c;
    t.kind = Token::Kind::literal;
    i_ += end + 1;
    return true;
  }

  std::string_view s_;
  std::size_t i_ = 0;
  bool quotes_ = true, comments_ = true;
  std::string comment_;
};

// One entry while it is read.  phrase_ is all of it as text; group_ the words that may become a local
// part, before_ how much of the phrase stands ahead of them.
class Parser {
 public:
  Parser(std::string_view raw, std::size_t limit) : in_(raw), limit_(limit) {}

  std::vector<Address> run() {
    while (out_.size() < limit_) {
      if (std::exchange(angle_again_, false)) {
        angle();
        continue;
      }
      Token t = in_.next();
      if (t.kind == Token::Kind::end) break;
      if (t.is(',')) flush();
      else if (t.is(';')) flush(), close_group();
      else if (t.is('<')) angle();
      else if (t.is('>')) continue;
      else if (t.is(':') && !in_group_ && !at_ && !phrase_.empty()) open_group();
      else if (t.is('@')) at_sign(t);
      else word(t);
    }
    flush();
    close_group();
    return std::move(out_);
  }

 private:
  void word(const Token& t) {
    append(phrase_, t);
    if (at_ && (domain_.empty() || !t.spaced || joins(domain_, t.text))) {
      if (domain_.empty() || domain_.back() != ']') domain_ += t.text;
      spaced_after_domain_ = false;
      return;
    }
    bool fresh = (t.spaced && !joins(group_, t.text)) || group_.empty();
    if (fresh) {
      before_ = at_ ? 0 : phrase_.size() - t.text.size();
      group_ = t.text;
      if (at_) spaced_after_domain_ = true;
    } else {
      group_ += t.text;
    }
  }
  // "a . b": the obsolete form with blanks around dots.
  static bool joins(const std::string& left, const std::string& right) {
    return !left.empty() && !right.empty() && (left.back() == '.' || right.front() == '.');
  }
  static void append(std::string& to, const Token& t) {
    if (t.spaced && !to.empty()) to += ' ';
    to += t.text;
  }
  void at_sign(const Token& t) {
    if (at_ && spaced_after_domain_) {  // "a@x b@y": a comma is missing
      std::string next = std::move(group_);
      emit_spec();
      reset();
      phrase_ = group_ = std::move(next);
    } else if (at_) {
      local_ += '@' + domain_;
      domain_.clear();
      append(phrase_, t);
      spaced_after_domain_ = false;
      return;
    }
    at_ = true;
    local_ = std::exchange(group_, {});
    domain_.clear();
    name_ = std::string(trim(std::string_view(phrase_).substr(0, before_)));
    append(phrase_, t);
  }

  void angle() {
    Address a;
    Token t = in_.next();
    while (t.is('<')) t = in_.next();
    if (t.is('@')) t = route(a);
    for (; t.kind != Token::Kind::end; t = in_.next()) {
      if (t.is('>')) break;
      if ((t.is(',') || t.is('<') || t.is(';')) && !a.domain.empty()) break;
      if (t.is('@')) {
        if (seen_at_) a.local += '@' + a.domain;
        a.domain.clear();
        seen_at_ = true;
      } else if (seen_at_) {
        a.domain += t.text;
      } else {
        a.local += t.text;
      }
    }
    seen_at_ = false;
    in_.drop_comment();
    a.name = std::string(trim(phrase_));
    push(std::move(a));
    reset();
    after_angle_ = t.is('>');
    angle_again_ = t.is('<');  // "<a@b <c@d>"
    if (t.is(';')) close_group();
  }
  Token route(Address& a) {
    std::string r = "@";
    Token t = in_.next();
    for (; t.kind != Token::Kind::end && !t.is(':') && !t.is('>'); t = in_.next()) r += t.text;
    if (t.is(':')) {
      a.route = r;
      return in_.next();
    }
    a.domain = r.substr(1);  // "<@domain>": no local part
    return t;
  }

  void emit_spec() {
    Address a;
    a.name = name_;
    a.local = local_;
    a.domain = domain_;
    std::string comment = in_.take_comment();
    if (a.name.empty()) a.name = std::move(comment);
    push(std::move(a));
  }
  void flush() {
    if (at_) {
      emit_spec();
    } else if (after_angle_) {
      std::string comment = in_.take_comment();
      if (!out_.empty() && out_.back().is_mailbox() && out_.back().name.empty())
        out_.back().name = std::move(comment);
    } else if (!phrase_.empty()) {
      Address a;
      bool one_word = phrase_.find(' ') == phrase_.npos;
      (one_word ? a.local : a.name) = phrase_;
      std::string comment = in_.take_comment();
      if (one_word) a.name = std::move(comment);
      push(std::move(a));
    } else if (std::string comment = in_.take_comment(); !comment.empty()) {
      Address a;  // "(nobody at all)"
      a.name = std::move(comment);
      push(std::move(a));
    }
    reset();
  }
  void open_group() {
    Address a;
    a.kind = Address::Kind::group_begin;
    a.name = std::string(trim(phrase_));
    in_.drop_comment();
    in_group_ = true;
    push(std::move(a));
    reset();
  }
  void close_group() {
    if (!std::exchange(in_group_, false)) return;
    Address a;
    a.kind = Address::Kind::group_end;
    out_.push_back(std::move(a));
  }
  void push(Address a) {
    if (out_.size() < limit_) out_.push_back(std::move(a));
  }
  void reset() {
    phrase_.clear();
    group_.clear();
    before_ = 0;
    name_.clear();
    local_.clear();
    domain_.clear();
    at_ = after_angle_ = spaced_after_domain_ = false;
  }

  AddressLexer in_;
  std::size_t limit_;
  std::vector<Address> out_;
  std::string phrase_, group_, name_, local_, domain_;
  std::size_t before_ = 0;  // bytes of phrase_
  bool at_ = false, after_angle_ = false, in_group_ = false, seen_at_ = false;
  bool spaced_after_domain_ = false, angle_again_ = false;
};

bool is_dot_atom(std::string_view s) {
  if (s.empty() || s.front() == '.' || s.back() == '.' || s.find("..") != s.npos) return false;
  return std::all_of(s.begin(), s.end(), [](char c) {
    return is_alnum(c) || is_8bit(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::vector<Address> parse_addresses(std::string_view raw, std::size_t limit) {
  return Parser(raw, limit).run();
}

std::optional<Address> first_mailbox(std::string_view raw) {
  for (Address& a : parse_addresses(raw))
    if (a.is_complete()) return std::move(a);
  return std::nullopt;
}

std::string address_spec(const Address& a) {
  std::string r;
  if (a.local.empty() || is_dot_atom(a.local)) {
    r = a.local;
  } else {
    r = '"';
    for (char c : a.local) {
      if (c == '"' || c == '\\') r += '\\';
      r += is_ctl(c) ? ' ' : c;
    }
    r += '"';
  }
  if (!a.domain.empty()) r += '@' + a.domain;
  return r;
}

std::string format_mailbox(std::string_view name, std::string_view local, std::string_view domain) {
  Address a;
  a.local = local;
  a.domain = domain;
  if (name.empty()) return address_spec(a);
  return encode_phrase(name) + " <" + address_spec(a) + ">";
}

}  // namespace jd::mime

// SPDX-License-Identifier: MIT
// imap_grammar.h: is this text an ENVELOPE, BODY or BODYSTRUCTURE by the grammar of RFC 3501 §9?
//
// A reader of its own, knowing nothing of how lib/mime writes: recursive descent, rule by rule.
#pragma once
#include <string_view>

#include "lib/base/text.h"

namespace jd::mime {

class ImapGrammar {
 public:
  explicit ImapGrammar(std::string_view s) : s_(s) {}
  static bool is_envelope(std::string_view s) {
    ImapGrammar g(s);
    return g.envelope() && g.s_.empty();
  }
  static bool is_body(std::string_view s, bool extended) {
    ImapGrammar g(s);
    g.extended_ = extended;
    return g.body() && g.s_.empty();
  }

 private:
  bool take(std::string_view t) {
    if (!s_.starts_with(t)) return false;
    s_.remove_prefix(t.size());
    return true;
  }
  bool sp() { return take(" "); }
  bool nil() { return take("NIL"); }
  bool number() {
    std::size_t n = 0;
    while (n < s_.size() && is_digit(s_[n])) n++;
    s_.remove_prefix(n);
    return n > 0 && n < 20;
  }
  bool string() {
    if (take("{")) {
      auto end = s_.find("}\r\n");
      auto n = end == s_.npos ? std::nullopt : to_number(s_.substr(0, end));
      if (!n || s_.size() - end - 3 < *n) return false;
      bool has_nul = s_.substr(end + 3, *n).find('\0') != s_.npos;
      s_.remove_prefix(end + 3 + *n);
      return !has_nul;
    }
    if (!take("\"")) return false;
    for (; !s_.empty() && s_[0] != '"'; s_.remove_prefix(1)) {
      if (s_[0] == '\\') {
        s_.remove_prefix(1);
        if (s_.empty() || (s_[0] != '"' && s_[0] != '\\')) return false;
      }
      if (is_8bit(s_[0]) || s_[0] == '\r' || s_[0] == '\n' || s_[0] == 0) return false;
    }
    return take("\"");
  }
  bool nstring() { return nil() || string(); }
  bool address() {
    return take("(") && nstring() && sp() && nstring() && sp() && nstring() && sp() && nstring() &&
           take(")");
  }
  bool addresses() {
    if (nil()) return true;
    if (!take("(") || !address()) return false;
    while (!s_.starts_with(")"))
      if (!address()) return false;
    return take(")");
  }
  bool envelope() {
    if (!take("(") || !nstring() || !sp() || !nstring()) return false;
    for (int i = 0; i < 6; i++)
      if (!sp() || !addresses()) return false;
    return sp() && nstring() && sp() && nstring() && take(")");
  }
  bool params() {
    if (nil()) return true;
    if (!take("(")) return false;
    do
      if (!string() || !sp() || !string()) return false;
    while (sp());
    return take(")");
  }
  bool language() {
    if (!take("(")) return nstring();
    do
      if (!string()) return false;
    while (sp());
    return take(")");
  }
  bool tail() {  // body-fld-dsp SP body-fld-lang SP body-fld-loc
    if (!nil() && !(take("(") && string() && sp() && params() && take(")"))) return false;
    return sp() && language() && sp() && nstring();
  }
  bool fields() {
    return params() && sp() && nstring() && sp() && nstring() && sp() && string() && sp() && number();
  }
  bool body() {
    if (!take("(")) return false;
    if (s_.starts_with("(")) {
      while (s_.starts_with("("))
        if (!body()) return false;
      if (!sp() || !string()) return false;
      return (!extended_ || (sp() && params() && sp() && tail())) && take(")");
    }
    bool text = istarts_with(s_, "\"text\" ");
    bool message = istarts_with(s_, "\"message\" \"rfc822\" ") || istarts_with(s_, "\"message\" \"global\" ");
    if (!string() || !sp() || !string() || !sp() || !fields()) return false;
    if (text && !(sp() && number())) return false;
    if (message &&
        !(sp() && envelope() && sp() && body() && sp() && number()))
      return false;
    return (!extended_ || (sp() && nstring() && sp() && tail())) && take(")");
  }

  std::string_view s_;
  bool extended_ = false;
};

}  // namespace jd::mime

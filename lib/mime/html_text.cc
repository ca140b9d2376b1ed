// SPDX-License-Identifier: MIT
// HTML to text (text.h): not a parser of HTML, but what search and previews need of one.
//
//   text --"<"--> tag --">"--> text        tag --quote--> quoted --quote--> tag
//   text --"&"--> entity --";"--> text     tag --"!--"--> comment --"-->"--> text
//   tag "<script>" or "<style>" ---------> hidden --"</script" or "</style"--> tag
#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/text.h"

namespace jd::mime {
namespace {

constexpr std::size_t max_name = 16;    // bytes of a tag kept: its name
constexpr std::size_t max_entity = 10;  // "&thetasym;" is not worth more

struct Entity {
  std::string_view name, text;
};
constexpr Entity entities[] = {
    {"amp", "&"},          {"lt", "<"},           {"gt", ">"},           {"quot", "\""},
    {"apos", "'"},         {"nbsp", " "},         {"copy", "\u00A9"},    {"reg", "\u00AE"},
    {"euro", "\u20AC"},    {"pound", "\u00A3"},   {"yen", "\u00A5"},     {"hellip", "\u2026"},
    {"mdash", "\u2014"},   {"ndash", "\u2013"},   {"lsquo", "\u2018"},   {"rsquo", "\u2019"},
    {"ldquo", "\u201C"},   {"rdquo", "\u201D"},   {"laquo", "\u00AB"},   {"raquo", "\u00BB"},
    {"bull", "\u2022"},    {"middot", "\u00B7"},  {"times", "\u00D7"},   {"auml", "\u00E4"},
    {"ouml", "\u00F6"},    {"uuml", "\u00FC"},    {"Auml", "\u00C4"},    {"Ouml", "\u00D6"},
    {"Uuml", "\u00DC"},    {"szlig", "\u00DF"},   {"eacute", "\u00E9"},  {"egrave", "\u00E8"},
    {"agrave", "\u00E0"},  {"ccedil", "\u00E7"},  {"ecirc", "\u00EA"},   {"ntilde", "\u00F1"},
};

// Tags that end a line of text.
bool is_block(std::string_view name) {
  for (std::string_view b : {"p", "br", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4",
                             "h5", "h6", "hr", "title", "blockquote", "pre", "dt", "dd"})
    if (name == b) return true;
  return name == "td" || name == "th";
}

void append_code_point(std::string& out, uint64_t c) {
  auto put = [&](uint64_t b) { out += static_cast<char>(b); };
  if (c < 9 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return;
  if (c < 0x80) put(c);
  else if (c < 0x800) put(0xC0 | c >> 6), put(0x80 | (c & 63));
  else if (c < 0x10000) put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  else put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 63)), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

void HtmlText::feed(std::string_view utf8, std::string& out) {
  for (std::size_t i = 0; i < utf8.size(); i++) {
    if (state_ == State::text) {  // runs of plain text, the usual case
      std::size_t from = i;
      while (i < utf8.size() && utf8[i] != '<' && utf8[i] != '&') i++;
      out += utf8.substr(from, i - from);
      if (i == utf8.size()) return;
    }
    step(utf8[i], out);
  }
}

void HtmlText::step(char c, std::string& out) {
  switch (state_) {
    case State::text:
      state_ = c == '<' ? State::tag : State::entity;
      held_.clear();
      return;
    case State::tag:
      if (c == '>') return end_tag(out);
      if (held_.empty() && !is_alpha(c) && c != '/' && c != '!' && c != '?') {  // "a < b"
        out += '<';
        state_ = State::text;
        if (c == '<' || c == '&') step(c, out);
        else out += c;
        return;
      }
      if (is_space(c) && !held_.empty() && held_.back() == '=') return;
      if ((c == '"' || c == '\'') && !held_.empty() && held_.back() == '=') {
        quote_ = c;
        state_ = State::quoted;
      }
      if (held_.size() < max_name) held_ += to_lower(c);
      else held_.back() = c;  // the name is there; the last byte tells where a quote begins
      if (held_ == "!--") state_ = State::comment, held_.clear();
      return;
    case State::quoted:
      if (c == quote_) state_ = State::tag, held_.back() = c;
      return;
    case State::comment:  // held_: how many '-' stand before
      if (c == '>' && held_.size() >= 2) state_ = State::text;
      else if (c == '-' && held_.size() < 2) held_ += c;
      else if (c != '-') held_.clear();
      return;
    case State::entity:
      if (c == ';' || (!is_alnum(c) && c != '#') || held_.size() >= max_entity) {
        if (c == ';') {
          entity(out);
        } else {
          out += '&' + held_;
        }
        state_ = State::text;
        if (c == '<' || c == '&') step(c, out);
        else if (c != ';') out += c;
        return;
      }
      held_ += c;
      return;
    case State::hidden:
      held_ += to_lower(c);
      if (held_.size() > hidden_.size() + 2) held_.erase(0, 1);
      if (held_.starts_with("</") && std::string_view(held_).substr(2) == hidden_) {
        state_ = State::tag;
        held_.erase(0, 1);
      }
      return;
  }
}

void HtmlText::end_tag(std::string& out) {
  std::string_view name = held_;
  bool closes = name.starts_with('/');
  if (closes) name.remove_prefix(1);
  std::size_t n = 0;
  while (n < name.size() && is_alnum(name[n])) n++;
  name = name.substr(0, n);
  state_ = State::text;
  if (is_block(name)) {
    out += '\n';
  } else if (!closes && (name == "script" || name == "style")) {
    hidden_ = name;
    state_ = State::hidden;
  }
  held_.clear();
}

void HtmlText::entity(std::string& out) {
  std::string_view e = held_;
  if (e.starts_with('#')) {
    uint64_t c = 0;
    bool hex = e.size() > 1 && to_lower(e[1]) == 'x';
    for (char d : e.substr(hex ? 2 : 1)) {
      int v = is_digit(d) ? d - '0' : to_lower(d) - 'a' + 10;
      if (v < 0 || v >= (hex ? 16 : 10)) return;
      c = c * (hex ? 16 : 10) + static_cast<uint64_t>(v);
    }
    append_code_point(out, c == 0xA0 ? ' ' : c);
    return;
  }
  for (const Entity& known : entities)
    if (known.name == e) {
      out += known.text;
      return;
    }
  out += '&' + held_ + ';';
}

void HtmlText::finish(std::string& out) {
  if (state_ == State::entity) out += '&' + held_;
  state_ = State::text;
  held_.clear();
}

}  // namespace jd::mime

// SPDX-License-Identifier: MIT
#include "lib/mime/token.h"

#include "lib/base/text.h"

namespace jd::mime {
namespace {
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
}  // namespace

bool Lexer::take_if(char c) {
  if (done() || peek() != c) return false;
  at_++;
  return true;
}

void Lexer::skip_spaces() {
  while (!done() && is_space(peek())) at_++;
}

void Lexer::skip_blank(std::string* comment) {
  for (;;) {
    skip_spaces();
    if (done() || peek() != '(') return;
    skip_comment(comment);
  }
}

void Lexer::skip_comment(std::string* text) {
  std::string content;
  std::size_t depth = 0;
  while (!done()) {
    char c = take();
    if (c == '(' && depth++ == 0) continue;
    if (c == ')' && --depth == 0) break;
    if (c == '\\' && !done()) c = take();
    if (text && c != '\r' && c != '\n') content += c;
  }
  if (text) *text = trim(content);
}

std::string Lexer::quoted() {
  std::string r;
  at_++;
  while (!done()) {
    char c = take();
    if (c == '"') break;
    if (c == '\\' && !done()) c = take();
    if (c != '\r' && c != '\n') r += c;
  }
  return r;
}

std::string_view Lexer::run(std::string_view stop) {
  std::size_t from = at_;
  while (!done() && !is_space(peek()) && stop.find(peek()) == stop.npos) at_++;
  return since(from);
}

std::string quote_if_needed(std::string_view value) {
  bool token = !value.empty();
  for (char c : value)
    if (is_ctl(c) || c == ' ' || std::string_view("()<>@,;:\\\"/[]?=").find(c) != std::string_view::npos)
      token = false;
  if (token) return std::string(value);
  std::string r = "\"";
  for (char c : value) {
    if (c == '\r' || c == '\n' || c == 0) continue;  // no header injection through a value
    if (c == '"' || c == '\\') r += '\\';
    r += c;
  }
  return r += '"';
}

}  // namespace jd::mime

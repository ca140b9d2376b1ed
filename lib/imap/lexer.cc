// SPDX-License-Identifier: MIT
#include "lib/imap/lexer.h"

#include <algorithm>
#include <charconv>

#include "lib/base/text.h"
#include "lib/mime/imap_form.h"

namespace jd::imap {
namespace {

// "{12}" or "{12+}" at the end of the text.
struct Announced {
  std::size_t at;
  uint64_t size;
  bool is_sync;
};
std::optional<Announced> announced(std::string_view text) {
  if (!text.ends_with('}')) return {};
  auto open = text.rfind('{');
  if (open == text.npos || text.size() - open > 24) return {};
  std::string_view n = text.substr(open + 1, text.size() - open - 2);
  bool is_sync = !n.ends_with('+');
  if (!is_sync) n.remove_suffix(1);
  auto size = to_number(n);
  if (!size) return {};
  return Announced{open, *size, is_sync};
}

std::string_view tag_of(std::string_view text) {
  std::string_view t = text.substr(0, text.find(' '));
  bool ok = !t.empty() && t.size() <= 100 && std::all_of(t.begin(), t.end(), [](char c) { return is_atom_char(c) && c != '+'; });
  return ok ? t : "*";
}

bool is_append(std::string_view text) {
  auto at = text.find(' ');
  if (at == text.npos) return false;
  text.remove_prefix(at + 1);
  if (istarts_with(text, "uid ")) text.remove_prefix(4);
  return istarts_with(text, "append ") || istarts_with(text, "replace ");
}

}  // namespace

bool is_atom_char(char c) {
  return !is_ctl(c) && !is_8bit(c) && std::string_view(" (){%*\"\\]").find(c) == std::string_view::npos;
}

void CommandReader::reset() {
  line_ = {};
  want_ = skip_ = literal_bytes_ = 0;
  in_literal_ = skip_line_ = false;
}

bool CommandReader::is_at_start() const {
  return line_.text.empty() && line_.literals.empty() && !in_literal_ && !skip_line_ && skip_ == 0 && want_ == 0;
}

Command CommandReader::take() {
  Command c = std::move(line_);
  reset();
  return c;
}

CommandReader::Got CommandReader::refuse(std::string_view why) {
  std::string_view tag = tag_of(line_.text);
  refusal_ = std::string(tag) + (tag == "*" ? " BAD " : " NO ") + std::string(why);
  return Got::refused;
}

CommandReader::Got CommandReader::feed(std::string_view& in) {
  while (!in.empty()) {
    if (skip_) {
      auto n = std::min<uint64_t>(skip_, in.size());
      in.remove_prefix(n);
      skip_ -= n;
      continue;
    }
    if (in_literal_) {
      auto n = std::min<uint64_t>(want_, in.size());
      line_.literals.back().bytes.append(in.substr(0, n));
      in.remove_prefix(n);
      want_ -= n;
      if (want_ == 0) in_literal_ = false;
      continue;
    }
    auto end = in.find('\n');
    std::string_view piece = in.substr(0, end);
    if (skip_line_) {
      // Only the end of a refused line matters: it may announce another literal without a wait.
      line_.text.append(piece.size() > 64 ? piece.substr(piece.size() - 64) : piece);
      if (line_.text.size() > 256) line_.text.erase(0, line_.text.size() - 64);
    } else if (line_.text.size() + piece.size() > max_line) {
      // As far as it fits, so that the same tag is found however the bytes come.
      std::size_t room = max_line - line_.text.size();
      line_.text.append(piece.substr(0, room));
      in.remove_prefix(room);
      Got g = refuse("[TOOBIG] command line too long");
      skip_line_ = true;
      line_.literals.clear();
      line_.text.erase(0, line_.text.size() - 64);
      return g;
    } else {
      line_.text.append(piece);
    }
    in.remove_prefix(end == in.npos ? in.size() : end + 1);
    if (end == std::string_view::npos) return Got::needs_more;
    if (line_.text.ends_with('\r')) line_.text.pop_back();
    if (skip_line_) {
      auto a = announced(line_.text);
      line_.text.clear();
      if (a && !a->is_sync && a->size > max_unasked_) return is_flood_ = true, Got::refused;
      if (a && !a->is_sync) skip_ = a->size;
      else reset();
      continue;
    }
    Got g = end_of_line();
    if (g != Got::needs_more) return g;
  }
  return Got::needs_more;
}

CommandReader::Got CommandReader::end_of_line() {
  auto a = announced(line_.text);
  // The announcement of a literal that has come already is none.
  if (!a || (!line_.literals.empty() && a->at < line_.literals.back().end)) return Got::command;
  uint64_t one = max_literal, all = max_literal;
  if (!a->is_sync && a->size > max_unasked_) return is_flood_ = true, refuse("[TOOBIG] literal too large");
  if (is_append(line_.text)) one = std::max<uint64_t>(append_limit_, one), all += append_limit_;
  if (a->size > std::min(one, all - literal_bytes_) || line_.literals.size() >= max_literals) {
    Got g = refuse(is_append(line_.text) ? "[TOOBIG] message too large" : "[TOOBIG] literal too large");
    bool is_sync = a->is_sync;
    uint64_t size = a->size;
    reset();
    if (!is_sync) {
      skip_ = size;
      skip_line_ = true;
    }
    return g;
  }
  literal_bytes_ += a->size;
  line_.literals.push_back({a->at, line_.text.size(), {}});
  want_ = a->size;
  in_literal_ = want_ > 0;
  return a->is_sync ? Got::ask : Got::needs_more;
}

bool Cursor::is(char ch) {
  if (peek() != ch || is_end()) return false;
  ++at_;
  return true;
}
bool Cursor::space() { return is(' '); }

bool Cursor::run(std::string& out, bool (*ok)(char)) {
  std::size_t begin = at_;
  while (!is_end() && ok(c_.text[at_])) ++at_;
  out.assign(c_.text, begin, at_ - begin);
  return at_ > begin;
}
bool Cursor::atom(std::string& out) { return run(out, is_atom_char); }
bool Cursor::word(std::string& out) {
  return run(out, [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '=' || c == '+'; });
}
bool Cursor::tag(std::string& out) {
  return run(out, [](char c) { return c != '+' && (is_atom_char(c) || c == ']'); }) && out.size() <= 100;
}
bool Cursor::flag(std::string& out) {
  std::size_t begin = at_;
  bool system = is('\\');
  if (!atom(out)) return at_ = begin, false;
  if (system) out.insert(0, 1, '\\');
  return true;
}

bool Cursor::quoted(std::string& out) {
  if (!is('"')) return false;
  out.clear();
  while (!is_end() && peek() != '"') {
    if (peek() == '\\') {
      ++at_;
      if (peek() != '"' && peek() != '\\') return false;
    }
    if (peek() == '\0' || peek() == '\r') return false;
    out += c_.text[at_++];
  }
  return is('"');
}

bool Cursor::is_literal() const {
  for (auto& l : c_.literals)
    if (l.at == at_) return true;
  return false;
}
bool Cursor::literal(std::string& out) {
  std::string_view bytes;
  if (!literal(bytes)) return false;
  out = bytes;
  return true;
}
bool Cursor::literal(std::string_view& out) {
  for (auto& l : c_.literals)
    if (l.at == at_) {
      out = l.bytes;
      at_ = l.end;
      return true;
    }
  return false;
}
bool Cursor::string(std::string& out) {
  if (peek() == '"') return quoted(out);
  return peek() == '{' && literal(out);
}
bool Cursor::astring(std::string& out) {
  if (peek() == '"' || peek() == '{') return string(out);
  return run(out, [](char c) { return is_atom_char(c) || c == ']'; });
}
bool Cursor::nstring(std::string& out) {
  if (istarts_with(rest(), "nil") && (rest().size() == 3 || !is_atom_char(rest()[3]))) {
    at_ += 3;
    out.clear();
    return true;
  }
  return string(out);
}
bool Cursor::list_mailbox(std::string& out) {
  if (peek() == '"' || peek() == '{') return string(out);
  return run(out, [](char c) { return is_atom_char(c) || c == ']' || c == '%' || c == '*'; });
}

bool Cursor::number(uint64_t& out) {
  std::string digits;
  if (!run(digits, is_digit)) return false;
  auto n = to_number(digits);
  if (!n || *n > UINT32_MAX) return false;
  out = *n;
  return true;
}
bool Cursor::number64(uint64_t& out) {
  std::string digits;
  if (!run(digits, is_digit)) return false;
  auto n = to_number(digits);
  if (!n || *n > INT64_MAX) return false;
  out = *n;
  return true;
}
bool Cursor::set_number(uint32_t& out) {
  if (is('*')) return out = UINT32_MAX, true;
  uint64_t n;
  if (!number(n) || n == 0) return false;
  out = static_cast<uint32_t>(n);
  return true;
}
bool Cursor::set(SequenceSet& out) {
  out.clear();
  if (is('$')) return out.emplace_back(0, 0), true;
  do {
    uint32_t a, b;
    if (!set_number(a)) return false;
    b = a;
    if (is(':') && !set_number(b)) return false;
    if (a > b) std::swap(a, b);
    out.emplace_back(a, b);
  } while (is(','));
  return true;
}

void append_string(std::string& out, std::string_view s) { mime::append_imap_string(out, s); }
void append_astring(std::string& out, std::string_view s) {
  bool plain = !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return is_atom_char(c) || c == ']'; }) &&
               !iequals(s, "nil");
  if (plain) out += s;
  else append_string(out, s);
}

void append_number(std::string& out, uint64_t n) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
}

}  // namespace jd::imap

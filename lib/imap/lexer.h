// SPDX-License-Identifier: MIT
// lexer.h: commands out of a client's bytes (RFC 3501 §4 and §9), bounded at every step.
//
// CommandReader collects one command: its lines, joined where a literal stands, and the literals.
//   feed bytes -> needs_more | continue ("+ ..." must be sent) | command | refused (literal or line
//   too long: the rest of it is skipped, `refusal` says why, and the next command begins after it)
// Cursor reads the words of a command: each call takes one thing off the front or says false and
// takes nothing more; after a false the command is to be answered BAD.
// Pure; linear; a command holds at most max_line bytes and its literals.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jd::imap {

constexpr std::size_t max_line = 64 << 10;       // all lines of one command together
constexpr std::size_t max_literal = 64 << 10;    // of all literals together; APPEND and REPLACE: beside `append_limit`
constexpr std::size_t max_literals = 100;
constexpr uint64_t max_unasked_literal = 4096;   // before login (RFC 7888, LITERAL-)

struct Literal {
  std::size_t at, end;  // where "{n}" stands in Command::text
  std::string bytes;
};
struct Command {
  std::string text;  // without the line ends
  std::vector<Literal> literals;
};

class CommandReader {
 public:
  // max_unasked: of a literal that does not wait to be asked for (RFC 7888, LITERAL-).
  explicit CommandReader(uint64_t append_limit, uint64_t max_unasked = UINT64_MAX)
      : append_limit_(append_limit), max_unasked_(max_unasked) {}
  enum class Got : uint8_t { needs_more, ask, command, refused };
  // Takes bytes off the front of `in` until there is something to say.
  Got feed(std::string_view& in);
  Command take();                                    // after `command`
  bool is_at_start() const;                          // nothing of a command has come yet
  bool is_flood() const { return is_flood_; }  // with `refused`: more than max_unasked is coming
  const std::string& refusal() const { return refusal_; }  // "TAG NO [TOOBIG] ..." without line end

 private:
  Got end_of_line();
  Got refuse(std::string_view why);
  void reset();

  uint64_t append_limit_, max_unasked_;
  Command line_;
  std::string refusal_;
  uint64_t want_ = 0;        // bytes of the literal still to come
  uint64_t skip_ = 0;        // bytes of a refused literal
  uint64_t literal_bytes_ = 0;
  bool in_literal_ = false, skip_line_ = false, is_flood_ = false;
};

// A sequence-set; `*` is UINT32_MAX here.  Ranges as written, first <= last.
// `$`, the result of the last search that was saved (RFC 5182), is {{0, 0}}: Session puts it in.
using SequenceSet = std::vector<std::pair<uint32_t, uint32_t>>;
inline bool is_saved(const SequenceSet& s) { return s.size() == 1 && s[0].first == 0; }

class Cursor {
 public:
  explicit Cursor(const Command& c) : c_(c) {}
  bool is_end() const { return at_ >= c_.text.size(); }
  bool space();                      // exactly one blank
  bool is(char ch);                  // takes it when it is next
  char peek() const { return is_end() ? '\0' : c_.text[at_]; }
  bool atom(std::string& out);       // ATOM-CHAR+
  bool word(std::string& out);       // a run of letters, digits, '.', '-', '=' and '+'
  bool tag(std::string& out);
  bool astring(std::string& out);    // atom (with ']'), quoted or literal
  bool string(std::string& out);     // quoted or literal
  bool nstring(std::string& out);    // or NIL, as ""
  bool list_mailbox(std::string& out);  // astring, with the wildcards too
  bool flag(std::string& out);       // "\Seen" or a keyword
  bool number(uint64_t& out);        // 32 bit
  bool number64(uint64_t& out);      // 63 bit: sizes and mod-sequences
  bool set(SequenceSet& out);
  std::string_view rest() const { return std::string_view(c_.text).substr(at_); }
  std::size_t at() const { return at_; }
  void back(std::size_t at) { at_ = at; }
  bool is_literal() const;
  bool literal(std::string_view& out);  // as long as the command lives

 private:
  bool run(std::string& out, bool (*ok)(char));
  bool quoted(std::string& out);
  bool literal(std::string& out);
  bool set_number(uint32_t& out);
  const Command& c_;
  std::size_t at_ = 0;
};

bool is_atom_char(char c);
// As the client reads it: quoted where that is possible, else a literal.
void append_string(std::string& out, std::string_view s);
void append_astring(std::string& out, std::string_view s);
void append_number(std::string& out, uint64_t n);

}  // namespace jd::imap

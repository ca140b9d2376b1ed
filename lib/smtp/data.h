// SPDX-License-Identifier: MIT
// data.h: the bytes after DATA: dot-unstuffing, the end, and the defence against smuggling.
//
// RFC 5321 §4.5.2.  Only <CRLF>.<CRLF> ends a message.  A bare CR or a bare LF never does: such
// bytes are what lets a sender hide a second message from one server and show it to another
// ("SMTP smuggling", 2023); a message with them is refused after it has been read to its end.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace jd::smtp {

class DataReader {
 public:
  explicit DataReader(uint64_t limit) : limit_(limit) {}
  // Takes bytes; the rest after the end belongs to the next command.  Returns how many were taken.
  std::size_t feed(std::string_view bytes);
  bool is_done() const { return state_ == State::done; }
  bool is_too_big() const { return size_ > limit_; }
  bool has_bare() const { return bare_; }
  bool has_long_line() const { return long_line_; }
  bool has_8bit() const;
  std::string& message() { return message_; }  // CRLF, unstuffed; empty when too big
  uint64_t size() const { return size_; }
  std::size_t held() const { return message_.capacity(); }
  void drop();  // reads on to the end and keeps nothing

  static constexpr std::size_t max_line = 1 << 20;  // §4.5.3.1.6 asks for 998; mail has more

 private:
  enum class State : uint8_t { line_start, in_line, cr, dot, dot_cr, done };
  void put(std::string_view s);
  State state_ = State::line_start;
  uint64_t limit_, size_ = 0;
  std::size_t line_ = 0;
  bool bare_ = false, long_line_ = false;
  std::string message_;
};

// The same for a message that came counted (BDAT).  It too must be lines that end with CRLF; what else
// BODY=BINARYMIME may have (RFC 3030 §3) is encoded, for DATA could not carry it on as it is.
struct LineFaults {
  bool bare = false, too_long = false;
};
LineFaults line_faults(std::string_view message);

}  // namespace jd::smtp

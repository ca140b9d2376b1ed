// SPDX-License-Identifier: MIT
// deflate.h: both directions of COMPRESS=DEFLATE (RFC 4978): raw deflate, flushed after each answer.
//
// Holds about 300 KB.  No I/O; linear in what goes in and comes out.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace jd::imap {

class Deflate {
 public:
  static std::unique_ptr<Deflate> begin();  // null: no memory
  ~Deflate();
  // Takes bytes off the front of `in` and appends at most 64 KB to `out`; false: malformed, or the
  // stream has ended.  Nothing taken and nothing appended: more input is needed.
  bool inflate(std::string_view& in, std::string& out);
  std::string deflate(std::string_view plain);  // all of it, ready to be sent

 private:
  struct Streams;
  explicit Deflate(std::unique_ptr<Streams> s);
  std::unique_ptr<Streams> streams_;
};

}  // namespace jd::imap

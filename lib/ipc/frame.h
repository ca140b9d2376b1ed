// SPDX-License-Identifier: MIT
// frame.h: what programs say to each other.  jdmail-ipc(5).
//
//   frame   := length ":" payload ","                        a netstring
//   payload := (key "=" value NUL)* [NUL body]               body: any bytes, NUL too
// Keys are lower-case letters, digits, '-' and '_'; values are any bytes but NUL.  A key may occur
// again; order counts.  Descriptors ride along with the first byte of a frame that says `fds=N`.
// Every request has `cmd` and `id` (any text; the answer repeats it) and `version=1`; an answer has
// `ok=1`, or `ok=0` with `fault` (temp, perm, usage, bug), `what` and, for errno, `sys`.
// Example: 34:cmd=resolve\0id=7\0address=a@b.test\0,
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jd::ipc {

class Message {
 public:
  Message() = default;
  explicit Message(std::string_view cmd) { set("cmd", cmd); }
  static Message ok();
  static Message failed(const Error& e);

  Message& set(std::string_view key, std::string_view value) &;  // a NUL in value ends it there
  Message& set(std::string_view key, uint64_t value) &;
  Message& replace(std::string_view key, std::string_view value);  // all of that key by this one
  Message&& set(std::string_view key, std::string_view value) && { return std::move(set(key, value)); }
  Message&& set(std::string_view key, uint64_t value) && { return std::move(set(key, value)); }
  Message& set_body(std::string body) { body_ = std::move(body); return *this; }
  std::string_view get(std::string_view key) const;  // "" when absent
  uint64_t number(std::string_view key, uint64_t otherwise = 0) const;
  bool has(std::string_view key) const;
  std::vector<std::string_view> all(std::string_view key) const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }
  const std::string& body() const { return body_; }
  std::string take_body() { return std::move(body_); }
  Message copy() const;  // without the descriptors
  // The Error of an answer with ok=0; nullopt when ok=1.
  std::optional<Error> error() const;

  std::vector<Fd> fds;

  std::string encode() const;              // the whole frame
  void append_to(std::string& out) const;  // the same, behind what is there
  static Result<Message> decode(std::string_view payload);

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
  std::string body_;
};

// Frames out of a stream of bytes.  perm: the other side does not speak this; close the connection.
class Decoder {
 public:
  explicit Decoder(std::size_t max_payload = 1 << 20) : max_(max_payload) {}
  // The next frame at the front of `bytes` and how many bytes it has; nullopt: more are needed.
  struct Found { Message message; std::size_t used; };
  Result<std::optional<Found>> next(std::string_view bytes) const;

 private:
  std::size_t max_;
};

}  // namespace jd::ipc

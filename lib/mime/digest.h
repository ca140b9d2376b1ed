// SPDX-License-Identifier: MIT
// digest.h: what searching, sorting and threading ask of a message's header, made once.
//
// make_digest() reads the header in one pass; its string is kept and read in place by DigestView, so
// that a search of a folder is a walk through memory.  Bounded: no digest is longer than
// max_digest bytes, whatever the header.  Layout, numbers little endian:
//
//   version:u8 (2)  zero:u8  marks:u16  local:i64  utc:i64  ends:u16[fields]  bytes
//   marks   bit f: a field of that name is there; bit 5+f: its text was cut (f = subject .. bcc)
//           bit 10: the subject says reply or forward; bit 11: the Date could be read
//   local   seconds of the Date as its clock showed it (RFC 3501: SENTSINCE disregards the zone)
//   utc     the same moment in UTC (RFC 5256: SORT DATE)
//   ends    where each field's bytes end, counted from the first of them; fields follow each other
//
// Text is decoded (RFC 2047) and folded (charset.h).  Sort keys are folded by case only and then their ASCII
// letters made capitals: their byte order is that of i;unicode-casemap (RFC 5051) for ASCII.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace jd::mime {

enum class DigestField : uint8_t {
  subject, from, to, cc, bcc,     // whole values, folded; several fields of one name: "\n" between
  base_subject,                   // RFC 5256 §2.1, a sort key
  from_key, to_key, cc_key,       // local part of the first address, a sort key
  from_name, to_name,             // RFC 5957: its display name, else local@domain; a sort key
  message_id, in_reply_to,        // one id each, without <>, quoting undone (RFC 5256 §3)
  references,                     // ids with a blank between: the first, then as many of the last as fit
};
constexpr std::size_t digest_fields = 14;
constexpr std::size_t max_digest = 8192;
constexpr std::size_t max_digest_id = 250;  // a longer id stands as "#" and a hash of it

std::string make_digest(std::string_view message);

class DigestView {
 public:
  // perm: not a digest of this version, or damaged.  The view reads `bytes`, which must live on.
  static Result<DigestView> decode(std::string_view bytes);

  std::string_view get(DigestField f) const;
  bool has(DigestField f) const { return marks_ >> static_cast<int>(f) & 1; }          // subject .. bcc
  bool is_cut(DigestField f) const { return marks_ >> (5 + static_cast<int>(f)) & 1; }  // the same
  bool is_reply() const { return marks_ >> 10 & 1; }
  bool has_date() const { return marks_ >> 11 & 1; }
  int64_t sent_local() const { return local_; }  // seconds
  int64_t sent_utc() const { return utc_; }
  // RFC 8474's conversation and RFC 5256's parents begin here: "" when there is none.
  std::string_view first_reference() const;

 private:
  uint16_t end(std::size_t field) const;
  std::string_view bytes_;
  uint16_t marks_ = 0;
  int64_t local_ = 0, utc_ = 0;
};

// RFC 5256 §2.1, of a decoded subject (UTF-8).  is_reply: a mark of reply or forward was taken off.
std::string base_subject(std::string_view utf8, bool& is_reply);

}  // namespace jd::mime

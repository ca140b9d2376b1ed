// SPDX-License-Identifier: MIT
// uidl.h: what the POP3 server before us called the messages that were imported from it, so that clients that
// leave mail on the server do not fetch it again.
//
// The file `uidl` of an account, of INBOX alone; an import writes it, and it is replaced as a whole.  Absent: every name
// is made of UIDVALIDITY and UID.
//   file := "JDUIDL1\0" uid_validity:u32 count:u32 (uid:u32 length:u8 name)* crc32c:u32     rising UIDs
// Names are those of RFC 1939 §7: 1 to 70 characters of 0x21 to 0x7E; none is there twice.  One whose message is
// gone stays, so that nothing else gets it.  What was written under another UIDVALIDITY than INBOX's is nothing.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

#include "lib/base/result.h"

namespace jd::store {

bool is_uidl(std::string_view name);

class Uidls {
 public:
  explicit Uidls(uint32_t uid_validity = 0) : uid_validity_(uid_validity) {}
  uint32_t uid_validity() const { return uid_validity_; }
  std::size_t size() const { return by_uid_.size(); }
  // false: no such name, or it is another message's already; a message that has one keeps it.
  bool add(uint32_t uid, std::string_view name);
  const std::string* find(uint32_t uid) const;  // null: none
  bool has(std::string_view name) const { return names_.contains(std::string(name)); }
  const std::map<uint32_t, std::string>& all() const { return by_uid_; }

 private:
  uint32_t uid_validity_;
  std::map<uint32_t, std::string> by_uid_;
  std::unordered_set<std::string> names_;
};

std::string encode(const Uidls& all);
Result<Uidls> decode_uidls(std::string_view bytes);  // any bytes; perm: not such a file

// Those of this numbering: empty when there are none.
Result<Uidls> read_uidls(int account_dir, uint32_t uid_validity);
// Durable on return.  Hold the account's lock.
Status write_uidls(int account_dir, const Uidls& all);

}  // namespace jd::store

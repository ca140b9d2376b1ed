// SPDX-License-Identifier: MIT
// uid_set.h: a set of UIDs as sorted, disjoint ranges: what logs store and IMAP prints.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jd::store {

struct UidRange {
  uint32_t first, last;  // first <= last
  bool operator==(const UidRange&) const = default;
};

class UidSet {
 public:
  void add(uint32_t uid) { add(uid, uid); }
  void add(uint32_t first, uint32_t last);  // cheapest in rising order
  bool contains(uint32_t uid) const;
  bool empty() const { return ranges_.empty(); }
  uint64_t size() const;
  const std::vector<UidRange>& ranges() const { return ranges_; }
  std::string text() const;  // "1:3,7": RFC 3501 sequence-set

  void encode(std::string& out) const;                       // count:u32 (first:u32 last:u32)*
  static std::optional<UidSet> decode(std::string_view& in);  // takes it off the front

 private:
  std::vector<UidRange> ranges_;
};

}  // namespace jd::store

// SPDX-License-Identifier: MIT
// gone.h: what a folder has expunged and still keeps, packed (packed.h), in the order in which it went.
//
// A hundred thousand messages take 2 MB: to empty the trash is mostly to write this.  It may begin as a
// private mapping of an index, like all Records.
//   list  := chunk*
//   chunk := bytes:u32 count:u32 first:u64 last:u64 item* bytes:u32    of the whole chunk; at most 256 items,
//            whose mod_seqs are first to last; so the newest is found from the end
//   item  := entry, packed; when: a zigzag number, from that of the item before in this chunk
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "lib/store/packed.h"
#include "lib/store/records.h"

namespace jd::store {

struct Gone {
  Entry entry;       // its mod_seq is that of the expunge: rising in the list
  int64_t when = 0;  // seconds
};

// The items of a chunk; also what a log's record of them is.
class GonePacker {
 public:
  explicit GonePacker(std::string& out) : packer_(out) {}
  void add(const Entry& e, int64_t when) {
    packer_.add(e);
    auto now = static_cast<uint64_t>(when);  // modulo 2^64: any two have a difference
    packer_.add_number(static_cast<int64_t>(now - std::exchange(before_, now)));
  }

 private:
  Packer packer_;
  uint64_t before_ = 0;
};
class GoneUnpacker {
 public:
  explicit GoneUnpacker(std::string_view in) : unpacker_(in) {}
  bool at_end() const { return unpacker_.at_end(); }
  bool next(Gone& g);  // false: malformed

 private:
  Unpacker unpacker_;
  int64_t before_ = 0;
};

class GoneList {
 public:
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  uint64_t first_mod_seq() const;  // 0: it is empty
  uint64_t last_mod_seq() const;
  std::string_view bytes() const { return {bytes_.begin(), bytes_.size()}; }

  void add(std::span<const Entry> entries, int64_t when, uint64_t mod_seq);  // all at once; their own mod_seq is not looked at
  bool add_packed(std::string_view items);  // of a log; false: malformed, and some may have been added

  // In order.  F of a Gone; any(): until it returns true.
  template <class F>
  bool any(F f) const {
    Chunk c;
    for (std::size_t at = 0; chunk_at(at, c); at += c.bytes) {
      GoneUnpacker items(c.items);
      for (Gone g; items.next(g);)
        if (f(std::as_const(g))) return true;
    }
    return false;
  }
  template <class F>
  void each(F f) const {
    any([&](const Gone& g) { return f(g), false; });
  }
  // Those whose mod_seq is above `since`, in no order: work for them alone.
  template <class F>
  void each_after(uint64_t since, F f) const {
    Chunk c;
    for (std::size_t end = bytes_.size(); chunk_before(end, c) && c.last > since; end -= c.bytes) {
      GoneUnpacker items(c.items);
      for (Gone g; items.next(g);)
        if (g.entry.mod_seq > since) f(std::as_const(g));
    }
  }
  // F of an Entry&, true when it has changed it.
  template <class F>
  void change(F f) {
    if (!any([&](const Gone& g) { Entry e = g.entry; return f(e); })) return;
    GoneList fresh;
    Builder to(fresh);
    each([&](const Gone& g) {
      Entry e = g.entry;
      f(e);
      to.add(e, g.when);
    });
    to.end();
    *this = std::move(fresh);
  }

  GoneList copy() const;
  // As an index has it.  The bytes may be anything: what is no chunk ends the list.
  void become(Records<char> bytes, std::size_t count) {
    bytes_ = std::move(bytes);
    count_ = count;
  }

 private:
  struct Chunk {
    std::size_t bytes = 0, count = 0;
    uint64_t first = 0, last = 0;
    std::string_view items;
  };
  bool chunk_at(std::size_t at, Chunk& out) const;
  bool chunk_before(std::size_t end, Chunk& out) const;

  // Makes chunks of what is added.
  class Builder {
   public:
    explicit Builder(GoneList& to) : to_(to) {}
    void add(const Entry& e, int64_t when);
    void end();

   private:
    GoneList& to_;
    std::string items_;
    GonePacker packer_{items_};
    std::size_t count_ = 0;
    uint64_t first_ = 0, last_ = 0;
  };

  Records<char> bytes_;
  std::size_t count_ = 0;
};

}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include "lib/store/gone.h"

#include <algorithm>
#include <cstring>

namespace jd::store {
namespace {
constexpr std::size_t most_items = 256;

struct Head {
  uint32_t bytes, count;
  uint64_t first, last;
};
static_assert(sizeof(Head) == 24);
constexpr std::size_t tail_bytes = sizeof(uint32_t), least_bytes = sizeof(Head) + tail_bytes;
}  // namespace

bool GoneUnpacker::next(Gone& g) {
  int64_t apart;
  if (!unpacker_.next(g.entry) || !unpacker_.number(apart)) return false;
  g.when = before_ = static_cast<int64_t>(static_cast<uint64_t>(before_) + static_cast<uint64_t>(apart));
  return true;
}

bool GoneList::chunk_at(std::size_t at, Chunk& out) const {
  Head h;
  if (at > bytes_.size() || bytes_.size() - at < least_bytes) return false;
  memcpy(&h, bytes_.begin() + at, sizeof h);
  if (h.bytes < least_bytes || h.bytes > bytes_.size() - at) return false;
  out = {h.bytes, h.count, h.first, h.last, {bytes_.begin() + at + sizeof h, h.bytes - least_bytes}};
  return true;
}

bool GoneList::chunk_before(std::size_t end, Chunk& out) const {
  uint32_t bytes;
  if (end < least_bytes) return false;
  memcpy(&bytes, bytes_.begin() + end - tail_bytes, sizeof bytes);
  return bytes <= end && chunk_at(end - bytes, out) && out.bytes == bytes;
}

uint64_t GoneList::first_mod_seq() const {
  Chunk c;
  return chunk_at(0, c) ? c.first : 0;
}

uint64_t GoneList::last_mod_seq() const {
  Chunk c;
  return chunk_before(bytes_.size(), c) ? c.last : 0;
}

void GoneList::Builder::add(const Entry& e, int64_t when) {
  if (count_ == 0) first_ = e.mod_seq;
  last_ = e.mod_seq;
  packer_.add(e, when);
  if (++count_ == most_items) end();
}

void GoneList::Builder::end() {
  if (count_ == 0) return;
  Head h{static_cast<uint32_t>(least_bytes + items_.size()), static_cast<uint32_t>(count_), first_, last_};
  items_.insert(0, reinterpret_cast<const char*>(&h), sizeof h);
  items_.append(reinterpret_cast<const char*>(&h.bytes), sizeof h.bytes);
  to_.bytes_.append(items_);
  to_.count_ += count_;
  items_.clear();
  packer_ = GonePacker(items_);
  count_ = 0;
}

void GoneList::add(std::span<const Entry> entries, int64_t when, uint64_t mod_seq) {
  Builder to(*this);
  for (Entry e : entries) {
    e.mod_seq = mod_seq;
    to.add(e, when);
  }
  to.end();
}

bool GoneList::add_packed(std::string_view items) {
  Builder to(*this);
  GoneUnpacker in(items);
  bool good = true;
  for (Gone g; good && !in.at_end();)
    if ((good = in.next(g))) to.add(g.entry, g.when);
  to.end();
  return good;
}

GoneList GoneList::copy() const {
  GoneList r;
  r.bytes_ = bytes_.copy();
  r.count_ = count_;
  return r;
}

}  // namespace jd::store

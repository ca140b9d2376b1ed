// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/log/segment.h"

namespace jd::journal {
namespace {
constexpr std::size_t block_bytes = 256 << 10;
}

Result<SegmentReader> SegmentReader::from(Fd fd) {
  TRY(std::string bytes, file::read_at(fd.get(), header_bytes, 0));
  auto h = decode_header(bytes);
  if (!h) {
    // A crash during creation leaves nothing or zeros here; anything else is another kind of file.
    bool blank = bytes.find_first_not_of('\0') == bytes.npos;
    return Unexpected(Error(Fault::perm, "no good segment header", blank ? ENODATA : EINVAL));
  }
  return SegmentReader(std::move(fd), *h);
}

Result<SegmentReader> SegmentReader::open(int dir, const std::string& name) {
  TRY(Fd fd, file::open(dir, name, O_RDONLY));
  return wrap(from(std::move(fd)), "{}", name);
}

// A view of up to `want` bytes at `offset`, fewer at the end of file or at the limit.
Result<std::string_view> SegmentReader::window(uint64_t offset, std::size_t want) {
  if (limit_ && offset >= limit_) return std::string_view();
  if (limit_) want = static_cast<std::size_t>(std::min<uint64_t>(want, limit_ - offset));
  if (offset < block_at_ || offset + want > block_at_ + block_.size()) {
    // Not more than is there: room is cleared before it is read into, and most looks find nothing new.
    uint64_t room = std::max(want, offset < trusted_ ? ahead_ : block_bytes);
    if (limit_) room = std::min(room, limit_ - offset);
    if (offset + room > trusted_) {
      TRY(uint64_t end, file::size_of(fd_.get()));
      end_seen_ = end;
      room = offset < end ? std::min(room, end - offset) : 0;
    }
    block_.clear();
    if (room) {
      TRY(block_, file::read_at(fd_.get(), static_cast<std::size_t>(room), offset));
    }
    block_at_ = offset;
  }
  auto skip = static_cast<std::size_t>(offset - block_at_);
  if (skip >= block_.size()) return std::string_view();
  return std::string_view(block_).substr(skip, want);
}

void SegmentReader::skim_until(uint64_t end) {
  if (end <= trusted_) return;
  // What was read beyond the old end may have been half written then.
  if (block_at_ + block_.size() > trusted_) block_.clear();
  trusted_ = end;
}

// The start of the record at at_ when that is enough; else nullopt, and look() takes it as any other.
// Behind a long record the next one is read by itself, for it is likely long too; where short ones
// follow each other, more and more at once.  So nothing is read twice but the start of a record.
Result<std::optional<Record>> SegmentReader::skim() {
  uint64_t end = limit_ ? std::min(limit_, trusted_) : trusted_;
  if (at_ + head_bytes > end || at_ == whole_at_) return std::nullopt;
  if (at_ > block_at_ + block_.size()) ahead_ = skim_bytes;
  TRY(auto bytes, window(at_, head_bytes));
  auto h = framing_.head(bytes);
  if (!h || h->type == type_sealed || at_ + record_bytes(h->length) > end) return std::nullopt;
  std::size_t size = head_bytes + h->length;
  uint64_t held = block_at_ + block_.size();
  if (size <= skim_over) {
    if (at_ + size > held) ahead_ = std::min(4 * ahead_, block_bytes);
    return std::nullopt;
  }
  if (at_ + skim_bytes > held) ahead_ = skim_bytes;
  TRY(bytes, window(at_, skim_bytes));
  if (bytes.size() < skim_bytes) return std::nullopt;
  return Record{{header_.number, at_, h->length}, h->type, h->flags, h->stamp, bytes.substr(head_bytes), false};
}

// The good record at exactly `offset`, or nullopt and why_.
Result<std::optional<Record>> SegmentReader::look(uint64_t offset) {
  why_ = "no record";
  TRY(auto bytes, window(offset, head_bytes));
  auto h = framing_.head(bytes);
  if (!h) return std::nullopt;
  std::size_t size = head_bytes + h->length;
  TRY(bytes, window(offset, size));
  why_ = bytes.size() < size ? "torn record" : "bad checksum";
  if (!framing_.is_good(*h, bytes)) return std::nullopt;
  return Record{{header_.number, offset, h->length},
                h->type,
                h->flags,
                h->stamp,
                bytes.substr(head_bytes, h->length)};
}

std::optional<Record> SegmentReader::take(Record r) {
  at_ = r.ref.end();
  torn_ = 0;
  if (r.type == type_sealed) {
    sealed_ = true;
    return std::nullopt;
  }
  return r;
}

Result<std::optional<Record>> SegmentReader::next() {
  if (sealed_) return std::nullopt;
  end_seen_ = UINT64_MAX;
  TRY(auto r, skim());
  if (r) return take(*r);
  TRY(r, look(at_));
  if (!r && !block_.empty()) {  // the block may be older than what was written meanwhile
    block_.clear();
    TRY(r, look(at_));
  }
  if (r) return take(*r);
  if (at_ >= end_seen_) return std::nullopt;  // as at most looks: nothing new
  return resync();
}

// No good record at at_: the next one behind it, the bytes between being damage; or the end.
Result<std::optional<Record>> SegmentReader::resync() {
  TRY(uint64_t end, file::size_of(fd_.get()));
  if (limit_) end = std::min(end, limit_);
  if (at_ >= end || (scanned_at_ == at_ && scanned_end_ == end)) return std::nullopt;
  std::string_view why = why_;
  uint64_t offset = at_, last_byte = at_;
  uint32_t magic = framing_.magic();
  for (bool first = true;; first = false) {
    TRY(auto bytes, window(offset, block_bytes));
    if (bytes.empty()) break;
    std::size_t i = first ? 8 : 0;
    bool candidate = false;
    for (; i + head_bytes <= bytes.size(); i += 8) {
      if (memcmp(bytes.data() + i, &magic, 4) != 0) continue;
      candidate = true;
      break;
    }
    auto seen = bytes.substr(0, candidate ? i + 4 : bytes.size()).find_last_not_of('\0');
    if (seen != bytes.npos) last_byte = std::max(last_byte, offset + seen + 1);
    if (candidate) {
      offset += i;
      TRY(auto r, look(offset));
      if (r) {
        // Records are written one after the other: when a later one is there, so is the one before it.
        // It was not when we looked, but was being written.
        block_.clear();
        TRY(auto first_one, look(at_));
        if (first_one) return take(*first_one);
        damage_.push_back({at_, offset - at_, why});
        TRY(r, look(offset));
        if (r) return take(*r);
      }
      offset += 8;
    } else if (offset + bytes.size() >= end) {
      break;
    } else {
      offset += bytes.size() >= block_bytes ? i : round_up(bytes.size());
    }
  }
  torn_ = last_byte - at_;
  scanned_at_ = at_;
  scanned_end_ = end;
  return std::nullopt;
}

Result<OwnedRecord> SegmentReader::read(uint64_t offset, uint32_t length) const {
  if (length > max_payload_bytes || offset % 8 != 0)
    return fail(Fault::perm, "segment {}: no record at {}+{}", header_.number, offset, length);
  TRY(std::string bytes, file::read_at(fd_.get(), head_bytes + length, offset));
  auto h = framing_.head(bytes);
  if (!h || h->length != length)
    return fail(Fault::perm, "segment {}: no record at {}+{}", header_.number, offset, length);
  if (!framing_.is_good(*h, bytes))
    return fail(Fault::perm, "segment {}: bad checksum at {}+{}", header_.number, offset, length);
  bytes.erase(0, head_bytes);
  return OwnedRecord{{header_.number, offset, length}, h->type, h->flags, h->stamp,
                     std::move(bytes)};
}

}  // namespace jd::journal

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/random.h"
#include "lib/base/time.h"
#include "lib/log/segment.h"

namespace jd::journal {
namespace {

SegmentHeader new_header(const SegmentOptions& o) {
  return {o.kind, o.number, static_cast<uint64_t>(now().ns), random_number()};
}

// Real zeros, not just reserved blocks: writing into reserved ones changes metadata at each sync.
Status fill(int fd, uint64_t from, uint64_t size) {
  CHECK(file::allocate(fd, from, size - from));
  std::string zeros(static_cast<std::size_t>(std::min<uint64_t>(1 << 20, size - from)), '\0');
  for (uint64_t at = from; at < size; at += zeros.size()) {
    auto n = static_cast<std::size_t>(std::min<uint64_t>(zeros.size(), size - at));
    CHECK(file::write_at(fd, std::string_view(zeros).substr(0, n), at));
  }
  return {};
}

}  // namespace

Result<SegmentWriter> SegmentWriter::create(int dir, const std::string& name,
                                            const SegmentOptions& o) {
  TRY(Fd fd, file::open(dir, name, O_RDWR | O_CREAT | O_EXCL));
  SegmentHeader h = new_header(o);
  Status made = [&]() -> Status {
    if (o.preallocate_bytes) CHECK(fill(fd.get(), 0, o.preallocate_bytes));
    CHECK(file::write_at(fd.get(), encode(h), 0));
    if (!o.durable) return {};
    CHECK(file::sync_data(fd.get()));
    return file::sync_directory(dir);
  }();
  if (!made) {
    (void)file::unlink(dir, name);  // the first error tells more
    return wrap(Result<SegmentWriter>(Unexpected(made.error())), "cannot create segment {}", name);
  }
  SegmentWriter w(std::move(fd), h, o.preallocate_bytes, o.max_room);
  w.committed_ = o.durable ? w.size_ : 0;
  return w;
}

Result<SegmentWriter> SegmentWriter::append_to(int dir, const std::string& name, uint64_t known_end,
                                               uint64_t preallocate_bytes, uint64_t max_room) {
  TRY(Fd fd, file::open(dir, name, O_RDWR));
  TRY(std::string bytes, file::read_at(fd.get(), header_bytes, 0));
  auto h = decode_header(bytes);
  if (!h) {
    bool blank = bytes.find_first_not_of('\0') == bytes.npos;
    return Unexpected(Error(Fault::perm, name + ": no good segment header", blank ? ENODATA : EINVAL));
  }
  SegmentWriter w(std::move(fd), *h, preallocate_bytes, max_room);
  CHECK(wrap(w.find_end(std::max<uint64_t>(known_end, header_bytes)), "{}", name));
  return w;
}

Result<SegmentWriter> SegmentWriter::recycle(int dir, const std::string& old_name,
                                             const std::string& new_name, const SegmentOptions& o) {
  TRY(Fd fd, file::open(dir, old_name, O_RDWR));
  TRY(uint64_t size, file::size_of(fd.get()));
  if (size < o.preallocate_bytes)
    return fail(Fault::perm, "cannot recycle {}: it is too short", old_name);
  SegmentHeader h = new_header(o);
  // The header first: under its new name the file must never hold the records of its earlier life.
  CHECK(file::write_at(fd.get(), encode(h), 0));
  CHECK(file::sync_data(fd.get()));
  CHECK(file::rename(dir, old_name, new_name));
  CHECK(file::sync_directory(dir));
  SegmentWriter w(std::move(fd), h, o.preallocate_bytes, o.max_room);
  w.committed_ = w.size_;
  return w;
}

Result<SegmentReader> SegmentWriter::reader_at(uint64_t offset) const {
  int copy = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return fail_errno(errno, "cannot duplicate a descriptor");
  TRY(auto reader, SegmentReader::from(Fd(copy)));
  reader.seek(offset);
  return reader;
}

Status SegmentWriter::find_end(uint64_t from) {
  TRY(uint64_t have, file::size_of(fd_.get()));
  TRY(auto reader, reader_at(from <= have ? from : header_bytes));
  for (;;) {
    TRY(auto r, reader.next());
    if (!r) break;
  }
  size_ = reader.tell();
  sealed_ = reader.is_sealed();
  room_end_ = 0;
  if (limit_ || have == size_) return {};
  if (have > size_ && !sealed_ && reader.torn_tail() == 0 && have - size_ <= max_room_) {
    room_end_ = have;
    return {};
  }
  if (have > size_) tail_cut_ += have - size_;
  return file::truncate(fd_.get(), size_);
}

// The file is as long as it was: others may have written over its zeros.  false: something else is there.
Result<bool> SegmentWriter::find_end_in_room() {
  auto is_end = [&](uint64_t at) -> Result<bool> {
    if (at >= room_end_) return at == room_end_;
    TRY(auto bytes, file::read_at(fd_.get(), static_cast<std::size_t>(std::min<uint64_t>(head_bytes, room_end_ - at)), at));
    return bytes.find_first_not_of('\0') == bytes.npos;
  };
  TRY(bool is_old, is_end(size_));
  if (is_old) return true;
  TRY(auto reader, reader_at(size_));
  for (;;) {
    TRY(auto r, reader.next());
    if (!r || !reader.damage().empty()) return false;
    TRY(bool is_there, is_end(reader.tell()));
    if (!is_there) continue;
    size_ = reader.tell();
    return true;
  }
}

bool SegmentWriter::fits(uint64_t payload_bytes) const {
  return !limit_ || size() + record_bytes(payload_bytes) + record_bytes(0) <= limit_;
}

Status SegmentWriter::may_append(uint16_t type, uint64_t length) const {
  if (broken_) return fail(Fault::temp, "segment {} is unusable after a failed write", number());
  if (sealed_) return fail(Fault::usage, "segment {} is sealed", number());
  if (length > max_payload_bytes)
    return fail(Fault::usage, "a record of {} bytes is too long", length);
  if (type != type_sealed && !fits(length))
    return fail_errno(ENOSPC, "segment {} is full", number());
  return {};
}

Result<Ref> SegmentWriter::append(uint16_t type, uint16_t flags, uint64_t stamp,
                                  const std::vector<std::string_view>& pieces) {
  uint64_t length = 0;
  for (auto p : pieces) length += p.size();
  CHECK(may_append(type, length));
  Ref ref{number(), size(), static_cast<uint32_t>(length)};
  framing_.encode(buffer_, type, flags, stamp, pieces);
  return ref;
}

Result<Ref> SegmentWriter::write(uint16_t type, uint16_t flags, uint64_t stamp, std::string& record) {
  MUST(buffer_.empty() && record.size() >= head_bytes);
  uint64_t length = record.size() - head_bytes;
  CHECK(may_append(type, length));
  Ref ref{number(), size_, static_cast<uint32_t>(length)};
  framing_.finish(record, 0, type, flags, stamp);
  CHECK(write_out(record));
  return ref;
}

Status SegmentWriter::write_out(std::string_view bytes) {
  Status written = file::write_at(fd_.get(), bytes, size_);
  if (written) {
    size_ += bytes.size();
  } else if (limit_ || !file::truncate(fd_.get(), size_)) {
    broken_ = true;
  } else {
    room_end_ = 0;
  }
  return written;
}

Status SegmentWriter::flush() {
  if (broken_) return fail(Fault::temp, "segment {} is unusable after a failed write", number());
  if (buffer_.empty()) return {};
  Status written = write_out(buffer_);
  buffer_.clear();
  if (buffer_.capacity() > (8u << 20)) buffer_.shrink_to_fit();
  return written;
}

Status SegmentWriter::commit() {
  CHECK(flush());
  if (committed_ == size_) return {};
  Status synced = file::sync_data(fd_.get());
  if (!synced) {
    broken_ = true;
    return synced;
  }
  committed_ = size_;
  return {};
}

Status SegmentWriter::refresh() {
  if (broken_) return fail(Fault::temp, "segment {} is unusable after a failed write", number());
  TRY(uint64_t have, file::size_of(fd_.get()));
  if (room() && have == room_end_) {
    TRY(bool is_found, find_end_in_room());
    if (is_found) return {};
  } else if (have == size_) {
    room_end_ = 0;
    return {};
  }
  if (have < size_ || limit_) {
    broken_ = true;
    return fail(Fault::temp, "segment {} is {} bytes long where {} were written", number(), have,
                size_);
  }
  return find_end(size_);
}

Status SegmentWriter::make_room(uint64_t bytes, uint64_t least) {
  bytes = std::min(bytes, max_room_);
  if (broken_ || sealed_ || limit_ || room() >= least || room() >= bytes) return {};
  uint64_t from = std::max(room_end_, size_), end = size_ + bytes;
  Status filled = fill(fd_.get(), from, end);
  if (filled) {
    room_end_ = end;
  } else if (file::truncate(fd_.get(), size_)) {
    room_end_ = 0;
  } else {
    broken_ = true;
  }
  return filled;
}

Status SegmentWriter::cut_room() {
  if (broken_ || !room()) return {};
  CHECK(file::truncate(fd_.get(), size_));
  room_end_ = 0;
  return {};
}

Status SegmentWriter::seal() {
  CHECK(flush());
  CHECK(cut_room());
  CHECK(append(type_sealed, 0, 0, {}));
  CHECK(commit());
  sealed_ = true;
  return {};
}

}  // namespace jd::journal

// SPDX-License-Identifier: MIT
#include "lib/store/segments.h"

#include <errno.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/log/crc32c.h"

namespace jd::store {
namespace {
constexpr std::size_t many_files = 16;  // one sync of the file system costs less than this many files

std::string segment_name(uint32_t n) { return fmt::format("seg/{:08}.seg", n); }
std::string big_name(uint64_t stamp) { return fmt::format("big/{:016x}", stamp); }
}  // namespace

Result<std::vector<uint32_t>> MailSegments::numbers() {
  auto names = file::list(dir_, "seg");
  if (!names && names.error().sys == ENOENT) return std::vector<uint32_t>{};
  if (!names) return Unexpected(names.error());
  std::vector<uint32_t> r;
  for (auto& n : *names)
    if (n.size() == 12 && n.ends_with(".seg"))
      if (auto v = to_number(std::string_view(n).substr(0, 8))) r.push_back(static_cast<uint32_t>(*v));
  return r;
}

// 0 when nothing is known, or when the record is not there after all.
uint64_t MailSegments::known_end(uint32_t number) {
  if (known_.segment != number) return 0;
  auto r = reader(number);
  return r && (*r)->read(known_) ? known_.end() : 0;
}

Status MailSegments::open_writer() {
  for (int tries = 0; tries < 3; tries++) {
    if (writer_) {
      CHECK(writer_->refresh());
      if (!writer_->is_sealed() && !writer_->is_broken() && writer_->size() < segment_bytes) return {};
      if (!writer_->is_sealed() && !writer_->is_broken()) CHECK(writer_->seal());
      if (dirty_) CHECK(commit());
      writer_.reset();
    }
    TRY(auto all, numbers());
    if (!all.empty()) {
      auto w = journal::SegmentWriter::append_to(dir_, segment_name(all.back()), known_end(all.back()));
      if (w) {
        if (w->tail_cut()) log::warn("store_tail_cut", {{"segment", segment_name(all.back())}, {"bytes", w->tail_cut()}});
        writer_ = std::move(*w);
        unsynced_names_.push_back("seg");  // whoever made it may not have synced its name
        if (!writer_->is_sealed()) {
          if (writer_->size() < segment_bytes) return {};
          continue;  // full: it is sealed first
        }
        writer_.reset();
      } else {
        // Not even a header: the machine died while it was made; nothing was ever promised there.
        if (w.error().sys != ENODATA) return Unexpected(w.error());
        CHECK(file::rename(dir_, segment_name(all.back()), segment_name(all.back()) + ".damaged"));
      }
    }
    CHECK(file::make_directory(dir_, "seg"));
    uint32_t next = all.empty() ? 1 : all.back() + 1;
    TRY(auto w, journal::SegmentWriter::create(dir_, segment_name(next), {kind_mail, next, 0, false}));
    writer_ = std::move(w);
    unsynced_names_.push_back("seg");
    return {};
  }
  return fail(Fault::temp, "cannot open a segment of the mailbox to append to");
}

Result<MailSegments::Placed> MailSegments::append(uint64_t stamp, std::string_view meta,
                                                  std::string_view message, bool is_big) {
  CHECK(open_writer());
  std::string crc;
  if (is_big) {
    CHECK(file::make_directory(dir_, "big"));
    std::string name = big_name(stamp);
    auto fd = file::open(dir_, name, O_WRONLY | O_CREAT | O_EXCL);
    if (!fd) return Unexpected(fd.error());
    if (auto r = file::write_at(fd->get(), message, 0); !r) {
      (void)file::unlink(dir_, name);  // the error that matters is the first
      return Unexpected(r.error());
    }
    unsynced_names_.push_back(name);
    put(crc, journal::crc32c(0, message));
    message = crc;
  }
  TRY(auto ref, writer_->append(type_message, 0, stamp, {meta, message}));
  if (auto r = writer_->flush(); !r) {
    if (is_big) (void)file::unlink(dir_, big_name(stamp));  // as above
    return Unexpected(r.error());
  }
  dirty_ = true;
  return Placed{ref, static_cast<uint32_t>(meta.size())};
}

Status MailSegments::commit() {
  if (unsynced_names_.size() > many_files) {
    CHECK(file::sync_file_system(dir_));
  } else if (!unsynced_names_.empty()) {
    std::set<std::string> directories;  // each once, after its files
    for (auto& name : unsynced_names_) {
      directories.insert(name.substr(0, 3));
      if (name == "seg") continue;
      TRY(Fd fd, file::open(dir_, name, O_RDONLY));
      CHECK(file::sync_data(fd.get()));
    }
    for (auto& name : directories) {
      TRY(Fd fd, file::open(dir_, name, O_RDONLY | O_DIRECTORY));
      CHECK(file::sync_directory(fd.get()));
    }
    CHECK(file::sync_directory(dir_));
  }
  unsynced_names_.clear();
  if (writer_ && dirty_) CHECK(writer_->commit());
  dirty_ = false;
  return {};
}

Status MailSegments::commit_segments(const std::set<uint32_t>& wanted) {
  CHECK(commit());
  for (uint32_t n : wanted) {
    TRY(auto* r, reader(n));
    CHECK(file::sync_data(r->fd()));
  }
  auto seg = file::open(dir_, "seg", O_RDONLY | O_DIRECTORY);
  if (seg) CHECK(file::sync_directory(seg->get()));
  return {};
}

Result<journal::SegmentReader*> MailSegments::reader(uint32_t number) {
  auto it = readers_.find(number);
  if (it == readers_.end()) {
    TRY(auto r, journal::SegmentReader::open(dir_, segment_name(number)));
    if (readers_.size() >= 64) readers_.clear();
    it = readers_.emplace(number, std::make_unique<journal::SegmentReader>(std::move(r))).first;
  }
  return it->second.get();
}

Result<Meta> MailSegments::meta(const Entry& e) {
  TRY(auto* r, reader(e.segment));
  TRY(auto bytes, file::read_at(r->fd(), journal::head_bytes + e.meta, e.offset));
  auto head = journal::Framing(r->header().generation).head(bytes);
  auto m = head && head->stamp == e.stamp ? decode_meta(std::string_view(bytes).substr(journal::head_bytes)) : std::nullopt;
  if (!m) return fail(Fault::perm, "message record at {} of {} is damaged", e.offset, segment_name(e.segment));
  return *m;
}

Result<std::string> MailSegments::message(const Entry& e) {
  TRY(auto* r, reader(e.segment));
  TRY(auto record, r->read(e.ref()));
  if (record.stamp != e.stamp || record.type != type_message || record.payload.size() < e.meta)
    return fail(Fault::perm, "message record at {} of {} is another one's", e.offset, segment_name(e.segment));
  record.payload.erase(0, e.meta);
  if (e.kind == 0) return std::move(record.payload);
  std::string_view rest = record.payload;
  uint32_t crc;
  if (!take(rest, crc)) return fail(Fault::perm, "message record of {} is damaged", big_name(e.stamp));
  TRY(auto bytes, file::read_all(dir_, big_name(e.stamp), 1u << 30));
  if (journal::crc32c(0, bytes) != crc) return fail(Fault::perm, "{} is damaged: wrong checksum", big_name(e.stamp));
  return bytes;
}

Status MailSegments::check(const Entry& e) {
  CHECK(message(e));
  CHECK(meta(e));
  return {};
}

Result<std::vector<std::string>> MailSegments::scan(Time since, const std::function<bool(const Found&)>& visit, Place* after) {
  std::vector<std::string> damage;
  TRY(auto all, numbers());
  for (uint32_t n : all) {
    if (after && n < after->segment) continue;
    auto r = journal::SegmentReader::open(dir_, segment_name(n));
    if (!r) {
      damage.push_back(r.error().what);
      continue;
    }
    struct stat st;
    if (::fstat(r->fd(), &st) == 0 && Time{st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec} < since) continue;
    if (after && n == after->segment) r->seek(after->offset);
    for (;;) {
      TRY(auto record, r->next());
      if (!record) break;
      if (record->type != type_message) continue;
      auto m = decode_meta(record->payload);
      if (!m) continue;
      uint32_t meta_bytes = static_cast<uint32_t>(encode(*m).size());
      if (!visit({record->ref, record->stamp, std::move(*m), meta_bytes})) return damage;
    }
    if (after) *after = {n, r->tell()};
    for (auto& d : r->damage())
      damage.push_back(fmt::format("{}: {} bytes at {}: {}", segment_name(n), d.length, d.offset, d.reason));
  }
  return damage;
}

Entry entry_of(const MailSegments::Found& m) {
  Entry e;
  e.uid = m.meta.uid;
  e.flags = m.meta.flags;
  e.kind = static_cast<uint8_t>(m.meta.kind);
  e.set_ref(m.ref);
  e.meta = m.meta_bytes;
  e.size = m.meta.size;
  e.date = m.meta.date;
  e.mod_seq = 1;
  e.stamp = m.stamp;
  return e;
}

}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include "lib/store/segments.h"

#include <errno.h>
#include <sys/stat.h>

#include <utility>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/log/crc32c.h"

namespace jd::store {
namespace {
constexpr std::size_t many_files = 16;  // one sync of the file system costs less than this many files
constexpr uint64_t max_room = 512 << 10;
constexpr uint64_t roomy_record = 16 << 10;  // of longer ones, to write the zeros takes as long as they save
constexpr unsigned few_alone = 4;

std::string segment_name(uint32_t n) { return fmt::format("seg/{:08}.seg", n); }
std::string moved_name(uint32_t n) { return fmt::format("seg/{:08}.moved", n); }
}  // namespace

std::string large_name(uint64_t stamp) { return fmt::format("big/{:016x}", stamp); }

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
    if (writer_ && writer_->is_broken()) writer_.reset();  // what a failed write left is cut when it is opened anew
    if (writer_) {
      CHECK(writer_->refresh());
      if (!writer_->is_sealed() && writer_->size() < segment_bytes) return {};
      if (!writer_->is_sealed()) CHECK(writer_->seal());
      if (dirty_) CHECK(commit());
      writer_.reset();
    }
    TRY(auto all, numbers());
    if (!all.empty()) {
      auto w = journal::SegmentWriter::append_to(dir_, segment_name(all.back()), known_end(all.back()), 0, max_room);
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
    if (!all.empty()) CHECK(sync_logs());
    uint32_t next = all.empty() ? 1 : all.back() + 1;
    TRY(auto w, journal::SegmentWriter::create(dir_, segment_name(next), {kind_mail, next, 0, false, max_room}));
    writer_ = std::move(w);
    unsynced_names_.push_back("seg");
    return {};
  }
  return fail(Fault::temp, "cannot open a segment of the mailbox to append to");
}

// What is promised is looked for in the last segment only.
Status MailSegments::sync_logs() {
  auto names = file::list(dir_, "box");
  if (!names && names.error().sys == ENOENT) return {};
  if (!names) return Unexpected(names.error());
  for (auto& n : *names) {
    if (!n.ends_with(".log")) continue;
    auto log = file::open(dir_, "box/" + n, O_RDONLY);
    if (!log && log.error().sys == ENOENT) continue;
    if (!log) return Unexpected(log.error());
    CHECK(file::sync_data(log->get()));
  }
  return {};
}

Status MailSegments::put_large(const std::string& name, std::string_view bytes, const std::string& source) {
  CHECK(file::make_directory(dir_, "big"));
  // Another file system, too many links, gone meanwhile: then a file of its own.
  if (!source.empty() && file::link(AT_FDCWD, source, dir_, name)) return {};
  auto fd = file::open(dir_, name, O_WRONLY | O_CREAT | O_EXCL);
  if (!fd) return Unexpected(fd.error());
  auto r = file::write_at(fd->get(), bytes, 0);
  if (!r) (void)file::unlink(dir_, name);  // the error that matters is the first
  return r;
}

Result<MailSegments::Placed> MailSegments::append(uint64_t stamp, std::string_view meta, std::string_view message, Kind kind,
                                                  const SharedBody* shared) {
  CHECK(open_writer());
  std::string name, crc;
  if (kind != kind_inline) {
    std::string_view bytes = shared ? shared->bytes : message;
    name = large_name(stamp);
    CHECK(put_large(name, bytes, shared ? shared->source : ""));
    unsynced_names_.push_back(name);
    put(crc, shared ? shared->crc : journal::crc32c(0, bytes));
    if (!shared) message = {};
  }
  auto ref = writer_->append(type_message, 0, stamp, {meta, crc, message});
  Status r = ref ? writer_->flush() : Status(Unexpected(ref.error()));
  if (!r) {
    if (!name.empty()) (void)file::unlink(dir_, name);  // as above
    return Unexpected(r.error());
  }
  dirty_ = true;
  return Placed{*ref, static_cast<uint32_t>(meta.size())};
}

// A client that has appended some alone goes on so, mostly with messages of the same kind.
void MailSegments::make_room(const journal::Ref& last) {
  uint64_t bytes = journal::record_bytes(last.length);
  if (!writer_ || bytes > roomy_record || ++alone_ < few_alone) return;
  has_room_ = true;
  if (auto r = writer_->make_room(16 * bytes, 2 * bytes); !r) log::failure("room_not_made", r.error());  // it does without
}

Status MailSegments::cut_room() {
  alone_ = 0;
  if (!std::exchange(has_room_, false) || !writer_) return {};
  if (writer_->is_broken() || !writer_->refresh()) return {};  // whoever opens it anew sees to it
  return writer_->cut_room();
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
    auto r = reader(n);
    if (!r && r.error().sys == ENOENT) continue;  // given up: what was in it was synced elsewhere before
    if (!r) return Unexpected(r.error());
    CHECK(file::sync_data((*r)->fd()));
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

Result<const std::vector<Move>*> MailSegments::moves(uint32_t number) {
  auto it = moves_.find(number);
  if (it == moves_.end()) {
    TRY(auto r, journal::SegmentReader::open(dir_, moved_name(number)));
    TRY(auto record, r.next());
    auto m = record && record->type == type_moved ? decode_moves(record->payload) : std::nullopt;
    if (!m || m->from != number) return fail(Fault::perm, "{} is damaged", moved_name(number));
    if (moves_.size() >= 16) moves_.clear();
    it = moves_.emplace(number, std::move(m->all)).first;
  }
  return &it->second;
}

// Where the record is by now.
Result<MailSegments::At> MailSegments::at(journal::Ref r) {
  for (int hops = 0;; hops++) {
    auto open = reader(r.segment);
    if (open) return At{*open, r};
    if (open.error().sys != ENOENT || hops == 8) return Unexpected(open.error());
    auto all = moves(r.segment);
    const Move* m = all ? find_move(**all, r.offset) : nullptr;
    if (!m) return Unexpected(open.error());
    r.segment = m->segment, r.offset = m->to;
  }
}

Result<journal::OwnedRecord> MailSegments::record(const journal::Ref& r) {
  TRY(At a, at(r));
  return a.reader->read(a.ref);
}

// The first bytes of a record.  Who goes from one small message to the next has much read at once.
Result<std::string_view> MailSegments::start_of(const At& a, std::size_t bytes) {
  constexpr uint64_t near = 16 << 10;
  constexpr std::size_t much = 128 << 10;
  auto& w = ahead_;
  uint64_t at = a.ref.offset;
  bool is_next = w.segment == a.ref.segment && at >= w.last && at - w.last <= near;
  bool is_there = w.segment == a.ref.segment && at >= w.at && at + bytes <= w.at + w.bytes.size();
  w.last = at;
  if (!is_there) {
    w.segment = 0;
    TRY(w.bytes, file::read_at(a.reader->fd(), is_next ? std::max(much, bytes) : bytes, at));
    w.segment = a.ref.segment;
    w.at = at;
  }
  return std::string_view(w.bytes).substr(at - w.at, bytes);
}

Result<Meta> MailSegments::meta(const Entry& e) {
  TRY(At a, at(e.ref()));
  auto decode = [&](std::string_view bytes) {
    auto head = journal::Framing(a.reader->header().generation).head(bytes);
    return head && head->stamp == e.stamp ? decode_meta(bytes.substr(journal::head_bytes)) : std::nullopt;
  };
  TRY(auto bytes, start_of(a, journal::head_bytes + e.meta));
  auto m = decode(bytes);
  if (!m) {  // what was read ahead may be older than the record
    ahead_.segment = 0;
    TRY(bytes, start_of(a, journal::head_bytes + e.meta));
    m = decode(bytes);
  }
  if (!m) return fail(Fault::perm, "message record at {} of {} is damaged", a.ref.offset, segment_name(a.ref.segment));
  return *m;
}

Result<std::string> MailSegments::message(const Entry& e, std::optional<Meta>* meta) {
  TRY(auto r, record(e.ref()));
  if (r.stamp != e.stamp || r.type != type_message || r.payload.size() < e.meta)
    return fail(Fault::perm, "message record at {} of {} is another one's", e.offset, segment_name(e.segment));
  if (e.kind > kind_shared)
    return Unexpected(Error(Fault::perm, fmt::format("message record at {} of {} was written by a later release of jdmail (kind {})",
                                                     e.offset, segment_name(e.segment), e.kind), ENOTSUP));
  if (meta) *meta = decode_meta(r.payload);
  r.payload.erase(0, e.meta);
  if (e.kind == kind_inline) return std::move(r.payload);
  std::string_view rest = r.payload;
  uint32_t crc;
  if (!take(rest, crc)) return fail(Fault::perm, "message record of {} is damaged", large_name(e.stamp));
  TRY(auto bytes, file::read_all(dir_, large_name(e.stamp), 1u << 30));
  if (journal::crc32c(0, bytes) != crc) return fail(Fault::perm, "{} is damaged: wrong checksum", large_name(e.stamp));
  if (!rest.empty()) bytes.insert(0, rest);
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
    if (!r && r.error().sys == ENOENT) continue;  // given up meanwhile: what was in it comes later
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

Result<const std::vector<MailSegments::Found>*> MailSegments::promised() {
  TRY(auto all, numbers());
  uint32_t last = all.empty() ? 0 : all.back();
  if (promised_.read.segment != last) promised_ = {{last, journal::header_bytes}, {}};
  if (all.empty()) return &promised_.all;
  CHECK(scan(Time{}, [&](const Found& m) {
    if (!m.meta.is_promised) return true;
    Found kept = m;
    kept.meta.structure = kept.meta.envelope = kept.meta.bodystructure = {};
    promised_.all.push_back(std::move(kept));
    return true;
  }, &promised_.read));
  return &promised_.all;
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

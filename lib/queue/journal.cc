// SPDX-License-Identifier: MIT
#include "lib/queue/journal.h"

#include <errno.h>
#include <string.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/log/crc32c.h"
#include "lib/queue/file_format.h"

namespace jd::queue {
namespace {
constexpr std::size_t done_bytes = 16;

// "0000002a.seg" -> 42; nullopt when the name has another form.
std::optional<uint32_t> number_of(std::string_view hex8) {
  if (hex8.size() != 8) return {};
  uint32_t n = 0;
  for (char c : hex8) {
    if (!is_digit(c) && (c < 'a' || c > 'f')) return {};
    n = n * 16 + static_cast<uint32_t>(is_digit(c) ? c - '0' : c - 'a' + 10);
  }
  return n;
}
std::optional<uint32_t> number_in(const std::string& name, std::string_view suffix) {
  if (name.size() != 8 + suffix.size() || name.substr(8) != suffix) return {};
  return number_of(std::string_view(name).substr(0, 8));
}
std::optional<uint32_t> spare_number(const std::string& name) {
  if (name.compare(0, 6, "spare.") != 0) return {};
  return number_of(std::string_view(name).substr(6));
}
std::string done_name(uint32_t n) { return fmt::format("{:08x}.done", n); }
std::string spare_name(uint32_t n) { return fmt::format("spare.{:08x}", n); }
}  // namespace

std::string segment_name(uint32_t n) { return fmt::format("{:08x}.seg", n); }

Result<std::vector<uint32_t>> list_segments(int dir) {
  TRY(auto names, file::list(dir, "."));
  std::vector<uint32_t> r;
  for (auto& n : names)
    if (auto number = number_in(n, ".seg")) r.push_back(*number);
  return r;
}

Result<JournalWriter> JournalWriter::open(int queue_dir, const JournalOptions& o) {
  TRY(Fd dir, file::open(queue_dir, "journal", O_RDONLY | O_DIRECTORY));
  JournalWriter w(std::move(dir), o);
  CHECK(w.look());
  return w;
}

// What is in the directory now: the spares, the next number, how much waits for retirement.
Status JournalWriter::look() {
  TRY(auto names, file::list(dir_.get(), "."));
  spares_.clear();
  unretired_ = 0;
  for (auto& n : names) {
    auto spare = spare_number(n);
    auto number = spare ? spare : number_in(n, ".seg");
    if (spare) spares_.push_back(n);
    else if (number) unretired_++;
    else number = number_in(n, ".done");
    if (number) next_ = std::max(next_, *number + 1);
  }
  return {};
}

Status JournalWriter::make_spare() {
  std::string name = spare_name(next_);
  TRY(auto w, journal::SegmentWriter::create(dir_.get(), name,
                                             {journal_kind, next_, options_.segment_bytes}));
  next_++;
  spares_.push_back(name);
  return {};
}

Status JournalWriter::prepare_spare() {
  if (!spares_.empty()) return {};
  CHECK(look());
  return spares_.empty() ? make_spare() : Status();
}

Status JournalWriter::roll() {
  if (current_ && !current_->is_broken() && !current_->is_sealed()) {
    // What the batch holds so far is committed with the seal; a failure is told by commit().
    Status sealed = current_->seal();
    if (!sealed) batch_error_ = sealed.error();
    else if (!batch_error_) position_ = {current_->number(), current_->committed()};
  }
  current_.reset();
  CHECK(look());
  if (unretired_ >= options_.max_segments)
    return fail(Fault::temp, "the queue is full: {} journal segments wait for delivery", unretired_);
  while (true) {
    if (spares_.empty()) CHECK(make_spare());
    std::string spare = spares_.back();
    spares_.pop_back();
    uint32_t number = next_++;
    auto w = journal::SegmentWriter::recycle(dir_.get(), spare, segment_name(number),
                                             {journal_kind, number, options_.segment_bytes});
    if (w) {
      current_.emplace(std::move(*w));
      break;
    }
    if (w.error().fault != Fault::perm) return Unexpected(w.error());
    CHECK(file::unlink(dir_.get(), spare));  // too short: a crash hit its creation
  }
  batch_start_ = current_->size();
  if (!batch_error_) position_ = {current_->number(), current_->committed()};
  return {};
}

Result<journal::Ref> JournalWriter::add(const std::string& id, const Envelope& e,
                                        const std::vector<std::string_view>& message) {
  if (id.size() != id_bytes) return fail(Fault::bug, "queue id {} is not ours", id);
  std::string start = id;
  start.resize(id_bytes + 4);
  e.encode(start);
  auto length = static_cast<uint32_t>(start.size() - id_bytes - 4);
  memcpy(start.data() + id_bytes, &length, 4);
  std::vector<std::string_view> pieces{start};
  uint64_t total = start.size();
  for (auto p : message) {
    pieces.push_back(p);
    total += p.size();
  }
  if (journal::header_bytes + journal::record_bytes(total) + 64 > options_.segment_bytes)
    return fail(Fault::usage, "a message of {} bytes is too large for the journal", total);
  if (!current_ || current_->is_broken() || !current_->fits(total)) CHECK(roll());
  return current_->append(record_message, 0, static_cast<uint64_t>(e.received.ns), pieces);
}

Status JournalWriter::commit() {
  Status r = current_ ? current_->commit() : Status();
  if (batch_error_) {
    r = Unexpected(*batch_error_);
    batch_error_.reset();
  }
  if (current_ && !current_->is_broken()) {
    batch_start_ = current_->size();
    position_ = {current_->number(), current_->committed()};
  }
  return r;
}

std::size_t JournalWriter::batch_bytes() const {
  return current_ ? static_cast<std::size_t>(current_->size() - batch_start_) : 0;
}

Result<JournalReader> JournalReader::open(int dir, uint32_t number) {
  TRY(auto reader, journal::SegmentReader::open(dir, segment_name(number)));
  if (reader.number() != number || reader.header().kind != journal_kind)
    return Unexpected(Error(Fault::perm, segment_name(number) + ": a spare under this name", ENODATA));
  TRY(Fd fd, file::open(dir, segment_name(number), O_RDONLY));
  return JournalReader(std::move(reader), std::make_shared<const Fd>(std::move(fd)), number);
}

Result<JournalEntry> JournalReader::decode(const journal::Record& r) const {
  auto p = r.payload;
  uint32_t length = 0;
  if (p.size() >= id_bytes + 4) memcpy(&length, p.data() + id_bytes, 4);
  std::size_t at = id_bytes + 4 + std::size_t{length};
  if (r.type != record_message || !length || at > p.size()) return fail(Fault::perm, "record too short");
  TRY(Envelope e, Envelope::decode(p.substr(id_bytes + 4, length)));
  uint64_t size = r.ref.length - at;
  // No checksum has vouched for the length in the head.
  if (!r.is_checked && e.size && e.size != size) return fail(Fault::perm, "record of another length");
  return JournalEntry{{fd_, r.ref.offset + journal::head_bytes + at, size, std::move(e), std::string(p.substr(0, id_bytes))},
                      r.ref.offset};
}

Result<std::optional<JournalEntry>> JournalReader::next() {
  for (;;) {
    TRY(auto r, reader_.next());
    if (!r) return std::nullopt;
    auto e = decode(*r);
    if (e) return std::move(*e);
    if (!r->is_checked) {  // a long envelope, or damage
      reader_.reread(*r);
    } else if (r->type == record_message) {
      bad_records_++;
      log::error("journal_damage", {{"segment", number_}, {"offset", r->ref.offset},
                                    {"length", r->ref.length}, {"what", e.error().what}});
    }
  }
}

Result<DoneLog> DoneLog::open(int dir, uint32_t number, uint64_t generation,
                              std::string_view boot_id) {
  DoneLog d;
  d.seed_ = static_cast<uint32_t>(generation);
  d.boot_seed_ = journal::crc32c(~d.seed_, boot_id);
  TRY(d.fd_, file::open(dir, done_name(number), O_RDWR | O_CREAT | O_APPEND));
  TRY(uint64_t size, file::size_of(d.fd_.get()));
  TRY(std::string bytes, file::read_at(d.fd_.get(), static_cast<std::size_t>(size), 0));
  // A torn entry would shift all that follow it.
  if (size % done_bytes) CHECK(file::truncate(d.fd_.get(), size - size % done_bytes));
  for (std::size_t at = 0; at + done_bytes <= bytes.size(); at += done_bytes) {
    std::string_view b = std::string_view(bytes).substr(at, done_bytes);
    uint64_t offset;
    uint32_t v[2];  // recipient, crc
    memcpy(&offset, b.data(), 8);
    memcpy(v, b.data() + 8, 8);
    auto body = b.substr(0, 12);
    if (journal::crc32c(d.seed_, body) != v[1] && journal::crc32c(d.boot_seed_, body) != v[1]) continue;
    Seen& s = d.seen_[offset];
    if (v[0] == all_recipients) s.all = true;
    else s.recipients.push_back(v[0]);
  }
  return d;
}

bool DoneLog::is_done(uint64_t offset, uint32_t recipient) const {
  auto it = seen_.find(offset);
  if (it == seen_.end()) return false;
  auto& r = it->second.recipients;
  return it->second.all || std::find(r.begin(), r.end(), recipient) != r.end();
}

void DoneLog::add(uint64_t offset, uint32_t recipient, bool is_final) {
  char b[done_bytes];
  memcpy(b, &offset, 8);
  memcpy(b + 8, &recipient, 4);
  uint32_t crc = journal::crc32c(is_final ? seed_ : boot_seed_, {b, 12});
  memcpy(b + 12, &crc, 4);
  buffer_.append(b, done_bytes);
}

Status DoneLog::flush() {
  if (buffer_.empty()) return {};
  std::string b = std::move(buffer_);
  buffer_.clear();
  Status s = file::append(fd_.get(), b);
  if (!s) has_lost_ = true;
  return s;
}

Status retire_segment(int dir, uint32_t number, unsigned max_spares) {
  TRY(auto names, file::list(dir, "."));
  auto spares = std::count_if(names.begin(), names.end(), [](auto& n) { return spare_number(n); });
  // The segment first: without its done log it would be delivered again.
  if (static_cast<unsigned>(spares) < max_spares)
    CHECK(file::rename(dir, segment_name(number), spare_name(number)));
  else
    CHECK(file::unlink(dir, segment_name(number)));
  return file::unlink(dir, done_name(number));
}

Status keep_damaged(int queue_dir, uint32_t number) {
  std::string name = segment_name(number);
  TRY(std::string bytes, file::read_all(queue_dir, "journal/" + name, 1u << 30));
  bytes.resize(bytes.find_last_not_of('\0') + 1);  // npos + 1 is 0
  TRY(Fd dir, file::open(queue_dir, "corrupt", O_RDONLY | O_DIRECTORY));
  return file::write_durable(dir.get(), name + "." + unique_id(), bytes);
}

Status clean_journal(int dir) {
  TRY(auto names, file::list(dir, "."));
  for (auto& n : names)
    if (auto number = number_in(n, ".done"))
      if (!std::binary_search(names.begin(), names.end(), segment_name(*number)))
        CHECK(file::unlink(dir, n));
  return {};
}

}  // namespace jd::queue

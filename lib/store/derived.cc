// SPDX-License-Identifier: MIT
#include "lib/store/derived.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "lib/base/file.h"
#include "lib/base/random.h"
#include "lib/log/crc32c.h"
#include "lib/mime/digest.h"
#include "lib/store/format.h"

namespace jd::store {
namespace {
constexpr char magic[8] = {'J', 'D', 'D', 'E', 'R', 'I', 'V', 1};
constexpr uint64_t header = 64, head = 16, max_bytes = uint64_t{1} << 34;
uint64_t round_up(uint64_t n) { return (n + 7) & ~uint64_t{7}; }
}  // namespace

std::string encode(const Wire& w) {
  std::string r;
  r.reserve(4 + w.envelope.size() + w.body_structure.size());
  put(r, static_cast<uint32_t>(w.envelope.size()));
  r += w.envelope;
  r += w.body_structure;
  return r;
}

std::optional<Wire> decode_wire(std::string_view record) {
  uint32_t n;
  if (!take(record, n) || n > record.size()) return std::nullopt;
  return Wire{record.substr(0, n), record.substr(n)};
}

std::string derive_digest(std::string message) {
  std::replace(message.begin(), message.end(), '\0', '\x80');
  return mime::make_digest(message);
}

bool DerivedFile::is_there() const {
  struct stat st;
  return id_ && ::fstat(fd_.get(), &st) == 0 && st.st_nlink != 0;
}

void DerivedFile::close() {
  if (at_) ::munmap(const_cast<char*>(at_), mapped_);
  at_ = nullptr;
  mapped_ = id_ = 0;
  fd_ = Fd();
}

bool DerivedFile::map() {
  auto size = file::size_of(fd_.get());
  if (!size || *size < header) return false;
  if (*size == mapped_) return true;
  void* at = ::mmap(nullptr, *size, PROT_READ, MAP_SHARED, fd_.get(), 0);
  if (at == MAP_FAILED) return false;
  if (at_) ::munmap(const_cast<char*>(at_), mapped_);
  at_ = static_cast<const char*>(at);
  mapped_ = *size;
  return true;
}

bool DerivedFile::open(int dir, const std::string& name, uint64_t id) {
  if (id == 0) return false;
  if (id_ == id) return true;
  close();
  auto fd = file::open(dir, name, O_RDONLY);
  if (!fd) return false;
  fd_ = std::move(*fd);
  uint64_t there = 0;
  if (!map() || memcmp(at_, magic, sizeof magic) != 0) return close(), false;
  memcpy(&there, at_ + 8, 8);
  if (there != id) return close(), false;
  id_ = id;
  return true;
}

Status DerivedFile::create(int dir, const std::string& name) {
  close();
  std::string first(magic, sizeof magic);
  uint64_t id = random_number() | 1;
  put(first, id);
  first.resize(header);
  CHECK(file::unlink(dir, name + ".tmp"));
  {
    TRY(Fd fd, file::open(dir, name + ".tmp", O_WRONLY | O_CREAT | O_EXCL));
    CHECK(file::write_at(fd.get(), first, 0));
  }
  CHECK(file::rename(dir, name + ".tmp", name));
  if (!open(dir, name, id)) return fail(Fault::temp, "cannot read {} that was just written", name);
  return {};
}

std::optional<std::string_view> DerivedFile::get(uint32_t place, uint64_t stamp) {
  uint64_t at = uint64_t{place} * 8;
  if (place == 0 || !at_) return std::nullopt;
  if (at + head > mapped_ && (!map() || at + head > mapped_)) return std::nullopt;
  uint64_t whose;
  uint32_t length, crc;
  memcpy(&whose, at_ + at, 8);
  memcpy(&length, at_ + at + 8, 4);
  memcpy(&crc, at_ + at + 12, 4);
  if (whose != stamp || length > mapped_ - at - head) return std::nullopt;
  std::string_view bytes(at_ + at + head, length);
  if (journal::crc32c(0, bytes) != crc) return std::nullopt;
  return bytes;
}

Status DerivedFile::write(int dir, const std::string& name, DerivedBatch& b) {
  if (b.file_ && b.file_ != id_) return fail(Fault::temp, "{} is another one than before", name);
  TRY(Fd fd, file::open(dir, name, O_RDWR));
  TRY(auto first, file::read_at(fd.get(), 16, 0));
  uint64_t there = 0;
  if (first.size() == 16) memcpy(&there, first.data() + 8, 8);
  if (there != id_ || id_ == 0) return fail(Fault::temp, "{} was replaced meanwhile", name);
  TRY(uint64_t end, file::size_of(fd.get()));
  end = round_up(end);
  if (end + b.room_.size() > max_bytes) return fail(Fault::temp, "{} is full", name);
  CHECK(file::write_at(fd.get(), b.room_, end));
  for (; b.written_ < b.all_.size(); b.written_++) b.all_[b.written_].place += static_cast<uint32_t>(end / 8);
  b.room_.clear();
  b.file_ = id_;
  return {};
}

void DerivedBatch::add(uint32_t uid, uint64_t stamp, std::string_view bytes) {
  if (is_given_up_) return;
  all_.push_back({uid, static_cast<uint32_t>(room_.size() / 8), stamp});
  put(room_, stamp);
  put(room_, static_cast<uint32_t>(bytes.size()));
  put(room_, journal::crc32c(0, bytes));
  room_ += bytes;
  room_.resize(round_up(room_.size()));
  if (room_.size() > max_room) give_up();
}

void DerivedBatch::give_up() {
  *this = {};
  is_given_up_ = true;
}

}  // namespace jd::store

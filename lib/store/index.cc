// SPDX-License-Identifier: MIT
#include "lib/store/index.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/time.h"
#include "lib/log/crc32c.h"

namespace jd::store {
namespace {

constexpr uint64_t page = 4096;
constexpr std::size_t map_least = 20 << 10;  // bytes; fewer are read: a mapping costs more than they do
constexpr char magic[8] = {'J', 'D', 'I', 'N', 'D', 'E', 'X', 3};

struct Header {
  char magic[8];
  uint64_t generation, end, entries, gone, gone_bytes, mod_seq, bytes;
  int64_t mtime;
  uint64_t size;
  IndexPlace::Derived derived[2];
  char boot[16], reserved_boot[16];
  uint32_t uid_validity, uid_next, recent, reserved_end, unseen, first_unseen, snapshot_next, keywords, data_crc, crc;
};
static_assert(sizeof(Header) == 8 + 9 * 8 + 32 + 32 + 40);

uint64_t pages(uint64_t n) { return (n + page - 1) / page * page; }
uint32_t header_crc(const Header& h) {
  return journal::crc32c(0, {reinterpret_cast<const char*>(&h), sizeof h - sizeof h.crc});
}
template <class T>
std::string_view bytes_of(const Records<T>& r) {
  return {reinterpret_cast<const char*>(r.begin()), r.size() * sizeof(T)};
}
template <class T>
Status fill(Records<T>& r, int fd, uint64_t offset, std::size_t count, bool maps) {
  if (maps && count * sizeof(T) >= map_least && r.map(fd, offset, count)) return {};
  TRY(std::size_t got, file::read_at(fd, r.make_room(count), count * sizeof(T), offset));
  if (got != count * sizeof(T)) return fail(Fault::perm, "the index is too short");
  return {};
}

Status check_data(int fd, const Header& h) {
  uint32_t crc = 0;
  for (uint64_t at = page; at < h.size;) {
    TRY(auto block, file::read_at(fd, std::min<uint64_t>(1 << 20, h.size - at), at));
    if (block.empty()) break;
    crc = journal::crc32c(crc, block);
    at += block.size();
  }
  if (crc != h.data_crc) return fail(Fault::perm, "the index has a wrong checksum");
  return {};
}

// perm: there is none, or it is damaged.
Result<Header> read_header(int fd) {
  TRY(auto first, file::read_at(fd, sizeof(Header), 0));
  Header h;
  if (first.size() < sizeof h) return fail(Fault::perm, "the index is too short");
  memcpy(static_cast<void*>(&h), first.data(), sizeof h);
  if (memcmp(h.magic, magic, sizeof magic) != 0 || h.crc != header_crc(h)) return fail(Fault::perm, "the index is damaged");
  return h;
}

// The header's checksum is good: its counts are what was written.
Status check_size(const Header& h, const struct stat& st) {
  if (static_cast<uint64_t>(st.st_size) != h.size || h.entries > UINT32_MAX || h.gone_bytes > UINT32_MAX ||
      h.size != page + pages(h.entries * sizeof(Entry)) + pages(h.gone_bytes) + h.keywords)
    return fail(Fault::perm, "the index has a wrong size");
  return {};
}

IndexPlace place_of(const Header& h) {
  IndexPlace at;
  at.generation = h.generation;
  at.end = h.end;
  at.snapshot_next = h.snapshot_next;
  at.written = h.mtime;
  for (int f = 0; f < 2; f++) at.derived[f] = h.derived[f];
  return at;
}

}  // namespace

Status write_index(int dir, const std::string& name, const FolderState& state, const IndexPlace& at) {
  std::string tmp = name + ".tmp";
  CHECK(file::unlink(dir, tmp));
  std::string words = FolderState::make_keywords(state.keywords());
  auto entries = bytes_of(state.entries()), gone = state.gone().bytes();
  Header h;
  memset(static_cast<void*>(&h), 0, sizeof h);
  memcpy(h.magic, magic, sizeof magic);
  h.generation = at.generation;
  h.end = at.end;
  h.entries = state.entries().size();
  h.gone = state.gone().size();
  h.gone_bytes = gone.size();
  h.mod_seq = state.mod_seq();
  h.bytes = state.bytes();
  h.mtime = at.written;
  for (int f = 0; f < 2; f++) h.derived[f] = at.derived[f];
  h.size = page + pages(entries.size()) + pages(gone.size()) + words.size();
  memcpy(h.boot, boot_id().data(), 16);
  if (state.reserved_boot().size() == 16) memcpy(h.reserved_boot, state.reserved_boot().data(), 16);
  h.uid_validity = state.uid_validity();
  h.uid_next = state.uid_next();
  h.recent = state.recent();
  h.reserved_end = state.reserved_end();
  h.unseen = state.unseen();
  h.first_unseen = static_cast<uint32_t>(state.first_unseen());
  h.snapshot_next = at.snapshot_next;
  h.keywords = static_cast<uint32_t>(words.size());
  std::string pad1(pages(entries.size()) - entries.size(), '\0'), pad2(pages(gone.size()) - gone.size(), '\0');
  for (std::string_view piece : {entries, std::string_view(pad1), gone, std::string_view(pad2), std::string_view(words)})
    h.data_crc = journal::crc32c(h.data_crc, piece);
  h.crc = header_crc(h);
  std::string first(reinterpret_cast<const char*>(&h), sizeof h);
  first.resize(page);
  TRY(Fd fd, file::open(dir, tmp, O_WRONLY | O_CREAT | O_EXCL));
  CHECK(file::write_pieces_at(fd.get(), {first, entries, pad1, gone, pad2, words}, 0));
  timespec times[2] = {{0, UTIME_OMIT}, {h.mtime / 1'000'000'000, h.mtime % 1'000'000'000}};
  if (::futimens(fd.get(), times) < 0) return fail_errno(errno, "cannot set the time of {}", tmp);
  return file::rename(dir, tmp, name);
}

Result<IndexPlace> read_index(int dir, const std::string& name, uint64_t generation, uint64_t log_size, bool maps, FolderState& state) {
  TRY(Fd fd, file::open(dir, name, O_RDONLY));
  TRY(Header h, read_header(fd.get()));
  struct stat st;
  if (::fstat(fd.get(), &st) < 0) return fail_errno(errno, "cannot look at the index");
  if (h.generation != generation || h.end > log_size || std::string_view(h.boot, 16) != boot_id())
    return fail(Fault::perm, "the index is of another time");
  CHECK(check_size(h, st));
  if (st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec != h.mtime) CHECK(check_data(fd.get(), h));
  FolderState::Parts parts;
  CHECK(fill(parts.entries, fd.get(), page, h.entries, maps));
  uint64_t gone_at = page + pages(h.entries * sizeof(Entry));
  Records<char> gone;
  CHECK(fill(gone, fd.get(), gone_at, h.gone_bytes, maps));
  parts.gone.become(std::move(gone), h.gone);
  TRY(parts.keywords, file::read_at(fd.get(), h.keywords, h.size - h.keywords));
  parts.uid_validity = h.uid_validity;
  parts.uid_next = h.uid_next;
  parts.recent = h.recent;
  parts.reserved_end = h.reserved_end;
  parts.reserved_boot = std::string_view(h.reserved_boot, 16) == std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)
                            ? "" : std::string(h.reserved_boot, 16);
  parts.unseen = h.unseen;
  parts.first_unseen = h.first_unseen;
  parts.mod_seq = h.mod_seq;
  parts.bytes = h.bytes;
  if (!state.become(std::move(parts))) return fail(Fault::perm, "the index makes no sense");
  return place_of(h);
}

Result<IndexPlace> read_index_place(int dir, const std::string& name) {
  TRY(Fd fd, file::open(dir, name, O_RDONLY));
  TRY(Header h, read_header(fd.get()));
  return place_of(h);
}

Result<IndexPlace> read_index_entries(int dir, const std::string& name, Records<Entry>& entries) {
  TRY(Fd fd, file::open(dir, name, O_RDONLY));
  TRY(Header h, read_header(fd.get()));
  struct stat st;
  if (::fstat(fd.get(), &st) < 0) return fail_errno(errno, "cannot look at the index");
  CHECK(check_size(h, st));
  CHECK(check_data(fd.get(), h));
  CHECK(fill(entries, fd.get(), page, h.entries, false));
  return place_of(h);
}

}  // namespace jd::store

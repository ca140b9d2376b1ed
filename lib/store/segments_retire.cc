// SPDX-License-Identifier: MIT
// What compaction asks of the segments: writing records again, and giving segments and large files up;
// and bringing them to the disk from outside a folder.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <charconv>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/store/segments.h"

namespace jd::store {
namespace {
std::string name_of(uint32_t n, std::string_view ending) { return fmt::format("seg/{:08}.{}", n, ending); }
}  // namespace

Result<std::vector<MailSegments::Info>> MailSegments::list() {
  TRY(auto all, numbers());
  std::vector<Info> r;
  for (uint32_t n : all) {
    struct stat st;
    if (::fstatat(dir_, name_of(n, "seg").c_str(), &st, 0) < 0) {
      if (errno == ENOENT) continue;
      return fail_errno(errno, "cannot look at {}", name_of(n, "seg"));
    }
    r.push_back({n, static_cast<uint64_t>(st.st_size), n == all.back()});
  }
  return r;
}

Status MailSegments::write_back() {
  TRY(auto all, numbers());
  if (all.empty()) return {};
  auto fd = file::open(dir_, name_of(all.back(), "seg"), O_RDONLY);
  if (!fd && fd.error().sys == ENOENT) return {};  // given up since
  if (!fd) return Unexpected(fd.error());
  return file::write_back(fd->get());
}

Result<journal::Ref> MailSegments::append_again(const journal::OwnedRecord& record) {
  CHECK(open_writer());
  std::string_view rest = record.payload;
  std::string meta;
  if (auto m = record.type == type_message ? decode_meta(rest) : std::nullopt; m && m->is_promised) {
    m->is_promised = false;
    meta = encode(*m);
    rest.remove_prefix(meta.size());
  }
  TRY(auto ref, writer_->append(record.type, record.flags, record.stamp, {meta, rest}));
  CHECK(writer_->flush());
  dirty_ = true;
  return ref;
}

Status MailSegments::begin_next() {
  CHECK(open_writer());
  if (writer_->size() <= journal::header_bytes) return {};  // nothing in it yet
  if (dirty_) CHECK(commit());
  CHECK(writer_->seal());
  return open_writer();
}

// Who has old places and opens the segment only now finds the moves; they need not survive a power
// cut, for then nobody has old places.
Status MailSegments::retire(uint32_t number, const std::vector<Move>& moves) {
  std::string moved = name_of(number, "moved");
  CHECK(file::unlink(dir_, moved));
  TRY(auto w, journal::SegmentWriter::create(dir_, moved, {kind_moved, number, 0, false}));
  CHECK(w.append(type_moved, 0, 0, {encode_moves(number, moves)}));
  CHECK(w.flush());
  readers_.erase(number);
  moves_.erase(number);
  return file::unlink(dir_, name_of(number, "seg"));
}

void MailSegments::let_go_of_retired() {
  std::erase_if(readers_, [](auto& r) {
    struct stat st;
    return ::fstat(r.second->fd(), &st) == 0 && st.st_nlink == 0;
  });
}

Status MailSegments::forget_retired(Time before) {
  auto names = file::list(dir_, "seg");
  if (!names && names.error().sys == ENOENT) return {};
  if (!names) return Unexpected(names.error());
  for (auto& n : *names) {
    if (!n.ends_with(".moved")) continue;
    auto r = journal::SegmentReader::open(dir_, "seg/" + n);
    if (!r || r->header().created_ns < static_cast<uint64_t>(before.ns)) CHECK(file::unlink(dir_, "seg/" + n));
  }
  return {};
}

Result<std::vector<uint64_t>> MailSegments::large() {
  auto names = file::list(dir_, "big");
  if (!names && names.error().sys == ENOENT) return std::vector<uint64_t>{};
  if (!names) return Unexpected(names.error());
  std::vector<uint64_t> r;
  for (auto& n : *names) {
    uint64_t v;
    auto end = n.data() + n.size();
    if (n.size() == 16 && std::from_chars(n.data(), end, v, 16).ptr == end) r.push_back(v);
  }
  return r;
}

Result<uint64_t> MailSegments::remove_large(uint64_t stamp) {
  std::string name = large_name(stamp);
  struct stat st;
  if (::fstatat(dir_, name.c_str(), &st, 0) < 0) return errno == ENOENT ? 0 : Result<uint64_t>(fail_errno(errno, "cannot look at {}", name));
  CHECK(file::unlink(dir_, name));
  return st.st_nlink == 1 ? static_cast<uint64_t>(st.st_size) : 0;
}

}  // namespace jd::store

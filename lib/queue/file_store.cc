// SPDX-License-Identifier: MIT
#include "lib/queue/file_store.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "lib/base/file.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/log/crc32c.h"
#include "lib/queue/file_format.h"

namespace jd::queue {
namespace {
constexpr std::size_t copy_bytes = 256 << 10;
constexpr std::size_t max_notes_bytes = 64u << 20, many_notes_bytes = 1u << 20;

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Copies the message behind `at` and returns its checksum.
Result<uint32_t> write_message(int fd, const Source& s, uint64_t at) {
  uint32_t crc = 0;
  for (auto p : s.pieces) crc = journal::crc32c(crc, p);
  CHECK(file::write_pieces_at(fd, s.pieces, at));
  for (auto p : s.pieces) at += p.size();
  for (uint64_t done = 0; done < s.length;) {
    auto want = static_cast<std::size_t>(std::min<uint64_t>(copy_bytes, s.length - done));
    TRY(std::string block, file::read_at(s.fd, want, s.offset + done));
    if (block.size() < want) return fail(Fault::perm, "the message is shorter than announced");
    CHECK(file::write_at(fd, block, at + done));
    crc = journal::crc32c(crc, block);
    done += want;
  }
  return crc;
}
}  // namespace

uint64_t Source::size() const {
  uint64_t n = length;
  for (auto p : pieces) n += p.size();
  return n;
}

std::string FileStore::slot_path(int64_t slot) { return fmt::format("deferred/{:06x}", slot); }

// 8 hex digits of seconds, a dot, the id.
std::optional<FileStore::Waiting> FileStore::parse_deferred(const std::string& name) {
  if (name.size() != 9 + id_bytes || name[8] != '.') return {};
  int64_t due = 0;
  for (std::size_t i = 0; i < 8; i++) {
    char c = name[i];
    if (!is_digit(c) && (c < 'a' || c > 'f')) return {};
    due = due * 16 + (is_digit(c) ? c - '0' : c - 'a' + 10);
  }
  return Waiting{due, name.substr(9)};
}

std::string FileStore::deferred_path(int64_t due, const std::string& id) {
  return fmt::format("{}/{:08x}.{}", slot_path(slot_of(due)), due, id);
}

Result<FileStore> FileStore::open(const std::string& path) {
  bool is_new = !file::exists(path);
  CHECK(file::make_directories(path));
  TRY(Fd root, file::open(path, O_RDONLY | O_DIRECTORY));
  for (const char* d : {"tmp", "new", "deferred", "hold", "corrupt", "journal"})
    CHECK(file::make_directory(root.get(), d));
  // queue-inject as a command has the group alone, and may put mail into new/ and nothing else.
  // Where the directories are another's, they are as that one wants them.
  if (::fchmod(root.get(), 0750) == 0)
    for (const char* d : {"tmp", "new"})
      if (::fchmodat(root.get(), d, 0770, 0) < 0) return fail_errno(errno, "cannot set the mode of queue/{}", d);
  // What is promised later lives in these directories: their names must survive too.
  CHECK(file::sync_directory(root.get()));
  if (is_new) {
    TRY(Fd parent, file::open(root.get(), "..", O_RDONLY | O_DIRECTORY));
    CHECK(file::sync_directory(parent.get()));
  }
  FileStore s(std::move(root));
  TRY(s.new_, file::open(s.root(), "new", O_RDONLY | O_DIRECTORY));
  return s;
}

Result<std::string> FileStore::write_tmp(const std::string& id, const Envelope& e, const Source& s,
                                         const Progress& p, bool sync) const {
  static std::atomic<unsigned> counter{0};
  std::string tmp = fmt::format("tmp/{}.{}.{}", id, ::getpid(), counter++);
  Status written = [&]() -> Status {
    TRY(Fd fd, file::open(root(), tmp, O_RDWR | O_CREAT | O_EXCL, 0660));
    FileHead head;
    head.id = id;
    head.message_length = s.size();
    std::string start = encode_file_start(head, e, p);
    TRY(head.message_crc, write_message(fd.get(), s, head.message_offset));
    start = encode_file_start(head, e, p);
    if (p.attempts || p.warned || !p.history.empty()) {
      std::string note;
      encode_note(note, p);
      CHECK(file::write_at(fd.get(), note, head.notes_at()));
    }
    CHECK(file::write_at(fd.get(), start, 0));  // last: without it the file is nothing
    return sync ? file::sync_data(fd.get()) : Status();
  }();
  if (written) return tmp;
  (void)file::unlink(root(), tmp);  // the first error tells more
  return wrap(Result<std::string>(Unexpected(written.error())), "queue/{}", tmp);
}

Result<std::string> FileStore::add_new(const std::string& id, const Envelope& e, const Source& s,
                                       Durability d, const Progress& p) {
  TRY(std::string tmp, write_tmp(id, e, s, p, d != Durability::unsynced));
  std::string path = "new/" + id;
  Status named = file::rename(root(), tmp, path);
  if (!named) {
    (void)file::unlink(root(), tmp);
    return Unexpected(named.error());
  }
  if (d == Durability::durable) CHECK(sync_new());
  return path;
}

Status FileStore::rename_to_slot(const std::string& from, int64_t due,
                                 const std::string& to) const {
  Status r = file::rename(root(), from, to);
  if (r || r.error().sys != ENOENT) return r;
  CHECK(file::make_directory(root(), slot_path(slot_of(due))));
  return file::rename(root(), from, to);
}

Result<std::string> FileStore::add_deferred(const std::string& id, const Envelope& e,
                                            const Source& s, const Progress& p, Time due) {
  TRY(std::string tmp, write_tmp(id, e, s, p, false));
  std::string path = deferred_path(due.seconds(), id);
  Status named = rename_to_slot(tmp, due.seconds(), path);
  if (named) return path;
  (void)file::unlink(root(), tmp);
  return Unexpected(named.error());
}

Status FileStore::sync_new() { return file::sync_directory(new_.get()); }
Status FileStore::sync_all() { return file::sync_file_system(root()); }

Result<QueueFile> FileStore::load(const std::string& path) const {
  TRY(Fd fd, file::open(root(), path, O_RDWR | O_NOFOLLOW | O_NONBLOCK));
  struct stat st;
  if (::fstat(fd.get(), &st) < 0) return fail_errno(errno, "cannot look at queue/{}", path);
  if (!S_ISREG(st.st_mode)) return fail(Fault::perm, "queue/{} is no file", path);
  TRY(std::string start, file::read_at(fd.get(), 4096, 0));
  auto head = decode_file_head(start);
  if (!head) return fail(Fault::perm, "queue/{}: bad head", path);
  if (start.size() < head->message_offset) {
    TRY(start, file::read_at(fd.get(), static_cast<std::size_t>(head->message_offset), 0));
  }
  auto size = static_cast<uint64_t>(st.st_size);
  if (!is_head_good(start, *head) || size < head->message_offset + head->message_length ||
      start.size() < head->status_at() + head->recipients)
    return fail(Fault::perm, "queue/{}: bad checksum or cut short", path);
  QueueFile f;
  TRY(f.message.envelope, wrap(Envelope::decode(std::string_view(start).substr(
                                   file_head_bytes, head->envelope_length)), "queue/{}", path));
  if (f.message.envelope.recipients.size() != head->recipients)
    return fail(Fault::perm, "queue/{}: {} recipients where {} are said", path,
                f.message.envelope.recipients.size(), head->recipients);
  f.status_at = head->status_at();
  for (uint32_t i = 0; i < head->recipients; i++)
    f.progress.status.push_back(static_cast<RcptStatus>(start[f.status_at + i]));
  f.progress.errors.resize(head->recipients);
  f.notes_end = head->notes_at();
  if (size > f.notes_end) {
    auto n = static_cast<std::size_t>(std::min<uint64_t>(size - f.notes_end, max_notes_bytes));
    TRY(std::string notes, file::read_at(fd.get(), n, f.notes_end));
    auto found = decode_notes(notes, f.progress);
    f.notes_end += found.bytes;
    f.notes = found.count;
  }
  f.message.fd = std::make_shared<const Fd>(std::move(fd));
  f.message.offset = head->message_offset;
  f.message.length = head->message_length;
  f.message.id = head->id;
  f.path = path;
  return f;
}

Result<std::vector<Attempt>> FileStore::history(const QueueFile& f) const {
  uint64_t from = (f.message.offset + f.message.length + 7) & ~uint64_t{7};
  if (f.notes_end <= from) return std::vector<Attempt>();
  TRY(std::string notes, file::read_at(f.message.fd->get(), static_cast<std::size_t>(f.notes_end - from), from));
  return decode_history(notes, f.message.envelope);
}

Status FileStore::verify(const QueueFile& f) const {
  TRY(std::string head_bytes, file::read_at(f.message.fd->get(), file_head_bytes, 0));
  auto head = decode_file_head(head_bytes);
  uint32_t crc = 0;
  for (uint64_t at = 0; at < f.message.length; at += copy_bytes) {
    TRY(std::string block, f.message.read(at, copy_bytes));
    crc = journal::crc32c(crc, block);
  }
  if (!head || crc != head->message_crc)
    return fail(Fault::perm, "queue/{}: the message's checksum is wrong", f.path);
  return {};
}

Status FileStore::mark(QueueFile& f, std::size_t recipient, RcptStatus s) {
  f.progress.status[recipient] = s;
  char c = static_cast<char>(s);
  return file::write_at(f.message.fd->get(), {&c, 1}, f.status_at + recipient);
}

Status FileStore::defer(QueueFile& f, Time due) {
  std::string note;
  encode_note(note, f.progress);
  uint64_t notes_bytes = f.notes_end - ((f.message.offset + f.message.length + 7) & ~uint64_t{7});
  if (f.notes >= max_notes || (notes_bytes > many_notes_bytes && notes_bytes > 2 * note.size())) {
    CHECK(rewrite(f, f.message.envelope, f.progress));
  } else {
    CHECK(file::write_at(f.message.fd->get(), note, f.notes_end));
    f.notes_end += note.size();
    f.notes++;
  }
  f.progress.history.clear();
  std::string to = deferred_path(due.seconds(), f.message.id);
  if (to == f.path) return {};
  CHECK(rename_to_slot(f.path, due.seconds(), to));
  f.path = to;
  return {};
}

Result<std::string> FileStore::reschedule(const std::string& path, const std::string& id, Time due) {
  std::string to = deferred_path(due.seconds(), id);
  if (to != path) CHECK(rename_to_slot(path, due.seconds(), to));
  return to;
}

Status FileStore::rewrite(QueueFile& f, Envelope e, Progress p) {
  TRY(auto before, history(f));  // by address: the recipients may be others from now on
  p.history.insert(p.history.begin(), std::make_move_iterator(before.begin()), std::make_move_iterator(before.end()));
  Source s{{}, f.message.fd->get(), f.message.offset, f.message.length};
  TRY(std::string tmp, write_tmp(f.message.id, e, s, p, true));
  Status named = file::rename(root(), tmp, f.path);
  if (!named) {
    (void)file::unlink(root(), tmp);
    return named;
  }
  TRY(f, load(f.path));
  return {};
}

Status FileStore::move(QueueFile& f, std::string_view area) {
  std::string to = fmt::format("{}/{}", area, f.message.id);
  CHECK(file::rename(root(), f.path, to));
  f.path = to;
  return {};
}

Status FileStore::move(const std::string& path, const std::string& id, std::string_view area) {
  return file::rename(root(), path, fmt::format("{}/{}", area, id));
}

Status FileStore::remove(const std::string& path) { return file::unlink(root(), path); }

Status FileStore::quarantine(const std::string& path) {
  return file::rename(root(), path, fmt::format("corrupt/{}.{}", base_name(path), unique_id()));
}

Result<std::vector<std::string>> FileStore::list_new() const {
  TRY(auto names, file::list(root(), "new"));
  for (auto& n : names) n = "new/" + n;
  return names;
}

Result<std::vector<std::string>> FileStore::list_held() const {
  TRY(auto names, file::list(root(), "hold"));
  for (auto& n : names) n = "hold/" + n;
  return names;
}

Result<std::vector<int64_t>> FileStore::list_slots() const {
  TRY(auto names, file::list(root(), "deferred"));
  std::vector<int64_t> r;
  for (auto& n : names) {
    char* end = nullptr;
    int64_t slot = ::strtoll(n.c_str(), &end, 16);
    if (end && !*end && slot_path(slot) == "deferred/" + n) r.push_back(slot);
  }
  std::sort(r.begin(), r.end());
  return r;
}

Result<std::vector<FileStore::Waiting>> FileStore::list_slot(int64_t slot) const {
  std::vector<Waiting> r;
  auto names = file::list(root(), slot_path(slot));
  if (!names) {
    if (names.error().sys == ENOENT) return r;
    return Unexpected(names.error());
  }
  for (auto& n : *names)
    if (auto w = parse_deferred(n); w && slot_of(w->due) == slot) r.push_back(std::move(*w));
  return r;
}

void FileStore::remove_slot_if_empty(int64_t slot) {
  (void)::unlinkat(root(), slot_path(slot).c_str(), AT_REMOVEDIR);  // refuses what is not empty
}

Status FileStore::clean_tmp(Span age) {
  TRY(auto names, file::list(root(), "tmp"));
  for (auto& n : names) {
    struct stat st;
    std::string path = "tmp/" + n;
    if (::fstatat(root(), path.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
    if (now() - from_seconds(st.st_mtime) > age) CHECK(file::unlink(root(), path));
  }
  return {};
}

}  // namespace jd::queue

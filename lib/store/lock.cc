// SPDX-License-Identifier: MIT
#include "lib/store/lock.h"

#include <errno.h>
#include <sys/file.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/log/crc32c.h"
#include "lib/store/format.h"

namespace jd::store {
namespace {
constexpr std::string_view magic = "JDUSAGE1";
constexpr std::size_t usage_bytes = 8 + 16 + 8 + 8 + 4 + 4;

struct Noted {
  Usage usage;
  bool is_sure;
};
std::optional<Noted> read_usage(int fd) {
  if (fd < 0) return std::nullopt;
  auto bytes = file::read_at(fd, usage_bytes, 0);
  if (!bytes || bytes->size() != usage_bytes || !bytes->starts_with(magic)) return std::nullopt;
  std::string_view p = *bytes, end = p.substr(usage_bytes - 4);
  uint32_t crc, doubtful;
  if (!take(end, crc) || crc != journal::crc32c(0, p.substr(0, usage_bytes - 4))) return std::nullopt;
  bool is_this_boot = p.substr(8, 16) == boot_id();
  p.remove_prefix(24);
  Noted n{};
  if (!take(p, n.usage.bytes) || !take(p, n.usage.messages) || !take(p, doubtful)) return std::nullopt;
  n.is_sure = is_this_boot && !doubtful;
  return n;
}
}  // namespace

Result<AccountLock> AccountLock::open(int dir) {
  TRY(Fd fd, file::open(dir, "lock", O_RDWR | O_CREAT));
  return AccountLock(std::move(fd));
}

AccountLock AccountLock::read_only(int dir) {
  auto fd = file::open(dir, "lock", O_RDONLY);  // for usage(); without it what the folders say is counted
  return AccountLock(fd ? std::move(*fd) : Fd(), true);
}

Result<AccountLock::Hold> AccountLock::hold() {
  if (is_read_only()) return fail(Fault::perm, "this mailbox is open for reading only");
  if (depth_ == 0)
    while (::flock(fd_.get(), LOCK_EX) < 0)
      if (errno != EINTR) return fail_errno(errno, "cannot lock the mailbox");
  depth_++;
  return Hold(*this);
}

AccountLock::Hold::~Hold() {
  if (lock_ && --lock_->depth_ == 0) ::flock(lock_->fd_.get(), LOCK_UN);
}

std::optional<Usage> AccountLock::usage() const {
  auto n = read_usage(fd_.get());
  return n && n->is_sure ? std::optional(n->usage) : std::nullopt;
}

std::optional<Usage> last_usage(int dir, const std::string& name) {
  auto fd = file::open(dir, name + "/lock", O_RDONLY | O_NOFOLLOW);
  auto n = fd ? read_usage(fd->get()) : std::nullopt;
  return n ? std::optional(n->usage) : std::nullopt;
}

void AccountLock::write_usage(const Usage& u, bool doubtful) {
  std::string p(magic);
  p += boot_id();
  put(p, u.bytes);
  put(p, u.messages);
  put(p, uint32_t{doubtful});
  put(p, journal::crc32c(0, p));
  auto r = file::write_at(fd_.get(), p, 0);
  if (r) return;
  // Old sums must not be taken for new ones; when even that fails, keeperd's next count mends it.
  if (auto cut = file::truncate(fd_.get(), 0); !cut) log::failure("usage_not_written", r.error());
}

void AccountLock::set_usage(const Usage& u) { write_usage(u, false); }

void AccountLock::forget_usage() {
  if (auto u = usage()) write_usage(*u, true);
}

std::optional<Usage> AccountLock::begin_change() {
  auto u = usage();
  if (u) write_usage(*u, true);
  return u;
}

}  // namespace jd::store

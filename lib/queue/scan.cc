// SPDX-License-Identifier: MIT
#include "lib/queue/scan.h"

#include <errno.h>
#include <fcntl.h>

#include "lib/base/file.h"

namespace jd::queue {

Status Scan::open_next() {
  now_ = parts_.front();
  parts_.pop_front();
  bool is_slot = now_.state[0] == 'd';
  auto fd = file::open(root_, is_slot ? FileStore::slot_path(now_.slot) : std::string(now_.state), O_RDONLY | O_DIRECTORY);
  if (!fd && fd.error().sys == ENOENT) return {};  // the slot was emptied meanwhile
  if (!fd) return Unexpected(fd.error());
  dir_.reset(::fdopendir(fd->get()));
  if (!dir_) return fail_errno(errno, "cannot read queue/{}", now_.state);
  (void)fd->release();  // dir_ has it
  return {};
}

Result<std::optional<Scan::Name>> Scan::next() {
  for (;;) {
    while (!dir_) {
      if (parts_.empty()) return std::nullopt;
      CHECK(open_next());
    }
    errno = 0;
    const dirent* e = ::readdir(dir_.get());
    if (!e) {
      if (errno) return fail_errno(errno, "cannot read queue/{}", now_.state);
      dir_.reset();
      continue;
    }
    std::string name = e->d_name;
    if (name.empty() || name[0] == '.') continue;
    Name n{now_.state, fmt::format("{}/{}", now_.state, name), name, 0};
    if (now_.state[0] == 'd') {
      auto w = FileStore::parse_deferred(name);
      if (!w || slot_of(w->due) != now_.slot) continue;
      n.path = FileStore::slot_path(now_.slot) + "/" + name;
      n.id = std::move(w->id);
      n.due = w->due;
    }
    return n;
  }
}

}  // namespace jd::queue

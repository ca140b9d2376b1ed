// SPDX-License-Identifier: MIT
#include "lib/store/folder_log.h"

#include <fcntl.h>

#include <fmt/format.h>

#include "lib/base/file.h"
#include "lib/log/segment.h"
#include "lib/store/format.h"

namespace jd::store {

std::string folder_log_name(uint32_t id) { return fmt::format("box/{}.log", id); }

Status write_folder_log(int dir, uint32_t id, const FolderState& as, int64_t keep_since) {
  std::string tmp = fmt::format("box/{}.tmp", id);
  CHECK(file::make_directory(dir, "box"));
  CHECK(file::unlink(dir, tmp));
  TRY(auto w, journal::SegmentWriter::create(dir, tmp, {kind_box, id, 0, true}));
  for (auto& o : as.snapshot(keep_since)) CHECK(w.append(o.type, 0, o.stamp, {o.payload}));
  CHECK(w.commit());
  return file::rename(dir, tmp, folder_log_name(id));
}

Status sync_folder_names(int dir) {
  TRY(Fd box, file::open(dir, "box", O_RDONLY | O_DIRECTORY));
  return file::sync_directory(box.get());
}

}  // namespace jd::store

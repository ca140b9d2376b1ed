// SPDX-License-Identifier: MIT
// folder_log.h: box/<id>.log written whole: of a new folder, of one that was lost, of one that has grown.
//
// A folder's log is made with the folder.  Where it is missing it was lost (or an earlier release made the
// folder, which made logs at the first use), and to make it anew all of the account's segments are read.
#pragma once
#include <cstdint>
#include <string>

#include "lib/base/result.h"
#include "lib/store/state.h"

namespace jd::store {

std::string folder_log_name(uint32_t id);  // "box/1.log", below the account's directory

// Under the account's lock.  In the place of one that there was; `as` without what was expunged before
// keep_since (seconds).  Its content is durable, its name after sync_folder_names().
Status write_folder_log(int account_dir, uint32_t id, const FolderState& as, int64_t keep_since);
Status sync_folder_names(int account_dir);

}  // namespace jd::store

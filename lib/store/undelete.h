// SPDX-License-Identifier: MIT
// undelete.h: what was deleted from an account and is still kept: to look at, and to bring back.
//
// A message counts as deleted when no folder has it any more: one that was moved is only elsewhere.
// It belongs to the folder where it was before it went to Trash, or else was expunged from.
// Folders that were deleted as a whole are Tree::removed().  Blocking; others may use the account.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/store/account.h"

namespace jd::store {

struct DeletedMessage {
  uint32_t folder = 0;        // where it belongs
  std::string folder_name;    // that it has, or had when it was deleted
  bool is_folder_deleted = false;
  uint32_t kept_in = 0;       // the folder whose log knows it last
  Entry entry;
  int64_t when = 0;           // seconds
};

// The latest deleted last.
Result<std::vector<DeletedMessage>> deleted_messages(Account& account);

// They come back with new UIDs, each into the folder it belongs to (a deleted one is made anew, by its
// name) or all into `to` (made when it is not there; "": none).  Once: what is there already stays as
// it is.  Durable on return.  How many came.
Result<uint64_t> undelete_messages(Account& account, const std::vector<DeletedMessage>& which, const std::string& to);

}  // namespace jd::store

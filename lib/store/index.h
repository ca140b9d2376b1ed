// SPDX-License-Identifier: MIT
// index.h: box/<folder>.index: a folder's state at one place of its log, ready to be mapped.
//
// Derived: whoever finds it absent or unfit reads the log from its start.  It is fit for the log of
// the same generation, in the boot in which it was written (a power cut may take log records that it
// has seen), when nobody has written to it since (its mtime says so; else its checksum decides).
// Places of derived forms are taken over from one that is not fit: their records say whose they are.
//   index    := header (one page) entry[entries] pad gone pad keywords      pads to a page
//   header   := "JDINDEX\3" generation:u64 end:u64 entries:u64 gone:u64 gone_bytes:u64 mod_seq:u64 bytes:u64 mtime:i64 size:u64 (id:u64 records:u64)[2]
//               boot[16] reserved_boot[16] uid_validity:u32 uid_next:u32 recent:u32 reserved_end:u32 unseen:u32
//               first_unseen:u32 snapshot_next:u32 keywords:u32 data_crc:u32 crc:u32
//   entry as Entry (80 bytes), gone as in gone.h; keywords as in the log.
#pragma once
#include <cstdint>
#include <string>

#include "lib/base/result.h"
#include "lib/store/state.h"

namespace jd::store {

struct IndexPlace {
  uint64_t generation = 0, end = 0;  // of the log: what is before `end` is in the index
  uint32_t snapshot_next = 1;        // Folder's
  int64_t written = 0;               // nanoseconds: the file's mtime, by which its writer knows it again
  struct Derived { uint64_t id = 0, records = 0; };
  Derived derived[2];                // the files that the entries' wire and digest are places in
};

// Replaces the file.  Under the account's lock.  No sync: it need not survive the machine.
Status write_index(int dir, const std::string& name, const FolderState& state, const IndexPlace& at);
// perm: there is none that fits; `state` is as it was then.
Result<IndexPlace> read_index(int dir, const std::string& name, uint64_t generation, uint64_t log_size, bool maps, FolderState& state);

// Of whatever is there, fit or not.
Result<IndexPlace> read_index_place(int dir, const std::string& name);
// The same, and its entries, all checksums verified: where derived forms are stays true when the index
// is of a log that was replaced, or of an earlier boot.
Result<IndexPlace> read_index_entries(int dir, const std::string& name, Records<Entry>& entries);

}  // namespace jd::store

// SPDX-License-Identifier: MIT
// annotations.h: what clients keep beside the mail: values under names, of the account or of a folder.
//
// The file `annotations` of an account; small, and replaced as a whole, so that setting a value again and
// again costs no room.  Absent: there are none.
//   file := "JDANNOT1" (folder:u32 name:u16 value:u32 name value)* crc32c:u32     folder 0: the account
// Names are lower case.  Limits: a value 64 KB, 1000 of them and 1 MB together.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "lib/base/result.h"

namespace jd::store {

constexpr std::size_t max_annotation = 64 << 10, max_annotations = 1000, max_annotation_bytes = 1 << 20;

using Annotations = std::map<std::pair<uint32_t, std::string>, std::string>;
// nullopt as value: taken away.
using AnnotationChanges = std::map<std::pair<uint32_t, std::string>, std::optional<std::string>>;

Result<Annotations> read_annotations(int account_dir);
// Durable on return.  Hold the account's lock.  perm without sys: too many of them; nothing is changed.
Status write_annotations(int account_dir, const Annotations& all);

std::string encode(const Annotations& all);
Result<Annotations> decode_annotations(std::string_view bytes);  // any bytes; perm: not such a file

}  // namespace jd::store

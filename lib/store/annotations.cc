// SPDX-License-Identifier: MIT
#include "lib/store/annotations.h"

#include <errno.h>

#include "lib/base/file.h"
#include "lib/log/crc32c.h"
#include "lib/store/format.h"

namespace jd::store {
namespace {
constexpr std::string_view magic = "JDANNOT1";
constexpr const char* file_name = "annotations";
constexpr std::size_t max_file = 2 << 20;  // of the limits, with names and heads
}  // namespace

std::string encode(const Annotations& all) {
  std::string out(magic);
  for (auto& [key, value] : all) {
    put(out, key.first);
    put(out, static_cast<uint16_t>(key.second.size()));
    put(out, static_cast<uint32_t>(value.size()));
    out += key.second;
    out += value;
  }
  put(out, journal::crc32c(0, out));
  return out;
}

Result<Annotations> decode_annotations(std::string_view bytes) {
  Annotations all;
  auto damaged = [] { return fail(Fault::perm, "the file of annotations is damaged"); };
  if (bytes.size() < magic.size() + 4 || !bytes.starts_with(magic)) return damaged();
  std::string_view in = bytes.substr(0, bytes.size() - 4), tail = bytes.substr(bytes.size() - 4);
  uint32_t crc;
  if (!take(tail, crc) || crc != journal::crc32c(0, in)) return damaged();
  in.remove_prefix(magic.size());
  while (!in.empty()) {
    uint32_t folder, size;
    uint16_t name;
    if (!take(in, folder) || !take(in, name) || !take(in, size) || in.size() < uint64_t{name} + size) return damaged();
    all[{folder, std::string(in.substr(0, name))}] = in.substr(name, size);
    in.remove_prefix(std::size_t{name} + size);
  }
  return all;
}

Result<Annotations> read_annotations(int dir) {
  auto bytes = file::read_all(dir, file_name, max_file);
  if (!bytes && bytes.error().sys == ENOENT) return Annotations();
  if (!bytes) return Unexpected(bytes.error());
  return decode_annotations(*bytes);
}

Status write_annotations(int dir, const Annotations& all) {
  std::size_t bytes = 0;
  for (auto& [key, value] : all) {
    if (value.size() > max_annotation || key.second.size() > 1000) return fail(Fault::perm, "an annotation has at most {} bytes", max_annotation);
    bytes += key.second.size() + value.size();
  }
  if (all.size() > max_annotations || bytes > max_annotation_bytes) return fail(Fault::perm, "no more annotations fit");
  return file::write_durable(dir, file_name, encode(all));
}

}  // namespace jd::store

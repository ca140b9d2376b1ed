// SPDX-License-Identifier: MIT
#include "lib/store/uidl.h"

#include <errno.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/log/crc32c.h"
#include "lib/store/format.h"

namespace jd::store {
namespace {
constexpr std::string_view magic("JDUIDL1\0", 8);
constexpr const char* file_name = "uidl";
constexpr std::size_t max_file = 512u << 20, max_name = 70;
}  // namespace

bool is_uidl(std::string_view s) {
  return !s.empty() && s.size() <= max_name && std::all_of(s.begin(), s.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool Uidls::add(uint32_t uid, std::string_view name) {
  if (!uid || !is_uidl(name)) return false;
  if (auto* had = find(uid)) return *had == name;
  if (!names_.emplace(name).second) return false;
  by_uid_.emplace(uid, name);
  return true;
}

const std::string* Uidls::find(uint32_t uid) const {
  auto i = by_uid_.find(uid);
  return i == by_uid_.end() ? nullptr : &i->second;
}

std::string encode(const Uidls& all) {
  std::string out(magic);
  put(out, all.uid_validity());
  put(out, static_cast<uint32_t>(all.size()));
  for (auto& [uid, name] : all.all()) {
    put(out, uid);
    put(out, static_cast<uint8_t>(name.size()));
    out += name;
  }
  put(out, journal::crc32c(0, out));
  return out;
}

Result<Uidls> decode_uidls(std::string_view bytes) {
  auto damaged = [] { return fail(Fault::perm, "the file of POP3 names is damaged"); };
  if (bytes.size() < magic.size() + 12 || !bytes.starts_with(magic)) return damaged();
  std::string_view in = bytes.substr(0, bytes.size() - 4), tail = bytes.substr(bytes.size() - 4);
  uint32_t crc, uid_validity, count, before = 0;
  if (!take(tail, crc) || crc != journal::crc32c(0, in)) return damaged();
  in.remove_prefix(magic.size());
  if (!take(in, uid_validity) || !take(in, count)) return damaged();
  Uidls all(uid_validity);
  for (; count; count--) {
    uint32_t uid;
    uint8_t length;
    if (!take(in, uid) || !take(in, length) || in.size() < length || uid <= before || !all.add(uid, in.substr(0, length))) return damaged();
    in.remove_prefix(length);
    before = uid;
  }
  if (!in.empty()) return damaged();
  return all;
}

Result<Uidls> read_uidls(int dir, uint32_t uid_validity) {
  auto bytes = file::read_all(dir, file_name, max_file);
  if (!bytes && bytes.error().sys == ENOENT) return Uidls(uid_validity);
  if (!bytes) return Unexpected(bytes.error());
  TRY(Uidls all, decode_uidls(*bytes));
  if (all.uid_validity() != uid_validity) return Uidls(uid_validity);
  return all;
}

Status write_uidls(int dir, const Uidls& all) { return file::write_durable(dir, file_name, encode(all)); }

}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include "lib/store/format.h"

#include <stdlib.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/log/crc32c.h"

namespace jd::store {

// The fields lie in memory as they are written (static_assert in format.h, little endian).
void encode(std::string& out, const Entry& e) { out.append(reinterpret_cast<const char*>(&e), entry_bytes); }

bool decode(std::string_view& in, Entry& e) {
  if (in.size() < entry_bytes) return false;
  e = Entry();
  memcpy(static_cast<void*>(&e), in.data(), entry_bytes);
  in.remove_prefix(entry_bytes);
  return true;
}

namespace {
constexpr uint16_t meta_version = 1;
constexpr std::size_t meta_head = 2 + 2 + 4 + 4 + 4 + 8 + 8 + 16 + 4 + 4 + 4;
constexpr uint32_t promised = 1u << 31;
}  // namespace

std::string encode(const Meta& m) {
  std::string r;
  r.reserve(meta_head + 4 + m.structure.size() + m.envelope.size() + m.bodystructure.size());
  put(r, meta_version);
  put(r, m.kind);
  put(r, m.folder);
  put(r, m.uid);
  put(r, uint32_t{m.flags} | (m.is_promised ? promised : 0));
  put(r, m.date);
  put(r, m.size);
  r += m.delivery.size() == 16 ? m.delivery : std::string(16, '\0');
  put(r, static_cast<uint32_t>(m.structure.size()));
  put(r, static_cast<uint32_t>(m.envelope.size()));
  put(r, static_cast<uint32_t>(m.bodystructure.size()));
  uint32_t crc = journal::crc32c(0, r);
  crc = journal::crc32c(crc, m.structure);
  crc = journal::crc32c(crc, m.envelope);
  crc = journal::crc32c(crc, m.bodystructure);
  put(r, crc);
  r += m.structure;
  r += m.envelope;
  r += m.bodystructure;
  return r;
}

std::optional<Meta> decode_meta(std::string_view in) {
  std::string_view all = in;
  Meta m;
  uint16_t v;
  uint32_t flags, structure, envelope, bodystructure, crc;
  if (!take(in, v) || v != meta_version || !take(in, m.kind) || !take(in, m.folder) || !take(in, m.uid) ||
      !take(in, flags) || !take(in, m.date) || !take(in, m.size) || in.size() < 16)
    return std::nullopt;
  m.flags = static_cast<uint8_t>(flags);
  m.is_promised = flags & promised;
  m.delivery = in.substr(0, 16);
  in.remove_prefix(16);
  if (!take(in, structure) || !take(in, envelope) || !take(in, bodystructure) || !take(in, crc)) return std::nullopt;
  uint64_t sum = uint64_t{structure} + envelope + bodystructure;
  if (sum > in.size()) return std::nullopt;
  if (journal::crc32c(journal::crc32c(0, all.substr(0, meta_head)), in.substr(0, sum)) != crc) return std::nullopt;
  m.structure = in.substr(0, structure);
  m.envelope = in.substr(structure, envelope);
  m.bodystructure = in.substr(structure + envelope, bodystructure);
  return m;
}

std::string encode_moves(uint32_t from, const std::vector<Move>& rising) {
  std::string p;
  p.reserve(4 + rising.size() * 20);
  put(p, from);
  for (auto& m : rising) {
    put(p, m.offset);
    put(p, m.segment);
    put(p, m.to);
  }
  return p;
}

std::optional<Moves> decode_moves(std::string_view p) {
  Moves r;
  if (!take(p, r.from) || p.size() % 20 != 0) return std::nullopt;
  r.all.reserve(p.size() / 20);
  for (Move m; take(p, m.offset) && take(p, m.segment) && take(p, m.to);) {
    if (m.segment == r.from || (!r.all.empty() && m.offset <= r.all.back().offset)) return std::nullopt;
    r.all.push_back(m);
  }
  return r;
}

const Move* find_move(const std::vector<Move>& all, uint64_t offset) {
  auto i = std::lower_bound(all.begin(), all.end(), offset, [](const Move& m, uint64_t o) { return m.offset < o; });
  return i != all.end() && i->offset == offset ? &*i : nullptr;
}

std::string delivery_id(std::string_view queue_id, std::string_view recipient) {
  std::string both(queue_id);
  both += '\0';
  both += recipient;
  return blake2b(both, 16);
}

namespace {
std::string& this_boot() {
  static std::string id = [] {
    if (const char* given = ::getenv("JDMAIL_BOOT_ID")) return blake2b(given, 16);
    auto text = file::read_all("/proc/sys/kernel/random/boot_id", 64);
    if (!text) log::failure("boot_unknown", text.error());
    return blake2b(text ? *text : std::string("unknown"), 16);
  }();
  return id;
}
}  // namespace

const std::string& boot_id() { return this_boot(); }
void pretend_boot(std::string_view name) { this_boot() = blake2b(name, 16); }

}  // namespace jd::store

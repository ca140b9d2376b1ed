// SPDX-License-Identifier: MIT
// Any bytes as an mbox: read whole, in small pieces and without seeking; what comes out is written
// and must come back the same.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/store/mbox.h"

namespace jd::mbox_fuzz {

struct Bytes : store::MboxReader::Source {
  Bytes(std::string_view b, std::size_t p, bool s) : bytes(b), piece(p), can_seek(s) {}
  Result<std::size_t> read(char* into, std::size_t size) override {
    std::size_t n = std::min({size, piece, bytes.size() - offset});
    bytes.copy(into, n, offset);
    offset += n;
    return n;
  }
  Result<std::optional<std::string>> at(uint64_t where, std::size_t size) override {
    if (!can_seek) return std::optional<std::string>();
    return std::optional(where < bytes.size() ? std::string(bytes.substr(where, size)) : std::string());
  }
  std::string_view bytes;
  std::size_t piece, offset = 0;
  bool can_seek;
};

inline std::vector<store::MboxReader::Message> read(std::string_view bytes, std::size_t piece = SIZE_MAX, bool can_seek = true,
                                                    std::size_t limit = store::max_portable_bytes) {
  Bytes source(bytes, piece, can_seek);
  store::MboxReader r(source, limit);
  std::vector<store::MboxReader::Message> all;
  for (;;) {
    auto m = r.next();
    if (!m || !*m) return all;
    all.push_back(std::move(**m));
  }
}

inline bool same(const store::MboxReader::Message& a, const store::MboxReader::Message& b) {
  return a.message.bytes == b.message.bytes && a.message.flags == b.message.flags && a.message.keywords == b.message.keywords &&
         a.message.uid == b.message.uid && a.message.uidl == b.message.uidl && a.message.is_recent == b.message.is_recent && a.problem == b.problem &&
         (a.message.date == b.message.date || a.message.date < 1 || a.message.date > 100'000'000'000);
}

}  // namespace jd::mbox_fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  using namespace jd::mbox_fuzz;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  auto all = read(in), pieces = read(in, 3);
  read(in, 5, false);
  read(in, 100, true, 64);
  if (all.size() != pieces.size()) __builtin_trap();
  std::string out;
  std::vector<store::MboxReader::Message> kept;
  for (std::size_t i = 0; i < all.size(); i++) {
    if (!same(all[i], pieces[i])) __builtin_trap();
    if (!all[i].problem.empty() || all[i].is_internal) continue;
    all[i].message.keywords.resize(std::min<std::size_t>(all[i].message.keywords.size(), 64));
    out += store::mbox_message(all[i].message, nullptr);
    kept.push_back(std::move(all[i]));
  }
  auto again = read(out);
  if (again.size() != kept.size()) __builtin_trap();
  for (std::size_t i = 0; i < kept.size(); i++)
    if (!same(kept[i], again[i])) __builtin_trap();
  return 0;
}

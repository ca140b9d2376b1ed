// SPDX-License-Identifier: MIT
// The stored form of a tree of parts; its grammar is in part.h.
#include "lib/mime/part.h"

namespace jd::mime {
namespace {

constexpr char version = 1;
constexpr std::size_t max_list = 1000;  // parameters or languages of one part

void put(std::string& out, uint64_t n) {
  for (; n >= 0x80; n >>= 7) out += static_cast<char>(n | 0x80);
  out += static_cast<char>(n);
}
void put(std::string& out, const std::string& s) {
  put(out, s.size());
  out += s;
}
void put(std::string& out, const Parameters& all) {
  put(out, all.size());
  for (const auto& [name, value] : all) put(out, name), put(out, value);
}

void put_part(std::string& out, const Part& p, uint64_t base) {
  for (auto* s : {&p.type, &p.subtype, &p.id, &p.description, &p.encoding, &p.md5, &p.location,
                  &p.disposition.type})
    put(out, *s);
  put(out, p.parameters);
  put(out, p.disposition.parameters);
  put(out, p.languages.size());
  for (const auto& l : p.languages) put(out, l);
  put(out, p.header_begin - base);
  put(out, p.body_begin - p.header_begin);
  put(out, p.end - p.body_begin);
  put(out, p.lines);
  put(out, p.children.size());
  for (const auto& c : p.children) put_part(out, c, p.body_begin);
}

// Reads while good; after the first fault every answer is empty or 0.
class Reader {
 public:
  explicit Reader(std::string_view s) : s_(s) {}
  bool good() const { return good_; }
  bool done() const { return s_.empty(); }

  uint64_t number(uint64_t limit) {
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      if (s_.empty()) break;
      auto b = static_cast<unsigned char>(s_[0]);
      s_.remove_prefix(1);
      n |= static_cast<uint64_t>(b & 0x7F) << shift;
      if (b & 0x80) continue;
      if (n > limit) break;
      return n;
    }
    return bad();
  }
  std::string string() {
    std::size_t n = number(s_.size());
    if (n > s_.size()) n = bad();
    std::string r(s_.substr(0, n));
    s_.remove_prefix(n);
    return r;
  }
  Parameters parameters() {
    Parameters r;
    for (uint64_t n = number(max_list); n > 0 && good_; n--) {
      std::string name = string();
      r.emplace_back(std::move(name), string());
    }
    return r;
  }
  // base, limit: the body of the part around.
  void part(Part& p, uint64_t base, uint64_t limit, std::size_t depth) {
    if (++parts_ > max_parts || depth >= max_depth) bad();
    if (!good_) return;
    for (auto* s : {&p.type, &p.subtype, &p.id, &p.description, &p.encoding, &p.md5, &p.location,
                    &p.disposition.type})
      *s = string();
    p.parameters = parameters();
    p.disposition.parameters = parameters();
    for (uint64_t n = number(max_list); n > 0 && good_; n--) p.languages.push_back(string());
    p.header_begin = base + number(limit - base);
    p.body_begin = p.header_begin + number(limit - p.header_begin);
    p.end = p.body_begin + number(limit - p.body_begin);
    p.lines = number(p.end - p.body_begin);
    for (uint64_t n = number(max_parts); n > 0 && good_; n--)
      part(p.children.emplace_back(), p.body_begin, p.end, depth + 1);
  }

 private:
  uint64_t bad() {
    good_ = false;
    s_ = {};
    return 0;
  }
  std::string_view s_;
  std::size_t parts_ = 0;
  bool good_ = true;
};

}  // namespace

std::string encode(const Part& root) {
  std::string out(1, version);
  put_part(out, root, 0);
  return out;
}

Result<Part> decode(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != version)
    return fail(Fault::perm, "stored message structure has an unknown version");
  Reader in(bytes.substr(1));
  Part root;
  in.part(root, 0, uint64_t{1} << 60, 0);
  if (!in.good() || !in.done()) return fail(Fault::perm, "stored message structure is damaged");
  return root;
}

}  // namespace jd::mime

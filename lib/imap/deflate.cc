// SPDX-License-Identifier: MIT
#include "lib/imap/deflate.h"

#include <zlib.h>

#include <algorithm>

namespace jd::imap {
namespace {
constexpr std::size_t piece = 64 << 10;
constexpr int raw = -15;  // RFC 4978 §4: no zlib header; the whole window
Bytef* bytes_of(const char* p) { return reinterpret_cast<Bytef*>(const_cast<char*>(p)); }
}  // namespace

struct Deflate::Streams {
  z_stream in{}, out{};
  bool has_in = false, has_out = false;
  ~Streams() {
    if (has_in) inflateEnd(&in);
    if (has_out) deflateEnd(&out);
  }
};

Deflate::Deflate(std::unique_ptr<Streams> s) : streams_(std::move(s)) {}
Deflate::~Deflate() = default;

std::unique_ptr<Deflate> Deflate::begin() {
  auto s = std::make_unique<Streams>();
  s->has_in = inflateInit2(&s->in, raw) == Z_OK;
  s->has_out = deflateInit2(&s->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, raw, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  if (!s->has_in || !s->has_out) return nullptr;
  return std::unique_ptr<Deflate>(new Deflate(std::move(s)));
}

bool Deflate::inflate(std::string_view& in, std::string& out) {
  z_stream& z = streams_->in;
  std::size_t had = out.size(), given = std::min(in.size(), piece);
  out.resize(had + piece);
  z.next_in = bytes_of(in.data());
  z.avail_in = static_cast<uInt>(given);
  z.next_out = bytes_of(out.data() + had);
  z.avail_out = static_cast<uInt>(piece);
  int r = ::inflate(&z, Z_SYNC_FLUSH);
  in.remove_prefix(given - z.avail_in);
  out.resize(had + piece - z.avail_out);
  return r == Z_OK || r == Z_BUF_ERROR;
}

std::string Deflate::deflate(std::string_view plain) {
  z_stream& z = streams_->out;
  std::string out;
  bool more = true;
  while (more) {
    std::size_t had = out.size(), given = std::min<std::size_t>(plain.size(), 1 << 30);
    out.resize(had + piece);
    z.next_in = bytes_of(plain.data());
    z.avail_in = static_cast<uInt>(given);
    z.next_out = bytes_of(out.data() + had);
    z.avail_out = static_cast<uInt>(piece);
    ::deflate(&z, Z_SYNC_FLUSH);  // fails only for wrong calls; without room or input it does nothing
    plain.remove_prefix(given - z.avail_in);
    out.resize(had + piece - z.avail_out);
    more = !plain.empty() || z.avail_out == 0;
  }
  return out;
}

}  // namespace jd::imap

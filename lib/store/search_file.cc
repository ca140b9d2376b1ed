// SPDX-License-Identifier: MIT
#include "lib/store/search_file.h"

#include <sys/mman.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/file.h"
#include "lib/log/crc32c.h"
#include "lib/mime/charset.h"
#include "lib/mime/text.h"
#include "lib/store/format.h"

namespace jd::store {
namespace {

constexpr char magic[8] = {'J', 'D', 'G', 'R', 'A', 'M', 'S', 2};
constexpr std::size_t header_bytes = 64, checked_header = 40, place_bytes = 24, text_bytes = 24, block_bytes = 4096;
constexpr uint32_t grams_version = 1;  // of grams.h

void put_number(std::string& out, uint64_t n) {
  for (; n >= 0x80; n >>= 7) out += static_cast<char>(n | 0x80);
  out += static_cast<char>(n);
}

bool take_number(std::string_view& in, uint64_t& n) {
  n = 0;
  for (unsigned shift = 0; shift < 63 && !in.empty(); shift += 7) {
    auto b = static_cast<unsigned char>(in[0]);
    in.remove_prefix(1);
    n |= uint64_t{b & 0x7Fu} << shift;
    if (b < 0x80) return true;
  }
  return false;
}

template <class T>
T at(const char* p) {
  T v;
  memcpy(&v, p, sizeof v);
  return v;
}

uint32_t slots_for(std::size_t documents) {
  uint32_t n = 4;
  while (n < documents * 2) n *= 2;
  return n;
}

}  // namespace

uint32_t search_text_version() {
  static const uint32_t v = journal::crc32c(0, fmt::format("{} {} {}", mime::fold_version(), mime::text_version, grams_version));
  return v;
}

GramFile::~GramFile() {
  if (at_) ::munmap(const_cast<char*>(at_), size_);
}

Result<std::unique_ptr<GramFile>> GramFile::open(int account_dir, const std::string& name) {
  TRY(Fd fd, file::open(account_dir, "search/" + name, O_RDONLY));
  std::unique_ptr<GramFile> f(new GramFile);
  TRY(f->size_, file::size_of(fd.get()));
  f->name_ = name;
  if (f->size_ < header_bytes) return fail(Fault::perm, "search/{} is too short", name);
  void* p = ::mmap(nullptr, f->size_, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (p == MAP_FAILED) return fail_errno(errno, "cannot map search/{}", name);
  f->at_ = static_cast<const char*>(p);
  (void)::madvise(p, f->size_, MADV_RANDOM);  // a search looks at little of it
  CHECK(f->check(name));
  return f;
}

Status GramFile::check(std::string_view name) {
  if (memcmp(at_, magic, sizeof magic) != 0 || at<uint32_t>(at_ + 8) != search_text_version())
    return fail(Fault::perm, "search/{} is of another version", name);
  documents_ = at<uint32_t>(at_ + 12);
  blocks_ = at<uint32_t>(at_ + 16);
  slots_ = at<uint32_t>(at_ + 20);
  stamps_at_ = at<uint64_t>(at_ + 24);
  texts_ = at<uint32_t>(at_ + 32);
  readers_ = at<uint32_t>(at_ + 36);
  uint64_t behind = uint64_t{documents_} * 8 + uint64_t{slots_} * 4 + uint64_t{blocks_} * place_bytes + uint64_t{texts_} * text_bytes;
  bool fits = stamps_at_ >= header_bytes && stamps_at_ <= size_ && size_ - stamps_at_ == behind && slots_ && (slots_ & (slots_ - 1)) == 0 && documents_ < slots_;
  if (fits) need({at_ + stamps_at_, behind});
  uint32_t crc = fits ? journal::crc32c(journal::crc32c(0, {at_, checked_header}), {at_ + stamps_at_, behind}) : 0;
  if (!fits || crc != at<uint32_t>(at_ + checked_header)) return fail(Fault::perm, "search/{} is damaged", name);
  checked_.assign(blocks_, false);
  return {};
}

// To be read at once, not page after page.
void GramFile::need(std::string_view bytes) const {
  constexpr std::size_t page = 4096;
  std::size_t before = static_cast<std::size_t>(bytes.data() - at_) % page;
  (void)::madvise(const_cast<char*>(bytes.data() - before), bytes.size() + before, MADV_WILLNEED);
}

// From one block to the next.
void GramFile::read_on() const { (void)::madvise(const_cast<char*>(at_), size_, MADV_SEQUENTIAL); }

uint64_t GramFile::stamp(uint32_t document) const { return at<uint64_t>(at_ + stamps_at_ + uint64_t{document} * 8); }

uint32_t GramFile::find(uint64_t s) const {
  if (next_ < documents_ && stamp(next_) == s) return next_++;
  std::swap(next_, other_next_);
  if (next_ < documents_ && stamp(next_) == s) return next_++;
  const char* slots = at_ + stamps_at_ + uint64_t{documents_} * 8;
  for (uint32_t i = static_cast<uint32_t>(s) & (slots_ - 1), n = 0; n < slots_; i = (i + 1) & (slots_ - 1), ++n) {
    uint32_t d = at<uint32_t>(slots + uint64_t{i} * 4);
    if (d == 0 || d > documents_) break;
    if (stamp(d - 1) != s) continue;
    next_ = d;
    return d - 1;
  }
  return documents_;
}

GramFile::Place GramFile::place(uint32_t number) const {
  const char* p = at_ + size_ - uint64_t{texts_} * text_bytes - uint64_t{blocks_ - number} * place_bytes;
  return {at<uint64_t>(p), at<uint64_t>(p + 8), at<uint32_t>(p + 16), at<uint32_t>(p + 20)};
}

GramFile::Text GramFile::text(uint32_t number) const {
  const char* p = at_ + size_ - uint64_t{texts_ - number} * text_bytes;
  return {at<uint64_t>(p), at<uint32_t>(p + 8), at<uint32_t>(p + 12), at<uint32_t>(p + 16), at<uint32_t>(p + 20)};
}

Result<PackedText> GramFile::packed_text(uint32_t number) const {
  Text t = text(number);
  if (t.offset > stamps_at_ || stamps_at_ - t.offset < t.length || t.document >= documents_ || t.size > max_message_text)
    return fail(Fault::perm, "search/{} is damaged: text {} is outside", name_, number);
  std::string_view bytes(at_ + t.offset, t.length);
  if (journal::crc32c(0, bytes) != t.crc) return fail(Fault::perm, "search/{} is damaged in text {}", name_, number);
  return PackedText{t.document, t.size, std::string(bytes)};
}

Result<std::string> GramFile::text_of(uint32_t document) const {
  uint32_t low = 0, high = texts_;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (text(middle).document < document) low = middle + 1;
    else high = middle;
  }
  if (low == texts_ || text(low).document != document) return std::string();
  TRY(PackedText p, packed_text(low));
  std::string out(p.size, '\0');
  uLongf size = p.size;
  if (::uncompress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(p.bytes.data()), p.bytes.size()) != Z_OK || size != p.size)
    return fail(Fault::perm, "search/{} is damaged: text {} does not unpack", name_, low);
  return out;
}

Result<PackedText> pack(uint32_t document, const std::vector<std::string>& texts) {
  std::string all;
  for (auto& t : texts) (all += all.empty() ? "" : std::string(1, '\0')) += t;
  PackedText p{document, static_cast<uint32_t>(all.size()), std::string(::compressBound(all.size()), '\0')};
  uLongf size = p.bytes.size();
  if (::compress2(reinterpret_cast<Bytef*>(p.bytes.data()), &size, reinterpret_cast<const Bytef*>(all.data()), all.size(), 6) != Z_OK)
    return fail(Fault::temp, "cannot pack the text of documents: no memory");
  p.bytes.resize(size);
  return p;
}

Result<std::string_view> GramFile::block(uint32_t number) {
  Place p = place(number);
  if (p.offset > stamps_at_ || stamps_at_ - p.offset < p.length) return fail(Fault::perm, "search/{} is damaged: block {} is outside", name_, number);
  std::string_view b(at_ + p.offset, p.length);
  if (!checked_[number]) need(b);
  if (!checked_[number] && journal::crc32c(0, b) != p.crc) return fail(Fault::perm, "search/{} is damaged in block {}", name_, number);
  checked_[number] = true;
  return b;
}

bool GramFile::take_entry(std::string_view& in, Gram& gram, std::string_view& postings, bool& is_bits) {
  uint64_t difference, n;
  if (!take_number(in, difference) || !take_number(in, n) || n / 2 > in.size()) return false;
  gram += difference;
  postings = in.substr(0, n / 2);
  is_bits = n & 1;
  in.remove_prefix(n / 2);
  return true;
}

void GramFile::mark(std::string_view postings, bool is_bits, Bits& out) const {
  if (is_bits) {
    std::size_t bytes = std::min(postings.size(), out.size() * 8);
    for (std::size_t i = 0; i < bytes; i += 8) {
      uint64_t word = 0;
      memcpy(&word, postings.data() + i, std::min<std::size_t>(8, bytes - i));
      out[i / 8] |= word;
    }
    return;
  }
  uint64_t document = 0;
  for (uint64_t d; take_number(postings, d);) {
    document += d;
    if (document == 0 || document > documents_) break;
    out[(document - 1) / 64] |= uint64_t{1} << ((document - 1) % 64);
  }
}

template <class Visit>
Status GramFile::each_between(Gram first, Gram last, Visit&& visit) {
  // The last block that begins at or before it.
  uint32_t low = 0, high = blocks_;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (place(middle).first <= first) low = middle + 1;
    else high = middle;
  }
  for (uint32_t b = low ? low - 1 : 0; b < blocks_; ++b) {
    Gram gram = place(b).first;
    if (gram > last) break;
    TRY(std::string_view in, block(b));
    std::string_view postings;
    for (bool is_bits; !in.empty();) {
      if (!take_entry(in, gram, postings, is_bits)) return fail(Fault::perm, "search/{} is damaged: block {} makes no sense", name_, b);
      if (gram > last) return {};
      if (gram >= first) visit(postings, is_bits);
    }
  }
  return {};
}

Result<GramFile::Bits> GramFile::matching(const Needle& n) {
  std::size_t words = (documents_ + 63) / 64;
  Bits out(words, ~uint64_t{0}), one(words);
  auto keep = [&](Gram first, Gram last) -> Status {
    std::fill(one.begin(), one.end(), 0);
    CHECK(each_between(first, last, [&](std::string_view postings, bool is_bits) { mark(postings, is_bits, one); }));
    for (std::size_t i = 0; i < words; ++i) out[i] &= one[i];
    return {};
  };
  auto none_left = [&] { return std::all_of(out.begin(), out.end(), [](uint64_t w) { return w == 0; }); };
  for (Gram g : n.whole) {
    CHECK(keep(g, g));
    if (none_left()) break;
  }
  for (auto& r : n.ranges) {
    CHECK(keep(r.first, r.last));
    if (none_left()) break;
  }
  CHECK(each_between(gram_always, gram_always, [&](std::string_view postings, bool is_bits) { mark(postings, is_bits, out); }));
  return out;
}

Result<bool> GramFile::Cursor::next() {
  while (rest_.empty()) {
    if (block_ == file_->blocks_) return false;
    gram_ = file_->place(block_).first;
    TRY(rest_, file_->block(block_));
    ++block_;
  }
  if (!take_entry(rest_, gram_, postings_, is_bits_)) return fail(Fault::perm, "search/{} is damaged: block {} makes no sense", file_->name_, block_ - 1);
  return true;
}

void GramFile::Cursor::documents(std::vector<uint32_t>& out) const {
  out.clear();
  std::string_view p = postings_;
  if (is_bits_) {
    for (std::size_t i = 0; i < p.size(); ++i)
      for (unsigned bits = static_cast<unsigned char>(p[i]); bits; bits &= bits - 1) {
        auto d = static_cast<uint32_t>(i * 8 + static_cast<unsigned>(__builtin_ctz(bits)));
        if (d < file_->documents_) out.push_back(d);
      }
    return;
  }
  uint64_t document = 0;
  for (uint64_t d; take_number(p, d);) {
    document += d;
    if (document == 0 || document > file_->documents_) break;
    out.push_back(static_cast<uint32_t>(document - 1));
  }
}

Result<GramFileWriter> GramFileWriter::create(int account_dir, const std::string& name, std::vector<uint64_t> stamps, uint32_t readers) {
  GramFileWriter w;
  w.readers_ = readers;
  w.dir_ = account_dir;
  w.name_ = "search/" + name;
  w.stamps_ = std::move(stamps);
  CHECK(file::unlink(account_dir, w.name_ + ".tmp"));
  TRY(w.fd_, file::open(account_dir, w.name_ + ".tmp", O_WRONLY | O_CREAT | O_EXCL));
  w.out_.resize(header_bytes);
  w.block_begin_ = header_bytes;
  return w;
}

Status GramFileWriter::add_text(const PackedText& t) {
  put(text_places_, written_ + out_.size());
  put(text_places_, t.document);
  put(text_places_, static_cast<uint32_t>(t.bytes.size()));
  put(text_places_, t.size);
  put(text_places_, journal::crc32c(0, t.bytes));
  ++texts_;
  out_ += t.bytes;
  CHECK(write_out(1 << 20));
  block_begin_ = out_.size();
  return {};
}

Status GramFileWriter::add(Gram g, const std::vector<uint32_t>& documents) {
  if (out_.size() - block_begin_ >= block_bytes) {
    end_block();
    CHECK(write_out(1 << 20));
  }
  if (out_.size() == block_begin_) first_ = last_ = g;
  postings_.clear();
  uint32_t before = 0;
  for (uint32_t d : documents) {
    put_number(postings_, d + 1 - before);
    before = d + 1;
  }
  std::size_t as_bits = documents.back() / 8 + 1;
  bool is_bits = as_bits < postings_.size();
  if (is_bits) {
    postings_.assign(as_bits, '\0');
    for (uint32_t d : documents) postings_[d / 8] = static_cast<char>(postings_[d / 8] | 1 << d % 8);
  }
  put_number(out_, g - last_);
  put_number(out_, postings_.size() * 2 + is_bits);
  out_ += postings_;
  last_ = g;
  return {};
}

void GramFileWriter::end_block() {
  if (out_.size() == block_begin_) return;
  std::string_view b = std::string_view(out_).substr(block_begin_);
  put(places_, first_);
  put(places_, written_ + block_begin_);
  put(places_, static_cast<uint32_t>(b.size()));
  put(places_, journal::crc32c(0, b));
  ++blocks_;
  block_begin_ = out_.size();
}

Status GramFileWriter::write_out(std::size_t least) {
  if (out_.size() < least) return {};
  CHECK(file::write_at(fd_.get(), out_, written_));
  written_ += out_.size();
  out_.clear();
  block_begin_ = 0;
  return {};
}

Status GramFileWriter::finish() {
  end_block();
  CHECK(write_out(0));
  uint64_t stamps_at = written_;
  uint32_t slots = slots_for(stamps_.size());
  std::vector<uint32_t> table(slots);
  for (std::size_t d = 0; d < stamps_.size(); ++d) {
    uint32_t i = static_cast<uint32_t>(stamps_[d]) & (slots - 1);
    while (table[i]) i = (i + 1) & (slots - 1);
    table[i] = static_cast<uint32_t>(d + 1);
  }
  out_.assign(reinterpret_cast<const char*>(stamps_.data()), stamps_.size() * 8);
  out_.append(reinterpret_cast<const char*>(table.data()), table.size() * 4);
  out_ += places_;
  out_ += text_places_;
  std::string header(magic, sizeof magic);
  put(header, search_text_version());
  put(header, static_cast<uint32_t>(stamps_.size()));
  put(header, blocks_);
  put(header, slots);
  put(header, stamps_at);
  put(header, texts_);
  put(header, readers_);
  put(header, journal::crc32c(journal::crc32c(0, header), out_));
  header.resize(header_bytes);
  CHECK(write_out(0));
  CHECK(file::write_at(fd_.get(), header, 0));
  fd_ = Fd();
  return file::rename(dir_, name_ + ".tmp", name_);
}

}  // namespace jd::store

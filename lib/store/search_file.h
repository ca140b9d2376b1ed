// SPDX-License-Identifier: MIT
// search_file.h: search/<number>.grams: which messages have which grams (grams.h); immutable.
//
// A file covers some messages of an account, numbered from 0; all files together are the index.
// Written as a whole, then renamed into place; nothing is synced, for all is checksummed and may be
// deleted.  Numbers little endian:
//   file   := header packed* blocks stamps slots places texts
//   header := "JDGRAMS\2" text:u32 documents:u32 blocks:u32 slots:u32 stamps_at:u64 texts:u32 readers:u32 crc:u32 zero[20]
//             text: search_text_version() of who wrote it; readers: what could be read in attached
//             documents (DocumentKinds); crc: of the header before it and of all from stamps on
//   packed := bytes               the text of one message's attached documents: "text NUL text …", as zlib has it
//   block  := entry*              about block_bytes long; begins anew with each block:
//   entry  := gram bytes postings rising grams; gram is the difference to the one before (the first: to
//                                 the block's first, 0); bytes: of postings, times 2, plus 1 for bits
//   postings := number*  differences of message numbers (the first: plus 1)  |  bits, a bit per message
//   stamps := u64*                of the messages: records' ids (format.h); 0: none
//   slots  := u32*                hash table, a power of two: message number + 1 at stamp modulo size, or behind
//   place  := first:u64 offset:u64 length:u32 crc:u32   a block: its first gram, where it is, its crc32c
//   text   := offset:u64 document:u32 length:u32 size:u32 crc:u32   a packed: of which message, rising; its
//                                 size unpacked, at most max_message_text; its crc32c
// gram, bytes and number are base 128, low group first.  The gram `gram_always` tells messages that
// could not be read into grams: they are found by every search, and looked at.
// Blocking; one thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/store/grams.h"

namespace jd::store {

// What text becomes before it is cut into grams; another one: another index.
uint32_t search_text_version();

constexpr std::size_t max_message_text = 16 << 20;  // of the documents of one message

// The text of one message's attached documents, made small.
struct PackedText {
  uint32_t document = 0, size = 0;
  std::string bytes;
};
// `texts` without NUL, together at most max_message_text with one byte between them.
Result<PackedText> pack(uint32_t document, const std::vector<std::string>& texts);

class GramFile {
 public:
  // perm: damaged, or of another version: to be made anew.  It stays mapped.
  static Result<std::unique_ptr<GramFile>> open(int account_dir, const std::string& name);
  GramFile(const GramFile&) = delete;
  GramFile& operator=(const GramFile&) = delete;
  ~GramFile();

  uint32_t documents() const { return documents_; }
  uint64_t bytes() const { return size_; }
  const std::string& name() const { return name_; }
  uint64_t stamp(uint32_t document) const;
  // documents(): not in this file.
  uint32_t find(uint64_t stamp) const;

  // Of attached documents: what could be read when the file was written; whether any text is here.
  uint32_t readers() const { return readers_; }
  uint32_t texts() const { return texts_; }
  // Those of a message with NUL between them; empty: it has none.  perm: damaged.
  Result<std::string> text_of(uint32_t document) const;
  Result<PackedText> packed_text(uint32_t number) const;  // of texts(), as it is

  // A bit per message: may it contain a text that has these grams?  perm: damaged.
  using Bits = std::vector<uint64_t>;
  Result<Bits> matching(const Needle& n);

  // All grams in rising order, for merging.
  class Cursor {
   public:
    explicit Cursor(GramFile& f) : file_(&f) { f.read_on(); }
    Result<bool> next();  // false: the end
    Gram gram() const { return gram_; }
    void documents(std::vector<uint32_t>& out) const;  // rising

   private:
    GramFile* file_;
    uint32_t block_ = 0;
    std::string_view rest_, postings_;
    bool is_bits_ = false;
    Gram gram_ = 0;
  };

 private:
  struct Place { uint64_t first, offset; uint32_t length, crc; };
  struct Text { uint64_t offset; uint32_t document, length, size, crc; };
  GramFile() = default;
  Status check(std::string_view name);
  void need(std::string_view bytes) const;
  void read_on() const;
  Place place(uint32_t block) const;
  Text text(uint32_t number) const;
  Result<std::string_view> block(uint32_t number);
  static bool take_entry(std::string_view& in, Gram& gram, std::string_view& postings, bool& is_bits);
  void mark(std::string_view postings, bool is_bits, Bits& out) const;
  template <class Visit>
  Status each_between(Gram first, Gram last, Visit&& visit);

  std::string name_;
  const char* at_ = nullptr;
  uint64_t size_ = 0, stamps_at_ = 0;
  uint32_t documents_ = 0, blocks_ = 0, slots_ = 0, texts_ = 0, readers_ = 0;
  std::vector<bool> checked_;  // blocks
  // Behind the messages found last: who searches a folder asks for them in order, which is that of the
  // file, or of two files that became this one.
  mutable uint32_t next_ = 0, other_next_ = 0;
};

// Writes one: texts in rising order of messages, grams in rising order, then finish().  Nothing is there
// until then.
class GramFileWriter {
 public:
  static Result<GramFileWriter> create(int account_dir, const std::string& name, std::vector<uint64_t> stamps, uint32_t readers = 0);
  Status add_text(const PackedText& t);
  Status add(Gram g, const std::vector<uint32_t>& documents);  // rising, not empty
  Status finish();

 private:
  GramFileWriter() = default;
  Status write_out(std::size_t least);
  void end_block();
  int dir_ = -1;
  Fd fd_;
  std::string name_, out_, places_, text_places_, postings_;
  std::vector<uint64_t> stamps_;
  uint64_t written_ = 0, block_at_ = 0;
  uint32_t blocks_ = 0, texts_ = 0, readers_ = 0;
  std::size_t block_begin_ = 0;  // in out_
  Gram first_ = 0, last_ = 0;
};

}  // namespace jd::store

// SPDX-License-Identifier: MIT
// Any bytes as the records of a segment.  The first byte is how much of the file, in parts of 255, the writer
// is said to have committed.  An input has no way to know the magic, so "R" and a byte become a whole
// record, and "X", a byte and another spoil what has been written.  Reading ends, goes forward only,
// stays in the file, and what is checked is what reading without a word of the writer's finds as well.
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "lib/base/file.h"
#include "lib/log/crc32c.h"
#include "lib/log/segment.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  using namespace jd::journal;
  std::string in(reinterpret_cast<const char*>(data), size);
  const uint64_t generation = crc32c(7, in);  // or the fuzzer learns the magic from comparisons with it
  std::string file = encode(SegmentHeader{1, 1, 0, generation});
  Framing framing(generation);
  bool is_spoilt = false;
  for (std::size_t i = 1; i < in.size();) {
    if (in[i] == 'R' && i + 1 < in.size()) {
      // From 0 to 12 KB: shorter than skim_bytes, between, and longer than skim_over.
      std::string payload(std::size_t{data[i + 1]} * 48, 'p');
      file.resize(round_up(file.size()));
      framing.encode(file, static_cast<uint16_t>(data[i + 1] || i % 2 ? 1 : type_sealed), 0, i, {payload});
      i += 2;
    } else if (in[i] == 'X' && i + 2 < in.size()) {
      std::size_t back = std::size_t{data[i + 1]} * 8 + data[i + 2] % 8 + 1;
      if (file.size() - header_bytes >= back) file[file.size() - back] ^= static_cast<char>(1 << data[i + 2] / 32);
      is_spoilt = true;
      i += 3;
    } else {
      file += in[i++];
    }
  }
  char path[] = "/tmp/jdmail-fuzz-segment-XXXXXX";
  Fd fd(::mkstemp(path));
  MUST(fd && ::unlink(path) == 0 && file::write_at(fd.get(), file, 0));
  auto open = [&] {
    auto r = SegmentReader::from(Fd(::dup(fd.get())));
    MUST(r);
    return std::move(*r);
  };
  std::set<uint64_t> good;
  auto plain = open();
  for (auto r = plain.next(); MUST(r), *r; r = plain.next()) good.insert((*r)->ref.offset);
  for (bool again : {false, true}) {
    auto reader = open();
    reader.skim_until(size ? file.size() * data[0] / 255 : 0);
    uint64_t at = 0;
    for (auto r = reader.next(); MUST(r), *r; r = reader.next()) {
      auto& record = **r;
      MUST(record.ref.offset >= at && record.ref.offset + head_bytes + record.payload.size() <= file.size());
      // A length that is wrong and was taken for right may have led behind the seal.
      bool is_known = good.count(record.ref.offset) || (is_spoilt && !again);
      if (record.is_checked) MUST(is_known && record.payload.size() == record.ref.length);
      else MUST(head_bytes + record.payload.size() == skim_bytes && record.ref.length > record.payload.size());
      at = record.ref.offset + head_bytes;
      if (again && !record.is_checked) reader.reread(record), at = record.ref.offset;
    }
    // Each read again: none is missed.
    if (again) MUST(reader.tell() == plain.tell() && reader.damage().size() == plain.damage().size());
  }
  return 0;
}

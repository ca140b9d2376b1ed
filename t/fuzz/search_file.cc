// SPDX-License-Identifier: MIT
// Any bytes as the block, and as a packed text, of a file of grams whose checksums are right: read, searched
// and merged without harm.
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "lib/base/file.h"
#include "lib/log/crc32c.h"
#include "lib/store/format.h"
#include "lib/store/search_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  using store::put;
  static const std::string directory = [] {
    char name[] = "/tmp/jdmail-fuzz-XXXXXX";
    std::string made = ::mkdtemp(name);
    if (!file::make_directories(made + "/search")) abort();
    return made;
  }();
  static Fd dir(::open(directory.c_str(), O_RDONLY | O_DIRECTORY));
  constexpr uint32_t documents = 70;
  std::string_view block(reinterpret_cast<const char*>(data), size);
  std::string behind, header("JDGRAMS\2", 8);
  for (uint64_t d = 1; d <= documents; ++d) put(behind, d);
  for (uint32_t slot = 0; slot < 128; ++slot) put(behind, slot <= documents ? slot : 0);
  put(behind, uint64_t{0}), put(behind, uint64_t{64}), put(behind, static_cast<uint32_t>(size)), put(behind, journal::crc32c(0, block));
  put(behind, uint64_t{64}), put(behind, uint32_t{6}), put(behind, static_cast<uint32_t>(size)), put(behind, static_cast<uint32_t>(size * 3)), put(behind, journal::crc32c(0, block));
  put(header, store::search_text_version()), put(header, documents), put(header, uint32_t{1}), put(header, uint32_t{128});
  put(header, uint64_t{64 + size}), put(header, uint32_t{1}), put(header, uint32_t{3});
  put(header, journal::crc32c(journal::crc32c(0, header), behind));
  header.resize(64);
  {
    auto fd = file::open(dir.get(), "search/f.grams", O_WRONLY | O_CREAT | O_TRUNC);
    if (!fd || !file::write_at(fd->get(), header + std::string(block) + behind, 0)) abort();
  }
  auto f = store::GramFile::open(dir.get(), "f.grams");
  if (!f || (*f)->documents() != documents || (*f)->find(7) != 6 || (*f)->find(77) != documents) abort();
  for (auto text : {"abc", "\xE4\xB8\xAD", "\xE4\xB8\xAD\xE6\x96\x87 abcd"})
    if (auto bits = (*f)->matching(store::Needle(text, store::Scope::body)); bits && bits->size() != 2) abort();
  if (auto text = (*f)->text_of(6); text && text->size() != size * 3) abort();
  if (!(*f)->packed_text(0) || !(*f)->text_of(7)) abort();
  store::GramFile::Cursor c(**f);
  std::vector<uint32_t> all;
  for (;;) {
    auto more = c.next();
    if (!more || !*more) break;
    c.documents(all);
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i] >= documents) abort();
  }
  return 0;
}

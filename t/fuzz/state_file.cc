// SPDX-License-Identifier: MIT
// Any bytes as the file of a StateFile: what can be read of it stays as it is, and the file goes on being used.
#include <stdlib.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/file.h"
#include "lib/log/state_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  struct Folder {
    std::string path = "/tmp/jdmail-fuzz-state-XXXXXX";
    Folder() { MUST(::mkdtemp(path.data())); }
    ~Folder() { (void)file::remove_tree(path); }
  };
  static const Folder folder;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  for (auto* other : {"/s.a", "/s.b"}) (void)file::unlink(AT_FDCWD, folder.path + other);
  auto fd = file::open(folder.path + "/s.a", O_RDWR | O_CREAT, 0600);
  MUST(fd && file::write_at(fd->get(), in, 0));
  auto open = [&] {
    auto s = journal::StateFile::open(folder.path, "s");
    MUST(s);
    return std::move(*s);
  };
  auto first = open();
  auto table = first.all();
  for (auto& [k, v] : table) MUST(k.size() + v.size() <= size);
  MUST(open().all() == table);
  MUST(first.set("k", "v"));
  table["k"] = "v";
  MUST(open().all() == table);
  MUST(first.remove("k"));
  table.erase("k");
  MUST(open().all() == table);
  return 0;
}

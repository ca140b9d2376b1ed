// SPDX-License-Identifier: MIT
#include "cmd/jdctl/log_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <zlib.h>

#include <algorithm>

#include "lib/base/file.h"
#include "t/unit/fault_disk.h"

using namespace jd;
using namespace jd::ctl;

namespace {
std::string name_of(int64_t seconds) { return fmt::format("@{:016x}00000000.s", (1ull << 62) + 10 + static_cast<uint64_t>(seconds)); }

struct LogFiles : ::testing::Test {
  test::Scratch scratch;
  void put(const std::string& name, const std::string& text) {
    auto dir = scratch.path + "/" + name.substr(0, name.find('/'));
    ASSERT_TRUE(file::make_directories(dir));
    auto fd = file::open(scratch.path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC);
    ASSERT_TRUE(fd && file::write_at(fd->get(), text, 0));
  }
  std::vector<std::string> lines(const std::string& name) {
    std::vector<std::string> r;
    EXPECT_TRUE(read_lines({"p", scratch.path + "/" + name, {}}, [&](std::string_view l) { r.emplace_back(l); }));
    return r;
  }
};
}  // namespace

TEST_F(LogFiles, NewestFirstAndNotBefore) {
  put("smtpd/" + name_of(1000), "a\n");
  put("smtpd/" + name_of(3000), "b\n");
  put("qrun/" + name_of(2000), "c\n");
  put("qrun/current", "d\n");
  put("qrun/lock", "");
  put("qrun/state", "");
  auto all = log_files(scratch.path, from_seconds(2000));
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ(all->at(0).program, "qrun");
  EXPECT_EQ(all->at(1).ended.seconds(), 3000);
  EXPECT_EQ(all->at(2).ended.seconds(), 2000);
  EXPECT_EQ(time_of_log_name("@4000"), Time{});
  EXPECT_EQ(time_of_log_name("@zzzzzzzzzzzzzzzz00000000.s"), Time{});
}

TEST_F(LogFiles, LinesOfAnyLengthPlainAndPacked) {
  std::string text = "first\n\n" + std::string(300'000, 'x') + "\nlast without an end";
  put("p/plain", text);
  auto got = lines("p/plain");
  EXPECT_EQ(got.front(), "first");
  EXPECT_EQ(got[1], "");
  EXPECT_EQ(got.back(), "last without an end");
  std::size_t xs = 0;
  for (auto& l : got) xs += static_cast<std::size_t>(std::count(l.begin(), l.end(), 'x'));
  EXPECT_EQ(xs, 300'000u);
  put("p/gz", "");
  gzFile z = ::gzopen((scratch.path + "/p/gz").c_str(), "wb");
  ::gzwrite(z, text.data(), static_cast<unsigned>(text.size()));
  ::gzclose(z);
  EXPECT_EQ(lines("p/gz").back(), "last without an end");
  if (::system(("zstd -q " + scratch.path + "/p/plain -o " + scratch.path + "/p/zst").c_str()) == 0) {
    EXPECT_EQ(lines("p/zst").back(), "last without an end");
  }
  EXPECT_TRUE(lines("p/nothing").empty());  // rotated away
}

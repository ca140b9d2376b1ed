// SPDX-License-Identifier: MIT
#include "lib/base/log_line.h"

#include <gtest/gtest.h>

#include "lib/base/log.h"
#include "t/fuzz/log_line.cc"

using namespace jd;

TEST(LogLine, WhatLogWroteComesBack) {
  const std::string awkward = std::string("a \"b\" \\ = \n\x01\xff") + '\0' + "\xe4\xb8\xad";
  std::string lines;
  log::capture(&lines);
  log::info("delivered", {{"qid", "x1"}, {"reason", awkward}, {"empty", ""}, {"n", 5}, {"chinese", "\xe4\xb8\xad \xe6\x96\x87"}});
  log::capture(nullptr);
  lines.pop_back();
  std::string dated = "2026-11-24 16:02:11.123456789  " + lines;
  auto l = parse_log_line(dated);
  ASSERT_TRUE(l);
  EXPECT_EQ(l->time, "2026-11-24 16:02:11.123456789");
  EXPECT_EQ(l->event, "delivered");
  EXPECT_EQ(l->get("qid"), "x1");
  EXPECT_EQ(l->get("reason"), awkward);
  EXPECT_EQ(l->get("n"), "5");
  EXPECT_EQ(l->get("chinese"), "\xe4\xb8\xad \xe6\x96\x87");
  EXPECT_EQ(l->get("nothing"), "");
  for (std::size_t n = 0; n <= dated.size(); n++) LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(dated.data()), n);
}

TEST(LogLine, AnyBytes) {
  for (std::string_view s : {"", "   ", "=", "a=", "a =b", "x k=\"", "x k=\"\\", "x k=\"\\x", "x k=\"\\xg1\"", "2026-11-24 16:02:11", "2026-11-24 16:02:11. x", "\xff\xff", "s6-svscan: fatal: x"})
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(s.data()), s.size());
  EXPECT_FALSE(parse_log_line("2026-11-24 16:02:11"));
  EXPECT_EQ(parse_log_line("x k=\"\\x41b\" l=2")->get("l"), "2");
}

// SPDX-License-Identifier: MIT
#include "lib/store/segments.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/store/account.h"
#include "lib/store/format.h"
#include "t/unit/store/scratch.h"

using namespace jd;

namespace {
// Pages of the file that the disk does not have yet; 0 where the kernel cannot tell.
uint64_t dirty_pages(const std::string& path) {
  constexpr long cachestat = 451;
  struct { uint64_t offset, length; } all{0, 0};
  struct { uint64_t cached, dirty, writeback, evicted, recently_evicted; } stat{};
  auto fd = file::open(path, O_RDONLY);
  if (!fd || ::syscall(cachestat, fd->get(), &all, &stat, 0) < 0) return 0;
  return stat.dirty + stat.writeback;
}
}  // namespace

// A mailbox that outgrows its segment goes on in the next one, whoever opens it.
TEST(Segments, AFullOneIsFollowedByTheNext) {
  store::Scratch scratch;
  std::string body = "Subject: x\r\n\r\n" + std::string(120 << 10, 'x');
  std::size_t needed = store::segment_bytes / body.size() + 2;
  auto account = store::Account::open(scratch.path + "/a", true);
  ASSERT_TRUE(account);
  for (std::size_t i = 0; i < needed; i++) {
    store::Account::Delivery d;
    d.bytes = body;
    d.id = fmt::format("q{} a@b", i);
    auto r = (*account)->deliver(d);
    ASSERT_TRUE(r) << i << ": " << r.error().what;
    if (i == needed - 2) {  // another process finds it full
      account->reset();
      account = store::Account::open(scratch.path + "/a", false);
      ASSERT_TRUE(account);
    }
  }
  auto names = file::list(AT_FDCWD, scratch.path + "/a/seg");
  ASSERT_TRUE(names);
  EXPECT_EQ(names->size(), 2u);
  EXPECT_EQ((*account)->usage()->messages, needed);
}

TEST(Segments, WhatWasAppendedGoesToTheDiskWhenAsked) {
  store::Scratch scratch;
  auto account = store::Account::open(scratch.path + "/a", true);
  ASSERT_TRUE(account);
  store::MailSegments from_outside((*account)->dir());
  EXPECT_TRUE(from_outside.write_back());  // nothing is there
  store::Account::Delivery d;
  std::string body = "Subject: x\r\n\r\n" + std::string(120 << 10, 'x');
  d.bytes = body;
  d.id = "q a@b";
  ASSERT_TRUE((*account)->deliver(d));
  auto names = file::list((*account)->dir(), "seg");
  ASSERT_TRUE(names && names->size() == 1);
  if (!dirty_pages(scratch.path + "/a/seg/" + names->front())) printf("left out: which pages are on the disk (the kernel does not tell)\n");
  EXPECT_TRUE(from_outside.write_back());
  EXPECT_EQ(dirty_pages(scratch.path + "/a/seg/" + names->front()), 0u);
}

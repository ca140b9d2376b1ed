// SPDX-License-Identifier: MIT
// scratch.h: an account in a directory that goes when the test ends.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "lib/base/file.h"
#include "lib/store/account.h"

namespace jd::store {

struct Scratch {
  std::string path;
  Scratch() {
    char name[] = "/tmp/jdmail-store-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Scratch() { (void)file::remove_tree(path); }  // nothing to do about it in a test
  std::unique_ptr<Account> open() {
    auto a = Account::open(path + "/mail/example.test/ann", true);
    EXPECT_TRUE(a) << (a ? "" : a.error().what);
    return a ? std::move(*a) : nullptr;
  }
  std::string account() const { return path + "/mail/example.test/ann"; }
};

inline std::string mail(const std::string& subject, std::size_t body = 20) {
  return "From: Ann <ann@example.test>\r\nSubject: " + subject + "\r\n\r\n" + std::string(body, 'x') + "\r\n";
}

inline uint32_t add(Account& a, const std::string& bytes, const std::string& folder = "INBOX", bool durable = true) {
  auto f = a.folder(folder);
  EXPECT_TRUE(f);
  NewMessage m;
  m.bytes = bytes;
  auto uid = (*f)->append(m, durable);
  EXPECT_TRUE(uid) << (uid ? "" : uid.error().what);
  return uid ? *uid : 0;
}

inline std::string body_of(Account& a, const std::string& folder, uint32_t uid) {
  auto f = a.folder(folder);
  if (!f) return f.error().what;
  if (auto r = (*f)->refresh(); !r) return r.error().what;
  const Entry* e = (*f)->state().find(uid);
  if (!e) return "absent";
  auto m = a.segments().message(*e);
  return m ? *m : m.error().what;
}

inline UidSet uids(std::initializer_list<uint32_t> list) {
  UidSet s;
  for (uint32_t u : list) s.add(u);
  return s;
}

}  // namespace jd::store

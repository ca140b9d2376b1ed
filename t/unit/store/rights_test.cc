// SPDX-License-Identifier: MIT
#include "lib/store/rights.h"

#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "lib/store/account.h"
#include "t/unit/store/scratch.h"

namespace jd::store {
namespace {

TEST(Rights, LettersAndTheObsoleteOnes) {
  EXPECT_EQ(Rights::parse("lrs")->text(), "lrs");
  EXPECT_EQ(Rights::parse("srl")->text(), "lrs");
  EXPECT_EQ(Rights::parse("")->text(), "");
  EXPECT_EQ(Rights::all().text(), "lrswipkxtea");
  EXPECT_EQ(Rights::parse("c")->text(), "kx");
  EXPECT_EQ(Rights::parse("d")->text(), "te");
  EXPECT_EQ(Rights::parse("lk")->imap_text(), "lkc");
  EXPECT_EQ(Rights::parse("lrt")->imap_text(), "lrtd");
  EXPECT_EQ(Rights::all().imap_text(), "lrswipkxteacd");
  for (const char* wrong : {"q", "L", "lr s", "1", "lrs-"}) EXPECT_FALSE(Rights::parse(wrong)) << wrong;
}

TEST(Rights, EveryTextIsReadAgain) {
  for (uint16_t bits = 0; bits < 0x800; bits++) {
    EXPECT_EQ(Rights::parse(Rights(bits).text())->bits(), bits);
    EXPECT_EQ(Rights::parse(Rights(bits).imap_text())->has('a'), Rights(bits).has('a'));
  }
  EXPECT_EQ(Rights(0xffff), Rights::all());
}

TEST(Rights, WhoReadsNeedsNoWriting) {
  EXPECT_FALSE(Rights::parse("lrp")->are_to_write());
  for (char c : std::string("swikxtea")) EXPECT_TRUE(Rights::parse(std::string("lr") + c)->are_to_write()) << c;
}

TEST(Identifiers, WhatIsOneAndWhatIsNot) {
  EXPECT_EQ(*parse_identifier("Bob@Example.ORG"), "bob@example.org");
  EXPECT_EQ(*parse_identifier("Anyone"), "anyone");
  EXPECT_EQ(*parse_identifier("-anyone"), "-anyone");
  EXPECT_EQ(*parse_identifier("@example.org"), "@example.org");
  EXPECT_EQ(*parse_identifier("-@example.org"), "-@example.org");
  EXPECT_EQ(*parse_identifier("group:Sales@example.org"), "group:sales@example.org");
  EXPECT_EQ(*parse_identifier("张三@例子.cn"), "张三@例子.cn");
  for (const char* wrong : {"", "-", "bob", "@", "--bob@a", "bob@", "group:", "group:sales", "group:anyone", "group:@a.b", "a b@c", "a/b@c", "a\"@c", "\xff@c", "a\n@c"})
    EXPECT_FALSE(parse_identifier(wrong)) << wrong;
  EXPECT_FALSE(parse_identifier(std::string(400, 'a') + "@b"));
}

TEST(Acl, RightsAddUpAndAreTakenAway) {
  Acl acl{{"anyone", *Rights::parse("lr")}, {"bob@a.b", *Rights::parse("sw")}, {"-@a.b", *Rights::parse("w")}, {"group:g@a.b", *Rights::parse("i")}};
  EXPECT_EQ(rights_of(acl, {"bob@a.b", "anyone", "@a.b"}).text(), "lrs");
  EXPECT_EQ(rights_of(acl, {"bob@a.b", "anyone", "@c.d", "group:g@a.b"}).text(), "lrswi");
  EXPECT_EQ(rights_of(acl, {"eve@a.b"}).text(), "");
  // Nobody gets the rights of the entry that takes them away by calling himself so.
  EXPECT_EQ(rights_of({{"-bob@a.b", Rights::all()}}, {"bob@a.b"}).text(), "");
  auto all = grantees({{1, acl}, {2, {{"anyone", *Rights::parse("i")}}}});
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(all["anyone"].text(), "lri");
}

TEST(TreeRights, AreKeptInheritedAndGoWithTheFolder) {
  Scratch s;
  auto a = Account::open(s.path + "/ann", true);
  ASSERT_TRUE(a);
  auto id = (*a)->tree().create("Projects");
  ASSERT_TRUE(id);
  ASSERT_TRUE((*a)->set_rights(*id, "bob@a.b", *Rights::parse("lrs")));
  ASSERT_TRUE((*a)->set_rights(*id, "anyone", *Rights::parse("l")));
  ASSERT_TRUE((*a)->set_rights(*id, "anyone", Rights()));
  auto below = (*a)->tree().create("Projects/2026/May");
  ASSERT_TRUE(below);
  // As another process sees it.
  auto b = Account::open(s.path + "/ann", false);
  ASSERT_TRUE(b);
  auto& tree = (*b)->tree();
  EXPECT_EQ(tree.acl(*id), (Acl{{"bob@a.b", *Rights::parse("lrs")}}));
  EXPECT_EQ(tree.acl(*below), tree.acl(*id));
  EXPECT_EQ(tree.acls().size(), 3u);
  EXPECT_TRUE(tree.acl(inbox_id).empty());
  ASSERT_TRUE(tree.rename("Projects", "Old"));
  EXPECT_EQ(tree.acl(*id).size(), 1u);
  ASSERT_TRUE(tree.set_uid_validity(*id, 77));
  EXPECT_EQ(tree.acl(*id).size(), 1u);
  ASSERT_TRUE(tree.remove("Old/2026/May"));
  EXPECT_TRUE(tree.acl(*below).empty());
  EXPECT_FALSE(tree.set_rights(4711, "bob@a.b", Rights::all()));
  for (int i = 0; i < 99; i++) ASSERT_TRUE(tree.set_rights(*id, std::to_string(i) + "@a.b", Rights::all()));
  EXPECT_FALSE(tree.set_rights(*id, "onemore@a.b", Rights::all()));
  EXPECT_TRUE(tree.set_rights(*id, "bob@a.b", Rights::all()));
}

TEST(SharedAccount, AReaderWritesNothing) {
  Scratch s;
  auto a = Account::open(s.path + "/ann", true);
  ASSERT_TRUE(a);
  auto id = (*a)->tree().create("Projects");
  ASSERT_TRUE(id);
  ASSERT_TRUE((*a)->set_rights(*id, "bob@a.b", *Rights::parse("lr")));
  ASSERT_TRUE(file::exists(s.path + "/ann/box/" + std::to_string(*id) + ".log"));
  auto r = Account::open_shared(s.path + "/ann", false);
  ASSERT_TRUE(r);
  auto f = (*r)->folder(*id);
  ASSERT_TRUE(f);
  NewMessage m;
  m.bytes = "Subject: x\r\n\r\nx\r\n";
  EXPECT_FALSE((*f)->append(m, true));
  EXPECT_FALSE((*r)->tree().create("More"));
  EXPECT_FALSE((*r)->set_rights(*id, "bob@a.b", Rights::all()));
  // What the owner does it sees.
  auto own = (*a)->folder(*id);
  ASSERT_TRUE(own);
  ASSERT_TRUE((*own)->append(m, true));
  ASSERT_TRUE((*f)->refresh());
  EXPECT_EQ((*f)->state().entries().size(), 1u);
  UidSet first;
  first.add(1);
  EXPECT_FALSE((*f)->store(FlagOp::add, seen, {}, first));
  EXPECT_FALSE((*f)->expunge(first));
  EXPECT_FALSE(Account::open_shared(s.path + "/nobody", false));
}

}  // namespace
}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include "lib/store/maildir.h"

#include <sys/stat.h>

#include "lib/store/format.h"
#include "t/unit/store/scratch.h"

#define LLVMFuzzerTestOneInput fuzz_maildir
#include "t/fuzz/maildir.cc"

namespace jd::store {
namespace {
struct Tree0 : Scratch {
  Fd top;
  Tree0() { top.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY)); }
  void put(const std::string& name, const std::string& bytes, int64_t mtime = 1'600'000'000) {
    std::string full = path + "/" + name;
    EXPECT_TRUE(file::make_directories(full.substr(0, full.rfind('/'))));
    auto fd = file::open(full, O_WRONLY | O_CREAT | O_TRUNC);
    ASSERT_TRUE(fd);
    EXPECT_TRUE(file::write_at(fd->get(), bytes, 0));
    timespec times[2] = {{mtime, 0}, {mtime, 0}};
    ::futimens(fd->get(), times);
  }
};
}  // namespace

TEST(MaildirName, TellsTimeFlagsAndKeywords) {
  auto n = parse_maildir_name("1276528487.M364837P9451.host,S=1355,W=1394:2,DFPRSTac");
  EXPECT_EQ(n.base, "1276528487.M364837P9451.host,S=1355,W=1394");
  EXPECT_EQ(n.seconds, 1276528487);
  EXPECT_EQ(n.micros, 364837u);
  EXPECT_EQ(n.flags, all_flags);
  EXPECT_TRUE(n.is_passed);
  EXPECT_EQ(n.letters, "ac");
  n = parse_maildir_name("x:1,S");
  EXPECT_EQ(n.base, "x");
  EXPECT_EQ(n.flags, 0);
  EXPECT_EQ(n.seconds, 0);
  EXPECT_EQ(parse_maildir_name("1.a:2,S,b").letters, "");
  EXPECT_EQ(parse_maildir_name("99999999999999999999999.a").seconds, 0);
  EXPECT_EQ(parse_maildir_name("").base, "");
}

TEST(Maildir, ReadsBothVersionsOfDovecotsList) {
  auto l = parse_dovecot_uidlist("3 V1275660208 N25022 G3085f01b\n25006 :a.b,S=1:2,S\n25017 W3 S4 G00 :c:d\nx\n25018\n25017 :c\n25030 :e\n");
  ASSERT_TRUE(l);
  EXPECT_EQ(l->numbering.uid_validity, 1275660208u);
  EXPECT_EQ(l->numbering.uid_next, 25031u);  // lines are appended without a new header
  EXPECT_EQ(l->uids, (std::map<std::string, uint32_t, std::less<>>{{"a.b,S=1", 25006}, {"c", 25017}, {"e", 25030}}));
  EXPECT_EQ(l->bad_lines, 3u);
  EXPECT_TRUE(l->uidls.empty());
  l = parse_dovecot_uidlist("3 V1 N9\n1 PGmail1 W9 :a\n2 W9 Px:y :b:2,S\n3 P :c\n4 :d Pz\n");
  ASSERT_TRUE(l);
  EXPECT_EQ(l->uids.size(), 4u);
  EXPECT_EQ(l->uidls, (std::map<std::string, std::string, std::less<>>{{"a", "Gmail1"}, {"b", "x:y"}}));
  l = parse_dovecot_uidlist("1 7 9\n3 a.b:2,\n");
  ASSERT_TRUE(l);
  EXPECT_EQ(l->uids.at("a.b"), 3u);
  EXPECT_EQ(l->numbering.uid_next, 9u);
  for (const char* bad : {"", "2 V1 N2\n", "3 V0 N2\n", "3 V1\n", "3 N2 V\n", "1 x 2\n", "3 V99999999999 N2\n"}) EXPECT_FALSE(parse_dovecot_uidlist(bad)) << bad;
}

TEST(MaildirLists, CouriersNamesForPop3) {
  using Names = std::map<std::string, std::string, std::less<>>;
  EXPECT_EQ(parse_courier_pop3list("/3 9 88\n1.a:2,S 30 4:88:0\n2.b 30 5:0:1\n3.c'+ 9 0:0:0\n4.d x\n5.e 1 x:2\n6.f 1 7\n"),
            (Names{{"1.a", "UID4-88"}, {"2.b", "UID5"}, {"3.c'+", "3.c+27+2B"}, {"6.f", "UID7"}}));
  for (const char* none : {"", "1.a 30 4:88\n", "/2 1 1"}) EXPECT_TRUE(parse_courier_pop3list(none).empty()) << none;
}

TEST(Maildir, ReadsCouriersList) {
  auto l = parse_courier_uiddb("/1 1234567890 30\n3 a.host,S=9\n6 b\n");
  ASSERT_TRUE(l);
  EXPECT_EQ(l->numbering.uid_validity, 1234567890u);
  EXPECT_EQ(l->numbering.uid_next, 30u);
  EXPECT_EQ(l->uids.at("a.host,S=9"), 3u);
  EXPECT_FALSE(parse_courier_uiddb("1 2 3\n"));
  EXPECT_FALSE(parse_courier_uiddb("/1 2\n"));
}

TEST(Maildir, ReadsKeywordsAndSubscriptions) {
  EXPECT_EQ(parse_dovecot_keywords("0 $Forwarded\n2 two\n26 no\nx y\n"), (std::vector<std::string>{"$Forwarded", "", "two"}));
  EXPECT_EQ(parse_dovecot_subscriptions("INBOX\na.b\n&ZeVnLIqe-\n", '.'), (std::vector<std::string>{"INBOX", "a/b", "日本語"}));
  EXPECT_EQ(parse_dovecot_subscriptions("V\t2\n\na\tb\n日本語\n", '.'), (std::vector<std::string>{"a/b", "日本語"}));
  EXPECT_EQ(parse_courier_subscriptions("INBOX\nINBOX.Sent.x\n"), (std::vector<std::string>{"INBOX", "Sent/x"}));
}

TEST(Maildir, NamesDirectoriesAfterFoldersAndBack) {
  for (std::string name : {"a", "a/b", "日本語/ü", "a & b", "INBOX/x"}) EXPECT_EQ(folder_of_maildir(maildir_of_folder(name)), name);
  EXPECT_EQ(maildir_of_folder("日本語/x.y"), ".&ZeVnLIqe-.x_y");
  EXPECT_EQ(folder_of_maildir(".日本語"), "日本語");
  for (const char* none : {".", "..", "a", "", "..a"}) EXPECT_FALSE(folder_of_maildir(none)) << none;
}

TEST(Maildir, FindsFoldersOfBothLayoutsAndFollowsNoLinks) {
  Tree0 t;
  t.put("cur/1.a:2,", "x");
  t.put(".a.b/new/1.a", "x");
  t.put("fs/deep/cur/1.a", "x");
  t.put(".nothing/file", "x");
  ASSERT_EQ(::symlink("/etc", (t.path + "/.link").c_str()), 0);
  std::vector<Left> left;
  auto f = maildir_folders(t.top.get(), left);
  ASSERT_TRUE(f);
  std::vector<std::string> names;
  for (auto& x : *f) names.push_back(x.directory + " " + x.name);
  EXPECT_EQ(names, (std::vector<std::string>{". INBOX", ".a.b a/b", "fs/deep fs/deep"}));
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].where, ".link");
  EXPECT_TRUE(open_maildir(t.top.get(), "fs/deep"));
  ASSERT_EQ(::symlink("fs", (t.path + "/alias").c_str()), 0);
  EXPECT_FALSE(open_maildir(t.top.get(), "alias/deep"));
}

TEST(Maildir, ListsByUidThenByTime) {
  Tree0 t;
  for (const char* n : {"cur/5.M2.a:2,S", "cur/5.M1.b:2,", "new/4.c", "cur/9.known:2,", "cur/1.first:2,", "cur/.hidden", "cur/10.d:2,"}) t.put(n, "A: b\n\nx\n");
  t.put("dovecot-uidlist", "3 V9 N20\n7 :1.first\n3 :9.known\n");
  std::vector<Left> left;
  auto l = list_maildir(t.top.get(), left);
  ASSERT_TRUE(l);
  std::vector<std::string> order;
  for (auto& i : l->items) order.push_back(fmt::format("{} {}", i.uid, i.file));
  EXPECT_EQ(order, (std::vector<std::string>{"3 cur/9.known:2,", "7 cur/1.first:2,", "0 new/4.c", "0 cur/5.M1.b:2,", "0 cur/5.M2.a:2,S", "0 cur/10.d:2,"}));
  EXPECT_EQ(l->numbering.uid_next, 20u);
}

TEST(Maildir, DatesByTheFileUnlessItWasCopied) {
  Tree0 t;
  t.put("cur/1500000000.a:2,", "A: b\n\nx", 1'500'000'003);
  t.put("cur/1500000001.copied:2,", "A: b\r\n\r\nx\r\n", 1'600'000'000);
  t.put("cur/1500000002.appended:2,", "A: b\n", 1'000'000'000);
  t.put("cur/notime:2,", "A: b\n", 1'400'000'000);
  std::vector<Left> left;
  auto l = list_maildir(t.top.get(), left);
  ASSERT_TRUE(l && l->items.size() == 4);
  std::vector<int64_t> dates;
  for (auto& i : l->items) dates.push_back(read_maildir(t.top.get(), *l, i)->date);
  EXPECT_EQ(dates, (std::vector<int64_t>{1'400'000'000, 1'500'000'003, 1'500'000'001, 1'000'000'000}));
  EXPECT_EQ(read_maildir(t.top.get(), *l, l->items[1])->bytes, "A: b\r\n\r\nx");
  EXPECT_EQ(read_maildir(t.top.get(), *l, l->items[2])->bytes, "A: b\r\n\r\nx\r\n");
}

TEST(Maildir, ReadsNothingButRegularFiles) {
  Tree0 t;
  t.put("cur/0.empty:2,", "");
  ASSERT_EQ(::symlink("/etc/passwd", (t.path + "/cur/1.link:2,").c_str()), 0);
  ASSERT_EQ(::mkfifo((t.path + "/cur/2.fifo:2,").c_str(), 0600), 0);
  ASSERT_EQ(::mkdir((t.path + "/cur/3.directory").c_str(), 0700), 0);
  std::vector<Left> left;
  auto l = list_maildir(t.top.get(), left);
  ASSERT_TRUE(l && l->items.size() == 4);
  l->items.push_back({"new/4.gone", 0});
  l->items.push_back({"cur/5.gone", 0});
  for (auto& i : l->items) {
    auto m = read_maildir(t.top.get(), *l, i);
    ASSERT_FALSE(m) << i.file;
    EXPECT_EQ(m.error().fault, Fault::perm) << i.file;
  }
}

TEST(Maildir, AnyMessageComesBackAsItWas) {
  Tree0 t;
  std::vector<PortableMessage> sent;
  {
    auto w = MaildirWriter::create(Fd(::open(t.path.c_str(), O_RDONLY | O_DIRECTORY)), {99, 500});
    ASSERT_TRUE(w);
    for (std::string bytes : {"A: b\r\n\r\nx\r\n", "no line end", "\r\n", "A: b\r\n\r\nx\r\r\n\r\r\n", "A\0b\r\n\xff\r\n", "\r"}) {
      PortableMessage m;
      m.bytes = bytes;
      m.uid = static_cast<uint32_t>(10 * sent.size() + 3);
      m.flags = static_cast<uint8_t>(sent.size() * 7 & all_flags);
      m.date = 1'000'000'000 - static_cast<int64_t>(sent.size());
      if (sent.size() % 2) m.keywords = {"$Forwarded", "work"};
      m.is_recent = sent.size() == 0;
      ASSERT_TRUE(w->add(m));
      sent.push_back(m);
    }
    ASSERT_TRUE(w->finish(false));
  }
  std::vector<Left> left;
  auto l = list_maildir(t.top.get(), left);
  ASSERT_TRUE(l && l->items.size() == sent.size());
  EXPECT_EQ(l->numbering.uid_validity, 99u);
  EXPECT_EQ(l->numbering.uid_next, 500u);
  for (std::size_t i = 0; i < sent.size(); i++) {
    auto m = read_maildir(t.top.get(), *l, l->items[i]);
    ASSERT_TRUE(m);
    EXPECT_EQ(m->bytes, sent[i].bytes);
    EXPECT_EQ(m->uid, sent[i].uid);
    EXPECT_EQ(m->flags, sent[i].flags);
    EXPECT_EQ(m->date, sent[i].date);
    EXPECT_EQ(m->keywords, sent[i].keywords);
    EXPECT_EQ(m->is_recent, sent[i].is_recent);
  }
}

TEST(Maildir, FuzzTargetOverOwnInputs) {
  for (std::string in : {"1276528487.M364837P9451.host,S=1355:2,DFPRSTac", "3 V1275660208 N25022 G3\n25006 W1 :a.b:2,\n7 :c\n",
                         "/1 12 30\n3 a.host\n", "0 $Forwarded\n25 x\n", "V\t2\n\na\tb\n", ".a.&ZeVnLIqe-.b", "a\nb\r\n\r\r\n\n", "1 4294967295 1\n4294967295 x\n"}) {
    for (std::size_t n = 0; n <= in.size(); n++) fuzz_maildir(reinterpret_cast<const uint8_t*>(in.data()), n);
    for (std::size_t i = 0; i < in.size(); i++) {
      std::string changed = in;
      for (char c : {'\n', ' ', ':', '9', '\0', '\x80', '.', '&'}) {
        changed[i] = c;
        fuzz_maildir(reinterpret_cast<const uint8_t*>(changed.data()), changed.size());
      }
    }
  }
}

}  // namespace jd::store

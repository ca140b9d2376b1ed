// SPDX-License-Identifier: MIT
#include "lib/store/mbox.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/store/format.h"

#define LLVMFuzzerTestOneInput fuzz_mbox
#include "t/fuzz/mbox.cc"

namespace jd::store {
namespace {
using mbox_fuzz::read;

const std::string from = "From ann@example.test Fri Feb 22 17:06:23 2008 +0000\n";

std::vector<std::string> bytes_of(std::string_view mbox) {
  std::vector<std::string> r;
  for (auto& m : read(mbox)) r.push_back(m.problem.empty() ? m.message.bytes : "problem: " + m.problem);
  return r;
}
}  // namespace

TEST(MboxFromLine, HasADateInOneOfTheUsualForms) {
  int64_t expect = from_civil({2008, 2, 22, 17, 6, 23, 0}).seconds();
  for (const char* line : {"From a@b Fri Feb 22 17:06:23 2008 +0000", "From a@b  Fri Feb 22 17:06:23 GMT 2008",
                           "From - Fri Feb 22 18:06:23 +0100 2008", "From \"a b\"@c Fri Feb 22 17:06:23 UTC 2008 remote from host",
                           "From a@b Fri, 22 Feb 2008 17:06:23 +0000", "From 12@xxx Fri Feb 22 17:06:23 +0000 2008",
                           "From a feb Feb 22 17:06:23 2008 +0000", "From may@b Fri Feb 22 17:06:23 2008 +0000"}) {
    auto r = parse_from_line(line);
    ASSERT_TRUE(r) << line;
    EXPECT_EQ(r->date, expect) << line;
  }
  EXPECT_EQ(parse_from_line("From a@b Fri Feb 22 17:06 2008 +0000")->date, expect - 23);
  for (const char* line : {"From me to you", "From ", "From a@b", "From a Feb", "From a Feb 22", "From a Feb 22 17:06:23",
                           "From a Feb 99x 17:06:23 2008", "From: a Fri Feb 22 17:06:23 2008", "from a Fri Feb 22 17:06:23 2008",
                           "From a Feb 22 later 2008", ">From a Fri Feb 22 17:06:23 2008"})
    EXPECT_FALSE(parse_from_line(line)) << line;
}

TEST(MboxFromLine, WithoutAZoneIsInThisMachines) {
  const char* before = ::getenv("TZ");
  std::string saved = before ? before : "";
  ::setenv("TZ", "XYZ-2", 1);
  ::tzset();
  auto r = parse_from_line("From a@b Fri Feb 22 17:06:23 2008");
  before ? ::setenv("TZ", saved.c_str(), 1) : ::unsetenv("TZ");
  ::tzset();
  ASSERT_TRUE(r && r->date);
  EXPECT_EQ(*r->date, from_civil({2008, 2, 22, 15, 6, 23, 0}).seconds());
}

TEST(Mbox, IsCutAtFromLinesOnly) {
  auto all = bytes_of(from + "Subject: a\n\nFrom me to you\n>From there\n>>From x\n> From y\n\n" + from + "Subject: b\n\nlast\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], "Subject: a\r\n\r\nFrom me to you\r\nFrom there\r\n>From x\r\n> From y\r\n");
  EXPECT_EQ(all[1], "Subject: b\r\n\r\nlast\r\n");
}

TEST(Mbox, KeepsWhatStandsBeforeTheNextMessage) {
  EXPECT_EQ(bytes_of(from + "A: b\n\n" + from + "A: c\n\n\n" + from + "A: d\n\nx\n\n\n" + from + "\nno header\n\n" + from + "A: e\n"),
            (std::vector<std::string>{"A: b\r\n\r\n", "A: c\r\n\r\n", "A: d\r\n\r\nx\r\n\r\n", "\r\nno header\r\n", "A: e\r\n"}));
  EXPECT_EQ(bytes_of("From a@b Fri Feb 22 17:06:23 2008\r\nA: b\r\n\r\nx\r\n\r\nFrom a@b Fri Feb 22 17:06:23 2008\r\nA: c\r\n\r\ny\r\n"),
            (std::vector<std::string>{"A: b\r\n\r\nx\r\n", "A: c\r\n\r\ny\r\n"}));
  EXPECT_EQ(bytes_of(""), std::vector<std::string>{});
  EXPECT_EQ(bytes_of("\n\n" + from + "A: b\n"), std::vector<std::string>{"A: b\r\n"});
  EXPECT_EQ(bytes_of(from + from), (std::vector<std::string>{"problem: an empty message", "problem: an empty message"}));
}

TEST(Mbox, TakesThunderbirdsFromLinesWithoutADate) {
  EXPECT_EQ(bytes_of("\xEF\xBB\xBF" "From -\nA: b\n\nx\nFrom -\nFrom - y\n\nFrom -\r\nA: c\n\n"),
            (std::vector<std::string>{"A: b\r\n\r\nx\r\nFrom -\r\nFrom - y\r\n", "A: c\r\n\r\n"}));
}

TEST(Mbox, SaysWhenItIsNone) {
  for (std::string s : {"Subject: x\n\ny\n", "From", "x", "\n\nfrom a\n"}) {
    mbox_fuzz::Bytes source(s, SIZE_MAX, true);
    auto r = MboxReader(source).next();
    ASSERT_FALSE(r) << s;
    EXPECT_EQ(r.error().fault, Fault::perm);
  }
}

TEST(Mbox, TakesItsFieldsOutOfForeignMessages) {
  auto all = read(from + "X-IMAPbase: 1200000000 0000000041 work\nSubject: a\nStatus: RO\nX-Status: AFTD\nX-Keywords: work $Forwarded   \n"
                  "X-UID: 12\nContent-Length: 9\nTo: b\n\nbody\n\n" + from + "X-IMAPbase: 7 7\nX-UID: 0\nStatus: \nSubject: b\n\nStatus: text\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].message.bytes, "Subject: a\r\nTo: b\r\n\r\nbody\r\n");
  EXPECT_EQ(all[0].message.flags, seen | answered | flagged | draft | deleted);
  EXPECT_EQ(all[0].message.keywords, (std::vector<std::string>{"work", "$Forwarded"}));
  EXPECT_EQ(all[0].message.uid, 12u);
  EXPECT_FALSE(all[0].message.is_recent);
  EXPECT_EQ(all[0].numbering.uid_validity, 1200000000u);
  EXPECT_EQ(all[0].numbering.uid_next, 42u);
  EXPECT_EQ(all[1].message.bytes, "Subject: b\r\n\r\nStatus: text\r\n");
  EXPECT_TRUE(all[1].message.is_recent);
  EXPECT_EQ(all[1].message.uid, 0u);
  EXPECT_EQ(all[1].numbering.uid_validity, 0u);
}

TEST(Mbox, TakesThunderbirdsStatus) {
  auto all = read("From - Fri Feb 22 17:06:23 2008\nX-Mozilla-Status: 1007\nX-Mozilla-Status2: 00800000\nX-Mozilla-Keys: $label1 work   \nA: b\n\nx\n\n"
                  "From - Fri Feb 22 17:06:23 2008\nX-Mozilla-Status: 0009\nA: deleted\n\n\nFrom - Fri Feb 22 17:06:23 2008\nX-Mozilla-Status: x\nA: c\n\n");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].message.bytes, "A: b\r\n\r\nx\r\n");
  EXPECT_EQ(all[0].message.flags, seen | answered | flagged);
  EXPECT_EQ(all[0].message.keywords, (std::vector<std::string>{"$Forwarded", "$label1", "work"}));
  EXPECT_FALSE(all[0].message.is_recent);
  EXPECT_FALSE(all[0].is_internal);
  EXPECT_TRUE(all[1].is_internal);
  EXPECT_FALSE(all[2].is_internal);
  EXPECT_EQ(all[2].message.flags, 0);
}

TEST(Mbox, KnowsThePseudoMessageOfAnEmptyFolder) {
  auto all = read(mbox_internal({77, 5}, 1000));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].is_internal);
  EXPECT_EQ(all[0].numbering.uid_validity, 77u);
  EXPECT_EQ(all[0].numbering.uid_next, 5u);
  EXPECT_FALSE(read(from + "Subject: DON'T DELETE THIS MESSAGE\n\nx\n")[0].is_internal);
  EXPECT_FALSE(read(from + "X-IMAP: 1 1\nSubject: mail\n\nx\n")[0].is_internal);
}

TEST(Mbox, BelievesContentLengthWhereAMessageEnds) {
  std::string inner = "x\n>From as it stands\n" + from + "Subject: quoted\n\ny\n";
  auto with = [&](std::size_t n) { return from + fmt::format("A: b\nContent-Length: {}\n\n", n) + inner + "\n" + from + "A: c\n\nz\n"; };
  EXPECT_EQ(bytes_of(with(inner.size())), (std::vector<std::string>{"A: b\r\n\r\n" + to_wire(inner), "A: c\r\n\r\nz\r\n"}));
  EXPECT_EQ(bytes_of(with(inner.size() + 3)).size(), 3u);
  EXPECT_EQ(bytes_of(with(1u << 30)).size(), 3u);
  EXPECT_EQ(read(with(inner.size()), SIZE_MAX, false).size(), 3u);  // a pipe
  EXPECT_EQ(bytes_of(from + "A: b\nContent-Length: 3\n\nabc\n" + from + "A: c\n\nz\n")[0], "A: b\r\n\r\nabc");
  EXPECT_EQ(bytes_of(from + "A: b\nContent-Length: 3\n\nabc")[0], "A: b\r\n\r\nabc");
}

TEST(Mbox, PassesOverWhatIsTooLong) {
  std::string mbox = from + "A: b\n\n" + std::string(5000, 'x') + "\n\n" + from + "A: c\n\nshort\n";
  for (std::size_t piece : {std::size_t{1}, std::size_t{999}, SIZE_MAX}) {
    auto all = read(mbox, piece, true, 1000);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_FALSE(all[0].problem.empty());
    EXPECT_TRUE(all[0].message.bytes.empty());
    EXPECT_EQ(all[1].message.bytes, "A: c\r\n\r\nshort\r\n");
  }
}

TEST(Mbox, AnyMessageComesBackByteForByte) {
  std::string all;
  std::vector<PortableMessage> sent;
  MboxBase base{{1234567, 100}, {"$Forwarded", "work"}};
  for (std::string bytes : {"Subject: a\r\n\r\nb\r\n", "Subject: a\r\n\r\n", "Subject: no end", "\r\n", "x", "\r\n\r\n\r\n",
                            "Status: RO\r\nX-UID: 5\r\nContent-Length: 3\r\n\r\nx\r\n", "X-Jdmail-Fields: 2\r\nA: b\r\n\r\n",
                            "Content-Length: 2\r\n\r\nx\r\n", "Content-Length: 7\r\n\r\nFrom x",
                            "From x Fri Feb 22 17:06:23 2008\r\nA: b\r\n\r\nFrom x Fri Feb 22 17:06:23 2008\r\n>From y\r\n>>>From z",
                            "A: b\r\n\r\nbare \r in it, doubled\r\r\nend\r\r\n", "A: b\r\n\r\n\r", "A\0b\r\n\xff\r\n"}) {
    PortableMessage m;
    m.bytes = bytes;
    m.uid = static_cast<uint32_t>(sent.size() * 3 + 1);
    m.flags = static_cast<uint8_t>(sent.size() * 5 & all_flags);
    m.date = 1'000'000'000 + static_cast<int64_t>(sent.size()) * 86'401;
    m.is_recent = sent.size() % 2;
    if (sent.size() % 3) m.keywords = {"$Forwarded", "work"};
    if (sent.size() % 4 == 1) m.uidl = "name" + std::to_string(sent.size());
    all += mbox_message(m, sent.empty() ? &base : nullptr);
    sent.push_back(m);
  }
  EXPECT_NE(all.find("\nX-IMAPbase: 1234567 0000000099 $Forwarded work\n"), std::string::npos);
  for (std::size_t piece : {std::size_t{1}, std::size_t{13}, SIZE_MAX}) {
    auto got = read(all, piece, piece == 13);
    ASSERT_EQ(got.size(), sent.size());
    EXPECT_EQ(got[0].numbering.uid_validity, 1234567u);
    EXPECT_EQ(got[0].numbering.uid_next, 100u);
    for (std::size_t i = 0; i < sent.size(); i++) {
      EXPECT_EQ(escape(got[i].message.bytes), escape(sent[i].bytes));
      EXPECT_EQ(got[i].message.uid, sent[i].uid);
      EXPECT_EQ(got[i].message.flags, sent[i].flags);
      EXPECT_EQ(got[i].message.uidl, sent[i].uidl);
      EXPECT_EQ(got[i].message.date, sent[i].date);
      EXPECT_EQ(got[i].message.keywords, sent[i].keywords);
      EXPECT_EQ(got[i].message.is_recent, sent[i].is_recent);
    }
  }
}

TEST(Mbox, NamesFilesAfterFoldersAndBack) {
  for (std::string name : {"INBOX", "a/b", "a.mbox/b", "a.mbox", "日本語", "per cent %41 & more", "x.sbd", ".hidden", "a:b"}) {
    std::string path = mbox_of_folder(name);
    EXPECT_EQ(folder_of_mbox(path), name == "x.sbd" ? "x" : name) << path;  // Thunderbird's suffix
    EXPECT_TRUE(path.ends_with(".mbox"));
  }
  EXPECT_NE(mbox_of_folder("a"), mbox_of_folder("a.mbox/b").substr(0, 6));
  EXPECT_EQ(folder_of_mbox("Mail/&ZeVnLIqe-"), "Mail/日本語");
  EXPECT_EQ(folder_of_mbox("Archive.sbd/2020"), "Archive/2020");
  EXPECT_EQ(folder_of_mbox("100%"), "100%");
}

TEST(Mbox, FuzzTargetOverOwnInputs) {
  std::string inputs[] = {from + "X-IMAPbase: 1 2\nStatus: RO\nX-Keywords: a b\nX-UID: 9\n\nb\n>From x\n\n" + from + "A: b\n\nc",
                          from + "Content-Length: 4\n\nabc\n\n" + from + "\n\n", mbox_internal({7, 9}, 5) + from + "x\n",
                          "From a Feb 22 17:06 08 x\r\n\r\nX-Jdmail-Fields: 1\r\n", from + "X-Jdmail-Fields: 2\nStatus: R\nX-UID: 4\nbody\n"};
  for (auto& in : inputs) {
    for (std::size_t n = 0; n <= in.size(); n++) fuzz_mbox(reinterpret_cast<const uint8_t*>(in.data()), n);
    for (std::size_t i = 0; i < in.size(); i++) {
      std::string changed = in;
      for (char c : {'\n', '\r', '>', 'F', '\0', '\x80', ':'}) {
        changed[i] = c;
        fuzz_mbox(reinterpret_cast<const uint8_t*>(changed.data()), changed.size());
      }
    }
  }
}

TEST(Mbox, ReadsTheCorpus) {
  const char* given = ::getenv("JDMAIL_CORPUS");
  std::string corpus = given ? given : "../shared/corpus";
  struct Row { const char* file; std::size_t messages; };
  std::size_t found = 0;
  for (Row r : {Row{"imaptest-mbox/default.mbox", 6}, {"imaptest-mbox/sort-date.mbox", 7}, {"imaptest-mbox/thread5.mbox", 5},
                {"spamassassin-tests/nice.mbox", 3}, {"mimekit/mbox/unmunged.mbox.txt", 2}}) {
    auto bytes = file::read_all(corpus + "/" + r.file);
    if (!bytes) continue;
    found++;
    auto all = read(*bytes);
    EXPECT_EQ(all.size(), r.messages) << r.file;
    for (auto& m : all) EXPECT_TRUE(m.problem.empty()) << r.file << " at " << m.offset;
    EXPECT_EQ(fuzz_mbox(reinterpret_cast<const uint8_t*>(bytes->data()), bytes->size()), 0);
  }
  if (!found) printf("left out: mbox files of the corpus (no %s)\n", corpus.c_str());
}

}  // namespace jd::store

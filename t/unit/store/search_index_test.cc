// SPDX-License-Identifier: MIT
#include "lib/store/search_index.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/mime/charset.h"
#include "lib/mime/text.h"
#include "t/unit/store/scratch.h"

#include "t/fuzz/search_file.cc"

namespace jd::store {
namespace {

std::vector<std::string> grams_files(const Scratch& s) {
  std::vector<std::string> r;
  auto dir = file::open(s.account(), O_RDONLY | O_DIRECTORY);
  auto names = dir ? file::list(dir->get(), "search") : Result<std::vector<std::string>>(std::vector<std::string>{});
  if (names)
    for (auto& n : *names)
      if (n.ends_with(".grams")) r.push_back(s.account() + "/search/" + n);
  return r;
}

IndexState index_all(const Scratch& s, const IndexOptions& options = {}) {
  auto r = index_account(**Account::open(s.account(), false), options);
  EXPECT_TRUE(r) << (r ? "" : r.error().what);
  return r ? *r : IndexState();
}

// Subjects of the messages in INBOX that the index does not rule out.
std::vector<uint32_t> may_have(Account& a, std::string_view text, SearchScope scope = SearchScope::text) {
  SearchIndex index(a.dir());
  auto filter = index.filter(mime::fold(text), scope);
  std::vector<uint32_t> r;
  auto f = a.folder(inbox_id);
  EXPECT_TRUE(f && (*f)->refresh());
  for (auto& e : (*f)->state().entries())
    if (!filter || !filter->excludes(e.stamp)) r.push_back(e.uid);
  return r;
}

using Uids = std::vector<uint32_t>;

std::string with_body(const std::string& body) {
  return "From: Ann <ann@example.test>\r\nSubject: s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body + "\r\n";
}

}  // namespace

TEST(Grams, AreWhatEverySubstringIsMadeOf) {
  auto of = [](std::string_view text, std::string_view cut) {
    std::vector<Gram> r;
    GramReader reader(Scope::body);
    auto put = [&](Gram g) { r.push_back(g); };
    reader.feed(text.substr(0, cut.size()), put);
    reader.feed(text.substr(cut.size()), put);
    reader.end(put);
    std::sort(r.begin(), r.end());
    return r;
  };
  std::string text = "ann@例子.测试 said 价格 abc价 \xF0\xA0\xAE\xB7x é";
  auto whole = of(text, "");
  for (std::size_t from = 0; from < text.size(); ++from) {
    if ((text[from] & 0xC0) == 0x80) continue;
    EXPECT_EQ(of(text, text.substr(0, from)), whole) << from;
    for (std::size_t to = from + 1; to <= text.size(); ++to) {
      if (to < text.size() && (text[to] & 0xC0) == 0x80) continue;
      Needle n(std::string_view(text).substr(from, to - from), Scope::body);
      for (Gram g : n.whole) EXPECT_TRUE(std::binary_search(whole.begin(), whole.end(), g)) << text.substr(from, to - from);
      for (auto& r : n.ranges) {
        auto at = std::lower_bound(whole.begin(), whole.end(), r.first);
        EXPECT_TRUE(at != whole.end() && *at <= r.last) << text.substr(from, to - from);
      }
    }
  }
  for (auto known : {"价", "价格", "ann", "1价", "子.测"}) EXPECT_FALSE(Needle(known, Scope::body).is_empty()) << known;
  for (auto unknown : {"", "a", "ab", "to be", "  "}) EXPECT_TRUE(Needle(unknown, Scope::body).is_empty()) << unknown;
}

TEST(SearchIndex, RulesOutWhatHasNotTheText) {
  Scratch s;
  auto a = s.open();
  add(*a, with_body("the price is high"));
  add(*a, with_body("价格很高"));
  add(*a, with_body("nothing"));
  EXPECT_EQ(may_have(*a, "price"), (Uids{1, 2, 3}));  // no index
  auto state = index_all(s);
  EXPECT_EQ(state.messages, 3u);
  EXPECT_EQ(state.added, 3u);
  EXPECT_EQ(may_have(*a, "price"), (Uids{1}));
  EXPECT_EQ(may_have(*a, "PRICE"), (Uids{1}));
  EXPECT_EQ(may_have(*a, "格很"), (Uids{2}));
  EXPECT_EQ(may_have(*a, "格"), (Uids{2}));
  EXPECT_EQ(may_have(*a, "高"), (Uids{2}));
  EXPECT_EQ(may_have(*a, "nosuch"), Uids{});
  EXPECT_EQ(may_have(*a, "example"), (Uids{1, 2, 3}));
  EXPECT_EQ(may_have(*a, "example", SearchScope::body), Uids{});
  EXPECT_EQ(may_have(*a, "price", SearchScope::header), Uids{});
  add(*a, with_body("new"));  // not indexed yet
  EXPECT_EQ(may_have(*a, "nosuch"), (Uids{4}));
}

TEST(SearchIndex, KnowsACopyAlready) {
  Scratch s;
  auto a = s.open();
  add(*a, with_body("price"));
  index_all(s);
  ASSERT_TRUE((*a->folder("Trash"))->copy_from(**a->folder(inbox_id), uids({1}), false));
  auto state = index_all(s);
  EXPECT_EQ(state.added, 0u);
  EXPECT_EQ(state.messages, 1u);
  EXPECT_EQ(state.indexed, 1u);
}

TEST(SearchIndex, KeepsFewFilesAndForgetsWhatIsGone) {
  Scratch s;
  auto a = s.open();
  for (uint32_t i = 1; i <= 60; ++i) {
    add(*a, with_body("word" + std::to_string(i) + "end"), "INBOX", false);
    auto state = index_all(s);
    EXPECT_EQ(state.indexed, i);
    EXPECT_LE(state.files, 5u);
  }
  for (uint32_t i = 1; i <= 60; ++i) EXPECT_EQ(may_have(*a, "word" + std::to_string(i) + "end"), (Uids{i}));
  UidSet most;
  most.add(1, 50);
  ASSERT_TRUE((*a->folder(inbox_id))->expunge(most));
  index_all(s);
  uint32_t documents = 0;
  for (auto& path : grams_files(s)) {
    auto f = GramFile::open(a->dir(), path.substr(path.rfind('/') + 1));
    ASSERT_TRUE(f);
    documents += (*f)->documents();
  }
  EXPECT_EQ(documents, 10u);
  most.add(1, 60);
  ASSERT_TRUE((*a->folder(inbox_id))->expunge(most));
  EXPECT_EQ(index_all(s).files, 0u);
}

TEST(SearchIndex, ADamagedFileNeverHidesAMessage) {
  Scratch s;
  auto a = s.open();
  for (int i = 0; i < 5; ++i) add(*a, with_body("price 价格 " + std::to_string(i)));
  index_all(s);
  auto files = grams_files(s);
  ASSERT_EQ(files.size(), 1u);
  auto good = file::read_all(files[0]);
  ASSERT_TRUE(good);
  auto put = [&](const std::string& bytes) {
    ASSERT_EQ(::unlink(files[0].c_str()) == 0 || errno == ENOENT, true);  // a mapped file never changes
    auto fd = file::open(files[0], O_WRONLY | O_CREAT | O_TRUNC);
    ASSERT_TRUE(fd && file::write_at(fd->get(), bytes, 0));
  };
  int fd = ::dup(2), null = ::open("/dev/null", O_WRONLY);
  ::dup2(null, 2);  // it says so each time
  for (std::size_t at = 0; at < good->size(); ++at) {
    std::string bad = *good;
    bad[at] = static_cast<char>(bad[at] ^ 1 << at % 8);
    put(bad);
    ASSERT_EQ(may_have(*a, "price"), (Uids{1, 2, 3, 4, 5})) << at;
    ASSERT_EQ(may_have(*a, "格"), (Uids{1, 2, 3, 4, 5})) << at;
  }
  for (std::size_t size = 0; size < good->size(); size += size < 100 ? 1 : 37) {
    put(good->substr(0, size));
    ASSERT_EQ(may_have(*a, "price"), (Uids{1, 2, 3, 4, 5})) << size;
    put(good->substr(0, size) + std::string(good->size() - size, '\0'));  // as after a power cut
    ASSERT_EQ(may_have(*a, "price"), (Uids{1, 2, 3, 4, 5})) << size;
  }
  put(std::string(good->size(), '\0'));
  auto state = index_all(s);
  ::dup2(fd, 2);
  ::close(fd);
  ::close(null);
  EXPECT_EQ(state.added, 5u);
  EXPECT_EQ(may_have(*a, "nosuch"), Uids{});
}

TEST(SearchIndex, AKilledWriterLeavesAnIndexThatIsRight) {
  Scratch s;
  auto a = s.open();
  for (int i = 0; i < 12; ++i) add(*a, with_body("price" + std::to_string(i) + "x"), "INBOX", false);
  ASSERT_TRUE((*a->folder(inbox_id))->sync());
  struct Killer : file::Faults {
    int left;
    explicit Killer(int n) : left(n) {}
    int before(file::Op, int, std::string_view, std::string_view, uint64_t, std::size_t*) override {
      if (left-- == 0) ::raise(SIGKILL);
      return 0;
    }
  };
  bool finished = false;
  for (int at = 0; !finished && at < 200; ++at) {
    pid_t child = ::fork();
    if (child == 0) {
      Killer k(at);
      auto account = Account::open(s.account(), false);
      file::set_faults(&k);
      IndexOptions o;
      o.rebuild = at % 3 == 0;
      if (at % 2) o.documents = {pdf_documents, [](std::string_view, const mime::Part&) -> Result<std::string> { return "document"; }};
      ::_exit(account && index_account(**account, o) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    finished = WIFEXITED(status);
    if (finished) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
    }
    for (uint32_t i = 0; i < 12; ++i) {
      auto may = may_have(*a, "price" + std::to_string(i) + "x");
      EXPECT_TRUE(std::count(may.begin(), may.end(), i + 1)) << at;
    }
    auto state = index_all(s);
    EXPECT_EQ(state.indexed, 12u) << at;
    EXPECT_EQ(may_have(*a, "price7x"), (Uids{8})) << at;
  }
  EXPECT_TRUE(finished);
}

TEST(SearchIndex, AMessageThatIsNotReadIsAlwaysLookedAt) {
  Scratch s;
  auto a = s.open();
  add(*a, with_body("price"));
  add(*a, with_body("other"));
  uint64_t first = (*a->folder(inbox_id))->state().entries()[0].stamp;
  IndexOptions o;
  o.skip = [&](uint64_t stamp) { return stamp == first; };
  EXPECT_EQ(index_all(s, o).indexed, 2u);
  EXPECT_EQ(may_have(*a, "nosuch"), (Uids{1}));
  for (int i = 0; i < 3; ++i) add(*a, with_body("more"));
  index_all(s);  // and after a merge
  EXPECT_EQ(grams_files(s).size(), 1u);
  EXPECT_EQ(may_have(*a, "nosuch"), (Uids{1}));
}

namespace {
std::string with_document(const std::string& text) {
  return "Subject: s\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x\r\nContent-Type: application/pdf\r\n\r\n" + text + "\r\n--x--\r\n";
}
// The document's bytes are its text; of some there is none, of others not now.
Result<std::string> as_it_stands(std::string_view message, const mime::Part& leaf) {
  std::string s = mime::decoded(message, leaf);
  if (s == "locked") return fail(Fault::perm, "locked");
  if (s == "later") return fail(Fault::temp, "not now");
  return s;
}
IndexOptions reading(uint32_t kinds = pdf_documents) {
  IndexOptions o;
  o.documents = {kinds, as_it_stands};
  return o;
}
Uids in_documents(Account& a, std::string_view text, SearchScope scope = SearchScope::body) {
  auto filter = SearchIndex(a.dir()).filter(mime::fold(text), scope);
  Uids r;
  for (auto& e : (*a.folder(inbox_id))->state().entries())
    if (filter && !filter->excludes(e.stamp) && filter->is_in_document(e.stamp)) r.push_back(e.uid);
  return r;
}
}  // namespace

TEST(SearchIndex, HoldsTheTextOfDocuments) {
  Scratch s;
  auto a = s.open();
  add(*a, with_document("the price 价格"));
  add(*a, with_body("the price 价格"));
  add(*a, with_document("locked"));
  auto state = index_all(s, reading());
  EXPECT_EQ(state.indexed, 3u);
  EXPECT_EQ(state.with_documents, 1u);
  for (auto text : {"PRICE", "价格", "價", "e", "the price"}) EXPECT_EQ(in_documents(*a, text), (Uids{1})) << text;
  EXPECT_EQ(in_documents(*a, "hello"), Uids{});
  EXPECT_EQ(in_documents(*a, "locked"), Uids{});
  EXPECT_EQ(in_documents(*a, "price", SearchScope::header), Uids{});
  EXPECT_EQ(in_documents(*a, "price", SearchScope::text), (Uids{1}));
  EXPECT_EQ(may_have(*a, "price", SearchScope::body), (Uids{1, 2}));
  // What was written when less could be read is made anew; not when less can be read now.
  EXPECT_EQ(index_all(s).added, 0u);
  EXPECT_EQ(index_all(s, reading(pdf_documents | office_documents)).added, 3u);
  EXPECT_EQ(index_all(s, reading(office_documents)).added, 0u);
  EXPECT_EQ(in_documents(*a, "price"), (Uids{1}));
}

TEST(SearchIndex, ADocumentThatCannotBeReadNowIsReadLater) {
  Scratch s;
  auto a = s.open();
  add(*a, with_document("later"));
  add(*a, with_document("price"));
  int fd = ::dup(2), null = ::open("/dev/null", O_WRONLY);
  ::dup2(null, 2);
  auto state = index_all(s, reading());
  ::dup2(fd, 2);
  ::close(fd);
  ::close(null);
  EXPECT_EQ(state.indexed, 1u);
  EXPECT_EQ(state.later, 1u);
  EXPECT_EQ(in_documents(*a, "price"), (Uids{2}));
  EXPECT_EQ(may_have(*a, "nosuch"), (Uids{1}));
  auto o = reading();
  o.documents.text = [](std::string_view, const mime::Part&) -> Result<std::string> { return "cost"; };
  EXPECT_EQ(index_all(s, o).added, 1u);
  EXPECT_EQ(in_documents(*a, "cost"), (Uids{1}));
}

TEST(SearchIndex, OtherMailDoesNotWaitForDocuments) {
  Scratch s;
  auto a = s.open();
  add(*a, with_document("price"));
  add(*a, with_body("other"));
  auto o = reading();
  o.documents.text = [&](std::string_view, const mime::Part&) -> Result<std::string> {
    EXPECT_EQ(may_have(*a, "nosuch"), (Uids{1}));
    return "price";
  };
  EXPECT_EQ(index_all(s, o).added, 2u);
  EXPECT_EQ(in_documents(*a, "price"), (Uids{1}));
}

TEST(SearchIndex, TextsOfDocumentsMoveWithTheirMessages) {
  Scratch s;
  auto a = s.open();
  for (uint32_t i = 1; i <= 40; ++i) {
    add(*a, i % 3 ? with_document("word" + std::to_string(i) + "end") : with_body("none"), "INBOX", false);
    EXPECT_LE(index_all(s, reading()).files, 5u);
  }
  for (uint32_t i = 1; i <= 40; ++i) EXPECT_EQ(in_documents(*a, "word" + std::to_string(i) + "end"), i % 3 ? Uids{i} : Uids{});
  UidSet most;
  most.add(2, 39);
  ASSERT_TRUE((*a->folder(inbox_id))->expunge(most));
  EXPECT_EQ(index_all(s, reading()).with_documents, 2u);
  EXPECT_EQ(in_documents(*a, "word"), (Uids{1, 40}));
}

TEST(SearchIndex, ADamagedTextIsReadAgain) {
  Scratch s;
  auto a = s.open();
  add(*a, with_document("a price that is told at length, so that some of it is packed: price price price"));
  index_all(s, reading());
  auto files = grams_files(s);
  ASSERT_EQ(files.size(), 1u);
  auto good = file::read_all(files[0]);
  ASSERT_TRUE(good);
  int fd = ::dup(2), null = ::open("/dev/null", O_WRONLY);
  ::dup2(null, 2);
  for (std::size_t at = 64; at < 100; ++at) {  // the text stands first
    std::string bad = *good;
    bad[at] = static_cast<char>(bad[at] ^ 1 << at % 8);
    ::unlink(files[0].c_str());
    {
      auto out = file::open(files[0], O_WRONLY | O_CREAT | O_TRUNC);
      EXPECT_TRUE(out && file::write_at(out->get(), bad, 0));
    }
    EXPECT_EQ(in_documents(*a, "price"), Uids{}) << at;
    EXPECT_FALSE(file::exists(files[0])) << at;
  }
  ::dup2(fd, 2);
  ::close(fd);
  ::close(null);
  index_all(s, reading());
  EXPECT_EQ(in_documents(*a, "price"), (Uids{1}));
}

TEST(SearchIndex, OneWriterAtATimeAndItEndsWhenTold) {
  Scratch s;
  auto a = s.open();
  for (int i = 0; i < 5; ++i) add(*a, with_body("price"));
  IndexOptions o;
  int asked = 0;
  o.go_on = [&] {
    EXPECT_TRUE(index_all(s).is_busy);
    return ++asked <= 2;
  };
  EXPECT_EQ(index_all(s, o).indexed, 2u);
  IndexOptions later;
  later.least = 4;
  EXPECT_EQ(index_all(s, later).indexed, 2u);
  EXPECT_EQ(index_all(s).indexed, 5u);
  IndexOptions anew;
  anew.rebuild = true;
  EXPECT_EQ(index_all(s, anew).added, 5u);
}

TEST(SearchFile, AnyBytesAreReadWithoutHarm) {
  uint64_t seed = 1;
  auto random = [&] { return seed = seed * 6364136223846793005u + 1442695040888963407u, seed >> 33; };
  for (int round = 0; round < 500; ++round) {
    std::string bytes(random() % 60, '\0');
    for (auto& b : bytes) b = static_cast<char>(random() % 3 ? random() % 12 : random());
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
}

}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cmd/indexd/news.h"
#include "cmd/indexd/visit.h"
#include "lib/mime/charset.h"
#include "lib/store/search_index.h"
#include "t/unit/store/scratch.h"

namespace jd::indexd {
namespace {

using store::Scratch;

struct Silence {  // of what is told on standard error, for a while
  int kept = ::dup(2), null = ::open("/dev/null", O_WRONLY);
  Silence() { ::dup2(null, 2); }
  ~Silence() { ::dup2(kept, 2), ::close(kept), ::close(null); }
};

uint64_t state_of(const Scratch& s) {
  auto a = store::Account::open(s.account(), false);
  auto state = a ? store::index_state(**a) : Result<store::IndexState>(Unexpected(a.error()));
  EXPECT_TRUE(state);
  return state ? state->indexed : 0;
}

}  // namespace

TEST(Visit, IndexesAMailbox) {
  Scratch s;
  for (int i = 0; i < 3; ++i) store::add(*s.open(), store::mail("price"));
  Fd none(::eventfd(0, 0));
  auto v = Visitor::make(1 << 30, {});
  ASSERT_TRUE(v);
  Mailbox m{s.account(), "ann"};
  EXPECT_TRUE(v->visit(m, none.get()));
  EXPECT_EQ(state_of(s), 3u);
  EXPECT_TRUE(m.poison.empty());
}

TEST(Visit, GoesAroundAMessageThatKillsItsReader) {
  for (int how : {SIGSEGV, SIGKILL, SIGPROF}) {
    Scratch s;
    auto a = s.open();
    for (int i = 0; i < 6; ++i) store::add(*a, store::mail("price"));
    auto& entries = (*a->folder(store::inbox_id))->state().entries();
    uint64_t deadly = entries[2].stamp, other = entries[4].stamp;
    auto v = Visitor::make(0, {}, [=](uint64_t stamp) {
      if (stamp == deadly || stamp == other) ::signal(how, SIG_DFL), ::kill(::getpid(), how), ::raise(how), ::abort();
    });
    ASSERT_TRUE(v);
    Fd none(::eventfd(0, 0));
    Mailbox m{s.account(), "ann"};
    {
      Silence quiet;
      EXPECT_TRUE(v->visit(m, none.get()));
    }
    EXPECT_EQ(m.poison, (std::set<uint64_t>{deadly, other}));
    EXPECT_EQ(state_of(s), 6u);
    auto filter = store::SearchIndex(a->dir()).filter("nosuch", store::SearchScope::text);
    ASSERT_TRUE(filter);
    for (auto& e : entries) EXPECT_EQ(filter->excludes(e.stamp), e.stamp != deadly && e.stamp != other);
  }
}

TEST(Visit, TouchesNothingElse) {
  Scratch s;
  store::add(*s.open(), store::mail("price"));
  std::string beside = s.path + "/mail/example.test/bob";
  ASSERT_TRUE(file::make_directories(beside));
  auto v = Visitor::make(0, {}, [=](uint64_t) {
    bool can = file::open(beside, O_RDONLY | O_DIRECTORY) || file::open("/etc/passwd", O_RDONLY);
#ifndef __SANITIZE_ADDRESS__  // which has no seccomp filter
    can = can || ::fork() >= 0;
#endif
    if (can) ::raise(SIGABRT), ::abort();
  });
  ASSERT_TRUE(v);
  Fd none(::eventfd(0, 0));
  Mailbox m{s.account(), "ann"};
  EXPECT_TRUE(v->visit(m, none.get()));
  EXPECT_TRUE(m.poison.empty());
}

TEST(Visit, EndsWhenTold) {
  Scratch s;
  store::add(*s.open(), store::mail("price"));
  auto v = Visitor::make(0, {}, [](uint64_t) { ::pause(); });
  ASSERT_TRUE(v);
  Fd told(::eventfd(1, 0));
  Mailbox m{s.account(), "ann"};
  EXPECT_FALSE(v->visit(m, told.get()));
  EXPECT_EQ(state_of(s), 0u);
}

TEST(News, AreOfMailboxesThatChangedSinceTheirLastVisit) {
  Scratch s;
  auto a = s.open();
  store::add(*a, store::mail("one"));
  ASSERT_TRUE(file::make_directories(s.path + "/mail/example.test/empty"));
  ASSERT_TRUE(file::make_directories(s.path + "/mail/empty.test"));
  News news(s.path + "/mail");
  Mailbox* m = news.next();
  ASSERT_TRUE(m);
  EXPECT_EQ(m->name, "example.test/ann");
  EXPECT_FALSE(news.next());  // of this sweep
  ASSERT_TRUE(news.next());   // not visited: again
  news.visited(*m, now() + seconds(60), true);
  EXPECT_FALSE(news.next());
  EXPECT_FALSE(news.next());
  news.visited(*m, now(), true);  // so lately that a message may have come in the same moment
  ASSERT_TRUE(news.next());
  EXPECT_FALSE(news.next());
  news.visited(*m, now(), false);  // failed: a pause
  EXPECT_FALSE(news.next());
  EXPECT_TRUE(news.next());
  a.reset();
  ASSERT_TRUE(file::remove_tree(s.account()));
  EXPECT_FALSE(news.next());
  EXPECT_FALSE(news.next());
}

TEST(News, AreNotWhatAnEarlierIndexdHasSeen) {
  Scratch s;
  auto a = s.open();
  store::add(*a, store::mail("one"));
  auto visit = [&] { return Visitor::make(0, {})->visit(*std::make_unique<Mailbox>(Mailbox{s.account(), "ann"}), Fd(::eventfd(0, 0)).get()); };
  auto has_news = [&](uint32_t kinds = 0) { return News(s.path + "/mail", kinds).next() != nullptr; };
  EXPECT_TRUE(has_news());
  ASSERT_TRUE(visit());
  EXPECT_TRUE(has_news()) << "so lately that a message may have come in the same moment";
  // All that is there is an hour old.
  timespec hour_ago[2] = {{::time(nullptr) - 3600, 0}, {::time(nullptr) - 3600, 0}};
  auto age = [&] {
    for (auto& e : std::filesystem::directory_iterator(s.account() + "/seg")) ASSERT_EQ(::utimensat(AT_FDCWD, e.path().c_str(), hour_ago, 0), 0);
    ASSERT_EQ(::utimensat(AT_FDCWD, (s.account() + "/seg").c_str(), hour_ago, 0), 0);
  };
  age();
  EXPECT_FALSE(has_news());
  EXPECT_TRUE(has_news(store::pdf_documents)) << "more can be read now";
  std::string current = s.account() + "/search/current", text = *file::read_all(current, 200);
  for (std::string wrong : {text.substr(0, text.size() - 1), "2" + text.substr(1), std::string(), text + "1", std::string("1 \n")}) {
    std::ofstream(current) << wrong;
    EXPECT_TRUE(has_news()) << wrong;
  }
  std::ofstream(current) << text;
  EXPECT_FALSE(has_news());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // a tick of the file system's clock
  std::ofstream(s.account() + "/search/x");
  EXPECT_TRUE(has_news()) << "something in the directory changed";
  ASSERT_TRUE(visit());
  age();
  EXPECT_FALSE(has_news());
  EXPECT_FALSE(file::exists(s.account() + "/search/x"));
  store::add(*a, store::mail("two"));
  EXPECT_TRUE(has_news());
}

}  // namespace jd::indexd

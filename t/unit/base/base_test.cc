// SPDX-License-Identifier: MIT
// Results, time, ids, secrets, digests, the log: the small things.
#include <errno.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "lib/base/file.h"
#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/sandbox.h"
#include "lib/base/secret.h"
#include "lib/base/time.h"

namespace jd {

TEST(Result, ContextIsAddedInFront) {
  auto inner = []() -> Status { return fail_errno(ENOSPC, "cannot write {}", "x"); };
  auto outer = [&]() -> Result<int> {
    CHECK(wrap(inner(), "queue/tmp/{}", 7));
    return 1;
  };
  auto r = outer();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().what, "queue/tmp/7: cannot write x: No space left on device");
  EXPECT_EQ(r.error().fault, Fault::temp);
  EXPECT_EQ(exit_code(r.error().fault), 111);
}

TEST(Time, CivilDatesBothWays) {
  for (int64_t s : {int64_t{0}, int64_t{951782400}, int64_t{1709164800}, int64_t{4107542400}, int64_t{-86401}}) {
    Civil c = civil(from_seconds(s));
    EXPECT_EQ(from_civil(c).seconds(), s);
  }
  Civil c = civil(from_seconds(1709164800));  // 29 February 2024, a Thursday
  EXPECT_EQ(c.day, 29);
  EXPECT_EQ(c.month, 2);
  EXPECT_EQ(c.weekday, 4);
  EXPECT_EQ(iso8601(from_seconds(1709164800)), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(to_span("90s"), seconds(90));
  EXPECT_EQ(to_span("5d"), days(5));
  EXPECT_FALSE(to_span("5"));
  EXPECT_EQ(span_text(seconds(250)), "4m 10s");
}

TEST(Id, UniqueSortedAndDated) {
  std::string last;
  for (int i = 0; i < 10'000; i++) {
    std::string id = unique_id();
    ASSERT_TRUE(is_id(id));
    ASSERT_LT(last, id);
    last = id;
  }
  Time at = from_seconds(1'900'000'000);
  EXPECT_EQ(time_of_id(unique_id(at)).seconds(), at.seconds());
  EXPECT_FALSE(is_id("../../etc/passwd/xxxx"));
}

TEST(Hash, KnownAnswers) {
  EXPECT_EQ(base64_encode("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
  EXPECT_EQ(base64_decode("YW55IGNhcm5hbCBwbGVhcw=="), "any carnal pleas");
  for (const char* bad : {"YW5", "Y===", "YW55 IGNh", "!!!!"}) EXPECT_FALSE(base64_decode(bad)) << bad;
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
}

TEST(Log, OneLineWhateverComesFromOutside) {
  std::string out;
  log::capture(&out);
  {
    log::Trace t("q1");
    log::info("accepted", {{"from", "a b\r\nfake qid=1"}, {"bytes", 3}});
  }
  log::capture(nullptr);
  EXPECT_EQ(out, "accepted trace=q1 from=\"a b\\x0d\\x0afake qid=1\" bytes=3\n");
}

TEST(Json, PrintsAndReads) {
  Json j = Json::object();
  j.set("a", 1).set("b", "中\xff").set("c", Json::array().push(true));
  EXPECT_EQ(j.text(), "{\"a\":1,\"b\":\"中\xef\xbf\xbd\",\"c\":[true]}");
  EXPECT_FALSE(Json::parse("{"));
  EXPECT_EQ(Json::parse("{\"x\":\"y\"}")->string("x"), "y");
}

struct Nth : file::Faults {
  int at, count = 0, error;
  Nth(int n, int e) : at(n), error(e) {}
  int before(file::Op, int, std::string_view, std::string_view, uint64_t, std::size_t* bytes) override {
    if (count++ != at) return 0;
    if (bytes) *bytes /= 2;
    return error;
  }
};

TEST(File, WriteDurableIsWhollyThereOrNotAtAll) {
  char name[] = "/tmp/jdmail-file-XXXXXX";
  std::string path = ::mkdtemp(name);
  auto dir = file::open(path, O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(dir);
  ASSERT_TRUE(file::write_durable(dir->get(), "f", "old"));
  for (int k = 0;; k++) {
    Nth fault(k, k % 2 ? ENOSPC : EIO);
    file::set_faults(&fault);
    auto r = file::write_durable(dir->get(), "f", "new contents");
    file::set_faults(nullptr);
    std::string now_there = *file::read_all(path + "/f");
    if (r) {
      EXPECT_EQ(now_there, "new contents");
      EXPECT_GE(k, 5);
      break;
    }
    EXPECT_EQ(r.error().fault, Fault::temp);
    EXPECT_TRUE(now_there == "old" || now_there == "new contents");
    EXPECT_EQ(file::list(dir->get(), ".")->size(), 1u) << "a temporary file was left";
  }
  EXPECT_FALSE(file::write_durable(dir->get(), "a/b", ""));
  (void)file::remove_tree(path);  // scratch
}

TEST(File, ASecondLockSaysWhoHasIt) {
  std::string path = "/tmp/jdmail-lock-" + unique_id();
  auto first = file::lock(path);
  ASSERT_TRUE(first);
  auto second = file::lock(path);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().what.find("already running as process"), std::string::npos);
  (void)file::unlink(AT_FDCWD, path);  // scratch
}

// Runs f in a child and gives its exit status.
template <class F>
int in_child(F f) {
  pid_t pid = ::fork();
  if (pid == 0) ::_exit(f());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(Sandbox, OnlyTheGivenDirectoryCanBeSeen) {
  char name[] = "/tmp/jdmail-box-XXXXXX";
  std::string path = ::mkdtemp(name);
  int status = in_child([&] {
    if (!sandbox::confine_files({{path, true}})) return 1;
    if (!file::open(path + "/mine", O_WRONLY | O_CREAT)) return 2;
    if (file::open("/etc/passwd", O_RDONLY)) return 3;
    if (file::open("/tmp/jdmail-escape", O_WRONLY | O_CREAT)) return 4;
    return 0;
  });
  EXPECT_EQ(status, 0);
  (void)file::remove_tree(path);  // scratch
}

TEST(Sandbox, CallsOutsideTheGroupsFail) {
#ifndef __SANITIZE_ADDRESS__
  int status = in_child([] {
    if (!sandbox::harden(256) || !sandbox::confine_calls(sandbox::basic)) return 1;
    if (::socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM) return 2;
    if (::fork() >= 0) return 3;
    char* none[] = {nullptr};
    if (::execve("/bin/true", none, none) == 0 || errno != EPERM) return 4;
    return 0;
  });
  EXPECT_EQ(status, 0);
#endif
}

TEST(Sandbox, ThreadsAreNoProcesses) {
#ifndef __SANITIZE_ADDRESS__
  int status = in_child([] {
    if (!sandbox::harden(256) || !sandbox::confine_calls(sandbox::threads)) return 1;
    bool ran = false;
    std::thread([&] { ran = true; }).join();
    if (!ran) return 2;
    if (::fork() >= 0) return 3;
    return errno == EPERM ? 0 : 4;
  });
  EXPECT_EQ(status, 0);
#endif
}

TEST(Log, AReaderThatStopsDoesNotStopTheService) {
  int p[2];
  ASSERT_EQ(::pipe(p), 0);
  int kept = ::dup(2);
  ::dup2(p[1], 2);
  log::never_block();
  for (int i = 0; i < 20000; i++) log::info("event", {{"number", i}, {"text", std::string(100, 'x')}});
  std::string text(4 << 20, '\0');
  auto drain = [&] {
    ssize_t n = ::read(p[0], text.data(), text.size());
    return n > 0 ? text.substr(0, static_cast<std::size_t>(n)) : std::string();
  };
  std::string first = drain();
  log::info("again");
  log::info("long", {{"text", std::string(1900, '\\')}, {"more", std::string(1900, '\\')}});
  std::string second = drain();
  ::dup2(kept, 2);
  ::close(kept);
  ::close(p[0]);
  ::close(p[1]);
  EXPECT_EQ(first.back(), '\n');
  auto written = static_cast<uint64_t>(std::count(first.begin(), first.end(), '\n'));
  EXPECT_LT(written, 20000u);
  EXPECT_NE(second.find("again\n"), second.npos);
  EXPECT_NE(second.find(fmt::format("log_lines_lost level=error count={} ", 20000 - written)), second.npos) << second.substr(0, 300);
  EXPECT_TRUE(second.ends_with("...\n"));
  EXPECT_LE(second.size() - second.find("long"), 4096u);
}

TEST(Log, HeldLinesLeaveWholeAndInOrderAndAChildDoesNotRepeatThem) {
  int p[2];
  ASSERT_EQ(::pipe(p), 0);
  int kept = ::dup(2);
  ::dup2(p[1], 2);
  ::fcntl(p[0], F_SETFL, O_NONBLOCK);
  std::string text(1 << 20, '\0');
  auto drain = [&] {
    ssize_t n = ::read(p[0], text.data(), text.size());
    return n > 0 ? text.substr(0, static_cast<std::size_t>(n)) : std::string();
  };
  log::hold_lines(true);
  log::info("first");
  std::string before = drain();
  log::warn("second");
  std::string urgent = drain();
  for (int i = 0; i < 100; i++) log::info("many", {{"text", std::string(100, 'x')}});
  std::string some = drain();
  log::flush();
  some += drain();
  log::info("parent");
  int status = 0;
  if (pid_t pid = ::fork(); pid == 0) {
    log::info("child");
    ::_exit(0);
  } else {
    ::waitpid(pid, &status, 0);
  }
  log::hold_lines(false);
  log::info("at once");
  std::string last = drain();
  ::dup2(kept, 2);
  ::close(kept);
  ::close(p[0]);
  ::close(p[1]);
  EXPECT_EQ(before, "");
  EXPECT_TRUE(urgent.starts_with("first") && urgent.find("second") != urgent.npos) << urgent;
  EXPECT_EQ(std::count(some.begin(), some.end(), '\n'), 100);
  EXPECT_EQ(last, "parent\nchild\nat once\n");
}

TEST(Random, AForkedChildHasNumbersOfItsOwn) {
  (void)random_number();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  pid_t child = ::fork();
  if (child == 0) {
    uint64_t n = random_number();
    ::_exit(::write(ends[1], &n, sizeof n) == sizeof n ? 0 : 1);
  }
  uint64_t theirs = 0, ours = random_number();
  ASSERT_EQ(::read(ends[0], &theirs, sizeof theirs), static_cast<ssize_t>(sizeof theirs));
  int status;
  ::waitpid(child, &status, 0);
  ::close(ends[0]), ::close(ends[1]);
  EXPECT_NE(theirs, ours);
}

}  // namespace jd

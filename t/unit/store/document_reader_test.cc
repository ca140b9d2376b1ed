// SPDX-License-Identifier: MIT
// This test program is also what the reader starts: under the name document-text it does as its document says.
#include "lib/store/document_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "lib/mime/document.h"

namespace jd::store {
namespace {

constexpr std::string_view mark = "%PDF-";

void say(const std::string& s) {
  for (std::size_t at = 0; at < s.size();) {
    ssize_t n = ::write(1, s.data() + at, s.size() - at);
    if (n <= 0) return;
    at += static_cast<std::size_t>(n);
  }
}

int as_document_text() {
  char all[4096];
  ssize_t n = ::read(0, all, sizeof all);
  std::string document(all, n > 0 ? static_cast<std::size_t>(n) : 0);
  if (!document.starts_with(mark)) return say("a document without a mark"), 0;
  document.erase(0, mark.size());
  if (document == "locked") return 100;
  if (document == "later") return 111;
  if (document == "die") return ::signal(SIGABRT, SIG_DFL), ::raise(SIGKILL);
  if (document == "large") return say(std::string(mime::max_document_text + 1, 'x')), 0;
  if (document == "kill") return ::kill(::getppid(), SIGKILL);
  if (document == "slow") return ::usleep(300'000), say("slow"), 0;
  if (document == "look") {
    if (environ && *environ) say("an environment ");
    for (int fd = 3; fd < 100; ++fd)
      if (::fcntl(fd, F_GETFD) >= 0) say("a descriptor ");
    if (::open("/etc/passwd", O_RDONLY) >= 0) say("a file ");
    if (::open("/tmp", O_RDONLY | O_DIRECTORY) >= 0) say("a directory ");
    ::execl("/bin/sh", "sh", "-c", "echo a program", nullptr);
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, nullptr, &blocked);
    if (sigismember(&blocked, SIGTERM)) say("a blocked signal ");
    return say("that is all"), 0;
  }
  return say("text of " + document), 0;
}

__attribute__((constructor)) void maybe_document_text(int, char** argv, char**) {
  if (std::string(argv[0]) == "document-text") ::_exit(as_document_text());
}

std::string self() {
  char path[4096];
  ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
  return {path, n > 0 ? static_cast<std::size_t>(n) : 0};
}

Result<std::string> ask(const DocumentReader& r, const std::string& document) {
  std::string message = "Content-Type: application/pdf\r\n\r\n" + std::string(mark) + document;
  return r.reading().text(message, mime::parse(message));
}

std::string answer(const DocumentReader& r, const std::string& document) {
  auto got = ask(r, document);
  return got ? *got : got.error().fault == Fault::perm ? "(none)" : got.error().fault == Fault::temp ? "(later)" : "(bug)";
}

}  // namespace

TEST(DocumentReader, GivesTheTextOfEach) {
  auto r = DocumentReader::start(self(), "");
  ASSERT_TRUE(r) << r.error().what;
  EXPECT_TRUE(r->reading().kinds & office_documents);
  EXPECT_EQ(answer(*r, "one"), "text of one");
  EXPECT_EQ(answer(*r, "locked"), "(none)");
  EXPECT_EQ(answer(*r, "die"), "(none)");
  EXPECT_EQ(answer(*r, "large"), "(none)");
  EXPECT_EQ(answer(*r, "later"), "(later)");
  std::string other = "Content-Type: application/pdf\r\n\r\nMZ, a program";
  auto none = r->reading().text(other, mime::parse(other));
  EXPECT_TRUE(!none && none.error().fault == Fault::perm);
  EXPECT_EQ(answer(*r, "two"), "text of two");
  std::string coded = "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi10aHJlZQ==\r\n";
  auto text = r->reading().text(coded, mime::parse(coded));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "text of three");
  std::string many = "Content-Type: application/pdf\r\n\r\n" + std::string(mark) + std::string(mime::max_document_bytes, 'x');
  auto refused = r->reading().text(many, mime::parse(many));
  EXPECT_TRUE(!refused && refused.error().fault == Fault::perm);
  EXPECT_FALSE(r->has_ended());
}

TEST(DocumentReader, StartsItsProgramWithNothing) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);  // as daemons do
  Fd open(::open("/etc/passwd", O_RDONLY));
  auto r = DocumentReader::start(self(), "");
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ASSERT_TRUE(r);
  EXPECT_EQ(answer(*r, "look"), "that is all");
}

TEST(DocumentReader, AnAnswerForOneWhoDiedIsNotGivenToTheNext) {
  auto r = DocumentReader::start(self(), "");
  ASSERT_TRUE(r);
  for (int i = 0; i < 3; ++i) {
    pid_t child = ::fork();
    if (child == 0) {
      (void)ask(*r, "slow");
      ::_exit(0);
    }
    ::usleep(50'000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(answer(*r, "mine"), "text of mine");
  }
}

TEST(DocumentReader, WithoutItDocumentsWait) {
  EXPECT_FALSE(DocumentReader::start("/nonexistent/document-text", ""));
  auto r = DocumentReader::start(self(), "");
  ASSERT_TRUE(r);
  EXPECT_EQ(answer(*r, "kill"), "(later)");
  EXPECT_EQ(answer(*r, "one"), "(later)");
  for (int i = 0; i < 1000 && !r->has_ended(); ++i) ::usleep(10'000);
  EXPECT_TRUE(r->has_ended());
}

}  // namespace jd::store

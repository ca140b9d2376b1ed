// SPDX-License-Identifier: MIT
#include "cmd/document-text/pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "lib/base/fd.h"

namespace jd::document_text {
namespace {

std::string objects(const std::vector<std::string>& all) {
  std::string out = "%PDF-1.4\n", table;
  for (std::size_t i = 0; i < all.size(); ++i) {
    table += fmt::format("{:010} 00000 n \n", out.size());
    out += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, all[i]);
  }
  return out + fmt::format("xref\n0 {}\n0000000000 65535 f \n{}trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n", all.size() + 1, table, all.size() + 1, out.size());
}

// Latin, and han in a font that the PDF does not bring.
std::string pdf() {
  std::string page = "BT /F1 12 Tf 40 700 Td (The contract) Tj /F2 12 Tf 0 -14 Td <4EF7683C> Tj 0 -14 Td <5408540C> Tj ET\n";
  return objects({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                  "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
                  fmt::format("<< /Length {} >>\nstream\n{}endstream", page.size(), page), "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
                  "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [7 0 R] >>",
                  "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> >>"});
}

// In a process of its own, for it is confined for good.  "FAIL: why" when there is none.
std::string text_of(const std::string& document) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  Fd from(ends[0]), to(ends[1]);
  pid_t child = ::fork();
  if (child == 0) {
    mime::DocumentText out;
    auto r = pdf_text(document, out);
    std::string s = r ? out.text() : fmt::format("FAIL {}: {}", static_cast<int>(r.error().fault), r.error().what);
    ::_exit(::write(to.get(), s.data(), s.size()) < 0);
  }
  to.reset();
  std::string all;
  char piece[4096];
  for (ssize_t n; (n = ::read(from.get(), piece, sizeof piece)) > 0;) all.append(piece, static_cast<std::size_t>(n));
  ::waitpid(child, nullptr, 0);
  return all;
}

}  // namespace

TEST(Pdf, TextInEveryScript) {
  EXPECT_EQ(text_of(pdf()), "The contract\n价格合同");
  EXPECT_EQ(text_of("mail header\r\n\r\n" + pdf()).substr(0, 12), "The contract");
}

TEST(Pdf, DamagedOnes) {
  std::string whole = pdf();
  EXPECT_EQ(text_of("%PDF-1.4").substr(0, 5), "FAIL ");
  EXPECT_EQ(text_of(whole.substr(0, whole.rfind("xref"))).substr(0, 12), "The contract");  // poppler looks for the objects
  for (std::size_t at = 20; at < whole.size(); at += whole.size() / 12) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x15);
    (void)text_of(bad);  // ends
  }
}

// What a PDF that has taken over pdftotext finds.
TEST(Pdf, ItsReaderCanDoNothingElse) {
#ifdef __SANITIZE_ADDRESS__
  printf("left out: what a PDF's reader can do (sanitizers)\n");
  GTEST_SKIP() << "no seccomp under sanitizers";
#endif
  struct Try { const char* name; std::function<bool()> can; };
  std::string own = ::testing::TempDir() + "document_text_test";
  ASSERT_TRUE(Fd(::open(own.c_str(), O_CREAT | O_RDWR, 0666)));
  const Try tries[] = {
      {"read a file", [&] { return ::open("/etc/passwd", O_RDONLY) >= 0 || ::open(own.c_str(), O_RDONLY) >= 0 || ::open("/proc/self/maps", O_RDONLY) >= 0; }},
      {"write a file", [&] { return ::open(own.c_str(), O_WRONLY) >= 0 || ::open((own + "2").c_str(), O_CREAT | O_WRONLY, 0666) >= 0 || ::unlink(own.c_str()) == 0; }},
      {"see a directory", [] { return ::open("/tmp", O_RDONLY | O_DIRECTORY) >= 0 || ::open("/", O_RDONLY | O_DIRECTORY) >= 0; }},
      {"reach a network", [] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0 || ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != EPERM; }},
      {"signal", [] { return ::kill(::getppid(), 0) == 0 || ::kill(-1, 0) == 0; }},
      {"start another program", [] { return ::execl("/bin/sh", "sh", "-c", "exit 1", nullptr) == 0 || errno != EACCES; }},
      {"start a library", [] { return ::execl("/usr/bin/env", "env", nullptr) == 0 || errno != EACCES; }},
      {"be many", [] { pid_t p = ::fork(); if (p == 0) ::_exit(0); return p > 0; }},
  };
  for (auto& t : tries) {
    pid_t child = ::fork();
    if (child == 0) {
      if (!confine_to_pdftotext() || !confine_calls_of_pdftotext()) ::_exit(2);
      ::_exit(t.can() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << t.name << ": " << status;
  }
  ::unlink(own.c_str());
}

}  // namespace jd::document_text

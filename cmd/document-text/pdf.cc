// SPDX-License-Identifier: MIT
#include "cmd/document-text/pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/file.h"
#include "lib/base/sandbox.h"
#include "lib/mime/charset.h"

namespace jd::document_text {
namespace {

[[noreturn]] void become_pdftotext(int document, int text) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (::dup2(document, 0) < 0 || ::dup2(text, 1) < 0 || (null ? ::dup2(null.get(), 2) : ::close(2)) < 0) ::_exit(111);
  if (!confine_calls_of_pdftotext()) ::_exit(111);
  const char* const words[] = {"pdftotext", "-q", "-enc", "UTF-8", "-nopgbrk", "-", "-", nullptr};
  const char* const nothing[] = {nullptr};
  ::execve(mime::pdftotext, const_cast<char**>(words), const_cast<char**>(nothing));
  ::_exit(111);
}

// Until there is enough, or the end.
std::string read_pipe(int fd, std::size_t most) {
  std::string all;
  char piece[64 << 10];
  while (all.size() < most) {
    ssize_t n = ::read(fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    all.append(piece, static_cast<std::size_t>(n));
  }
  return all;
}

}  // namespace

Status confine_to_pdftotext() {
  auto paths = sandbox::needs_of_program(mime::pdftotext);
  if (file::exists(mime::pdf_tables)) paths.push_back({mime::pdf_tables, false});
  return sandbox::confine_files(paths);
}

Status confine_calls_of_pdftotext() {
  CHECK(sandbox::confine_to_self());
  return sandbox::confine_calls(sandbox::programs);
}

Status pdf_text(std::string_view document, mime::DocumentText& out) {
  if (::access(mime::pdftotext, X_OK) < 0) return fail(Fault::perm, "a PDF cannot be read without {}: install poppler-utils", mime::pdftotext);
  Fd bytes(::memfd_create("document", MFD_CLOEXEC));
  if (!bytes) return fail_errno(errno, "cannot keep the document");
  CHECK(file::write_at(bytes.get(), document, 0));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return fail_errno(errno, "cannot make a pipe");
  Fd from(ends[0]), to(ends[1]);
  CHECK(confine_to_pdftotext());
  pid_t child = ::fork();
  if (child < 0) return fail_errno(errno, "cannot start {}", mime::pdftotext);
  if (child == 0) become_pdftotext(bytes.get(), to.get());
  to.reset();
  CHECK(sandbox::confine_calls(sandbox::processes));
  std::string text = read_pipe(from.get(), 2 * mime::max_document_text);
  out.feed(mime::clean_utf8(text));
  ::kill(child, SIGKILL);  // it has ended, or has more than is wanted
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (!out.text().empty() || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 111) return fail(Fault::temp, "cannot start {}", mime::pdftotext);
  return fail(Fault::perm, "pdftotext cannot read it");
}

}  // namespace jd::document_text

// SPDX-License-Identifier: MIT
// document-text: the text of a PDF or office document, read in a sandbox.  Row "document-text" of jdmail(7).
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/document-text/pdf.h"
#include "lib/base/args.h"
#include "lib/base/log.h"
#include "lib/base/sandbox.h"
#include "lib/base/stream.h"
#include "lib/mime/office_text.h"

namespace jd::document_text {
namespace {

constexpr rlim_t max_cpu_seconds = 10, max_memory = 768 << 20;  // of each process; a document of the largest size is held twice

Result<std::string> read_document(int fd) {
  std::string all;
  char piece[64 << 10];
  for (;;) {
    ssize_t n = ::read(fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "cannot read the document");
    if (n == 0) return all;
    all.append(piece, static_cast<std::size_t>(n));
    if (all.size() > mime::max_document_bytes) return fail(Fault::perm, "the document is larger than {} bytes", mime::max_document_bytes);
  }
}

Status limit() {
  rlimit cpu{max_cpu_seconds, max_cpu_seconds}, file{mime::max_document_bytes, mime::max_document_bytes};  // pdf_text() keeps one in memory
  if (::setrlimit(RLIMIT_CPU, &cpu) < 0 || ::setrlimit(RLIMIT_FSIZE, &file) < 0) return fail_errno(errno, "cannot limit the process");
#ifndef __SANITIZE_ADDRESS__  // whose shadow has more than any limit
  rlimit memory{max_memory, max_memory};
  if (::setrlimit(RLIMIT_DATA, &memory) < 0) return fail_errno(errno, "cannot limit the memory");
#endif
  return {};
}

Status run() {
  ::signal(SIGPIPE, SIG_IGN);
  ::setlocale(LC_CTYPE, "C.UTF-8");  // libarchive: names in a zip are UTF-8
  CHECK(sandbox::harden(64));
  TRY(std::string document, read_document(0));
  mime::DocumentText out;
  if (mime::is_pdf(document)) {
    CHECK(pdf_text(document, out));
  } else {
    CHECK(sandbox::confine_files({}));
    CHECK(sandbox::confine_calls(sandbox::basic));
    if (!mime::is_zip(document)) return fail(Fault::perm, "this is no PDF and no office document of a kind that can be read");
    if (!mime::office_text(document, out)) return fail(Fault::perm, "nothing in this document can be read: it is damaged, locked by a password or of another kind");
  }
  if (!write_stream(1, out.text())) return fail(Fault::temp, "cannot write the text");
  return {};
}

}  // namespace
}  // namespace jd::document_text

int main(int argc, char** argv) {
  using namespace jd;
  log::set_program("document-text");
  Args args("document-text", "read a PDF or office document from standard input, write its text");
  if (auto code = args.parse(argc, argv)) return *code;
  Status r = document_text::limit();
  if (r) r = document_text::run();
  if (r) return 0;
  fprintf(stderr, "document-text: %s\n", r.error().what.c_str());
  return exit_code(r.error().fault);
}

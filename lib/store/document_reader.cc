// SPDX-License-Identifier: MIT
#include "lib/store/document_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/sandbox.h"
#include "lib/base/time.h"
#include "lib/mime/document.h"
#include "lib/mime/text.h"

namespace jd::store {
namespace {

constexpr Span patience = minutes(5);  // of the clock, for one document; of the processor it has less (document-text)

struct Note {
  uint64_t id = 0, status = 0;
};

Status send_note(int socket, const Note& n, int fd) {
  iovec part{const_cast<Note*>(&n), sizeof n};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr m{};
  m.msg_iov = &part;
  m.msg_iovlen = 1;
  if (fd >= 0) {
    m.msg_control = room;
    m.msg_controllen = sizeof room;
    cmsghdr* c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
  }
  while (::sendmsg(socket, &m, MSG_NOSIGNAL) < 0)
    if (errno != EINTR) return fail_errno(errno, "cannot reach the reader of documents");
  return {};
}

// temp: the other side has ended.
Result<std::pair<Note, Fd>> take_note(int socket) {
  Note n;
  iovec part{&n, sizeof n};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))];
  msghdr m{};
  m.msg_iov = &part;
  m.msg_iovlen = 1;
  m.msg_control = room;
  m.msg_controllen = sizeof room;
  ssize_t got;
  do got = ::recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno(errno, "cannot hear the reader of documents");
  Fd fd;
  if (cmsghdr* c = CMSG_FIRSTHDR(&m); c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int))) {
    int passed;
    memcpy(&passed, CMSG_DATA(c), sizeof passed);
    fd = Fd(passed);
  }
  if (got != sizeof n) return fail(Fault::temp, "the reader of documents has ended");
  return std::pair(n, std::move(fd));
}

Result<Fd> memory_file(const char* name) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot keep a document in memory");
  return fd;
}

// The reader's side: one document-text, started and seen to its end.
class OneDocument {
 public:
  OneDocument(const std::string& program, int document) : program_(program), document_(document) {}
  ~OneDocument() { end(); }

  Result<Fd> read() {
    TRY(Fd text, memory_file("text"));
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) return fail_errno(errno, "cannot make a pipe");
    Fd from(ends[0]), to(ends[1]);
    if (::lseek(document_, 0, SEEK_SET) < 0) return fail_errno(errno, "cannot read the document");
    child_ = ::fork();
    if (child_ < 0) return fail_errno(errno, "cannot start {}", program_);
    if (child_ == 0) become(to.get());
    to.reset();
    CHECK(collect(from.get(), text.get()));
    int status = end();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 111) return fail(Fault::temp, "{} cannot work now", program_);
    return fail(Fault::perm, "no text");
  }

 private:
  [[noreturn]] void become(int to) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!null || ::dup2(document_, 0) < 0 || ::dup2(to, 1) < 0 || ::dup2(null.get(), 2) < 0) ::_exit(111);
    const char* const words[] = {"document-text", nullptr};
    const char* const nothing[] = {nullptr};
    ::execve(program_.c_str(), const_cast<char**>(words), const_cast<char**>(nothing));
    ::_exit(111);
  }
  // What it writes, until it ends.
  Status collect(int from, int text) {
    Time until = monotonic() + patience;
    std::size_t all = 0;
    char piece[64 << 10];
    for (;;) {
      Span left = until - monotonic();
      pollfd p{from, POLLIN, 0};
      int ready = left.ns > 0 ? ::poll(&p, 1, static_cast<int>(left.ms()) + 1) : 0;
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return fail(Fault::temp, "it takes too long");  // of the clock: the machine may be busy
      ssize_t n = ::read(from, piece, sizeof piece);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return {};
      if (all + static_cast<std::size_t>(n) > mime::max_document_text) return fail(Fault::perm, "it has more text than it may");
      CHECK(file::write_at(text, {piece, static_cast<std::size_t>(n)}, all));
      all += static_cast<std::size_t>(n);
    }
  }
  int end() {
    int status = 0;
    if (child_ <= 0) return status;
    // Its end of the pipe is closed: it has little left to do, or will never do it.
    for (int i = 0; i < 500; ++i) {
      if (::waitpid(child_, &status, WNOHANG) == child_) return child_ = -1, status;
      pollfd nothing{-1, 0, 0};
      ::poll(&nothing, 1, i < 10 ? 1 : 10);
    }
    ::kill(child_, SIGKILL);
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {}
    child_ = -1;
    return status;
  }

  const std::string& program_;
  int document_;
  pid_t child_ = -1;
};

Status give_up_rights(const std::string& program, const std::string& user) {
  CHECK(sandbox::drop_identity({.user = user, .root = "", .paths = {}}));
  CHECK(sandbox::harden(64));
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // another identity forgets it
  auto paths = sandbox::needs_of_program(program);
  for (auto& p : sandbox::needs_of_program(mime::pdftotext)) paths.push_back(p);
  if (file::exists(mime::pdf_tables)) paths.push_back({mime::pdf_tables, false});
  CHECK(sandbox::confine_files(paths));
  return sandbox::confine_calls(sandbox::processes | sandbox::programs | sandbox::confine);
}

[[noreturn]] void serve(int socket, const std::string& program, const std::string& user) {
  if (socket > 3) ::close_range(3, static_cast<unsigned>(socket) - 1, 0);
  ::close_range(static_cast<unsigned>(socket) + 1, ~0u, 0);
  if (auto r = give_up_rights(program, user); !r) {
    log::failure("documents_unread", r.error());
    ::_exit(111);
  }
  for (;;) {
    auto asked = take_note(socket);
    if (!asked) ::_exit(0);  // who asks has ended
    Note answer{asked->first.id, 0};
    OneDocument one(program, asked->second.get());
    auto text = one.read();
    if (!text) answer.status = static_cast<uint64_t>(text.error().fault) + 1;
    if (!send_note(socket, answer, text ? text->get() : -1)) ::_exit(0);
  }
}

Result<std::string> ask(int socket, std::string_view message, const mime::Part& leaf) {
  static uint64_t asked = 0;
  std::string head;
  mime::visit_decoded(message, leaf, [&](std::string_view piece) {
    head += piece.substr(0, mime::mark_bytes - head.size());
    return head.size() < mime::mark_bytes;
  });
  if (!mime::is_pdf(head) && !mime::is_zip(head)) return fail(Fault::perm, "it is not what its name or type says");
  TRY(Fd document, memory_file("document"));
  uint64_t size = 0;
  Status written;
  mime::visit_decoded(message, leaf, [&](std::string_view piece) {
    if (size + piece.size() > mime::max_document_bytes) written = fail(Fault::perm, "a document of more than {} bytes is not read", mime::max_document_bytes);
    else written = file::write_at(document.get(), piece, size);
    size += piece.size();
    return bool(written);
  });
  CHECK(written);
  Note question{static_cast<uint64_t>(::getpid()) << 32 | ++asked, 0};
  CHECK(send_note(socket, question, document.get()));
  for (;;) {
    TRY(auto got, take_note(socket));
    auto& [answer, text] = got;
    if (answer.id != question.id) continue;  // of one who did not wait
    if (answer.status) return fail(answer.status == static_cast<uint64_t>(Fault::temp) + 1 ? Fault::temp : Fault::perm, "the document has no text that can be read");
    return file::read_at(text.get(), mime::max_document_text, 0);
  }
}

}  // namespace

Result<DocumentReader> DocumentReader::start(const std::string& program, const std::string& user) {
  if (::access(program.c_str(), X_OK) < 0) return fail_errno(errno, "cannot run {}", program);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return fail_errno(errno, "cannot make a pair of sockets");
  Fd ours(ends[0]), its(ends[1]);
  pid_t child = ::fork();
  if (child < 0) return fail_errno(errno, "cannot start the reader of documents");
  if (child == 0) {
    ours.reset();
    serve(its.get(), program, user);
  }
  uint32_t kinds = office_documents | (::access(mime::pdftotext, X_OK) == 0 ? pdf_documents : no_documents);
  return DocumentReader(std::move(ours), child, kinds);
}

DocumentReader::DocumentReader(DocumentReader&& o) noexcept : socket_(std::move(o.socket_)), child_(std::exchange(o.child_, -1)), kinds_(o.kinds_) {}

DocumentReader::~DocumentReader() {
  if (child_ <= 0) return;
  socket_.reset();
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

DocumentReading DocumentReader::reading() const {
  return {kinds_, [socket = socket_.get()](std::string_view message, const mime::Part& leaf) { return ask(socket, message, leaf); }};
}

bool DocumentReader::has_ended() {
  if (child_ > 0 && ::waitpid(child_, nullptr, WNOHANG) != child_) return false;
  child_ = -1;
  return true;
}

}  // namespace jd::store

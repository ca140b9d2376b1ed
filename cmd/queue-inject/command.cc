// SPDX-License-Identifier: MIT
#include "cmd/queue-inject/command.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/queue/file_store.h"

namespace jd {
namespace {
constexpr std::size_t max_in_memory = 1 << 20;
constexpr uint64_t max_message = 2ull << 30;
constexpr unsigned patience_seconds = 86400;  // as qmail-queue

// Of the envelope's keys, what anybody may say.
constexpr std::string_view open_keys[] = {"notify", "orcpt", "ret", "envid", "verp", "utf8"};

int failed(int code, const Error& e) {
  log::failure("not_queued", e, {{"exit", code}});
  return code;
}

int code_of(const Error& e) {
  if (e.sys == ENOSPC || e.sys == EDQUOT || e.sys == EIO || e.sys == EFBIG) return inject_write_error;
  if (e.sys == ENOMEM) return inject_no_memory;
  return e.fault == Fault::bug ? inject_bug : inject_queue_error;
}

// Takes a message with any line ends and gives it with CRLF; large ones wait in a nameless file.
class Spool {
 public:
  explicit Spool(std::string tmp) : tmp_(std::move(tmp)) {}
  Status add(std::string_view block) {
    for (std::size_t at = 0; at < block.size();) {
      auto nl = block.find('\n', at);
      auto end = nl == block.npos ? block.size() : nl;
      memory_.append(block.substr(at, end - at));
      if (end > at) last_ = block[end - 1];
      if (nl != block.npos) {
        if (last_ != '\r') memory_ += '\r';
        memory_ += '\n';
        last_ = '\n';
        end++;
      }
      at = end;
    }
    return memory_.size() > max_in_memory ? spill() : Status();
  }
  Status finish() {
    // The message ends with a line end: what is appended to a line of its own would not.
    if (last_ && last_ != '\n') memory_ += last_ == '\r' ? "\n" : "\r\n";
    return {};
  }
  uint64_t size() const { return spilled_ + memory_.size(); }
  // header, then the message
  queue::Source source(std::string_view header) {
    if (spilled_ && !spill()) return {};
    queue::Source s{{header}};
    if (spilled_) s.fd = fd_.get(), s.length = spilled_;
    else s.pieces.push_back(memory_);
    return s;
  }
  std::string start() const {
    if (!spilled_) return memory_.substr(0, max_in_memory);
    return file::read_at(fd_.get(), max_in_memory, 0).value_or("");
  }

 private:
  Status spill() {
    if (!fd_) {
      fd_ = Fd(::open(tmp_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
      if (!fd_) return fail_errno(errno, "cannot make a file in {}", tmp_);
    }
    CHECK(file::write_at(fd_.get(), memory_, spilled_));
    spilled_ += memory_.size();
    memory_.clear();
    return {};
  }
  std::string tmp_, memory_;
  Fd fd_;
  uint64_t spilled_ = 0;
  char last_ = 0;
};

// 0, or the exit code.
int read_message(Spool& spool) {
  std::string block(64 << 10, '\0');
  for (;;) {
    ssize_t n = ::read(0, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(inject_read_error, Error(Fault::temp, "cannot read the message", errno));
    if (n == 0) break;
    if (Status s = spool.add(std::string_view(block).substr(0, static_cast<std::size_t>(n))); !s)
      return failed(code_of(s.error()), s.error());
    if (spool.size() > max_message)
      return failed(inject_refused, Error(Fault::perm, "the message is too large"));
  }
  if (Status s = spool.finish(); !s) return failed(code_of(s.error()), s.error());
  return inject_ok;
}

int read_envelope(queue::Envelope& e) {
  std::string bytes;
  char block[4096];
  for (;;) {
    ssize_t n = ::read(1, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(inject_read_error, Error(Fault::temp, "cannot read the envelope", errno));
    if (n == 0) break;
    bytes.append(block, static_cast<std::size_t>(n));
    if (bytes.size() > queue::max_envelope_bytes) return failed(inject_bad_envelope, Error(Fault::perm, "the envelope is too large"));
  }
  auto parts = split(bytes, '\0');  // "Fa\0Tb\0\0" -> Fa, Tb, "", ""
  if (parts.size() < 4 || !parts.back().empty() || !parts[parts.size() - 2].empty() || parts[0].substr(0, 1) != "F")
    return failed(inject_bad_envelope, Error(Fault::perm, "the envelope is not Fsender, Trecipient ..."));
  queue::Pairs pairs{{"from", parts[0].substr(1)}};
  for (std::size_t i = 1; i + 2 < parts.size(); i++) {
    if (parts[i].substr(0, 1) == "K") {
      auto pair = split_once(parts[i].substr(1), '=');
      if (!pair || std::find(std::begin(open_keys), std::end(open_keys), pair->first) == std::end(open_keys))
        return failed(inject_bad_envelope, Error(Fault::perm, "a record K that is not known"));
      pairs.push_back(*pair);
      continue;
    }
    if (parts[i].substr(0, 1) != "T") return failed(inject_bad_envelope, Error(Fault::perm, "a recipient without T"));
    pairs.emplace_back("rcpt", parts[i].substr(1));
  }
  for (auto& [k, v] : pairs)
    if (v.size() > queue::max_address) return failed(inject_address_too_long, Error(Fault::perm, "an address is too long"));
  auto r = queue::Envelope::from_pairs(pairs);
  if (!r) return failed(inject_bad_envelope, r.error());
  e = std::move(*r);
  return inject_ok;
}

int inject(const std::string& queue_path) {
  Spool spool(queue_path + "/tmp");
  queue::Envelope e;
  auto store = queue::FileStore::open(queue_path);
  if (!store) return failed(code_of(store.error()), store.error());
  if (int code = read_message(spool)) return code;
  if (int code = read_envelope(e)) return code;
  std::string id = unique_id();
  std::string header = fmt::format("Received: (jdmail queue-inject, by uid {}) id {};\r\n\t{}\r\n", ::getuid(), id, rfc5322_date(now()));
  e.received = now();
  e.with = "local";
  e.user = fmt::format("uid {}", ::getuid());
  e.hops = queue::count_received(spool.start());
  queue::Source source = spool.source(header);
  if (source.pieces.empty()) return failed(inject_write_error, Error(Fault::temp, "cannot write queue/tmp"));
  e.size = source.size();
  e.body = queue::Body::eight_bit;
  auto added = store->add_new(id, e, source, queue::Durability::durable);
  if (!added) return failed(code_of(added.error()), added.error());
  log::Trace trace(id);
  log::debug("queued", {{"qid", id}, {"from", e.reverse_path}, {"recipients", e.recipients.size()}, {"bytes", e.size}});
  return inject_ok;
}
}  // namespace

int inject_command(const std::string& queue_path) {
  ::signal(SIGPIPE, SIG_IGN);
  struct sigaction late{};
  late.sa_handler = [](int) { ::_exit(inject_timeout); };
  ::signal(SIGXFSZ, SIG_IGN);
  ::sigaction(SIGALRM, &late, nullptr);
  ::alarm(patience_seconds);
  ::umask(007);
  // A missing descriptor must not become that of a queue file.
  for (int fd = 0; fd < 3; fd++)
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd) return inject_read_error;
  try {
    return inject(queue_path);
  } catch (const std::bad_alloc&) {  // its caller knows this code
    return inject_no_memory;
  }
}

}  // namespace jd

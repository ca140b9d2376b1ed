// SPDX-License-Identifier: MIT
// message.h: one way to hold a queued message, whether it is a file or a record of the journal.
//
// bytes()/read() read from the descriptor at offset; nothing is loaded before.  The descriptor is
// shared: all messages of one segment use one.  Reading blocks; errors: temp (I/O), perm (cut short).
#pragma once
#include <memory>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/file.h"
#include "lib/base/result.h"
#include "lib/queue/envelope.h"

namespace jd::queue {

struct Message {
  std::shared_ptr<const Fd> fd;
  uint64_t offset = 0, length = 0;  // of the message's bytes, in fd
  Envelope envelope;
  std::string id;

  // `size` bytes from `at`, fewer at the end.
  Result<std::string> read(uint64_t at, std::size_t size) const {
    if (at >= length) return std::string();
    if (size > length - at) size = static_cast<std::size_t>(length - at);
    TRY(std::string r, file::read_at(fd->get(), size, offset + at));
    if (r.size() < size) return fail(Fault::perm, "message {} is cut short", id);
    return r;
  }
  Result<std::string> bytes() const { return read(0, static_cast<std::size_t>(length)); }
};

}  // namespace jd::queue

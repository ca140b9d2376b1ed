// SPDX-License-Identifier: MIT
// stream.h: writing to a pipe or socket that may be slow or gone.
#pragma once
#include <string_view>

#include "lib/base/time.h"

namespace jd {

// All of it.  Waits at most `patience` for each piece when fd does not take any more (descriptors
// that don't block); false: the other side is gone or too slow.  SIGPIPE must be ignored.  Blocks.
bool write_stream(int fd, std::string_view bytes, Span patience = minutes(5));

// What makes a socket readable: bytes (true) or its end.  Takes nothing, does not block.
bool has_bytes(int fd);

}  // namespace jd

// SPDX-License-Identifier: MIT
#include "lib/base/result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"

namespace jd {

Fault fault_of_errno(int sys) {
  switch (sys) {
    case ENOENT: case ENOTDIR: case EISDIR: case EEXIST: case EINVAL: case ENAMETOOLONG:
    case EACCES: case EPERM: case EXDEV: case ELOOP: case ENOTEMPTY: case EBADF:
      return Fault::perm;
    default:
      return Fault::temp;
  }
}

std::string errno_text(int sys) {
  char buf[128];
  return strerror_r(sys, buf, sizeof buf);  // the GNU one: returns the text
}

Unexpected fail_text(int sys, std::string what) {
  return Unexpected(Error(fault_of_errno(sys), what + ": " + errno_text(sys), sys));
}

int exit_code(Fault fault) {
  switch (fault) {
    case Fault::temp: return 111;
    case Fault::perm: case Fault::usage: return 100;
    case Fault::bug: return 101;
  }
  return 101;
}

void must_failed(const char* file, int line, const char* what) {
  log::flush();
  fprintf(stderr, "bug file=%s line=%d must=\"%s\"\n", file, line, what);
  abort();
}

}  // namespace jd

// SPDX-License-Identifier: MIT
// scan.h: the names of the queue's files, one after the other, however many there are.
//
// deferred/ by slot (what is due first, first; within a slot of 256 seconds in no order), then hold/,
// then new/.  A name is a read of a directory and nothing more; memory does not grow with the queue.
// What is renamed while a scan goes on is seen once, twice or not at all; what stays is seen once.
// Blocks briefly.  Errors: temp (I/O).
#pragma once
#include <dirent.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "lib/queue/file_store.h"

namespace jd::queue {

class Scan {
 public:
  struct Name {
    const char* state;   // deferred | hold | new
    std::string path, id;
    int64_t due = 0;     // seconds; of deferred ones
  };
  // want(state): is that part of the queue to be looked at?
  template <class F>
  static Result<Scan> open(const FileStore& store, F want) {
    Scan s(store.root());
    if (want("deferred")) {
      TRY(auto slots, store.list_slots());
      for (auto n : slots) s.parts_.push_back({"deferred", n});
    }
    if (want("hold")) s.parts_.push_back({"hold", 0});
    if (want("new")) s.parts_.push_back({"new", 0});
    return s;
  }
  Result<std::optional<Name>> next();  // nullopt: the end

 private:
  struct Part { const char* state; int64_t slot; };
  struct Closer { void operator()(DIR* d) const { ::closedir(d); } };
  explicit Scan(int root) : root_(root) {}
  Status open_next();
  int root_;
  std::deque<Part> parts_;
  Part now_{};
  std::unique_ptr<DIR, Closer> dir_;
};

}  // namespace jd::queue

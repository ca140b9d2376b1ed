// SPDX-License-Identifier: MIT
// document_reader.h: a process beside the indexer's that has document-text(8) read attached documents.
//
//   the process that indexes ── document (a file in memory) ──> the reader ── starts document-text ──┐
//                            <──── its text (another) ────────  for each one: limits, time, its end <┘
//
// Whoever reads mail may start no program; whoever starts programs sees no mail but the one document.
// The reader is forked while its parent still has its rights, gives up its own, and ends with it.
// Several processes may ask by the same socket, one after the other; one that is killed while it
// waits leaves an answer behind that the next one throws away.
//   question := id:u64, with the document's descriptor
//   answer   := id:u64 status:u64, with the text's descriptor when status is 0; else a Fault + 1
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/store/search_index.h"

namespace jd::store {

class DocumentReader {
 public:
  // program: of document-text; user: as whom, of root's; empty: as who asks.  Before the parent is
  // confined; it must be able to wait for children then.
  static Result<DocumentReader> start(const std::string& program, const std::string& user);
  DocumentReader(DocumentReader&&) noexcept;
  ~DocumentReader();  // ends it

  // For index_account(), in this process or one forked from it.  The reader must outlive it.
  DocumentReading reading() const;
  // It should not.
  bool has_ended();

 private:
  DocumentReader(Fd socket, pid_t child, uint32_t kinds) : socket_(std::move(socket)), child_(child), kinds_(kinds) {}
  Fd socket_;
  pid_t child_ = -1;
  uint32_t kinds_ = no_documents;
};

}  // namespace jd::store

// SPDX-License-Identifier: MIT
// thread.h: THREAD's algorithms (RFC 5256 §3): conversations out of subjects and references.
//
// n log n, whatever the references say: cycles are never made, and no step walks a chain of parents
// or calls itself.  Memory: the texts of the messages' digests and some 100 bytes for each id.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/imap/search_return.h"

namespace jd::imap {

// refs (the extension THREAD=REFS): references only, no subjects; conversations stand in the order of
// their last arrivals.
enum class Threading : uint8_t { ordered_subject, references, refs };
std::optional<Threading> thread_algorithm(std::string_view upper_name);

struct ThreadMessage {
  uint32_t number = 0;             // as the answer names it; rising from message to message
  int64_t sent = 0, arrived = 0;   // seconds
  bool is_reply = false;
  std::string subject;             // base subject, a sort key
  std::string id;                  // may be empty
  std::string references;          // ids with a blank between
};
// What cannot be read is counted as damaged.
std::vector<ThreadMessage> thread_messages(Session& s, Found& found);

// "(1)(2 3 (4)(5))"
void put_threads(Threading how, const std::vector<ThreadMessage>& messages, std::string& out);

}  // namespace jd::imap

// SPDX-License-Identifier: MIT
// object_id.h: the names under which RFC 8474 knows a message and its conversation.
//
// EMAILID is the message's stamp: a copy in another folder has the same.  THREADID is a hash of the
// message id with which the conversation began, so that it needs no table and is the same for all
// folders and for what arrives out of order.  Pure.
#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/hash.h"
#include "lib/base/text.h"

namespace jd::imap {

// "M" and 16 hex digits of store::Entry::stamp.
inline std::string email_id(uint64_t stamp) { return fmt::format("M{:016x}", stamp); }

// Of a folder: ids are never given twice in an account.
inline std::string mailbox_id(uint32_t folder) { return fmt::format("F{}", folder); }

// "T" and 16 hex digits; of normalised message ids (mime/digest.h), each may be empty: the first of
// References, else In-Reply-To, else the message's own.  A message with none of them is a
// conversation by itself: nullopt, which FETCH gives as NIL.
inline std::optional<std::string> thread_id(std::string_view first_reference, std::string_view in_reply_to,
                                            std::string_view message_id) {
  std::string_view root = !first_reference.empty() ? first_reference : !in_reply_to.empty() ? in_reply_to : message_id;
  if (root.empty()) return std::nullopt;
  return "T" + hex(blake2b(root, 16).substr(0, 8));
}

}  // namespace jd::imap

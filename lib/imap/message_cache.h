// SPDX-License-Identifier: MIT
// message_cache.h: the message that a FETCH or SEARCH looks at, read and parsed when first asked for.
//
// Envelope, structure and digest come from the folder's derived files where they are (store/derived.h);
// what had to be made is collected and offered to the folder by keep(), between commands.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"
#include "lib/mime/digest.h"
#include "lib/mime/part.h"
#include "lib/store/folder.h"
#include "lib/store/segments.h"

namespace jd::imap {

class MessageCache {
 public:
  explicit MessageCache(store::MailSegments& segments) : segments_(&segments) {}
  // The folder that entries are of from now on (null: unknown), and its account's messages.
  void use(store::Folder* folder, store::MailSegments& segments);
  // For a moment: messages of another account.  Returns what it was.
  store::MailSegments& read_from(store::MailSegments& segments) { return *std::exchange(segments_, &segments); }
  // All of these live until the cache turns to another message.  NULs, which no answer may have (RFC 3501
  // §4.3) but old mail does, are shown as bytes 0x80: sizes and offsets stay.
  Result<const std::string*> message(const store::Entry& e);
  Result<const store::Meta*> meta(const store::Entry& e);
  Result<const mime::Part*> root(const store::Entry& e);
  Result<mime::DigestView> digest(const store::Entry& e);
  Result<store::Wire> wire(const store::Entry& e);
  // Entries and pointers to them are other ones after it.
  void keep();

 private:
  void turn_to(const store::Entry& e);
  void collect(store::Folder::Form f, const store::Entry& e, std::string_view bytes);
  store::MailSegments* segments_;
  store::Folder* folder_ = nullptr;
  uint64_t stamp_ = 0;
  std::optional<store::Meta> meta_;
  std::optional<std::string> message_;
  std::optional<mime::Part> root_;
  std::string digest_;  // empty: not made
  store::DerivedBatch made_[2];
};

}  // namespace jd::imap

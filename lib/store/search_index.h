// SPDX-License-Identifier: MIT
// search_index.h: which messages may contain a text, from what was indexed beforehand: search/*.grams.
//
// The index only ever rules messages out: what it does not rule out, or does not know, is read and
// scanned as if there were none, so the answer is the same with it, without it and halfway through.
// It knows records by their stamps: a copy or a moved message is known already.
//
// The text of attached documents (mime/document.h) is the exception: reading it takes other programs,
// which a session may not start.  So the index holds that text itself, and a search finds it once it
// is there, and not before.
//
// SearchIndex reads (a session); index_account() writes (indexd, jdctl).  One writer per account (a
// lock of its own, never the account's, so that no delivery waits); any number of readers, at any
// time.  A file that is damaged or of another version is deleted and made again.  Blocking; one thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/mime/part.h"
#include "lib/store/search_file.h"

namespace jd::store {

class Account;

enum class SearchScope : uint8_t { body, header, text };  // text: either

class SearchFilter {
 public:
  // Surely without the text that was asked for.
  bool excludes(uint64_t stamp) const;
  // The text that was asked for stands in a document that is attached to the message.
  bool is_in_document(uint64_t stamp) const;

 private:
  friend class SearchIndex;
  struct One {
    std::shared_ptr<GramFile> file;
    GramFile::Bits may;     // empty: it cannot say
  };
  int dir_ = -1;            // the account's
  std::string folded_;
  bool asks_documents_ = false;
  std::vector<One> files_;  // the largest first
};

class SearchIndex {
 public:
  explicit SearchIndex(int account_dir) : dir_(account_dir) {}
  // `folded` as mime::fold gives it.  null: the index cannot help (there is none, or
  // the text is too short and there are no documents).
  std::shared_ptr<const SearchFilter> filter(std::string_view folded, SearchScope scope);

 private:
  void refresh();
  Status match(GramFile& f, std::string_view folded, SearchScope scope, GramFile::Bits& out);
  int dir_;
  int64_t changed_ = -1;  // of the directory, ns
  std::vector<std::shared_ptr<GramFile>> files_;
};

// Kinds of documents that can be read; bits.
enum DocumentKinds : uint32_t { no_documents = 0, office_documents = 1, pdf_documents = 2 };

// How index_account() has documents read.
struct DocumentReading {
  uint32_t kinds = no_documents;  // a file that was written when less could be read is made anew
  // The text of this leaf.  perm: it has none that can be read; temp: not now: the message is left for
  // a later time.
  std::function<Result<std::string>(std::string_view message, const mime::Part& leaf)> text = nullptr;
};

struct IndexOptions {
  bool rebuild = false;                  // throw away what is there
  uint64_t least = 1;                    // fewer messages than this are left for a later time
  std::function<bool()> go_on;           // asked between messages; false: what was done is kept
  std::function<void(uint64_t)> reading; // the stamp of the message that is read next; 0: none
  std::function<bool(uint64_t)> skip;    // do not read this one: every search looks at it
  DocumentReading documents;
};

struct IndexState {
  uint64_t messages = 0, indexed = 0;   // in folders; of them in the index
  uint64_t added = 0;                   // this time
  uint64_t files = 0, bytes = 0;        // of the index
  uint64_t with_documents = 0;          // messages of which it holds the text of documents
  uint64_t later = 0;                   // messages whose documents could not be read now
  bool is_busy = false;                 // another process is at it: nothing was done
};
Result<IndexState> index_account(Account& account, const IndexOptions& options);
Result<IndexState> index_state(Account& account);

// When the last index_account() began that left nothing out, from search/current: for indexd, which would
// open every mailbox after each of its starts to see that there is nothing to do.  nullopt: it is not said, or
// something in search/ changed since, or it was in another boot, by another version, or with fewer
// kinds of documents.
std::optional<Time> indexed_at(const std::string& mailbox, uint32_t kinds);

}  // namespace jd::store

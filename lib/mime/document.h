// SPDX-License-Identifier: MIT
// document.h: attachments whose text is not in the message as text: PDF and office documents.
//
// is_document() goes by the type and, since much mail says application/octet-stream, by the name.
// What begins as neither kind does is not handed on; what the bytes really are is found out by who reads
// them (document-text(8)), in a sandbox.
// Pure.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "lib/mime/part.h"

namespace jd::mime {

constexpr std::size_t max_document_bytes = 64 << 20;  // a larger one is not read
constexpr std::size_t max_document_text = 4 << 20;    // the rest of its text is left out

// What reads a PDF, and its tables of characters (poppler-utils, poppler-data).
inline constexpr const char* pdftotext = "/usr/bin/pdftotext";
inline constexpr const char* pdf_tables = "/usr/share/poppler";

bool is_document(const Part& leaf);

// By how the document begins.
constexpr std::size_t mark_bytes = 1024;
bool is_pdf(std::string_view document);  // PDF's own rule: the mark may stand somewhere in the first kilobyte
bool is_zip(std::string_view document);  // what office documents are kept in

// A document's text as it comes, to text as a search wants it: blanks run together, and a line that
// ends between two han characters or kana goes on, for no reader sees a blank there: a word that
// stands across two lines of a page is found.  A paragraph's end is two line ends, and stays one.
class DocumentText {
 public:
  explicit DocumentText(std::size_t max_bytes = max_document_text) : max_(max_bytes) {}
  // Well-formed UTF-8, whole characters.  false: there is enough.
  bool feed(std::string_view utf8);
  bool is_full() const { return is_full_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::size_t max_;
  unsigned line_ends_ = 0;
  bool has_blank_ = false, is_after_cjk_ = false, is_full_ = false;
};

}  // namespace jd::mime

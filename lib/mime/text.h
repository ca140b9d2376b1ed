// SPDX-License-Identifier: MIT
// text.h: what a person would read in a message, in UTF-8: for SEARCH, previews and the index.
//
// Decoding streams in pieces of 64 KB whatever the size of a part, so memory stays flat: transfer
// encoding, charset (charset.h), and for text/html the tags, scripts and styles taken out and
// entities decoded.  Line ends of text come as "\n".  Pure; linear time; never fails.
//
// Sinks are called with well-formed UTF-8 that begins and ends between characters; a word may be cut
// by two calls of the same part.  A sink that returns false ends the visit.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lib/mime/part.h"

namespace jd::mime {

// Counts up when the same message gives another text than before.
constexpr unsigned text_version = 3;

using TextSink = std::function<bool(std::string_view utf8)>;

// Every text/* leaf, embedded messages included, and the body of a multipart in which no part was
// found; a "\n" stands behind each.
bool visit_body_text(std::string_view message, const Part& part, const TextSink& sink);
// The decoded fields of the header of the message, "Name: value\n" each, and of the headers of
// embedded messages and parts when `deep`.  After a header's fields, on lines of their own, the names
// of the part that RFC 2231 writes in a charset or in pieces.
bool visit_header_text(std::string_view message, const Part& part, bool deep, const TextSink& sink);

// One leaf decoded: bytes of its transfer encoding undone (IMAP BINARY, attachments).
bool visit_decoded(std::string_view message, const Part& leaf, const TextSink& sink);
std::string decoded(std::string_view message, const Part& leaf);

enum class SearchIn : uint8_t { body, all };  // IMAP SEARCH BODY; TEXT: the headers as well
// Is the text there, without regard to case (charset.h fold)?  Text across chunks is found too.
bool contains_text(std::string_view message, const Part& root, std::string_view utf8, SearchIn where);

// The beginning of the text for a list of messages (RFC 8970): blanks run together, at most
// `characters` long, of the first text/plain part that has any, else of the first text/html.
std::string preview(std::string_view message, const Part& root, std::size_t characters = 200);

// HTML to text as a filter over UTF-8 pieces cut anywhere.
class HtmlText {
 public:
  void feed(std::string_view utf8, std::string& out);
  void finish(std::string& out);

 private:
  enum class State : uint8_t { text, tag, quoted, comment, entity, hidden };
  void step(char c, std::string& out);
  void end_tag(std::string& out);
  void entity(std::string& out);
  State state_ = State::text;
  char quote_ = 0;
  std::string held_;    // the tag's name and a little more, an entity, or the last bytes seen
  std::string hidden_;  // "script" or "style": until its end tag
};

}  // namespace jd::mime

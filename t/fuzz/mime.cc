// SPDX-License-Identifier: MIT
// Everything that lib/mime does with a message from outside: the tree, its stored form, sections,
// wire forms, text, addresses, dates.  What must hold for any bytes is checked, not only survived.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/base/text.h"
#include "lib/mime/address.h"
#include "lib/mime/charset.h"
#include "lib/mime/date.h"
#include "lib/mime/downgrade.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "lib/mime/imap_form.h"
#include "lib/mime/part.h"
#include "lib/mime/section.h"
#include "lib/mime/seven_bit.h"
#include "lib/mime/text.h"
#include "lib/mime/transfer.h"
#include "lib/mime/writer.h"
#include "t/unit/mime/imap_grammar.h"

namespace {

using namespace jd::mime;

void check_tree(const Part& p, std::size_t size) {
  MUST(p.header_begin <= p.body_begin && p.body_begin <= p.end && p.end <= size);
  uint64_t at = p.body_begin;
  for (const Part& c : p.children) {
    MUST(c.header_begin >= at && c.end <= p.end);
    at = c.end;
    check_tree(c, size);
  }
}

// The leaves, decoded; text with its line ends as they are sent.
void leaves(const Part& p, std::string_view bytes, std::vector<std::string>& into) {
  for (const Part& c : p.children) leaves(c, bytes, into);
  if (!p.children.empty()) return;
  std::string body = decode(bytes.substr(p.body_begin, p.end - p.body_begin), encoding_of(p.encoding));
  into.push_back(p.is_text() ? to_crlf(body) : body);
}

void check_seven_bit(std::string_view bytes, const Part& root) {
  auto changed = to_seven_bit(bytes);
  if (!changed) return;
  std::vector<std::string> before, after;
  leaves(root, bytes, before);
  leaves(parse(*changed), *changed, after);
  MUST(before == after);
}

void check_downgrade(std::string_view bytes, const Part& root) {
  std::string r = downgrade(bytes, root);
  MUST(needs_downgrade(bytes, root) || r == bytes);
  MUST(jd::is_ascii(std::string_view(r).substr(0, header_size(r))));
}

void check_message(std::string_view bytes) {
  Part root = parse(bytes);
  check_tree(root, bytes.size());
  auto back = decode(encode(root));
  MUST(back && encode(*back) == encode(root));
  MUST(ImapGrammar::is_envelope(imap_envelope(bytes)));
  MUST(ImapGrammar::is_body(imap_body(bytes, root), false));
  MUST(ImapGrammar::is_body(imap_bodystructure(bytes, root), true));
  for (std::string_view s : {"", "1", "TEXT", "1.1", "2.1.HEADER", "1.MIME", "1.2.1.1"})
    if (auto r = section(root, s)) MUST(r->begin <= r->end && r->end <= bytes.size());
  auto sink = [](std::string_view text) {
    MUST(jd::is_utf8(text));
    return true;
  };
  visit_header_text(bytes, root, true, sink);
  visit_body_text(bytes, root, sink);
  MUST(jd::is_utf8(preview(bytes, root)));
  check_seven_bit(bytes, root);
  check_downgrade(bytes, root);
  contains_text(bytes, root, "n\xC3\xB6", SearchIn::all);
}

void check_values(std::string_view bytes) {
  (void)decode(bytes);  // the stored form from a damaged store
  parse_date(bytes);
  parse_imap_date(bytes);
  MUST(jd::is_utf8(decode_words(bytes)));
  MUST(jd::is_ascii(encode_text(clean_utf8(bytes))));
  for (const Address& a : parse_addresses(bytes, 100)) address_spec(a);
  for (Encoding e : {Encoding::base64, Encoding::quoted_printable, Encoding::uuencode})
    MUST(decode(bytes, e).size() <= bytes.size());
  MUST(decode(encode_base64(bytes), Encoding::base64) == bytes);
  MUST(decode(encode_quoted_printable(bytes), Encoding::quoted_printable) == bytes);
  for (std::string_view label : {"", "gbk", "iso-2022-jp", "utf-7", "big5", "utf-16"})
    MUST(jd::is_utf8(to_utf8(bytes, label)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_message(bytes);
  check_values(bytes);
  return 0;
}

// SPDX-License-Identifier: MIT
// office_text.h: the text of office documents that are XML in a zip file.
//
//   DOCX, XLSX, PPTX  ECMA-376: text, notes, comments, headers, sheet names, cells, title and author
//   ODT, ODS, ODP     OASIS OpenDocument
//   OFD               GB/T 33190, as Chinese invoices are
// Which one it is does not matter: members are known by their names.  libarchive reads the zip, expat
// the XML.  Bounded against what is made to be large: members, bytes out of the zip, depth, and no
// entities of the document's own; what was read up to there counts.  A damaged document gives what
// comes before the damage.  Deleted text of recorded changes is left out.  Pure.
#pragma once
#include <string_view>

#include "lib/mime/document.h"

namespace jd::mime {

// false: nothing in it is known or can be read.
bool office_text(std::string_view document, DocumentText& out);
// The same for one member by its name in the zip.
bool office_member(std::string_view name, std::string_view xml, DocumentText& out);

}  // namespace jd::mime

// SPDX-License-Identifier: MIT
// pdf.h: the text of a PDF, by pdftotext of poppler-utils, in a process that can do nothing else.
#pragma once
#include <string_view>

#include "lib/base/result.h"
#include "lib/mime/document.h"

namespace jd::document_text {

// What was read counts, whatever becomes of it later.  perm: it has none that can be read, or pdftotext
// is not there; temp: the machine lacks something.  Files are confined for good; blocks.
Status pdf_text(std::string_view document, mime::DocumentText& out);

// What pdftotext and this program may still touch: its own file, its libraries and its tables.
Status confine_to_pdftotext();
// In the process that becomes pdftotext: system calls, and no other process.
Status confine_calls_of_pdftotext();

}  // namespace jd::document_text

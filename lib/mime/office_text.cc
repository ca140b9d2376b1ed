// SPDX-License-Identifier: MIT
#include "lib/mime/office_text.h"

#include <archive.h>
#include <archive_entry.h>
#include <expat.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace jd::mime {
namespace {

constexpr int max_members = 10'000;                 // looked at
constexpr std::size_t max_unpacked = 256 << 20;     // bytes of XML, of all members together
constexpr unsigned max_depth_of_elements = 1000;
constexpr int piece_bytes = 64 << 10;

using Names = std::vector<std::string_view>;
bool has(const Names& names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

// What the elements mean, by their names without prefix.
struct Rule {
  Names text;       // what stands in them is text
  Names hidden;     // … but not in these
  Names paragraph;  // ends with them
  Names line;
  Names blank;      // stands for one
};
const Rule office_open{{"t", "v"}, {"rPh"}, {"p", "si", "row", "comment", "sheet"}, {"br", "cr"}, {"tab", "c", "tc"}};
const Rule open_document{{"p", "h"}, {"tracked-changes"}, {"p", "h"}, {}, {"tab", "s", "line-break"}};
const Rule properties{{"title", "subject", "creator", "initial-creator", "keywords", "keyword", "description", "category"}, {},
                      {"title", "subject", "creator", "initial-creator", "keywords", "keyword", "description", "category"}, {}, {}};
const Rule fixed_layout{{"TextCode"}, {}, {}, {"TextCode"}, {}};

const Rule* rule_of(std::string_view name) {
  if (name == "content.xml" || name == "styles.xml") return &open_document;
  if (name == "meta.xml" || name == "docProps/core.xml") return &properties;
  if (name.ends_with("/Content.xml")) return &fixed_layout;
  if (!name.ends_with(".xml")) return nullptr;
  for (std::string_view begin : {"word/document", "word/header", "word/footer", "word/footnotes", "word/endnotes", "word/comments", "word/diagrams/data",
                                 "xl/sharedStrings", "xl/workbook", "xl/worksheets/", "xl/comments", "xl/drawings/drawing",
                                 "ppt/slides/", "ppt/notesSlides/", "ppt/diagrams/data"})
    if (name.starts_with(begin)) return &office_open;
  return nullptr;
}

class XmlReader {
 public:
  XmlReader(const Rule& rule, DocumentText& out) : rule_(rule), out_(out), parser_(XML_ParserCreate(nullptr)) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(
        parser_.get(), [](void* me, const char* name, const char** a) { static_cast<XmlReader*>(me)->begins(local(name), a); },
        [](void* me, const char* name) { static_cast<XmlReader*>(me)->ends(local(name)); });
    XML_SetCharacterDataHandler(parser_.get(), [](void* me, const char* s, int n) { static_cast<XmlReader*>(me)->text({s, static_cast<std::size_t>(n)}); });
    // Entities that a document declares are only of use for making it grow.
    XML_SetEntityDeclHandler(parser_.get(), [](void* me, const char*, int, const char*, int, const char*, const char*, const char*, const char*) {
      static_cast<XmlReader*>(me)->stop();
    });
  }
  char* buffer(int size) { return static_cast<char*>(XML_GetBuffer(parser_.get(), size)); }
  bool filled(int size, bool last) { return XML_ParseBuffer(parser_.get(), size, last) == XML_STATUS_OK; }

 private:
  struct Free { void operator()(XML_Parser p) const { XML_ParserFree(p); } };

  static std::string_view local(std::string_view name) { return name.substr(name.rfind(':') + 1); }
  void stop() { XML_StopParser(parser_.get(), XML_FALSE); }
  void put(std::string_view s) {
    if (!out_.feed(s)) stop();
  }
  void begins(std::string_view name, const char** attributes) {
    if (++depth_ > max_depth_of_elements) return stop();
    auto value = [&](std::string_view wanted) -> std::string_view {
      for (const char** a = attributes; *a; a += 2)
        if (a[0] == wanted) return a[1];
      return {};
    };
    if (name == "sheet") put(value("name"));
    if (name == "c") is_shared_ = value("t") == "s";  // its <v> is the number of a string
    if (has(rule_.hidden, name)) ++hidden_;
    if (has(rule_.text, name)) ++text_;
    is_number_ = name == "v" && is_shared_;
  }
  void ends(std::string_view name) {
    --depth_;
    is_number_ = false;
    if (has(rule_.hidden, name)) --hidden_;
    if (has(rule_.text, name)) --text_;
    if (has(rule_.paragraph, name)) put("\n\n");
    else if (has(rule_.line, name)) put("\n");
    else if (has(rule_.blank, name)) put(" ");
  }
  void text(std::string_view s) {
    if (text_ && !hidden_ && !is_number_) put(s);
  }

  const Rule& rule_;
  DocumentText& out_;
  std::unique_ptr<XML_ParserStruct, Free> parser_;
  unsigned depth_ = 0, text_ = 0, hidden_ = 0;
  bool is_shared_ = false, is_number_ = false;
};

struct Free { void operator()(archive* a) const { archive_read_free(a); } };

// One member: `read(to, size)` gives its bytes, 0 at the end, less than that when it cannot.  How many came.
template <class Read>
std::size_t read_member(Read&& read, const Rule& rule, std::size_t most, DocumentText& out) {
  XmlReader reader(rule, out);
  std::size_t all = 0;
  while (all < most) {
    char* to = reader.buffer(piece_bytes);
    auto n = to ? read(to, static_cast<std::size_t>(piece_bytes)) : -1;
    if (n < 0) break;
    all += static_cast<std::size_t>(n);
    if (!reader.filled(static_cast<int>(n), n == 0) || n == 0) break;
  }
  out.feed("\n\n");
  return all;
}

}  // namespace

bool office_text(std::string_view document, DocumentText& out) {
  std::unique_ptr<archive, Free> a(archive_read_new());
  if (!a || archive_read_support_format_zip(a.get()) != ARCHIVE_OK) return false;
  if (archive_read_open_memory(a.get(), document.data(), document.size()) != ARCHIVE_OK) return false;
  std::size_t unpacked = 0;
  archive_entry* entry = nullptr;
  auto read = [&](char* to, std::size_t size) { return archive_read_data(a.get(), to, size); };
  for (int i = 0; i < max_members && unpacked < max_unpacked && !out.is_full(); ++i) {
    if (int r = archive_read_next_header(a.get(), &entry); r != ARCHIVE_OK && r != ARCHIVE_WARN) break;
    const char* name = archive_entry_pathname(entry);
    if (const Rule* rule = name ? rule_of(name) : nullptr) unpacked += read_member(read, *rule, max_unpacked - unpacked, out);
  }
  return unpacked > 0;
}

bool office_member(std::string_view name, std::string_view xml, DocumentText& out) {
  const Rule* rule = rule_of(name);
  if (!rule) return false;
  auto read = [&](char* to, std::size_t size) {
    std::size_t n = xml.copy(to, size);
    xml.remove_prefix(n);
    return static_cast<la_ssize_t>(n);
  };
  return read_member(read, *rule, max_unpacked, out) > 0;
}

}  // namespace jd::mime

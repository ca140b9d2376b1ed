// SPDX-License-Identifier: MIT
#include "lib/mime/part.h"

#include <algorithm>
#include <cstring>

#include "lib/base/text.h"
#include "lib/mime/header.h"
#include "lib/mime/token.h"

namespace jd::mime {
namespace {

constexpr std::size_t max_boundary = 1000;  // RFC 2046 says 70; nobody checks
constexpr std::size_t max_languages = 100;

std::vector<std::string> parse_languages(std::string_view value) {
  std::vector<std::string> r;
  Lexer in(value);
  while (r.size() < max_languages) {
    in.skip_blank();
    while (in.take_if(',')) in.skip_blank();
    if (in.done()) break;
    auto word = in.run(",(");
    if (word.empty()) in.take();
    else r.emplace_back(word);
  }
  return r;
}

std::string encoding_word(std::string_view value) {
  Lexer in(value);
  in.skip_blank();
  return lower(in.run(";("));
}

// One pass over the message.  `boundaries_` are those of the multiparts around the current place;
// `hit_` is the one whose delimiter line stopped the last scan, with at_ at the start of that line.
class Parser {
 public:
  explicit Parser(std::string_view message) : s_(message) {}
  Part run() {
    Part root;
    entity(root, 0, false);
    return root;
  }

 private:
  static constexpr std::size_t none = SIZE_MAX;

  void entity(Part& p, std::size_t depth, bool in_digest);
  void header(Part& p);
  void multipart(Part& p, std::size_t depth);
  void scan_header();
  void scan_body();
  bool at_boundary();
  std::size_t before_boundary(std::size_t floor) const;
  bool may_nest(std::size_t depth) const { return depth + 1 < max_depth && parts_ < max_parts; }
  std::size_t line_end(std::size_t at) const {  // of its line end, or the end of everything
    const void* nl = std::memchr(s_.data() + at, '\n', s_.size() - at);
    return nl ? static_cast<std::size_t>(static_cast<const char*>(nl) - s_.data()) : s_.size();
  }
  void step() {
    at_ = line_end(at_);
    if (at_ < s_.size()) at_++, lines_++;
  }

  std::string_view s_;
  std::size_t at_ = 0;  // always at the start of a line
  uint64_t lines_ = 0;  // line ends passed
  std::size_t parts_ = 0;
  std::vector<std::string> boundaries_;
  std::size_t hit_ = none;
  bool closing_ = false;  // the delimiter had "--" behind it
};

// Is there a delimiter line of one of the multiparts around?  A line that is exactly one counts
// first, the innermost multipart asked first, so that mailers which give nested multiparts the same
// boundary are read as they meant it; then "--boundary junk" and "--boundary-- junk", for RFC 2046
// §5.1.1 lets more follow (only behind a blank, or "--foobar" would be one of "foo").
bool Parser::at_boundary() {
  if (boundaries_.empty() || s_.size() - at_ < 3 || s_[at_] != '-' || s_[at_ + 1] != '-') return false;
  std::string_view line = s_.substr(at_ + 2, line_end(at_) - at_ - 2);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r'))
    line.remove_suffix(1);
  std::size_t loose = none;
  bool loose_closes = false;
  for (std::size_t i = boundaries_.size(); i-- > 0;) {
    const std::string& b = boundaries_[i];
    if (line.size() < b.size() || std::memcmp(line.data(), b.data(), b.size()) != 0) continue;
    std::string_view rest = line.substr(b.size());
    if (rest.empty() || rest == "--") {
      hit_ = i;
      closing_ = !rest.empty();
      return true;
    }
    bool closes = rest.starts_with("--");
    char after = rest[closes ? 2 : 0];
    if (loose == none && (after == ' ' || after == '\t')) loose = i, loose_closes = closes;
  }
  if (loose == none) return false;
  hit_ = loose;
  closing_ = loose_closes;
  return true;
}

// The end of a body that the delimiter line at at_ follows: its line end belongs to the delimiter.
std::size_t Parser::before_boundary(std::size_t floor) const {
  std::size_t e = at_;
  if (hit_ == none) return e;
  if (e > floor && s_[e - 1] == '\n') e--;
  if (e > floor && e < at_ && s_[e - 1] == '\r') e--;
  return e;
}

// Moves behind the empty line, or to a delimiter line or the end.
void Parser::scan_header() {
  hit_ = none;
  while (at_ < s_.size()) {
    bool empty = s_[at_] == '\n' || (s_[at_] == '\r' && at_ + 1 < s_.size() && s_[at_ + 1] == '\n');
    if (!empty && at_boundary()) break;
    step();
    if (empty) break;
  }
}

void Parser::scan_body() {
  hit_ = none;
  while (at_ < s_.size() && !at_boundary()) step();
}

void take_field(Part& p, const Field& f, std::size_t which) {
  switch (which) {
    case 0: {
      ContentType t = parse_content_type(f.value);
      p.parameters = std::move(t.parameters);
      bool usable = !t.type.empty();  // RFC 2045 §5.2: else it is plain text
      p.type = usable ? std::move(t.type) : "text";
      p.subtype = usable ? std::move(t.subtype) : "plain";
      break;
    }
    case 1: p.encoding = encoding_word(f.value); break;
    case 2: p.disposition = parse_disposition(f.value); break;
    case 3: p.id = unfold(f.value); break;
    case 4: p.description = unfold(f.value); break;
    case 5: p.md5 = unfold(f.value); break;
    case 6: p.languages = parse_languages(f.value); break;
    default: p.location = unfold(f.value); break;
  }
}

// Reads the fields between header_begin and at_; of several with one name the first counts.
void Parser::header(Part& p) {
  constexpr std::string_view names[] = {"type", "transfer-encoding", "disposition", "id",
                                        "description", "md5", "language", "location"};
  FieldReader reader(s_.substr(p.header_begin, at_ - p.header_begin));
  unsigned seen = 0;
  for (Field f; reader.next(f);) {
    if (f.name.size() < 10 || !istarts_with(f.name, "content-")) continue;
    for (std::size_t i = 0; i < std::size(names); i++) {
      if ((seen & 1u << i) || !iequals(f.name.substr(8), names[i])) continue;
      seen |= 1u << i;
      take_field(p, f, i);
      break;
    }
  }
  p.body_begin = p.header_begin + reader.offset();
}

void Parser::entity(Part& p, std::size_t depth, bool in_digest) {
  parts_++;
  p.type = in_digest ? "message" : "text";  // RFC 2046 §5.1.5
  p.subtype = in_digest ? "rfc822" : "plain";
  p.header_begin = at_;
  uint64_t lines_before = lines_;
  scan_header();
  header(p);
  if (p.body_begin < at_) {  // no empty line: the body began inside (header.h)
    at_ = p.body_begin;
    auto h = s_.substr(p.header_begin, at_ - p.header_begin);
    lines_ = lines_before + static_cast<uint64_t>(std::count(h.begin(), h.end(), '\n'));
    hit_ = none;
  }
  lines_before = lines_;
  if (hit_ != none) {  // a part that is all header
    p.body_begin = p.end = before_boundary(p.header_begin);
    return;
  }
  if (p.is_multipart() && may_nest(depth)) {
    multipart(p, depth);
  } else if (p.is_message() && may_nest(depth)) {
    entity(p.children.emplace_back(), depth + 1, false);
  } else {
    scan_body();
  }
  p.end = before_boundary(p.body_begin);
  // An empty line that ends a header stays with it, even right before a boundary.
  if (!p.children.empty()) p.end = std::max(p.end, p.children.back().end);
  p.lines = lines_ - lines_before - (p.end < at_ ? 1 : 0);
}

void Parser::multipart(Part& p, std::size_t depth) {
  auto value = parameter(p.parameters, "boundary");
  std::string boundary = value ? value->bytes : "";
  while (boundary.ends_with(' ') || boundary.ends_with('\t')) boundary.pop_back();
  if (boundary.empty() || boundary.size() > max_boundary) return scan_body();
  const std::size_t level = boundaries_.size();
  boundaries_.push_back(std::move(boundary));
  scan_body();
  while (hit_ == level && !closing_ && parts_ < max_parts) {
    step();
    entity(p.children.emplace_back(), depth + 1, p.subtype == "digest");
  }
  boundaries_.pop_back();
  if (hit_ != level) return;  // one further out, or the end
  step();
  scan_body();
}

}  // namespace

Part parse(std::string_view message) { return Parser(message).run(); }

}  // namespace jd::mime

// SPDX-License-Identifier: MIT
#include "lib/store/mbox.h"

#include <string.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/mime/date.h"
#include "lib/mime/header.h"
#include "lib/mime/utf7.h"
#include "lib/store/format.h"

namespace jd::store {
namespace {
constexpr std::size_t max_from_line = 1000, chunk_bytes = 64 << 10, max_header_kept = 1 << 20;
constexpr std::string_view marker = "X-Jdmail-Fields";
constexpr std::string_view uidl_field = "X-UIDL";
constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

bool is_month(std::string_view w) {
  return std::any_of(std::begin(months), std::end(months), [&](const char* m) { return iequals(w, m); });
}
bool is_number(std::string_view w, std::size_t least, std::size_t most) {
  return w.size() >= least && w.size() <= most && std::all_of(w.begin(), w.end(), is_digit);
}
bool is_time(std::string_view w) { return w.size() >= 4 && w.size() <= 8 && is_digit(w[0]) && w.find(':') != w.npos; }
bool is_zone(std::string_view w) {
  if (w.size() == 5 && (w[0] == '+' || w[0] == '-')) return is_number(w.substr(1), 4, 4);
  return w.size() <= 5 && !w.empty() && std::all_of(w.begin(), w.end(), is_alpha);
}

std::optional<int64_t> seconds_of(std::string_view day, std::string_view month, std::string_view year, std::string_view time,
                                  std::string_view zone) {
  auto d = mime::parse_date(fmt::format("{} {} {} {} {}", day, month, year, time, zone.empty() ? "+0000" : zone));
  if (!d) return {};
  int64_t s = d->time.seconds();
  return zone.empty() ? s - 60 * local_offset_minutes(from_seconds(s)) : s;
}

// words[at] is a month: asctime's "Feb 22 17:06:23 [zone] 2008 [zone]" or "22 Feb 2008 17:06:23 [zone]".
std::optional<int64_t> date_at(const std::vector<std::string_view>& w, std::size_t at) {
  auto word = [&](std::size_t i) { return i < w.size() ? w[i] : std::string_view(); };
  if (is_number(word(at + 1), 1, 2) && is_time(word(at + 2))) {
    std::string_view zone;
    std::size_t i = at + 3;
    for (; i < at + 5 && !is_number(word(i), 4, 4) && is_zone(word(i)); i++)
      if (zone.empty()) zone = word(i);
    if (!is_number(word(i), 4, 4)) return {};
    if (zone.empty() && is_zone(word(i + 1)) && !iequals(word(i + 1), "from") && word(i + 1) != "remote") zone = word(i + 1);
    return seconds_of(word(at + 1), w[at], word(i), word(at + 2), zone);
  }
  if (at > 0 && is_number(w[at - 1], 1, 2) && is_number(word(at + 1), 4, 4) && is_time(word(at + 2)))
    return seconds_of(w[at - 1], w[at], word(at + 1), word(at + 2), is_zone(word(at + 3)) ? word(at + 3) : "");
  return {};
}

uint8_t flags_of_status(std::string_view value, bool is_x, bool& is_old) {
  uint8_t f = 0;
  for (char c : value) {
    if (!is_x && c == 'R') f |= seen;
    if (!is_x && c == 'O') is_old = true;
    if (is_x && c == 'A') f |= answered;
    if (is_x && c == 'F') f |= flagged;
    if (is_x && c == 'T') f |= draft;
    if (is_x && c == 'D') f |= deleted;
  }
  return f;
}

Numbering numbering_of(std::string_view value) {
  auto w = words(value);
  auto validity = w.size() > 1 ? to_number(w[0]) : std::nullopt, last = w.size() > 1 ? to_number(w[1]) : std::nullopt;
  if (!validity || !last || *validity == 0 || *validity > UINT32_MAX || *last >= UINT32_MAX) return {};
  return {static_cast<uint32_t>(*validity), static_cast<uint32_t>(*last) + 1};
}

struct Fields {
  bool is_old = false, has_imap = false;
};

// Thunderbird's: four hexadecimal digits.
void take_mozilla_status(std::string_view value, MboxReader::Message& m, Fields& seen_so_far) {
  auto bytes = unhex(trim(value));
  if (!bytes || bytes->size() != 2) return;
  unsigned bits = static_cast<unsigned char>((*bytes)[0]) << 8 | static_cast<unsigned char>((*bytes)[1]);
  seen_so_far.is_old = true;
  if (bits & 1) m.message.flags |= seen;
  if (bits & 2) m.message.flags |= answered;
  if (bits & 4) m.message.flags |= flagged;
  if (bits & 8) m.is_internal = true;  // deleted, and only waiting to be compacted away
  if (bits & 0x1000) m.message.keywords.emplace_back("$Forwarded");
}

// True when the field is one of an mbox's own; what it says is taken.
bool take_field(std::string_view name, std::string_view value, MboxReader::Message& m, Fields& seen_so_far) {
  if (iequals(name, "Status")) m.message.flags |= flags_of_status(value, false, seen_so_far.is_old);
  else if (iequals(name, "X-Status")) m.message.flags |= flags_of_status(value, true, seen_so_far.is_old);
  else if (iequals(name, "X-Mozilla-Status")) take_mozilla_status(value, m, seen_so_far);
  else if (iequals(name, "X-Keywords") || iequals(name, "X-Mozilla-Keys")) {
    std::string line = mime::unfold(value);
    for (auto w : words(line))
      if (m.message.keywords.size() < 1000) m.message.keywords.emplace_back(w);
  } else if (iequals(name, "X-UID")) {
    auto n = to_number(trim(value));
    if (n && *n < UINT32_MAX) m.message.uid = static_cast<uint32_t>(*n);
  } else if (iequals(name, "X-IMAP") || iequals(name, "X-IMAPbase")) {
    seen_so_far.has_imap = seen_so_far.has_imap || iequals(name, "X-IMAP");
    if (Numbering n = numbering_of(value); n.uid_validity) m.numbering = n;
  } else return iequals(name, "Content-Length") || iequals(name, "X-Mozilla-Status2");
  return true;
}

// ">From " loses one '>' at each beginning of a line.
std::string unquoted(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  while (!s.empty()) {
    if (s[0] == '>') {
      auto end = s.find_first_not_of('>');
      if (end != s.npos && s.substr(end).starts_with("From ")) s.remove_prefix(1);
    }
    auto end = s.find('\n');
    std::size_t n = end == s.npos ? s.size() : end + 1;
    out.append(s.substr(0, n));
    s.remove_prefix(n);
  }
  return out;
}

void quote(std::string& out, std::string_view s) {
  while (!s.empty()) {
    auto run = s.find_first_not_of('>');
    if (run != s.npos && s.substr(run).starts_with("From ")) out += '>';
    auto end = s.find('\n');
    std::size_t n = end == s.npos ? s.size() : end + 1;
    out.append(s.substr(0, n));
    s.remove_prefix(n);
  }
}

// Of ours: the lines behind the marker, then the message to the last line end.  False: not of ours.
bool take_ours(std::string_view raw, MboxReader::Message& m, Fields& f) {
  auto line = [&] {
    auto end = raw.find('\n');
    std::string_view l = raw.substr(0, end);
    raw.remove_prefix(end == raw.npos ? raw.size() : end + 1);
    return l;
  };
  if (!raw.starts_with(marker)) return false;
  std::string_view first = line();
  auto count = split_once(first, ':');
  auto n = count && count->first == marker ? to_number(trim(count->second)) : std::nullopt;
  if (!n || *n > 10) return false;
  for (uint64_t i = 0; i < *n; i++) {
    auto field = split_once(line(), ':');
    if (field && field->first == uidl_field) m.message.uidl = trim(field->second);
    else if (!field || !take_field(field->first, field->second, m, f)) return false;
  }
  if (raw.ends_with('\n')) raw.remove_suffix(1);
  if (first.ends_with('\r') && raw.ends_with('\r')) raw.remove_suffix(1);  // the whole file was made CRLF
  m.message.bytes = to_wire(raw);
  return true;
}

void take_foreign(std::string_view raw, bool is_exact, MboxReader::Message& m, Fields& f) {
  mime::FieldReader r(raw);
  std::string kept;
  for (mime::Field field; r.next(field);)
    if (!take_field(field.name, field.value, m, f)) kept += field.whole;
  std::size_t header = std::max<std::size_t>(r.offset(), 1);
  // The empty line before the next message is the file's, unless it is the one that ends the header.
  if (!is_exact && raw.size() > header && raw.ends_with("\n\n")) raw.remove_suffix(1);
  else if (!is_exact && raw.size() > header + 1 && raw.ends_with("\n\r\n")) raw.remove_suffix(2);
  std::size_t shown = std::min(r.offset(), raw.size());
  // What stands between the last field and the body: the empty line, if there is one.
  std::string_view head = raw.substr(0, shown);
  std::string_view blank = head.ends_with("\n\r\n") || head == "\r\n" ? "\r\n" : head.ends_with("\n\n") || head == "\n" ? "\n" : "";
  kept += blank;
  kept += raw.substr(shown);
  m.message.bytes = to_wire(kept);
}
}  // namespace

std::optional<FromLine> parse_from_line(std::string_view line) {
  if (!line.starts_with("From ") || line.size() > max_from_line) return {};
  auto w = words(line.substr(5));
  for (std::size_t i = 0; i < w.size() && i < 40; i++) {
    if (!is_month(w[i])) continue;
    if (auto d = date_at(w, i)) return FromLine{d};
  }
  return {};
}

Status MboxReader::fill(std::size_t want) {
  if (at_ > 0 && buffer_.size() - at_ < want) {
    base_ += at_;
    buffer_.erase(0, at_);
    at_ = 0;
  }
  while (!is_end_ && buffer_.size() - at_ < want) {
    chunk_.resize(chunk_bytes);  // once: not a clearing of so much for each small piece of a pipe
    TRY(std::size_t n, source_.read(chunk_.data(), chunk_bytes));
    buffer_.append(chunk_, 0, n);
    is_end_ = n == 0;
  }
  return {};
}

bool MboxReader::is_from_line_here() const {
  std::string_view s = std::string_view(buffer_).substr(at_);
  if (!s.starts_with("From ")) return false;
  auto end = s.substr(0, max_from_line + 2).find('\n');
  if (end == s.npos && !is_end_) return false;
  s = s.substr(0, end);
  if (s.ends_with('\r')) s.remove_suffix(1);
  return parse_from_line(s) || (s == "From -" && after_blank_);
}

// The next piece of a line, at most what the buffer has, goes to raw.
void MboxReader::take_line(std::string& raw) {
  std::string_view s = std::string_view(buffer_).substr(at_);
  auto end = s.find('\n');
  std::size_t n = end == s.npos ? s.size() : end + 1;
  if (raw.size() + n > limit_) is_too_long_ = true;
  if (!is_too_long_) raw.append(s.substr(0, n));
  at_ += n;
  after_blank_ = !in_line_ && (s.substr(0, n) == "\n" || s.substr(0, n) == "\r\n");
  in_line_ = end == s.npos;
}

// Where the body ends by Content-Length, when a message or the end of the file is there.
Result<std::optional<uint64_t>> MboxReader::end_by_length(std::string_view header, uint64_t body) {
  auto value = mime::find(header, "Content-Length");
  auto n = value ? to_number(trim(*value)) : std::nullopt;
  if (!n || *n == 0 || *n > (uint64_t{1} << 40)) return std::optional<uint64_t>();
  uint64_t end = body + *n;
  TRY(auto there, source_.at(end - 1, max_from_line + 4));
  if (!there || there->empty()) return std::optional<uint64_t>();
  std::string_view s = std::string_view(*there).substr(1);
  if (s.empty()) return std::optional(end);
  // Then the line end that the body lacks or the empty line, and a From line.
  if (s.starts_with("\r\n")) s.remove_prefix(2);
  else if (s[0] == '\n') s.remove_prefix(1);
  else if ((*there)[0] != '\n') return std::optional<uint64_t>();
  if (s.empty()) return std::optional(end);
  s = s.substr(0, s.find('\n'));
  if (s.ends_with('\r')) s.remove_suffix(1);
  return parse_from_line(s) ? std::optional(end) : std::nullopt;
}

void MboxReader::make_message(Message& m, std::string raw, std::size_t exact_end) const {
  bool is_exact = exact_end && exact_end <= raw.size();
  if (is_exact) raw.resize(exact_end);
  std::string plain = is_exact ? std::move(raw) : unquoted(raw);
  Fields f;
  if (Message ours = m; take_ours(plain, ours, f)) m = std::move(ours);
  else take_foreign(plain, is_exact, m, f = Fields());
  m.message.is_recent = !f.is_old;
  auto subject = is_first_ && f.has_imap ? mime::find(m.message.bytes, "Subject") : std::nullopt;
  m.is_internal = m.is_internal || (subject && subject->find("DON'T DELETE THIS MESSAGE") != subject->npos);
  if (!is_first_) m.numbering = {};
  if (!m.message.date)
    if (auto date = mime::find(m.message.bytes, "Date"))
      if (auto parsed = mime::parse_date(*date)) m.message.date = parsed->time.seconds();
  if (m.message.bytes.empty()) m.problem = "an empty message";
}

Result<std::optional<MboxReader::Message>> MboxReader::next() {
  CHECK(fill(max_from_line + 2));
  if (is_first_ && buffer_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  while (is_first_ && at_ < buffer_.size() && (buffer_[at_] == '\n' || buffer_[at_] == '\r')) at_++;
  if (at_ == buffer_.size()) return std::optional<Message>();
  CHECK(fill(max_from_line + 2));
  std::string_view s = std::string_view(buffer_).substr(at_);
  auto line_end = s.substr(0, max_from_line + 2).find('\n');
  if (is_first_ && (!s.starts_with("From ") || line_end == s.npos))
    return fail(Fault::perm, "is not an mbox: it does not begin with a line \"From ...\"");
  std::string from(s.substr(0, line_end));
  if (from.ends_with('\r')) from.pop_back();
  Message m;
  m.offset = base_ + at_;
  if (auto line = parse_from_line(from); line && line->date) m.message.date = *line->date;
  at_ += line_end == s.npos ? s.size() : line_end + 1;

  std::string raw;
  bool in_header = true;
  uint64_t least_end = 0;     // by Content-Length, in the file and in raw
  std::size_t exact_end = 0;
  is_too_long_ = in_line_ = after_blank_ = false;
  for (;;) {
    CHECK(fill(max_from_line + 2));
    if (at_ == buffer_.size()) break;
    if (!in_line_ && base_ + at_ >= least_end && is_from_line_here()) break;
    bool was_in_line = in_line_;
    std::size_t before = raw.size();
    take_line(raw);
    if (in_header && (is_too_long_ || before > max_header_kept)) in_header = false;
    std::string_view line = std::string_view(raw).substr(std::min(before, raw.size()));
    if (!in_header || was_in_line || (line != "\n" && line != "\r\n")) continue;
    in_header = false;
    if (raw.starts_with(marker)) continue;  // ours: such a field is the message's own
    TRY(auto end, end_by_length(raw, base_ + at_));
    if (!end) continue;
    least_end = *end;
    exact_end = raw.size() + static_cast<std::size_t>(*end - base_ - at_);
  }
  if (is_too_long_) m.problem = fmt::format("a message of more than {} is not taken", size_text(limit_));
  else make_message(m, std::move(raw), exact_end);
  is_first_ = false;
  return std::optional(std::move(m));
}

namespace {
std::string from_line(std::string_view sender, int64_t date) {
  Civil c = civil(from_seconds(date));
  return fmt::format("From {} {} {} {:2} {:02}:{:02}:{:02} {:04} +0000\n", sender, days[c.weekday], months[c.month - 1], c.day, c.hour,
                     c.minute, c.second, c.year);
}
std::string base_field(const char* name, const Numbering& n, const std::vector<std::string>& keywords) {
  std::string r = fmt::format("{}: {} {:010}", name, n.uid_validity, n.uid_next - 1);
  for (auto& k : keywords) r += " " + k;
  return r + "\n";
}

std::string sender_of(std::string_view message) {
  auto path = mime::find(message, "Return-Path");
  std::string s = path ? mime::unfold(*path) : "";
  if (s.size() > 2 && s.front() == '<' && s.back() == '>') s = s.substr(1, s.size() - 2);
  bool is_plain = !s.empty() && s.size() < 300 && std::none_of(s.begin(), s.end(), [](char c) { return is_ctl(c) || c == ' ' || c == '<'; });
  return is_plain ? s : "MAILER-DAEMON";
}
}  // namespace

std::string mbox_message(const PortableMessage& m, const MboxBase* base) {
  std::string fields, status, x_status, names;
  int count = 0;
  auto field = [&](const std::string& line) { fields += line, count++; };
  if (base) field(base_field("X-IMAPbase", base->numbering, base->keywords));
  if (m.uid) field(fmt::format("X-UID: {}\n", m.uid));
  if (m.flags & seen) status += 'R';
  if (!m.is_recent) status += 'O';
  struct Letter { char letter; uint8_t flag; };
  for (Letter l : {Letter{'A', answered}, {'F', flagged}, {'T', draft}, {'D', deleted}})
    if (m.flags & l.flag) x_status += l.letter;
  if (!status.empty()) field("Status: " + status + "\n");
  if (!x_status.empty()) field("X-Status: " + x_status + "\n");
  for (auto& k : m.keywords) names += " " + k;
  if (!names.empty()) field("X-Keywords:" + names + "\n");
  if (!m.uidl.empty()) field(fmt::format("{}: {}\n", uidl_field, m.uidl));
  std::string file = to_file(m.bytes), out = from_line(sender_of(m.bytes), m.date);
  out.reserve(out.size() + fields.size() + file.size() + 64);
  out += fmt::format("{}: {}\n", marker, count) + fields;
  quote(out, file);
  return out += '\n';
}

std::string mbox_internal(const Numbering& n, int64_t date) {
  return from_line("MAILER-DAEMON", date) + "From: Mail System Internal Data <MAILER-DAEMON@localhost>\n" +
         "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n" + base_field("X-IMAP", n, {}) + "Status: RO\n\n" +
         "This is no mail. It keeps the numbering of a folder that had no mail when it was written.\n\n";
}

std::string mbox_of_folder(std::string_view folder) {
  std::string r;
  for (auto level : split(folder, '/')) {
    std::string name = file_name_encode(level);
    // A directory must not have the name of another folder's file.
    if (name.ends_with(".mbox")) name.replace(name.size() - 5, 1, "%2E");
    r += (r.empty() ? "" : "/") + name;
  }
  return r + ".mbox";
}

std::string folder_of_mbox(std::string_view path) {
  std::string r;
  if (path.ends_with(".mbox")) path.remove_suffix(5);
  for (auto level : split(path, '/')) {
    if (level.ends_with(".sbd")) level.remove_suffix(4);
    std::optional<std::string> name;
    if (level.find('%') != level.npos) name = file_name_decode(level);
    else if (level.find('&') != level.npos) name = mime::from_utf7(level);
    r += (r.empty() ? "" : "/") + (name ? *name : std::string(level));
  }
  return r;
}

}  // namespace jd::store

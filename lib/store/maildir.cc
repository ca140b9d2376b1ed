// SPDX-License-Identifier: MIT
// maildir.cc: the words of a Maildir: file names, lists of UIDs and keywords, names of folders.
#include "lib/store/maildir.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/utf7.h"
#include "lib/store/format.h"

namespace jd::store {
namespace {

// The digits at the front; nullopt when there are none or too many.
std::optional<uint64_t> take_digits(std::string_view& s) {
  std::size_t n = 0;
  while (n < s.size() && is_digit(s[n])) n++;
  auto r = to_number(s.substr(0, n));
  s.remove_prefix(n);
  return r;
}

std::optional<uint32_t> uid_of(std::string_view s) {
  auto n = to_number(s);
  if (!n || *n == 0 || *n > UINT32_MAX) return {};
  return static_cast<uint32_t>(*n);
}

std::string_view take_line(std::string_view& s) {
  auto end = s.find('\n');
  std::string_view line = s.substr(0, end);
  s.remove_prefix(end == s.npos ? s.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view base_of(std::string_view file) { return file.substr(0, file.find(':')); }

// "<uid> <file>" lines, or, in version 3, "<uid> [fields] :<file>".
void take_uids(UidList& list, std::string_view text, bool has_colon) {
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (line.empty()) continue;
    auto parts = split_once(line, ' ');
    auto uid = parts ? uid_of(parts->first) : std::nullopt;
    std::string_view file = parts ? parts->second : "";
    std::string_view fields;
    if (has_colon) {
      // A field may hold a colon, and so may the file's name: the first with a blank before it counts.
      auto colon = file.starts_with(":") ? 0 : file.find(" :");
      fields = file.substr(0, colon);
      file = colon == file.npos ? "" : file.substr(file.find(':', colon) + 1);
    }
    file = base_of(trim(file));
    if (!uid || file.empty() || !list.uids.emplace(file, *uid).second) {
      list.bad_lines++;
      continue;
    }
    for (auto f : words(fields))
      if (f[0] == 'P' && f.size() > 1) list.uidls.emplace(file, f.substr(1));
    // Lines are appended without a new header.
    list.numbering.uid_next = std::max(list.numbering.uid_next, *uid == UINT32_MAX ? *uid : *uid + 1);
  }
}

std::string utf8_name(std::string_view name) {
  auto utf8 = mime::from_utf7(name);
  return utf8 ? *utf8 : std::string(name);
}

std::string joined(const std::vector<std::string_view>& levels) {
  std::string r;
  for (auto l : levels) r += (r.empty() ? "" : "/") + utf8_name(l);
  return r;
}
}  // namespace

MaildirName parse_maildir_name(std::string_view file) {
  MaildirName n;
  n.base = base_of(file);
  std::string_view rest = n.base;
  if (auto seconds = take_digits(rest); seconds && *seconds < (uint64_t{1} << 40)) {
    n.seconds = static_cast<int64_t>(*seconds);
    if (rest.starts_with(".M")) {
      rest.remove_prefix(2);
      if (auto micros = take_digits(rest); micros && *micros <= UINT32_MAX) n.micros = static_cast<uint32_t>(*micros);
    }
  }
  std::string_view info = file.substr(n.base.size());
  if (!info.starts_with(":2,")) return n;
  info.remove_prefix(3);
  info = info.substr(0, info.find(','));  // what follows is for others
  std::size_t first = info.size(), last = 0;
  for (std::size_t i = 0; i < info.size(); i++) {
    switch (info[i]) {
      case 'D': n.flags |= draft; break;
      case 'F': n.flags |= flagged; break;
      case 'P': n.is_passed = true; break;
      case 'R': n.flags |= answered; break;
      case 'S': n.flags |= seen; break;
      case 'T': n.flags |= deleted; break;
      default:
        if (info[i] < 'a' || info[i] > 'z') break;
        first = std::min(first, i);
        last = i + 1;
    }
  }
  if (first < last) n.letters = info.substr(first, last - first);
  return n;
}

std::optional<UidList> parse_dovecot_uidlist(std::string_view text) {
  UidList list;
  auto head = words(take_line(text));
  if (head.size() < 3 || (head[0] != "1" && head[0] != "3")) return {};
  bool is_third = head[0] == "3";
  for (std::size_t i = 1; i < head.size(); i++) {
    std::string_view w = head[i];
    if (!is_third && i <= 2) {
      auto n = uid_of(w);
      if (!n) return {};
      (i == 1 ? list.numbering.uid_validity : list.numbering.uid_next) = *n;
    } else if (is_third && (w[0] == 'V' || w[0] == 'N')) {
      auto n = uid_of(w.substr(1));
      if (!n) return {};
      (w[0] == 'V' ? list.numbering.uid_validity : list.numbering.uid_next) = *n;
    }
  }
  if (!list.numbering.uid_validity || !list.numbering.uid_next) return {};
  take_uids(list, text, is_third);
  return list;
}

std::optional<UidList> parse_courier_uiddb(std::string_view text) {
  UidList list;
  auto head = words(take_line(text));
  if (head.size() < 3 || head[0] != "/1") return {};
  auto validity = uid_of(head[1]), next = uid_of(head[2]);
  if (!validity || !next) return {};
  list.numbering = {*validity, *next};
  take_uids(list, text, false);
  return list;
}

namespace {
// Courier's name of a message that has no number there.
std::string courier_name(std::string_view base) {
  std::string r;
  for (char c : base) {
    if (c < 0x21 || c > 0x7e || c == '\'' || c == '"' || c == '+') r += "+" + upper(hex({&c, 1}));
    else r += c;
  }
  return r;
}
}  // namespace

std::map<std::string, std::string, std::less<>> parse_courier_pop3list(std::string_view text) {
  std::map<std::string, std::string, std::less<>> r;
  if (!text.starts_with('/')) return r;
  take_line(text);
  while (!text.empty()) {
    auto w = words(take_line(text));
    if (w.size() != 3) continue;
    auto parts = split(w[2], ':');
    auto n = to_number(parts[0]), validity = parts.size() > 1 ? to_number(parts[1]) : std::optional<uint64_t>(0);
    std::string_view base = base_of(w[0]);
    if (!n || !validity || base.empty()) continue;
    r.emplace(base, !*n ? courier_name(base) : *validity ? fmt::format("UID{}-{}", *n, *validity) : fmt::format("UID{}", *n));
  }
  return r;
}

std::vector<std::string> parse_dovecot_keywords(std::string_view text) {
  std::vector<std::string> r;
  while (!text.empty()) {
    auto parts = split_once(take_line(text), ' ');
    auto n = parts ? to_number(parts->first) : std::nullopt;
    if (!n || *n >= 26) continue;
    if (r.size() <= *n) r.resize(*n + 1);
    r[*n] = parts->second;
  }
  return r;
}

std::vector<std::string> parse_dovecot_subscriptions(std::string_view text, char separator) {
  std::vector<std::string> r;
  bool is_second = text.starts_with("V\t2\n");
  if (is_second) take_line(text);
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (!line.empty()) r.push_back(joined(split(line, is_second ? '\t' : separator)));
  }
  return r;
}

std::vector<std::string> parse_courier_subscriptions(std::string_view text) {
  std::vector<std::string> r;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (istarts_with(line, "INBOX.") && line.size() > 6) line.remove_prefix(6);
    if (!line.empty()) r.push_back(joined(split(line, '.')));
  }
  return r;
}

std::optional<std::string> folder_of_maildir(std::string_view directory) {
  if (directory.size() < 2 || directory[0] != '.' || directory.starts_with("..")) return {};
  return joined(split(directory.substr(1), '.'));
}

std::string maildir_of_folder(std::string_view folder) {
  std::string r, name(folder);
  for (char& c : name) c = c == '.' ? '_' : c;
  for (auto level : split(name, '/')) r += "." + mime::to_utf7(level);
  return r;
}

std::string dovecot_subscriptions(const std::set<std::string>& names) {
  std::string r;
  for (auto& n : names) r += maildir_of_folder(n).substr(1) + "\n";
  return r;
}

}  // namespace jd::store

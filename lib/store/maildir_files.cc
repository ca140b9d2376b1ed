// SPDX-License-Identifier: MIT
// maildir_files.cc: the directories and files of a Maildir.
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "lib/base/file.h"
#include "lib/base/hash.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/mime/utf7.h"
#include "lib/store/format.h"
#include "lib/store/maildir.h"

namespace jd::store {
namespace {
constexpr int max_depth = 50;
constexpr std::size_t max_list_bytes = 1u << 30;
constexpr int64_t copied_after = 3600;  // seconds
constexpr const char* forwarded = "$Forwarded";

Result<Fd> open_directory(int dir, const std::string& name) {
  auto r = file::open(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!r && (r.error().sys == ELOOP || r.error().sys == ENOTDIR)) return fail(Fault::perm, "is a symbolic link or no directory");
  return r;
}

// All names but "." and "..", sorted.
Result<std::vector<std::string>> names_in(int dir) {
  TRY(Fd own, file::open(dir, ".", O_RDONLY | O_DIRECTORY));
  std::unique_ptr<DIR, int (*)(DIR*)> d(::fdopendir(own.release()), &::closedir);
  if (!d) return fail_errno(errno, "cannot list a directory");
  std::vector<std::string> r;
  errno = 0;
  while (dirent* e = ::readdir(d.get())) {
    std::string_view n = e->d_name;
    if (n != "." && n != "..") r.emplace_back(n);
  }
  if (errno) return fail_errno(errno, "cannot list a directory");
  std::sort(r.begin(), r.end());
  return r;
}

bool is_directory(int dir, const std::string& name) {
  struct stat st;
  return ::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}
bool is_link(int dir, const std::string& name) {
  struct stat st;
  return ::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}
bool has_mail(int dir, const std::string& name) { return is_directory(dir, name + "/cur") || is_directory(dir, name + "/new"); }

// The whole of a regular file; O_NONBLOCK so that a FIFO cannot stop us.
Result<std::string> read_regular(int dir, const std::string& name, std::size_t limit, struct stat* st) {
  TRY(Fd fd, file::open(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (::fstat(fd.get(), st) < 0) return fail_errno(errno, "cannot look at it");
  if (!S_ISREG(st->st_mode)) return fail(Fault::perm, "is no regular file");
  if (static_cast<uint64_t>(st->st_size) > limit) return fail(Fault::perm, "is larger than {}", size_text(limit));
  TRY(auto bytes, file::read_at(fd.get(), static_cast<std::size_t>(st->st_size), 0));
  if (bytes.size() != static_cast<uint64_t>(st->st_size)) return fail(Fault::perm, "became shorter while it was read");
  return bytes;
}
std::optional<std::string> read_list(int dir, const std::string& name) {
  struct stat st;
  auto r = read_regular(dir, name, max_list_bytes, &st);
  if (!r) return {};
  return *r;
}

// Dovecot's layout "fs": directories within directories.
void find_nested(int dir, const std::string& directory, const std::string& name, int depth, std::vector<MaildirFolder>& out,
                 std::vector<Left>& left) {
  auto opened = depth < max_depth ? open_maildir(dir, directory) : Result<Fd>(fail(Fault::perm, "directories nest too deep"));
  auto names = opened ? names_in(opened->get()) : Result<std::vector<std::string>>(Unexpected(opened.error()));
  if (!names) {
    left.push_back({directory, names.error().what});
    return;
  }
  for (auto& n : *names) {
    if (n[0] == '.' || n == "cur" || n == "new" || n == "tmp" || !is_directory(opened->get(), n)) continue;
    auto utf8 = mime::from_utf7(n);
    std::string below = directory == "." ? n : directory + "/" + n;
    std::string folder = (name.empty() ? "" : name + "/") + (utf8 ? *utf8 : n);
    if (has_mail(opened->get(), n)) out.push_back({below, folder});
    find_nested(dir, below, folder, depth + 1, out, left);
  }
}
}  // namespace

// Level by level: no level may be a link.
Result<Fd> open_maildir(int top, const std::string& directory) {
  TRY(Fd at, file::open(top, ".", O_RDONLY | O_DIRECTORY));
  if (directory == ".") return at;
  for (auto level : split(directory, '/')) {
    TRY(at, open_directory(at.get(), std::string(level)));
  }
  return at;
}

Result<std::vector<MaildirFolder>> maildir_folders(int top, std::vector<Left>& left) {
  std::vector<MaildirFolder> r;
  if (has_mail(top, ".")) r.push_back({".", "INBOX"});
  TRY(auto names, names_in(top));
  for (auto& n : names) {
    auto folder = folder_of_maildir(n);
    if (!folder) continue;
    if (is_link(top, n)) left.push_back({n, "is a symbolic link: give its target as a path of its own"});
    else if (has_mail(top, n)) r.push_back({n, *folder});
  }
  find_nested(top, ".", "", 0, r, left);
  std::sort(r.begin(), r.end(), [](auto& a, auto& b) {
    return std::pair(a.directory != ".", a.name) < std::pair(b.directory != ".", b.name);
  });
  return r;
}

std::vector<std::string> maildir_subscriptions(int top) {
  if (auto text = read_list(top, "subscriptions")) return parse_dovecot_subscriptions(*text, text->find('/') == std::string::npos ? '.' : '/');
  if (auto text = read_list(top, "courierimapsubscribed")) return parse_courier_subscriptions(*text);
  return {};
}

Result<MaildirListing> list_maildir(int folder, std::vector<Left>& left) {
  MaildirListing r;
  UidList uids;
  if (auto text = read_list(folder, "dovecot-uidlist")) {
    if (auto list = parse_dovecot_uidlist(*text)) uids = std::move(*list);
    else left.push_back({"dovecot-uidlist", "is no list of UIDs of version 1 or 3: the mail gets new ones"});
  } else if (auto courier = read_list(folder, "courierimapuiddb")) {
    if (auto list = parse_courier_uiddb(*courier)) uids = std::move(*list);
    else left.push_back({"courierimapuiddb", "is no list of UIDs of version 1: the mail gets new ones"});
  }
  if (uids.uidls.empty())
    if (auto text = read_list(folder, "courierpop3dsizelist")) uids.uidls = parse_courier_pop3list(*text);
  if (uids.bad_lines) left.push_back({"the list of UIDs", fmt::format("{} lines make no sense", uids.bad_lines)});
  if (auto text = read_list(folder, "dovecot-keywords")) r.keywords = parse_dovecot_keywords(*text);
  r.numbering = uids.numbering;
  for (const char* sub : {"cur", "new"}) {
    auto opened = open_directory(folder, sub);
    if (!opened && opened.error().sys == ENOENT) continue;
    if (!opened) {
      left.push_back({sub, opened.error().what});
      continue;
    }
    TRY(auto names, names_in(opened->get()));
    for (auto& n : names) {
      if (n[0] == '.') continue;
      std::string_view base = parse_maildir_name(n).base;
      auto uid = uids.uids.find(base);
      auto uidl = uids.uidls.find(base);
      r.items.push_back({std::string(sub) + "/" + n, uid == uids.uids.end() ? 0 : uid->second, uidl == uids.uidls.end() ? "" : uidl->second});
    }
  }
  std::sort(r.items.begin(), r.items.end(), [](const MaildirItem& a, const MaildirItem& b) {
    if ((a.uid == 0) != (b.uid == 0)) return b.uid == 0;
    if (a.uid != b.uid) return a.uid < b.uid;
    std::string_view fa = std::string_view(a.file).substr(4), fb = std::string_view(b.file).substr(4);
    auto na = parse_maildir_name(fa), nb = parse_maildir_name(fb);
    return std::tuple(na.seconds, na.micros, fa) < std::tuple(nb.seconds, nb.micros, fb);
  });
  return r;
}

Result<PortableMessage> read_maildir(int folder, const MaildirListing& listing, const MaildirItem& item) {
  PortableMessage m;
  std::string name = item.file.substr(4);
  TRY(Fd sub, open_directory(folder, item.file.substr(0, 3)));
  struct stat st;
  auto bytes = read_regular(sub.get(), name, max_portable_bytes, &st);
  if (!bytes && bytes.error().sys == ENOENT) return fail(Fault::perm, "was renamed or deleted meanwhile: import again");
  if (!bytes && bytes.error().sys == ELOOP) return fail(Fault::perm, "is a symbolic link, which is not followed");
  if (!bytes) return fail(bytes.error().sys == EMFILE || bytes.error().sys == ENOMEM ? Fault::temp : Fault::perm, "{}", bytes.error().what);
  if (bytes->empty()) return fail(Fault::perm, "is empty");
  m.bytes = to_wire(*bytes);
  auto n = parse_maildir_name(name);
  m.flags = n.flags;
  if (n.is_passed) m.keywords.push_back(forwarded);
  for (char c : n.letters) {
    auto at = static_cast<std::size_t>(c - 'a');
    if (c < 'a' || c > 'z' || at >= listing.keywords.size() || listing.keywords[at].empty()) continue;
    if (!iequals(listing.keywords[at], forwarded) || !n.is_passed) m.keywords.push_back(listing.keywords[at]);
  }
  m.uid = item.uid;
  m.uidl = item.uidl;
  m.is_recent = item.file.starts_with("new/");
  m.date = st.st_mtim.tv_sec;
  if (n.seconds && m.date - n.seconds > copied_after) m.date = n.seconds;
  return m;
}

Result<MaildirWriter> MaildirWriter::create(Fd folder, Numbering numbering) {
  for (const char* sub : {"cur", "new", "tmp"}) CHECK(file::make_directory(folder.get(), sub));
  return MaildirWriter(std::move(folder), numbering);
}

Status MaildirWriter::add(const PortableMessage& m) {
  std::string file = to_file(m.bytes), letters;
  struct Letter { char letter; uint8_t flag; };
  bool is_passed = false;
  for (auto& k : m.keywords) {
    is_passed = is_passed || iequals(k, forwarded);
    auto at = std::find(keywords_.begin(), keywords_.end(), k);
    if (at == keywords_.end() && keywords_.size() == 26) {
      keywords_left_out_++;
      continue;
    }
    letters += static_cast<char>('a' + (at - keywords_.begin()));
    if (at == keywords_.end()) keywords_.push_back(k);
  }
  std::sort(letters.begin(), letters.end());
  std::string flags;
  for (Letter l : {Letter{'D', draft}, {'F', flagged}, {'P', 0}, {'R', answered}, {'S', seen}, {'T', deleted}})
    if (l.flag ? (m.flags & l.flag) != 0 : is_passed) flags += l.letter;
  flags += letters;
  // What a reader of the file computes: with a lone LF in the store it is not our size.
  uint64_t wire_size = file.size() < m.bytes.size() ? m.bytes.size() : to_wire(file).size();
  std::string base = fmt::format("{}.M{}V{}.jdmail,S={},W={}", std::max<int64_t>(m.date, 0), m.uid, numbering_.uid_validity, file.size(), wire_size);
  bool is_new = m.is_recent && flags.empty();
  std::string path = is_new ? "new/" + base : "cur/" + base + ":2," + flags;
  TRY(Fd fd, file::open(folder_.get(), path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));
  CHECK(file::write_at(fd.get(), file, 0));
  timespec times[2] = {{m.date, 0}, {m.date, 0}};
  if (::futimens(fd.get(), times) < 0) return fail_errno(errno, "cannot set the time of {}", path);
  uid_lines_ += fmt::format("{} {}{}:{}\n", m.uid, m.uidl.empty() ? "" : "P" + m.uidl, m.uidl.empty() ? "" : " ", base);
  return {};
}

Status MaildirWriter::finish(bool is_top) {
  auto write = [&](const char* name, const std::string& bytes) -> Status {
    TRY(Fd fd, file::open(folder_.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));
    return file::write_at(fd.get(), bytes, 0);
  };
  CHECK(write("dovecot-uidlist", fmt::format("3 V{} N{} G{}\n", numbering_.uid_validity, numbering_.uid_next, hex(random_bytes(16))) + uid_lines_));
  std::string lines;
  for (std::size_t i = 0; i < keywords_.size(); i++) lines += fmt::format("{} {}\n", i, keywords_[i]);
  if (!lines.empty()) CHECK(write("dovecot-keywords", lines));
  if (!is_top) CHECK(write("maildirfolder", ""));
  return {};
}

}  // namespace jd::store

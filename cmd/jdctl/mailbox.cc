// SPDX-License-Identifier: MIT
// mailbox import: Maildir and mbox into an account.
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "cmd/jdctl/transfer.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/base/uidl_format.h"
#include "lib/mime/header.h"
#include "lib/store/account.h"
#include "lib/store/importer.h"
#include "lib/store/maildir.h"
#include "lib/store/mbox.h"

namespace jd::ctl {
namespace {
using store::FolderImport;
constexpr int max_depth = 50;

class Import {
 public:
  Import(const Options& o, const TransferOptions& t) : options_(o), t_(t), summary_(o.json, "imported") {}
  int run();

 private:
  Result<std::string> format() const;
  Status open_account();
  Status maildir();
  Status maildir_folder(int top, const store::MaildirFolder& f, const std::string& into);
  Status mbox();
  Status mbox_directory(int dir, const std::string& below, int depth);
  Status mbox_stream(Fd fd, const std::string& label, const std::string& folder);
  struct Mbox {
    std::string label, folder;
    int64_t date;             // of messages that tell none
    std::set<uint64_t> late;  // offsets of those whose UIDs cannot be kept
    store::Numbering numbering;
    std::optional<FolderImport> import;
  };
  Status mbox_messages(store::MboxReader& reader, Mbox& box, bool may_wait);
  Status begin(const std::string& where, const std::string& folder, store::Numbering n, std::optional<FolderImport>& out);
  // False: it is to be added again at the end.
  std::string uidl(const store::PortableMessage& m, std::string_view file, store::Numbering n) const;
  Result<bool> add(FolderImport& f, const std::string& where, const store::PortableMessage& m, bool may_wait);
  Status maildir_items(FolderImport& f, int dir, const std::string& where, const store::MaildirListing& list);
  Status finish(FolderImport& f);
  void subscribe(const std::vector<std::string>& names);

  const Options& options_;
  const TransferOptions& t_;
  Summary summary_;
  Owner owner_;
  std::unique_ptr<store::Account> account_;
  Fd lock_;
  std::vector<std::string> folders_;  // that were imported
};

// A file or a pipe.
struct FdSource : store::MboxReader::Source {
  explicit FdSource(int f) : fd(f), can_seek(::lseek(f, 0, SEEK_CUR) >= 0) {}
  Result<std::size_t> read(char* into, std::size_t size) override {
    for (;;) {
      ssize_t n = ::read(fd, into, size);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return fail_errno(errno, "cannot read the mbox");
    }
  }
  Result<std::optional<std::string>> at(uint64_t offset, std::size_t size) override {
    if (!can_seek) return std::optional<std::string>();
    TRY(auto bytes, file::read_at(fd, size, offset));
    return std::optional(std::move(bytes));
  }
  int fd;
  bool can_seek;
};

bool is_maildir(const std::string& path) {
  struct stat st;
  for (const char* sub : {"/cur", "/new"})
    if (::stat((path + sub).c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return true;
  Result<Fd> top = file::open(path, O_RDONLY | O_DIRECTORY);
  std::vector<store::Left> ignored;
  auto folders = top ? store::maildir_folders(top->get(), ignored) : Result<std::vector<store::MaildirFolder>>(Unexpected(top.error()));
  return folders && !folders->empty();
}

Result<std::string> Import::format() const {
  if (!t_.format.empty()) return t_.format;
  if (t_.path == "-") return "mbox";
  struct stat st;
  if (::stat(t_.path.c_str(), &st) < 0) return fail_errno(errno, "cannot import {}", t_.path);
  return S_ISDIR(st.st_mode) && is_maildir(t_.path) ? "maildir" : "mbox";
}

Status Import::open_account() {
  TRY(std::string path, mailbox_path(options_, t_.address));
  bool is_there = file::exists(path);
  if (!is_there) CHECK(check_account(options_, t_.address));
  TRY(owner_, Owner::of(is_there ? path : options_.paths.mail));
  TRY(Config config, Config::load_or_defaults(options_.paths));
  Owner::Hold as_owner(owner_);
  TRY(account_, store::Account::open(path, true, {.keep_gone = config.keep_expunged()}));
  // Two that do not know of each other would bring everything in twice.
  auto lock = file::lock(path + "/import");
  if (!lock && lock.error().sys == 0) return fail(Fault::perm, "another import into {} is under way: {}", t_.address, lock.error().what);
  if (!lock) return Unexpected(lock.error());
  lock_ = std::move(*lock);
  return {};
}

int Import::run() {
  auto f = format();
  if (!f) return failed(f.error());
  if (auto r = open_account(); !r) return failed(r.error());
  Status r = *f == "maildir" ? maildir() : mbox();
  if (!r) {
    int code = failed(r.error());
    if (code == 111) fprintf(stderr, "jdctl: what was imported so far stays: run the same command again when the cause is gone\n");
    return code;
  }
  return summary_.print(t_.address, *f);
}

// perm: this folder is left out, the others go on.
Status Import::begin(const std::string& where, const std::string& folder, store::Numbering n, std::optional<FolderImport>& out) {
  Owner::Hold as_owner(owner_);
  auto r = FolderImport::begin(*account_, folder, n, t_.force);
  if (!r && r.error().fault != Fault::perm) return Unexpected(r.error());
  if (r) out = std::move(*r);
  else summary_.left(where, fmt::format("the whole folder: {}; import it by itself with --folder", r.error().what));
  return {};
}

// What the other server called it in POP3.  A list that has it is right; the rest is what the operator knows of that server.
std::string Import::uidl(const store::PortableMessage& m, std::string_view file, store::Numbering n) const {
  if (t_.uidl == "none") return "";
  if (!m.uidl.empty() || t_.uidl == "list") return m.uidl;
  if (t_.uidl == "header") return mime::unfold(mime::find(m.bytes, "X-UIDL").value_or(""));
  if (t_.uidl == "file") return std::string(store::parse_maildir_name(file).base);
  return m.uid && n.uid_validity ? uidl_text(t_.uidl, n.uid_validity, m.uid).value_or("") : "";
}

Result<bool> Import::add(FolderImport& f, const std::string& where, const store::PortableMessage& m, bool may_wait) {
  Owner::Hold as_owner(owner_);
  auto r = f.add(m, may_wait);
  if (!r && r.error().fault != Fault::perm) return wrap(Result<bool>(Unexpected(r.error())), "{}", where);
  if (!r) summary_.left(where, r.error().what);
  return !r || *r != FolderImport::Outcome::later;
}

Status Import::finish(FolderImport& f) {
  Owner::Hold as_owner(owner_);
  CHECK(f.finish());
  auto& r = f.report();
  folders_.push_back(r.folder);
  summary_.folder({r.folder, r.added, r.present, r.expunged, r.renumbered, r.keywords_left_out, r.uidls, r.uidls_left_out, r.uid_validity, r.keeps_uids, r.note});
  return {};
}

// Names of folders that are gone may be subscribed to: they are taken as they are.
void Import::subscribe(const std::vector<std::string>& names) {
  Owner::Hold as_owner(owner_);
  for (auto& n : names)
    if (auto r = account_->tree().subscribe(n, true); !r) summary_.left("subscription to " + n, r.error().what);
}

Status Import::maildir() {
  TRY(Fd top, wrap(file::open(t_.path, O_RDONLY | O_DIRECTORY), "cannot import {}", t_.path));
  std::vector<store::Left> left;
  TRY(auto folders, wrap(store::maildir_folders(top.get(), left), "{}", t_.path));
  summary_.left(t_.path, left);
  bool is_one = !t_.folder.empty();
  if (is_one) std::erase_if(folders, [](auto& f) { return f.directory != "."; });
  if (folders.empty()) return fail(Fault::perm, "{} is not a Maildir: there is no cur or new in it", t_.path);
  for (auto& f : folders) CHECK(maildir_folder(top.get(), f, is_one ? t_.folder : f.name));
  auto names = is_one ? std::vector<std::string>{} : store::maildir_subscriptions(top.get());
  subscribe(names.empty() ? folders_ : names);
  return {};
}

Status Import::maildir_folder(int top, const store::MaildirFolder& f, const std::string& into) {
  std::string where = f.directory == "." ? t_.path : t_.path + "/" + f.directory;
  std::vector<store::Left> left;
  auto dir = store::open_maildir(top, f.directory);
  auto list = dir ? store::list_maildir(dir->get(), left) : Result<store::MaildirListing>(Unexpected(dir.error()));
  summary_.left(where, left);
  if (!list) {
    summary_.left(where, "the whole folder: " + list.error().what);
    return {};
  }
  std::optional<FolderImport> import;
  CHECK(begin(where, into, list->numbering, import));
  if (!import) return {};
  CHECK(maildir_items(*import, dir->get(), where, *list));
  return finish(*import);
}

// First those that keep their UIDs, then, above the source's UIDNEXT, the others.
Status Import::maildir_items(FolderImport& f, int dir, const std::string& where, const store::MaildirListing& list) {
  std::vector<store::MaildirItem> late;
  auto all = [&](const std::vector<store::MaildirItem>& items, bool with_uids, bool may_wait) -> Status {
    for (auto& item : items) {
      if ((item.uid != 0) != with_uids) continue;
      std::string place = where + "/" + item.file;
      auto m = store::read_maildir(dir, list, item);
      if (!m && m.error().fault != Fault::perm) return wrap(Status(Unexpected(m.error())), "{}", place);
      if (!m) {
        summary_.left(place, m.error().what);
        continue;
      }
      m->uidl = uidl(*m, item.file.substr(4), list.numbering);
      TRY(bool is_done, add(f, place, *m, may_wait));
      if (!is_done) late.push_back(item);
    }
    return {};
  };
  CHECK(all(list.items, true, true));
  {
    Owner::Hold as_owner(owner_);
    CHECK(f.pass_uid_next());
  }
  auto waiting = std::move(late);
  CHECK(all(waiting, true, false));
  return all(list.items, false, false);
}

Status Import::mbox() {
  std::string folder = t_.folder.empty() ? "INBOX" : t_.folder;
  if (t_.path == "-") {
    CHECK(mbox_stream(Fd(::dup(0)), "standard input", folder));
  } else {
    TRY(Fd fd, wrap(file::open(t_.path, O_RDONLY), "cannot import {}", t_.path));
    struct stat st;
    if (::fstat(fd.get(), &st) < 0) return fail_errno(errno, "cannot import {}", t_.path);
    if (!S_ISDIR(st.st_mode)) {
      CHECK(mbox_stream(std::move(fd), t_.path, folder));
    } else if (!t_.folder.empty()) {
      return fail(Fault::usage, "{} is a directory: --folder goes with one file", t_.path);
    } else {
      CHECK(mbox_directory(fd.get(), "", 0));
      for (const char* list : {".subscriptions", "subscriptions", ".mailboxlist"})
        if (auto text = file::read_all(fd.get(), list)) {
          subscribe(store::parse_dovecot_subscriptions(*text, '/'));
          return {};
        }
    }
  }
  subscribe(folders_);
  return {};
}

// One file a folder; links are not followed.
Status Import::mbox_directory(int dir, const std::string& below, int depth) {
  TRY(auto names, file::list(dir, "."));
  std::sort(names.begin(), names.end());
  for (auto& n : names) {
    std::string path = below + n, where = t_.path + "/" + path;
    if (n[0] == '.' || n.ends_with(".lock") || n.ends_with(".msf") || n == "subscriptions") continue;
    auto fd = file::open(dir, n, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    if (!fd || ::fstat(fd->get(), &st) < 0) {
      summary_.left(where, fd ? "cannot be looked at" : fd.error().sys == ELOOP ? "is a symbolic link, which is not followed" : fd.error().what);
    } else if (S_ISDIR(st.st_mode)) {
      if (depth >= max_depth) summary_.left(where, "directories nest too deep");
      else CHECK(mbox_directory(fd->get(), path + "/", depth + 1));
    } else if (!S_ISREG(st.st_mode)) {
      summary_.left(where, "is no regular file");
    } else {
      CHECK(mbox_stream(std::move(*fd), where, store::folder_of_mbox(path)));
    }
  }
  return {};
}

Status Import::mbox_stream(Fd fd, const std::string& label, const std::string& folder) {
  Mbox box{label, folder, 0, {}, {}, std::nullopt};
  struct stat st;
  bool is_file = ::fstat(fd.get(), &st) == 0 && S_ISREG(st.st_mode);
  if (is_file) box.date = st.st_mtim.tv_sec;
  FdSource source(fd.get());
  store::MboxReader reader(source);
  CHECK(mbox_messages(reader, box, is_file));
  if (!box.import) return {};
  if (!box.late.empty()) {
    {
      Owner::Hold as_owner(owner_);
      CHECK(box.import->pass_uid_next());
    }
    if (::lseek(fd.get(), 0, SEEK_SET) < 0) return fail_errno(errno, "cannot read {} again", label);
    store::MboxReader again(source);
    CHECK(mbox_messages(again, box, false));
  }
  return finish(*box.import);
}

// In the first pass all messages; in the second those that had to wait.
Status Import::mbox_messages(store::MboxReader& reader, Mbox& box, bool may_wait) {
  bool is_second = !box.late.empty();
  int64_t date = box.date;
  for (;;) {
    auto m = reader.next();
    if (!m && m.error().fault == Fault::perm && !box.import) {
      if (t_.path == box.label || t_.path == "-") return wrap(Status(Unexpected(m.error())), "{}", box.label);
      summary_.left(box.label, m.error().what);
      return {};
    }
    if (!m) return wrap(Status(Unexpected(m.error())), "{}", box.label);
    if (*m && (*m)->numbering.uid_validity) box.numbering = (*m)->numbering;
    if (!box.import) CHECK(begin(box.label, box.folder, *m ? (*m)->numbering : store::Numbering(), box.import));
    if (!*m || !box.import) return {};
    store::MboxReader::Message& one = **m;
    if (!one.message.date) one.message.date = date;
    date = one.message.date;
    if (one.is_internal || (is_second && !box.late.count(one.offset))) continue;
    std::string where = fmt::format("{}, message at byte {}", box.label, one.offset);
    if (!one.problem.empty()) {
      summary_.left(where, one.problem);
      continue;
    }
    one.message.uidl = uidl(one.message, "", box.numbering);
    TRY(bool is_done, add(*box.import, where, one.message, may_wait));
    if (!is_done) box.late.insert(one.offset);
  }
}

}  // namespace

int mailbox_import(const Options& o, const TransferOptions& t) {
  if (!t.format.empty() && t.format != "maildir" && t.format != "mbox")
    return failed(Error(Fault::usage, fmt::format("'{}' is no format: maildir or mbox", escape(t.format))));
  const std::string& u = t.uidl;
  if (u != "list" && u != "header" && u != "file" && u != "none" && !uidl_text(u, UINT32_MAX, UINT32_MAX))
    return failed(Error(Fault::usage, fmt::format("--uidl '{}' is none of list, header, file, none, and no form such as %08Xu%08Xv", escape(u))));
  if (t.path == "-" && t.format == "maildir") return failed(Error(Fault::usage, "a Maildir is a directory: name it"));
  return Import(o, t).run();
}

}  // namespace jd::ctl

// SPDX-License-Identifier: MIT
// mailbox export: an account, or one folder of it, as Maildir or mbox.
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "cmd/jdctl/transfer.h"
#include "lib/base/file.h"
#include "lib/base/random.h"
#include "lib/base/stream.h"
#include "lib/base/text.h"
#include "lib/store/account.h"
#include "lib/store/uidl.h"
#include "lib/store/maildir.h"
#include "lib/store/mbox.h"

namespace jd::ctl {
namespace {

std::vector<std::string> keywords_in_use(const store::FolderState& s) {
  uint64_t used = 0;
  for (auto& e : s.entries()) used |= e.keywords;
  std::vector<std::string> r;
  for (std::size_t b = 0; b < s.keywords().size(); b++)
    if (used >> b & 1) r.push_back(s.keywords()[b]);
  std::sort(r.begin(), r.end());
  return r;
}

class Export {
 public:
  Export(const Options& o, const TransferOptions& t) : options_(o), t_(t), summary_(o.json, "exported") {}
  int run();

 private:
  Status open_account();
  Status check_target() const;
  Status write(const std::string& to);
  Status publish(const std::string& from) const;
  Status maildir(const std::string& to);
  Status maildir_folder(const std::string& path, bool is_top, const std::string& name, Summary::Folder& done);
  Status mbox(const std::string& to);
  Status mbox_file(int fd, bool is_stream, const std::string& name, Summary::Folder& done);
  using Take = std::function<Status(const store::PortableMessage&)>;
  Result<store::Folder*> folder(const std::string& name);
  Status messages(store::Folder& f, const std::string& name, Summary::Folder& done, const Take& take);
  std::vector<std::string> names();

  const Options& options_;
  const TransferOptions& t_;
  Summary summary_;
  Owner owner_;
  std::string format_;
  std::unique_ptr<store::Account> account_;
};

Status Export::open_account() {
  TRY(std::string path, mailbox_path(options_, t_.address));
  if (!file::exists(path)) return fail(Fault::perm, "{} has no mailbox yet: it is made by the first message or login", t_.address);
  TRY(owner_, Owner::of(path));
  TRY(Config config, Config::load_or_defaults(options_.paths));
  Owner::Hold as_owner(owner_);
  TRY(account_, store::Account::open(path, false, {.keep_gone = config.keep_expunged()}));
  if (!t_.folder.empty()) CHECK(account_->folder(t_.folder));
  return {};
}

// Nothing that is there is ever written over.
Status Export::check_target() const {
  struct stat st;
  if (::lstat(t_.path.c_str(), &st) < 0) return {};
  auto names = S_ISDIR(st.st_mode) ? file::list(AT_FDCWD, t_.path) : Result<std::vector<std::string>>(std::vector<std::string>{"it"});
  bool is_file = format_ == "mbox" && !t_.folder.empty();
  if (names && names->empty() && !is_file) return {};
  return fail(Fault::perm, "{} exists: name a new {}", t_.path, is_file ? "file" : "or empty directory");
}

int Export::run() {
  bool is_stream = t_.path == "-";
  format_ = !t_.format.empty() ? t_.format : is_stream || t_.path.ends_with(".mbox") ? "mbox" : "maildir";
  if (is_stream && format_ == "maildir") return failed(Error(Fault::usage, "a Maildir is a directory: name it"));
  if (t_.folder.empty() && format_ == "mbox" && (is_stream || t_.path.ends_with(".mbox")))
    return failed(Error(Fault::usage, "one file holds one folder: name it with --folder, or give a directory"));
  if (auto r = open_account(); !r) return failed(r.error());
  if (is_stream) {
    Summary::Folder done;
    auto r = mbox_file(1, true, t_.folder, done);
    return r ? summary_.status() : failed(r.error());
  }
  if (auto r = check_target(); !r) return failed(r.error());
  std::string partial = t_.path;
  while (partial.size() > 1 && partial.ends_with('/')) partial.pop_back();
  partial += ".partial." + unique_id();
  Status r = write(partial);
  if (!r) {
    (void)file::remove_tree(partial);  // the error that matters is the first
    return failed(r.error());
  }
  return summary_.print(t_.address, format_);
}

Status Export::write(const std::string& to) {
  CHECK(format_ == "maildir" ? maildir(to) : mbox(to));
  return publish(to);
}

// It has its name when it is whole and durable.
Status Export::publish(const std::string& from) const {
  std::string to = from.substr(0, from.rfind(".partial."));
  auto slash = to.rfind('/');
  TRY(Fd parent, file::open(slash == to.npos ? "." : to.substr(0, slash + 1), O_RDONLY | O_DIRECTORY));
  CHECK(file::sync_file_system(parent.get()));
  if (format_ == "mbox" && !t_.folder.empty()) {
    CHECK(file::link(AT_FDCWD, from, AT_FDCWD, to));
    CHECK(file::unlink(AT_FDCWD, from));
  } else {
    CHECK(file::rename(AT_FDCWD, from, to));
  }
  return file::sync_directory(parent.get());
}

std::vector<std::string> Export::names() {
  if (!t_.folder.empty()) return {t_.folder};
  std::set<std::pair<bool, std::string>> sorted;
  for (auto& [id, info] : account_->tree().folders()) sorted.insert({info.name != "INBOX", info.name});
  std::vector<std::string> r;
  for (auto& [other, name] : sorted) r.push_back(name);
  return r;
}

Result<store::Folder*> Export::folder(const std::string& name) {
  Owner::Hold as_owner(owner_);
  TRY(store::Folder * f, account_->folder(name));
  CHECK(f->refresh());
  return f;
}

// Those that are there now; a damaged one is left out.
Status Export::messages(store::Folder& f, const std::string& name, Summary::Folder& done, const Take& take) {
  auto& state = f.state();
  done.name = name;
  done.uid_validity = state.uid_validity();
  store::Uidls names;
  if (f.id() == store::inbox_id) {
    Owner::Hold as_owner(owner_);
    TRY(names, store::read_uidls(account_->dir(), state.uid_validity()));
  }
  for (auto& e : state.entries()) {
    auto bytes = [&] {
      Owner::Hold as_owner(owner_);
      return account_->segments().message(e);
    }();
    if (!bytes && bytes.error().fault == Fault::temp) return Unexpected(bytes.error());
    if (!bytes) {
      summary_.left(fmt::format("{} UID {}", name, e.uid), bytes.error().what);
      continue;
    }
    store::PortableMessage m;
    m.bytes = std::move(*bytes);
    m.flags = e.flags;
    m.uid = e.uid;
    m.date = e.date;
    if (auto* uidl = names.find(e.uid)) m.uidl = *uidl;
    m.is_recent = e.uid >= state.recent();
    for (std::size_t b = 0; b < state.keywords().size(); b++)
      if (e.keywords >> b & 1) m.keywords.push_back(state.keywords()[b]);
    CHECK(take(m));
    done.messages++;
  }
  return {};
}

Status Export::maildir(const std::string& to) {
  CHECK(file::make_directory(AT_FDCWD, to));
  std::set<std::string> used;
  for (auto& name : names()) {
    bool is_top = name == "INBOX" || !t_.folder.empty();
    std::string directory = is_top ? "" : "/" + store::maildir_of_folder(name);
    while (!is_top && !used.insert(directory).second) directory += "_";
    Summary::Folder done;
    if (name.find('.') != name.npos && !is_top) done.note = fmt::format("as {}: a dot separates levels there", directory.substr(1));
    auto r = maildir_folder(to + directory, is_top, name, done);
    if (!r && r.error().sys != ENAMETOOLONG) return r;
    if (!r) summary_.left(name, "its name is too long for a directory");
    else summary_.folder(done);
  }
  if (!t_.folder.empty()) return {};
  TRY(Fd fd, file::open(to + "/subscriptions", O_WRONLY | O_CREAT | O_EXCL));
  return file::write_at(fd.get(), store::dovecot_subscriptions(account_->tree().subscriptions()), 0);
}

Status Export::maildir_folder(const std::string& path, bool is_top, const std::string& name, Summary::Folder& done) {
  TRY(store::Folder * f, folder(name));
  CHECK(file::make_directory(AT_FDCWD, path));
  TRY(Fd dir, file::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY(auto writer, store::MaildirWriter::create(std::move(dir), {f->state().uid_validity(), f->state().uid_next()}));
  CHECK(messages(*f, name, done, [&](auto& m) { return writer.add(m); }));
  done.keywords_left_out = writer.keywords_left_out();
  return writer.finish(is_top);
}

Status Export::mbox(const std::string& to) {
  bool is_one = !t_.folder.empty();
  if (!is_one) CHECK(file::make_directory(AT_FDCWD, to));
  for (auto& name : names()) {
    std::string path = is_one ? to : to + "/" + store::mbox_of_folder(name);
    Summary::Folder done;
    auto r = [&]() -> Status {
      if (!is_one) CHECK(file::make_directories(path.substr(0, path.rfind('/'))));
      TRY(Fd fd, file::open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));
      return mbox_file(fd.get(), false, name, done);
    }();
    if (!r && r.error().sys != ENAMETOOLONG) return r;
    if (!r) summary_.left(name, "its name is too long for a file");
    else summary_.folder(done);
  }
  if (is_one) return {};
  std::string lines;
  for (auto& n : account_->tree().subscriptions()) lines += n + "\n";
  TRY(Fd fd, file::open(to + "/.subscriptions", O_WRONLY | O_CREAT | O_EXCL));
  return file::write_at(fd.get(), lines, 0);
}

Status Export::mbox_file(int fd, bool is_stream, const std::string& name, Summary::Folder& done) {
  TRY(store::Folder * f, folder(name));
  store::MboxBase base{{f->state().uid_validity(), f->state().uid_next()}, keywords_in_use(f->state())};
  uint64_t offset = 0;
  auto put = [&](const std::string& bytes) -> Status {
    if (is_stream && !write_stream(fd, bytes)) return fail(Fault::temp, "nobody reads standard output any more");
    if (!is_stream) CHECK(file::write_at(fd, bytes, offset));
    offset += bytes.size();
    return {};
  };
  CHECK(messages(*f, name, done, [&](auto& m) { return put(store::mbox_message(m, offset ? nullptr : &base)); }));
  return offset ? Status{} : put(store::mbox_internal(base.numbering, now().seconds()));
}

}  // namespace

int mailbox_export(const Options& o, const TransferOptions& t) {
  if (!t.format.empty() && t.format != "maildir" && t.format != "mbox")
    return failed(Error(Fault::usage, fmt::format("'{}' is no format: maildir or mbox", escape(t.format))));
  return Export(o, t).run();
}

}  // namespace jd::ctl

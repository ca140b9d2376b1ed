// SPDX-License-Identifier: MIT
#include "cmd/jdctl/mailbox_ops.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "cmd/jdctl/transfer.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/store/compact.h"
#include "lib/store/expire.h"
#include "lib/store/importer.h"

namespace jd::ctl {
namespace {

std::string messages(uint64_t n) { return n == 1 ? "1 message" : fmt::format("{} messages", n); }

// "1:5,9,12:*"
Result<store::UidSet> parse_uids(const std::string& text) {
  store::UidSet r;
  for (auto part : split(text, ',')) {
    auto range = split(part, ':');
    std::vector<uint32_t> ends;
    for (auto e : range) {
      auto n = e == "*" ? std::optional<uint64_t>(UINT32_MAX - 1) : to_number(e);
      if (!n || *n == 0 || *n >= UINT32_MAX) return fail(Fault::usage, "'{}' is no list of UIDs such as 1:5,9", escape(text));
      ends.push_back(static_cast<uint32_t>(*n));
    }
    if (ends.size() > 2) return fail(Fault::usage, "'{}' is no list of UIDs such as 1:5,9", escape(text));
    r.add(std::min(ends.front(), ends.back()), std::max(ends.front(), ends.back()));
  }
  return r;
}

// What a directory takes on the disk; files that are linked from elsewhere too count whole.
uint64_t disk_bytes(int at, const std::string& name, int depth = 0) {
  struct stat st;
  if (::fstatat(at, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  uint64_t sum = static_cast<uint64_t>(st.st_blocks) * 512;
  if (!S_ISDIR(st.st_mode) || depth > 8) return sum;
  auto fd = file::open(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  auto names = fd ? file::list(fd->get(), ".") : Result<std::vector<std::string>>(std::vector<std::string>{});
  if (names)
    for (auto& n : *names) sum += disk_bytes(fd->get(), n, depth + 1);
  return sum;
}

std::string day(int64_t seconds_since) { return seconds_since ? local_time(seconds_since).substr(0, 10) : ""; }
}  // namespace

MailboxCommands::MailboxCommands(Args& mailbox, Options& o) : mailbox_(mailbox), options_(o) {
  verb("stat", "each folder's messages and sizes, what deleted mail takes, and the disk", &MailboxCommands::stat, false);
  verb("create", "make a folder, and subscribe to it", &MailboxCommands::create).positional("folder", folder_, "its name, levels with / between")
      .option("--special", special_, "drafts, sent, junk, trash or archive (RFC 6154)");
  verb("delete", "delete a folder; undelete brings it back", &MailboxCommands::remove).positional("folder", folder_, "its name")
      .flag("--recursive", recursive_, "those below it, too");
  verb("rename", "rename a folder and those below it", &MailboxCommands::rename).positional("folder", folder_, "its name").positional("new-name", target_, "that it gets");
  verb("copy", "copy messages to another folder or another account", &MailboxCommands::copy).positional("folder", folder_, "where they are")
      .positional("target", target_, "the folder that gets them; default: the same name", false)
      .option("--to", to_, "the account that gets them; default: the same").option("--uids", uids_, "these only, e.g. 1:5,9")
      .flag("--force", force_, "into another account: what it has already, too");
  verb("expire", "expunge old mail, as the settings say or as is said here", &MailboxCommands::expire)
      .option("--folder", folder_, "this folder and those below it").option("--older", older_, "in it for longer than this, e.g. 30d");
  verb("compact", "give back the space of mail that can no longer be undeleted", &MailboxCommands::compact)
      .flag("--all", all_, "all of it, however little");
  verb("undelete", "bring back what was deleted", &MailboxCommands::undelete)
      .flag("--list", list_, "show what can be brought back").flag("--all", all_, "everything")
      .option("--folder", folder_, "what was in it; a folder that was deleted comes back whole")
      .option("--since", since_, "what was deleted since then, e.g. 2h, 3d or 2026-11-24")
      .option("--from", from_, "whose From contains this").option("--subject", subject_, "whose subject contains this")
      .option("--id", ids_, "these; ids are shown by --list --json").option("--to", to_, "into this folder");
}

Args& MailboxCommands::verb(const std::string& name, const std::string& about, int (MailboxCommands::*f)(const Options&), bool changes) {
  Args& a = mailbox_.command(name, about).positional("address", address_, "the account").flag("--json", options_.json, "print JSON");
  if (changes) a.flag("--dry-run", dry_, "only say what would be done");
  verbs_.push_back({&a, f});
  return a;
}

std::optional<int> MailboxCommands::run(const Options& o) {
  for (auto& v : verbs_)
    if (v.args->chosen()) return (this->*v.run)(o);
  return std::nullopt;
}

Result<std::unique_ptr<store::Account>> MailboxCommands::open(const Options& o, const std::string& address, bool may_make) {
  TRY(std::string path, mailbox_path(o, address));
  bool is_there = file::exists(path);
  if (!is_there && !may_make) return fail(Fault::perm, "{} has no mailbox yet: it is made by the first message or login", address);
  if (!is_there) CHECK(check_account(o, address));
  TRY(Config config, Config::load_or_defaults(o.paths));
  TRY(auto owner, Owner::of(is_there ? path : o.paths.mail));
  CHECK(owner.become());
  return store::Account::open(path, may_make && !dry_, {.keep_gone = config.keep_expunged()});
}

int MailboxCommands::told(const Options& o, Json j, const std::string& done, const std::string& would) const {
  if (o.json) print_json(j.set("done", !dry_));
  else print(dry_ ? would : done);
  return 0;
}

int MailboxCommands::stat(const Options& o) {
  auto a = open(o, address_);
  if (!a) return failed(a.error());
  std::vector<std::vector<std::string>> rows;
  Json folders = Json::array();
  std::unordered_set<uint64_t> live, kept;  // messages that two folders have are on the disk once
  uint64_t live_bytes = 0, kept_bytes = 0, total = 0, unseen = 0;
  auto add = [&](store::Folder& f, const store::FolderInfo& info, int64_t removed) -> Status {
    CHECK(f.refresh());
    auto& s = f.state();
    int64_t oldest = 0, newest = 0;
    for (auto& e : s.entries()) {
      if (!oldest || e.date < oldest) oldest = e.date;
      newest = std::max(newest, e.date);
      if (!removed && live.insert(e.stamp).second) live_bytes += e.size;
    }
    if (!removed) total += s.entries().size(), unseen += s.unseen();
    rows.push_back({info.name + (removed ? " (deleted)" : ""), fmt::format("{}", s.entries().size()), fmt::format("{}", s.unseen()), size_text(s.bytes()),
                    fmt::format("{}", s.gone().size()), day(oldest), day(newest)});
    folders.push(Json::object().set("folder", info.name).set("messages", s.entries().size()).set("unseen", s.unseen()).set("bytes", s.bytes())
                     .set("deleted_messages", s.gone().size()).set("oldest", oldest).set("newest", newest).set("folder_deleted", removed));
    return {};
  };
  Status r = [&]() -> Status {
    for (auto& [id, info] : (*a)->tree().folders()) {
      TRY(store::Folder * f, (*a)->folder(id));
      CHECK(add(*f, info, 0));
    }
    for (auto& [id, info] : (*a)->tree().removed()) {
      TRY(store::Folder * f, (*a)->removed_folder(id));
      CHECK(add(*f, info, std::max<int64_t>(info.when, 1)));
      for (auto& e : f->state().entries())
        if (!live.count(e.stamp) && kept.insert(e.stamp).second) kept_bytes += e.size;
    }
    for (auto& [id, info] : (*a)->tree().folders()) {
      TRY(store::Folder * f, (*a)->folder(id));
      f->state().gone().each([&](const store::Gone& g) {
        if (!live.count(g.entry.stamp) && kept.insert(g.entry.stamp).second) kept_bytes += g.entry.size;
      });
    }
    return {};
  }();
  if (!r) return failed(r.error());
  uint64_t disk = disk_bytes((*a)->dir(), ".");
  if (o.json) {
    print_json(Json::object().set("address", lower(address_)).set("messages", total).set("unseen", unseen).set("live_messages", live.size()).set("live_bytes", live_bytes)
                   .set("deleted_messages", kept.size()).set("deleted_bytes", kept_bytes).set("disk_bytes", disk).set("folders", std::move(folders)));
    return 0;
  }
  print_table({"folder", "messages", "unseen", "size", "deleted", "oldest", "newest"}, rows);
  print(fmt::format("{} in {}, {} unseen; deleted and kept: {} in {}; on the disk: {}{}", messages(total), size_text(live_bytes), unseen, messages(kept.size()),
                    size_text(kept_bytes), size_text(disk), live_bytes ? fmt::format(" ({:.2f} times the mail)", static_cast<double>(disk) / static_cast<double>(live_bytes)) : ""));
  return 0;
}

int MailboxCommands::create(const Options& o) {
  auto a = open(o, address_, !dry_);
  if (!a) return failed(a.error());
  store::Special special = store::Special::none;
  for (auto s : {store::Special::drafts, store::Special::sent, store::Special::junk, store::Special::trash, store::Special::archive})
    if (!special_.empty() && iequals("\\" + special_, store::special_name(s))) special = s;
  if (!special_.empty() && special == store::Special::none) return failed(Error(Fault::usage, fmt::format("'{}' is no special use: drafts, sent, junk, trash or archive", escape(special_))));
  auto& tree = (*a)->tree();
  const store::FolderInfo* has = special == store::Special::none ? nullptr : tree.find(special);
  if (has) return failed(Error(Fault::perm, fmt::format("{} is the folder for {} already", has->name, special_)));
  if (dry_) {
    if (tree.find(folder_)) return failed(Error(Fault::perm, fmt::format("folder '{}' exists", folder_)));
  } else {
    if (auto r = tree.create(folder_, special); !r) return failed(r.error());
    if (auto r = tree.subscribe(folder_, true); !r) return failed(r.error());
  }
  return told(o, Json::object().set("address", lower(address_)).set("folder", folder_), fmt::format("folder {} made", folder_), fmt::format("would make folder {}", folder_));
}

int MailboxCommands::remove(const Options& o) {
  auto a = open(o, address_);
  if (!a) return failed(a.error());
  auto& tree = (*a)->tree();
  const store::FolderInfo* top = tree.find(folder_);
  if (!top) return failed(Error(Fault::perm, fmt::format("no folder '{}'", escape(folder_))));
  if (top->id == store::inbox_id) return failed(Error(Fault::perm, "INBOX cannot be deleted"));
  std::vector<std::string> names = {top->name}, below;
  for (auto& [id, info] : tree.folders())
    if (info.name.starts_with(top->name + "/")) below.push_back(info.name);
  if (!below.empty() && !recursive_)
    return failed(Error(Fault::perm, fmt::format("there are {} folders below {}: --recursive deletes them too", below.size(), top->name)));
  names.insert(names.begin(), below.begin(), below.end());
  uint64_t count = 0;
  Json done = Json::array();
  for (auto& n : names) {
    auto f = (*a)->folder(n);
    if (!f) return failed(f.error());
    count += (*f)->state().entries().size();
    if (!dry_)
      if (auto r = tree.remove(n); !r) return failed(r.error());
    done.push(n);
  }
  auto until = local_time((now() + (*a)->terms().keep_gone).seconds());
  std::string what = fmt::format("{} with {}", names.size() == 1 ? "folder " + names[0] : fmt::format("{} folders", names.size()), messages(count));
  return told(o, Json::object().set("address", lower(address_)).set("folders", std::move(done)).set("messages", count),
              fmt::format("deleted {}; until {} `jdctl mailbox undelete {} --folder ...` brings it back", what, until, lower(address_)), "would delete " + what);
}

int MailboxCommands::rename(const Options& o) {
  auto a = open(o, address_);
  if (!a) return failed(a.error());
  auto& tree = (*a)->tree();
  const store::FolderInfo* f = tree.find(folder_);
  if (!f) return failed(Error(Fault::perm, fmt::format("no folder '{}'", escape(folder_))));
  std::string from = f->name;
  bool is_inbox = f->id == store::inbox_id;
  if (tree.find(target_)) return failed(Error(Fault::perm, fmt::format("folder '{}' exists", escape(target_))));
  if (!dry_) {
    Status r = is_inbox ? (*a)->rename_inbox(target_) : tree.rename(from, target_);
    if (!r) return failed(r.error());
  }
  return told(o, Json::object().set("address", lower(address_)).set("folder", from).set("new_name", target_),
              is_inbox ? fmt::format("all mail of INBOX moved to {}", target_) : fmt::format("folder {} is {} now", from, target_),
              is_inbox ? fmt::format("would move all mail of INBOX to {}", target_) : fmt::format("would rename folder {} to {}", from, target_));
}

int MailboxCommands::copy(const Options& o) {
  store::UidSet uids;
  uids.add(1, UINT32_MAX - 1);
  if (!uids_.empty()) {
    auto given = parse_uids(uids_);
    if (!given) return failed(given.error());
    uids = *given;
  }
  bool is_other = !to_.empty() && lower(to_) != lower(address_);
  std::string target = target_.empty() ? folder_ : target_;
  if (!is_other && target_.empty()) return failed(Error(Fault::usage, "copy to where? Name another folder, or another account with --to"));
  if (is_other) {  // before root's rights are given up, which asking directoryd needs
    auto path = mailbox_path(o, to_);
    if (!path) return failed(path.error());
    if (!file::exists(*path))
      if (auto r = check_account(o, to_); !r) return failed(r.error());
  }
  auto a = open(o, address_);
  if (!a) return failed(a.error());
  auto source = (*a)->folder(folder_);
  if (!source) return failed(source.error());
  uint64_t count = 0, bytes = 0, added = 0, present = 0;
  for (auto& e : (*source)->state().entries())
    if (uids.contains(e.uid)) count++, bytes += e.size;
  Status r = [&]() -> Status {
    if (dry_) return {};
    if (!is_other) {
      if (!(*a)->tree().find(target)) CHECK((*a)->tree().create(target));
      TRY(store::Folder * to, (*a)->folder(target));
      TRY(auto pairs, to->copy_from(**source, uids, false));
      added = pairs.size();
      return {};
    }
    TRY(std::string path, mailbox_path(o, to_));
    TRY(auto b, store::Account::open(path, true, (*a)->terms()));
    TRY(auto import, store::FolderImport::begin(*b, target, {}, force_));
    auto& state = (*source)->state();
    for (auto& e : state.entries()) {
      if (!uids.contains(e.uid)) continue;
      store::PortableMessage m;
      TRY(m.bytes, (*a)->segments().message(e));
      m.flags = e.flags;
      m.date = e.date;
      for (std::size_t k = 0; k < state.keywords().size(); k++)
        if (e.keywords >> k & 1) m.keywords.push_back(state.keywords()[k]);
      CHECK(import.add(m));
    }
    CHECK(import.finish());
    added = import.report().added;
    present = import.report().present + import.report().expunged;
    return {};
  }();
  if (!r) return failed(r.error());
  std::string where = is_other ? fmt::format("{} of {}", target, lower(to_)) : target;
  return told(o, Json::object().set("address", lower(address_)).set("folder", folder_).set("to", lower(is_other ? to_ : address_)).set("target", target)
                  .set("messages", dry_ ? count : added).set("present", present).set("bytes", bytes),
              fmt::format("copied {} to {}{}", messages(added), where, present ? fmt::format("; {} were there already (--force brings them again)", present) : ""),
              fmt::format("would copy {} ({}) to {}", messages(count), size_text(bytes), where));
}

int MailboxCommands::expire(const Options& o) {
  if (folder_.empty() != older_.empty()) return failed(Error(Fault::usage, "--folder and --older go together; without both, the settings of [store] hold"));
  auto config = Config::load_or_defaults(o.paths);
  if (!config) return failed(config.error());
  auto rules = store::expire_rules(*config);
  if (!rules) return failed(rules.error());
  if (!folder_.empty()) {
    auto age = to_span(older_);
    if (!age || age->ns <= 0) return failed(Error(Fault::usage, fmt::format("'{}' is no time such as 30d", escape(older_))));
    *rules = {{store::Special::none, folder_, *age}};
  }
  if (rules->empty()) return failed(Error(Fault::perm, "nothing expires: no trash_days, junk_days or expire in [store]; say --folder and --older"));
  auto a = open(o, address_);
  if (!a) return failed(a.error());
  if (!folder_.empty())
    if (auto f = (*a)->folder(folder_); !f) return failed(f.error());
  auto done = store::expire(**a, *rules, dry_);
  if (!done) return failed(done.error());
  Json folders = Json::array();
  std::vector<std::vector<std::string>> rows;
  uint64_t count = 0, bytes = 0;
  for (auto& e : *done) {
    count += e.messages, bytes += e.bytes;
    rows.push_back({e.folder, fmt::format("{}", e.messages), size_text(e.bytes)});
    folders.push(Json::object().set("folder", e.folder).set("messages", e.messages).set("bytes", e.bytes));
  }
  if (!o.json && !rows.empty()) print_table({"folder", "messages", "size"}, rows);
  return told(o, Json::object().set("address", lower(address_)).set("messages", count).set("bytes", bytes).set("folders", std::move(folders)),
              fmt::format("expunged {} ({})", messages(count), size_text(bytes)), fmt::format("would expunge {} ({})", messages(count), size_text(bytes)));
}

int MailboxCommands::compact(const Options& o) {
  auto a = open(o, address_);
  if (!a) return failed(a.error());
  store::CompactOptions options;
  options.dry_run = dry_;
  if (all_) options.dead_percent = 0, options.least_dead = 1;
  auto r = store::compact(**a, options);
  if (!r) return failed(r.error());
  Json findings = Json::array();
  for (auto& f : r->findings) {
    findings.push(f);
    if (!o.json) print(fmt::format("left alone: {}; see `jdctl mailbox check {}`", f, lower(address_)));
  }
  return told(o, Json::object().set("address", lower(address_)).set("bytes", r->total).set("dead", r->dead).set("freed", r->freed)
                  .set("copied", r->copied).set("segments", r->segments).set("files", r->large).set("findings", std::move(findings)),
              fmt::format("{} of {} given back", size_text(r->freed), size_text(r->total)),
              fmt::format("{} of {} is of mail that can no longer be undeleted", size_text(r->dead), size_text(r->total)));
}

}  // namespace jd::ctl

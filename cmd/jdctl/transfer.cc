// SPDX-License-Identifier: MIT
#include "cmd/jdctl/transfer.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/store/account.h"

namespace jd::ctl {

Result<std::string> mailbox_path(const Options& o, const std::string& address) {
  auto at = address.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == address.size()) return fail(Fault::usage, "'{}' is not an address", escape(address));
  return o.paths.mail + "/" + store::account_directory(lower(address.substr(0, at)), lower(address.substr(at + 1)));
}

Status check_account(const Options& o, const std::string& address) {
  std::string wanted = lower(address), after;
  for (;;) {
    ipc::Message m("user-list");
    m.set("domain", wanted.substr(wanted.rfind('@') + 1)).set("after", after).set("limit", uint64_t{1000});
    TRY(auto r, ask_directory(o, m));
    auto entries = r.all("entry");
    for (auto e : entries) {
      after = std::string(e.substr(0, e.find('\t')));
      if (after == wanted) return {};
    }
    if (entries.size() < 1000) return fail(Fault::perm, "there is no account {}: make it with 'jdctl user add'", wanted);
  }
}

Result<Owner> Owner::of(const std::string& path) {
  Owner r;
  struct stat st;
  if (::geteuid() != 0 || ::stat(path.c_str(), &st) < 0 || st.st_uid == 0) return r;
  if (::setgroups(0, nullptr) < 0) return fail_errno(errno, "cannot give up supplementary groups");
  r.is_other_ = true;
  r.uid_ = st.st_uid;
  r.gid_ = st.st_gid;
  return r;
}

Status Owner::become() const {
  if (!is_other_) return {};
  if (::setresgid(gid_, gid_, gid_) < 0 || ::setresuid(uid_, uid_, uid_) < 0) return fail_errno(errno, "cannot become the mailbox's owner");
  return {};
}

Owner::Hold::Hold(const Owner& o) : is_on_(o.is_other_) {
  if (is_on_) MUST(::setegid(o.gid_) == 0 && ::seteuid(o.uid_) == 0);
}
Owner::Hold::~Hold() {
  if (is_on_) MUST(::seteuid(0) == 0 && ::setegid(0) == 0);
}

void Summary::left(const std::string& where, const std::string& why) {
  fprintf(stderr, "jdctl: left out: %s: %s\n", escape(where).c_str(), why.c_str());
  left_count_++;
  if (left_.size() < 1000) left_.push_back({where, why});
}

void Summary::left(const std::string& below, const std::vector<store::Left>& all) {
  for (auto& l : all) left(below + "/" + l.where, l.why);
}

void Summary::folder(Folder f) { folders_.push_back(std::move(f)); }

int Summary::print(const std::string& address, const std::string& format) const {
  uint64_t total = 0;
  for (auto& f : folders_) total += f.messages;
  bool is_import = verb_ == "imported";
  if (json_) {
    Json folders = Json::array(), skipped = Json::array();
    for (auto& f : folders_) {
      Json j = Json::object().set("folder", f.name).set("messages", f.messages).set("uidvalidity", f.uid_validity);
      if (is_import) j.set("present", f.present).set("expunged", f.expunged).set("renumbered", f.renumbered).set("uids_kept", f.keeps_uids).set("uidls", f.uidls).set("uidls_left_out", f.uidls_left_out);
      j.set("keywords_left_out", f.keywords_left_out).set("note", f.note);
      folders.push(std::move(j));
    }
    for (auto& l : left_) skipped.push(Json::object().set("where", l.where).set("reason", l.why));
    print_json(Json::object().set("address", address).set("format", format).set("messages", total).set("folders", std::move(folders))
                   .set("skipped_count", left_count_).set("skipped", std::move(skipped)));
    return status();
  }
  std::vector<std::vector<std::string>> rows;
  for (auto& f : folders_) {
    std::string note = f.note;
    auto say = [&](uint64_t n, const char* what) {
      if (n) note += fmt::format("{}{} {}", note.empty() ? "" : "; ", n, what);
    };
    say(f.renumbered, "with new UIDs");
    say(f.expunged, "left out, for they were expunged here (--force brings them)");
    say(f.uidls, "with their POP3 names");
    say(f.uidls_left_out, "POP3 names left out, for they were there twice or are none");
    say(f.keywords_left_out, "keywords left out");
    std::vector<std::string> row = {f.name, fmt::format("{}", f.messages)};
    if (is_import) row.push_back(fmt::format("{}", f.present));
    row.push_back(note);
    rows.push_back(row);
  }
  if (is_import) print_table({"folder", "imported", "there already", "note"}, rows);
  else print_table({"folder", "exported", "note"}, rows);
  ctl::print(fmt::format("{} messages {}, {} left out", total, verb_, left_count_));
  return status();
}

}  // namespace jd::ctl

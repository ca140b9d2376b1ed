// SPDX-License-Identifier: MIT
// mailbox acl: whom an account's folders are for; and the accounts that are for many from the start.
#include <algorithm>

#include "cmd/jdctl/transfer.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/directory/access.h"
#include "lib/store/account.h"

namespace jd::ctl {
namespace {
using store::Rights;

struct Opened {
  Owner owner;
  std::unique_ptr<store::Account> account;
};

// As its owner; made when it is there in the directory only.
Result<Opened> open(const Options& o, const std::string& address) {
  ipc::Message m("user-shares-list");
  m.set("address", address);
  TRY(auto known, ask_directory(o, m));
  TRY(std::string path, mailbox_path(o, address));
  bool is_there = file::exists(path);
  Opened r;
  TRY(r.owner, Owner::of(is_there ? path : o.paths.mail));
  Owner::Hold as_owner(r.owner);
  TRY(r.account, store::Account::open(path, !is_there));
  return r;
}

// "*": all of them.
Result<std::vector<store::FolderInfo>> folders(store::Account& a, const std::string& name) {
  std::vector<store::FolderInfo> out;
  for (auto& [id, info] : a.tree().folders())
    if (name.empty() || name == "*") out.push_back(info);
  if (!out.empty()) return out;
  auto info = a.tree().find(name);
  if (!info) return fail(Fault::perm, "no folder '{}'", escape(name));
  out.push_back(*info);
  return out;
}

Status set(const Opened& a, const AclOptions& c) {
  TRY(std::string who, store::parse_identifier(c.identifier));
  if (who == lower(c.address) || who == "-" + lower(c.address)) return fail(Fault::usage, "{} is the owner and has all rights, always", who);
  char how = c.rights.empty() || (c.rights[0] != '+' && c.rights[0] != '-') ? '=' : c.rights[0];
  auto rights = Rights::parse(how == '=' ? std::string_view(c.rights) : std::string_view(c.rights).substr(1));
  if (!rights) return fail(Fault::usage, "'{}' are no rights: letters of lrswipkxtea, perhaps behind + or -", escape(c.rights));
  Owner::Hold as_owner(a.owner);
  TRY(auto chosen, folders(*a.account, c.folder));
  for (auto& f : chosen) {
    auto& acl = a.account->tree().acl(f.id);
    auto at = acl.find(who);
    Rights before = at == acl.end() ? Rights() : at->second;
    CHECK(a.account->set_rights(f.id, who, how == '+' ? before | *rights : how == '-' ? before.without(*rights) : *rights));
  }
  return {};
}

// The account's list is what counts; the directory's index follows it.
Status tell(const Options& o, const std::string& address, store::Account& a) {
  directory::Grantees all;
  for (auto& [who, rights] : store::grantees(a.tree().acls())) all[who] = rights.text();
  if (all.size() > directory::max_grantees) return fail(Fault::perm, "an account shares with at most {} others", directory::max_grantees);
  ipc::Message m("user-shares");
  m.set("address", address).set("grantees", directory::to_text(all));
  TRY(auto done, ask_directory(o, m));
  return {};
}

int list(const Options& o, const Opened& a, const AclOptions& c) {
  auto chosen = folders(*a.account, c.folder);
  if (!chosen) return failed(chosen.error());
  std::vector<std::vector<std::string>> rows;
  Json all = Json::array();
  for (auto& f : *chosen)
    for (auto& [who, rights] : a.account->tree().acl(f.id)) {
      rows.push_back({f.name, who, rights.text()});
      all.push(Json::object().set("folder", f.name).set("identifier", who).set("rights", rights.text()));
    }
  if (o.json) print_json(all);
  else print_table({"folder", "identifier", "rights"}, rows);
  return 0;
}
}  // namespace

int mailbox_acl(const Options& o, const std::string& verb, const AclOptions& c) {
  auto a = open(o, c.address);
  if (!a) return failed(a.error());
  if (verb == "list") return list(o, *a, c);
  if (auto r = set(*a, c); !r) return failed(r.error());
  if (auto r = tell(o, c.address, *a->account); !r) {
    int code = failed(r.error());
    print("the rights are kept; run the same command again to have the directory know of them");
    return code;
  }
  print(fmt::format("{} {}: {} {}", c.address, c.folder, c.identifier, c.rights.empty() ? "has no rights any more" : "has " + c.rights));
  return 0;
}

int share_all(const Options& o, const std::string& address, const std::vector<std::string>& with) {
  auto a = open(o, address);
  if (!a) return failed(a.error());
  for (auto& who : with)
    if (auto r = set(*a, {address, "*", who, std::string(shared_rights)}); !r) return failed(r.error());
  if (auto r = tell(o, address, *a->account); !r) return failed(r.error());
  return 0;
}

}  // namespace jd::ctl

// SPDX-License-Identifier: MIT
#include "lib/imap/mailboxes.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd::imap {

using store::Rights;

Mailboxes::Mailboxes(store::Account& own, std::string user, std::vector<std::string> identities, std::vector<OtherAccount> others)
    : own_(own), user_(std::move(user)), identities_(std::move(identities)) {
  for (auto& o : others) {
    others_.push_back(std::make_unique<Other>());
    others_.back()->is = std::move(o);
  }
}

store::Account* Mailboxes::open(Other& o) {
  if (!o.account && !o.is_lost) {
    auto a = store::Account::open_shared(o.is.path, o.is.may_write, own_.terms());
    if (a) o.account = std::move(*a);
    else log::failure("shared_not_opened", a.error(), {{"owner", o.is.address}});
    o.is_lost = !a;
  }
  if (!o.account) return nullptr;
  if (auto r = o.account->tree().refresh(); !r) {
    log::failure("shared_not_opened", r.error(), {{"owner", o.is.address}});
    return nullptr;
  }
  return o.account.get();
}

Mailbox Mailboxes::make(store::Account& account, Other* other, std::string name, const store::FolderInfo* info) const {
  Mailbox m{&account, other, std::move(name), info, {}};
  if (!other) {
    m.rights = Rights::all();
    return m;
  }
  if (info) m.rights = store::rights_of(account.tree().acl(info->id), identities_);
  // Given since the session began: the directory is still one that can only be read.
  if (!other->is.may_write) m.rights = m.rights & *Rights::parse("lrp");
  if (m.rights.without(*Rights::parse("p")).empty()) m.info = nullptr;
  return m;
}

Result<Mailbox> Mailboxes::find(std::string_view name) {
  CHECK(own_.tree().refresh());
  const store::FolderInfo* info = own_.tree().find(name);
  if (info || !name.starts_with(others_prefix)) return make(own_, nullptr, info ? info->name : std::string(name), info);
  std::string_view rest = name.substr(others_prefix.size());
  auto slash = rest.find('/');
  for (auto& o : others_) {
    if (slash == rest.npos || o->is.address != lower(rest.substr(0, slash))) continue;
    store::Account* a = open(*o);
    if (!a) break;
    info = a->tree().find(rest.substr(slash + 1));
    return make(*a, o.get(), info ? info->name : std::string(rest.substr(slash + 1)), info);
  }
  return Mailbox{};
}

Mailbox Mailboxes::of(store::Account& account, uint32_t folder) {
  Other* o = other_of(account);
  if (o && !open(*o)) return {};
  const store::FolderInfo* info = account.tree().find(folder);
  return make(account, o, info ? info->name : "", info);
}

Rights Mailboxes::rights(store::Account& account, uint32_t folder) {
  return make(account, other_of(account), "", account.tree().find(folder)).rights;
}

Result<Mailbox> Mailboxes::above(std::string_view name) {
  for (auto cut = name.rfind('/'); cut != name.npos && cut > 0; cut = name.rfind('/', cut - 1)) {
    TRY(Mailbox m, find(name.substr(0, cut)));
    if (m.info) return m;
  }
  TRY(Mailbox at, find(name));
  if (at.other) {
    const store::FolderInfo* inbox = at.account->tree().find(store::inbox_id);
    return make(*at.account, at.other, "INBOX", inbox);
  }
  if (iequals(name.substr(0, others_prefix.size() - 1), others_prefix.substr(0, others_prefix.size() - 1)) &&
      (name.size() < others_prefix.size() || name[others_prefix.size() - 1] == '/'))
    return Mailbox{};
  return make(own_, nullptr, "", nullptr);
}

Result<std::vector<std::pair<std::string, Mailbox>>> Mailboxes::shared() {
  std::vector<std::pair<std::string, Mailbox>> out;
  for (auto& o : others_) {
    store::Account* a = open(*o);
    if (!a) continue;
    for (auto& [id, acl] : a->tree().acls()) {
      const store::FolderInfo* info = a->tree().find(id);
      if (!info) continue;
      Mailbox m = make(*a, o.get(), info->name, info);
      if (m.info && m.may('l')) out.emplace_back(name_of(m), m);
    }
  }
  return out;
}

Mailboxes::Other* Mailboxes::other_of(const store::Account& account) {
  auto i = std::find_if(others_.begin(), others_.end(), [&](auto& o) { return o->account.get() == &account; });
  return i == others_.end() ? nullptr : i->get();
}

}  // namespace jd::imap

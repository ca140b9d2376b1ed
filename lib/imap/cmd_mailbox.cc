// SPDX-License-Identifier: MIT
// cmd_mailbox.cc: CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE STATUS.
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/mailbox_name.h"
#include "lib/imap/object_id.h"

namespace jd::imap {

using store::Special;

namespace {

// The folder list's own refusals are written for users; anything else stays inside.
void refuse(Session& s, const Error& e, std::string_view code) {
  if (e.fault == Fault::perm && e.sys == 0) return s.no(fmt::format("[{}] {}", code, to_utf7(e.what)));
  s.failed(e, "cannot change the folders");
}

// " (USE (\\Sent))" behind CREATE's name (RFC 6154 §3), if it is there.
bool take_use(Cursor& c, std::vector<std::string>& uses) {
  if (c.is_end()) return true;
  std::string word;
  if (!c.space() || !c.is('(') || !c.atom(word) || !iequals(word, "USE") || !c.space() || !c.is('(')) return false;
  while (!c.is(')')) {
    if (!c.flag(word) || uses.size() >= 20) return false;
    uses.push_back(word);
    if (!c.space() && c.peek() != ')') return false;
  }
  return c.is(')');
}

std::optional<Special> special_of(std::string_view use) {
  for (auto s : {Special::drafts, Special::sent, Special::junk, Special::trash, Special::archive})
    if (iequals(store::special_name(s), use)) return s;
  return {};
}

// What somebody makes at the top of another's account, which his right to INBOX lets him, is for the
// same people as INBOX; what the owner makes there is hers alone until she says otherwise.
Status inherit(const Mailbox& m, uint32_t id) {
  auto& tree = m.account->tree();
  if (!m.other || !tree.acl(id).empty()) return {};
  for (auto& [who, rights] : store::Acl(tree.acl(store::inbox_id))) CHECK(m.account->set_rights(id, who, rights));
  return {};
}

}  // namespace

void cmd_create(Session& s, Cursor& c) {
  std::string name;
  std::vector<std::string> uses;
  if (!take_mailbox(s, c, name)) return;
  if (!take_use(c, uses)) return s.bad("CREATE takes a name and perhaps (USE (\\...))");
  if (!s.end(c)) return;
  std::string plain = name.ends_with('/') ? name.substr(0, name.size() - 1) : name;
  auto there = s.mailboxes().find(plain);
  auto parent = s.mailboxes().above(plain);
  if (!there || !parent) return s.failed((there ? parent : there).error(), "cannot read the folders");
  if (!there->account || !parent->may('k')) {
    if (parent->info && parent->may('l')) return s.no("[NOPERM] you have not the right to make mailboxes there");
    return s.no("[CANNOT] mailboxes of others are made by them, or below those that they share");
  }
  auto& tree = there->account->tree();
  auto special = uses.empty() ? Special::none : special_of(uses[0]);
  if (there->other && !uses.empty()) return s.no("[USEATTR] only the owner of a mailbox gives it a use");
  if (!special || uses.size() > 1) return s.no("[USEATTR] a mailbox has one use: \\Drafts, \\Sent, \\Junk, \\Trash or \\Archive");
  if (auto other = *special == Special::none ? nullptr : tree.find(*special))
    return s.no(fmt::format("[USEATTR] the mailbox with this use is {}", to_utf7(other->name)));
  bool exists = there->info != nullptr;
  auto made_id = tree.create(there->name, *special);
  if (!made_id && there->other && !exists) return s.no("[CANNOT] this name is not to be had");
  if (!made_id) return refuse(s, made_id.error(), exists ? "ALREADYEXISTS" : "CANNOT");
  if (auto r = inherit(*there, *made_id); !r) return s.failed(r.error(), "cannot keep the rights");
  if (auto r = there->account->make_shared_logs(); !r) return s.failed(r.error(), "cannot make the mailbox");
  Mailbox made = s.mailboxes().of(*there->account, *made_id);
  if (there->is_own()) s.mine(plain);
  if (made.info && s.has(Ext::rev2) && s.mailboxes().name_of(made) != name) put_list_line(s, made, name);
  s.ok(fmt::format("[MAILBOXID ({})] CREATE done", mailbox_id_of(s, made)));  // RFC 8474 §4.1
}

void cmd_delete(Session& s, Cursor& c) {
  std::string name;
  if (!take_mailbox(s, c, name) || !s.end(c)) return;
  auto m = s.mailboxes().find(name);
  if (!m) return s.failed(m.error(), "cannot read the folders");
  if (m->is_own() && !m->info) {
    auto& folders = s.account().tree().folders();
    // RFC 3501 §6.3.4: a name that is only a level above others cannot be deleted.
    if (std::any_of(folders.begin(), folders.end(), [&](auto& f) { return f.second.name.starts_with(name + "/"); }))
      return s.no("[HASCHILDREN] there are mailboxes below it");
  }
  if (!m->info || !m->may('x')) return deny(s, *m);
  auto& tree = m->account->tree();
  bool was_shared = !tree.acl(m->info->id).empty();
  if (auto r = tree.remove(m->name); !r) return refuse(s, r.error(), "CANNOT");
  if (was_shared) tell_shares(s, *m);
  if (m->is_own()) s.mine(name);
  if (s.view() && &s.selected_account() == m->account && !tree.find(s.view()->folder().id())) s.unselect();
  s.ok("DELETE done");
}

void cmd_rename(Session& s, Cursor& c) {
  std::string from, to;
  if (!take_mailbox(s, c, from) || !take_mailbox(s, c, to) || !s.end(c)) return;
  if (to.ends_with('/')) to.pop_back();
  auto old = s.mailboxes().find(from);
  auto above = s.mailboxes().above(to);
  auto there = s.mailboxes().find(to);
  if (!old || !above || !there) return s.failed((!old ? old : !above ? above : there).error(), "cannot read the folders");
  if (!old->info || !old->may('x')) return deny(s, *old);
  if (!there->account || there->account != old->account) return s.no("[CANNOT] a mailbox stays in its account: copy the mail instead");
  if (!above->account || !above->may('k')) return deny(s, *above, "CANNOT");
  if (old->other && iequals(old->name, "INBOX")) return s.no("[CANNOT] only the owner renames INBOX");
  auto& tree = old->account->tree();
  const char* code = there->info ? "ALREADYEXISTS" : "CANNOT";
  Status r = iequals(from, "INBOX") ? s.account().rename_inbox(to) : tree.rename(old->name, there->name);
  if (!r) return refuse(s, r.error(), code);
  if (old->is_own()) s.mine(from), s.mine(to);
  if (auto logs = old->account->make_shared_logs(); !logs) return s.failed(logs.error(), "cannot make the mailbox");
  if (auto now = s.mailboxes().find(to); s.has(Ext::rev2) && now && now->info) put_list_line(s, *now, from);
  s.ok("RENAME done");
}

void cmd_subscribe(Session& s, Cursor& c) {
  std::string name;
  if (!take_mailbox(s, c, name) || !s.end(c)) return;
  if (auto r = s.account().tree().subscribe(name, s.command() == "SUBSCRIBE"); !r) return refuse(s, r.error(), "CANNOT");
  s.mine(name);
  s.ok(std::string(s.command()) + " done");
}

bool take_status_items(const Session& s, Cursor& c, std::vector<std::string>& items) {
  static constexpr std::string_view known[] = {"MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "SIZE",
                                               "APPENDLIMIT", "DELETED", "DELETED-STORAGE", "HIGHESTMODSEQ", "MAILBOXID"};
  if (!c.is('(')) return false;
  std::string word;
  do {
    if (!c.atom(word)) return false;
    word = upper(word);
    if (std::find(std::begin(known), std::end(known), word) == std::end(known) || items.size() >= 20) return false;
    if (word == "RECENT" && s.has(Ext::rev2)) return false;  // RFC 9051 has none
    items.push_back(word);
  } while (c.space());
  return c.is(')');
}

Status put_status(Session& s, const Mailbox& m, const std::vector<std::string>& items) {
  std::string name = s.mailboxes().name_of(m);
  TRY(store::Folder * f, m.account->folder(m.info->id));
  CHECK(f->refresh());
  auto& st = f->state();
  auto recent = [&] {
    auto& all = st.entries();
    return all.end() - std::lower_bound(all.begin(), all.end(), st.recent(), [](const store::Entry& e, uint32_t u) { return e.uid < u; });
  };
  uint64_t deleted = 0, deleted_bytes = 0;
  if (std::any_of(items.begin(), items.end(), [](auto& i) { return i.starts_with("DELETED"); })) {
    for (auto& e : st.entries())
      if (e.flags & store::deleted) ++deleted, deleted_bytes += e.size;
  }
  std::string& out = s.out();
  out += "* STATUS ";
  append_mailbox(s, out, name);
  out += " (";
  for (auto& i : items) {
    if (&i != &items[0]) out += ' ';
    out += i + " ";
    if (i == "MESSAGES") out += fmt::format("{}", st.entries().size());
    else if (i == "RECENT") out += fmt::format("{}", recent());
    else if (i == "UIDNEXT") out += fmt::format("{}", st.uid_next());
    else if (i == "UIDVALIDITY") out += fmt::format("{}", st.uid_validity());
    else if (i == "UNSEEN") out += fmt::format("{}", st.unseen());
    else if (i == "MAILBOXID") out += "(" + mailbox_id_of(s, m) + ")";
    else if (i == "HIGHESTMODSEQ") s.enable(Ext::condstore), out += fmt::format("{}", st.mod_seq());
    else if (i == "APPENDLIMIT") out += fmt::format("{}", s.options().message_size);  // RFC 7889
    else if (i == "DELETED") out += fmt::format("{}", deleted);
    else if (i == "DELETED-STORAGE") out += fmt::format("{}", (deleted_bytes + 1023) / 1024);  // RFC 9208 §4.1.4
    else out += fmt::format("{}", st.bytes());
  }
  out += ")\r\n";
  return {};
}

void cmd_status(Session& s, Cursor& c) {
  std::string name;
  if (!take_mailbox(s, c, name)) return;
  std::vector<std::string> items;
  if (!c.space() || !take_status_items(s, c, items)) return s.bad("STATUS takes a list of what to tell");
  if (!s.end(c)) return;
  auto m = mailbox_with(s, name, "r");
  if (!m) return;
  if (auto r = put_status(s, *m, items); !r) return s.failed(r.error(), "cannot read the mailbox");
  s.ok("STATUS done");
}

}  // namespace jd::imap

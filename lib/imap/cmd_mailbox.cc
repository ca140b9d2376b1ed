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

}  // namespace

void cmd_create(Session& s, Cursor& c) {
  std::string name;
  std::vector<std::string> uses;
  if (!take_mailbox(s, c, name)) return;
  if (!take_use(c, uses)) return s.bad("CREATE takes a name and perhaps (USE (\\...))");
  if (!s.end(c)) return;
  auto& tree = s.account().tree();
  (void)tree.refresh();  // create() does it again under the lock and reports
  auto special = uses.empty() ? Special::none : special_of(uses[0]);
  if (!special || uses.size() > 1) return s.no("[USEATTR] a mailbox has one use: \\Drafts, \\Sent, \\Junk, \\Trash or \\Archive");
  if (auto other = *special == Special::none ? nullptr : tree.find(*special))
    return s.no(fmt::format("[USEATTR] the mailbox with this use is {}", to_utf7(other->name)));
  std::string plain = name.ends_with('/') ? name.substr(0, name.size() - 1) : name;
  bool exists = tree.find(plain) != nullptr;
  auto made_id = tree.create(name, *special);
  if (!made_id) return refuse(s, made_id.error(), exists ? "ALREADYEXISTS" : "CANNOT");
  s.mine(plain);
  if (auto made = tree.find(plain); s.has(Ext::rev2) && made && made->name != name) put_list_line(s, *made, name);
  s.ok(fmt::format("[MAILBOXID ({})] CREATE done", mailbox_id(*made_id)));  // RFC 8474 §4.1
}

void cmd_delete(Session& s, Cursor& c) {
  std::string name;
  if (!take_mailbox(s, c, name) || !s.end(c)) return;
  auto& tree = s.account().tree();
  if (auto r = tree.refresh(); !r) return s.failed(r.error(), "cannot read the folders");
  bool exists = tree.find(name) != nullptr;
  bool has_children = std::any_of(tree.folders().begin(), tree.folders().end(),
                                  [&](auto& f) { return f.second.name.starts_with(name + "/"); });
  // RFC 3501 §6.3.4: a name that is only a level above others cannot be deleted.
  if (!exists && has_children) return s.no("[HASCHILDREN] there are mailboxes below it");
  if (auto r = tree.remove(name); !r) return refuse(s, r.error(), exists ? "CANNOT" : "NONEXISTENT");
  s.mine(name);
  if (s.view() && !tree.find(s.view()->folder().id())) s.unselect();
  s.ok("DELETE done");
}

void cmd_rename(Session& s, Cursor& c) {
  std::string from, to;
  if (!take_mailbox(s, c, from) || !take_mailbox(s, c, to) || !s.end(c)) return;
  auto& tree = s.account().tree();
  if (auto r = tree.refresh(); !r) return s.failed(r.error(), "cannot read the folders");
  if (to.ends_with('/')) to.pop_back();
  const char* code = !tree.find(from) ? "NONEXISTENT" : tree.find(to) ? "ALREADYEXISTS" : "CANNOT";
  Status r = iequals(from, "INBOX") ? s.account().rename_inbox(to) : tree.rename(from, to);
  if (!r) return refuse(s, r.error(), code);
  s.mine(from);
  s.mine(to);
  if (auto now = tree.find(to); s.has(Ext::rev2) && now) put_list_line(s, *now, from);
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

Status put_status(Session& s, const store::FolderInfo& info, const std::vector<std::string>& items) {
  std::string name = info.name;
  uint32_t info_id = info.id;
  TRY(store::Folder * f, s.account().folder(info.id));
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
    else if (i == "MAILBOXID") out += "(" + mailbox_id(info_id) + ")";
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
  auto& tree = s.account().tree();
  if (auto r = tree.refresh(); !r) return s.failed(r.error(), "cannot read the folders");
  const store::FolderInfo* info = tree.find(name);
  if (!info) return s.no("[NONEXISTENT] there is no such mailbox");
  if (auto r = put_status(s, *info, items); !r) return s.failed(r.error(), "cannot read the mailbox");
  s.ok("STATUS done");
}

}  // namespace jd::imap

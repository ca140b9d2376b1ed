// SPDX-License-Identifier: MIT
// cmd_mailbox.cc: CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE STATUS.
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/mailbox_name.h"

namespace jd::imap {
namespace {

// The folder list's own refusals are written for users; anything else stays inside.
void refuse(Session& s, const Error& e, std::string_view code) {
  if (e.fault == Fault::perm && e.sys == 0) return s.no(fmt::format("[{}] {}", code, to_utf7(e.what)));
  s.failed(e, "cannot change the folders");
}

}  // namespace

void cmd_create(Session& s, Cursor& c) {
  std::string name;
  if (!take_mailbox(s, c, name) || !s.end(c)) return;
  auto& tree = s.account().tree();
  (void)tree.refresh();  // create() does it again under the lock and reports
  std::string plain = name.ends_with('/') ? name.substr(0, name.size() - 1) : name;
  bool exists = tree.find(plain) != nullptr;
  if (auto r = tree.create(name); !r) return refuse(s, r.error(), exists ? "ALREADYEXISTS" : "CANNOT");
  s.ok("CREATE done");
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
  s.ok("RENAME done");
}

void cmd_subscribe(Session& s, Cursor& c) {
  std::string name;
  if (!take_mailbox(s, c, name) || !s.end(c)) return;
  if (auto r = s.account().tree().subscribe(name, s.command() == "SUBSCRIBE"); !r) return refuse(s, r.error(), "CANNOT");
  s.ok(std::string(s.command()) + " done");
}

bool take_status_items(Cursor& c, std::vector<std::string>& items) {
  static constexpr std::string_view known[] = {"MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "SIZE"};
  if (!c.is('(')) return false;
  std::string word;
  do {
    if (!c.atom(word)) return false;
    word = upper(word);
    if (std::find(std::begin(known), std::end(known), word) == std::end(known) || items.size() >= 20) return false;
    items.push_back(word);
  } while (c.space());
  return c.is(')');
}

Status put_status(Session& s, const store::FolderInfo& info, const std::vector<std::string>& items) {
  std::string name = info.name;
  TRY(store::Folder * f, s.account().folder(info.id));
  CHECK(f->refresh());
  auto& st = f->state();
  auto recent = [&] {
    auto& all = st.entries();
    return all.end() - std::lower_bound(all.begin(), all.end(), st.recent(), [](const store::Entry& e, uint32_t u) { return e.uid < u; });
  };
  std::string& out = s.out();
  out += "* STATUS ";
  append_astring(out, to_utf7(name));
  out += " (";
  for (auto& i : items) {
    if (&i != &items[0]) out += ' ';
    out += i + " ";
    if (i == "MESSAGES") out += fmt::format("{}", st.entries().size());
    else if (i == "RECENT") out += fmt::format("{}", recent());
    else if (i == "UIDNEXT") out += fmt::format("{}", st.uid_next());
    else if (i == "UIDVALIDITY") out += fmt::format("{}", st.uid_validity());
    else if (i == "UNSEEN") out += fmt::format("{}", st.unseen());
    else out += fmt::format("{}", st.bytes());
  }
  out += ")\r\n";
  return {};
}

void cmd_status(Session& s, Cursor& c) {
  std::string name;
  if (!take_mailbox(s, c, name)) return;
  std::vector<std::string> items;
  if (!c.space() || !take_status_items(c, items)) return s.bad("STATUS takes a list of what to tell");
  if (!s.end(c)) return;
  auto& tree = s.account().tree();
  if (auto r = tree.refresh(); !r) return s.failed(r.error(), "cannot read the folders");
  const store::FolderInfo* info = tree.find(name);
  if (!info) return s.no("[NONEXISTENT] there is no such mailbox");
  if (auto r = put_status(s, *info, items); !r) return s.failed(r.error(), "cannot read the mailbox");
  s.ok("STATUS done");
}

}  // namespace jd::imap

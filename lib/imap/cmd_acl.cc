// SPDX-License-Identifier: MIT
// cmd_acl.cc: SETACL DELETEACL GETACL LISTRIGHTS MYRIGHTS (RFC 4314), and who may do what in commands.
//
// The owner of a mailbox has all rights, always: no list says so and none takes them.
#include <fmt/format.h>

#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/mailbox_name.h"
#include "lib/imap/object_id.h"

namespace jd::imap {

using store::Rights;

namespace {
// In the order of letters, and c and d as §2.1.1 wants them.
constexpr std::string_view each_right = "l r s w i p k x t e a c d";

// " identifier" off the command, and as it is kept; false: answered BAD.
bool take_identifier(Session& s, Cursor& c, std::string& given, std::string& kept) {
  if (!c.space() || !c.astring(given)) return s.bad("expected whom it is about"), false;
  auto id = store::parse_identifier(given);
  if (!id) return s.bad("nobody is called so: an address, anyone, @domain or group:alias, perhaps behind -"), false;
  kept = std::move(*id);
  return true;
}
bool is_owner(Session& s, const Mailbox& m, const std::string& identifier) {
  auto& owner = s.mailboxes().owner_of(m);
  return !owner.empty() && (identifier == owner || identifier == "-" + owner);
}

void put_rights(std::string& out, Rights r) { append_string(out, r.imap_text()); }
}  // namespace

void deny(Session& s, const Mailbox& m, std::string_view missing) {
  if (!m.info || !m.may('l')) return s.no(fmt::format("[{}] there is no such mailbox", missing));
  s.no("[NOPERM] you have not the right to do that there");
}

std::optional<Mailbox> mailbox_with(Session& s, std::string_view name, std::string_view rights, std::string_view missing) {
  auto m = s.mailboxes().find(name);
  if (!m) return s.failed(m.error(), "cannot read the folders"), std::nullopt;
  bool may = m->info != nullptr;
  for (char r : rights) may = may && m->may(r);
  if (!may) return deny(s, *m, missing), std::nullopt;
  return *m;
}

// Ids of folders are unique in an account; of others' ones the account is told with them.
std::string mailbox_id_of(Session& s, const Mailbox& m) {
  std::string id = mailbox_id(m.info->id);
  return m.other ? id + "-" + hex(blake2b(s.mailboxes().owner_of(m), 16).substr(0, 8)) : id;
}

void tell_shares(Session& s, const Mailbox& m) {
  if (s.options().shares_changed) s.options().shares_changed(s.mailboxes().owner_of(m), store::grantees(m.account->tree().acls()));
}

void put_my_rights(Session& s, const Mailbox& m) {
  s.out() += "* MYRIGHTS ";
  append_mailbox(s, s.out(), s.mailboxes().name_of(m));
  s.out() += ' ';
  put_rights(s.out(), m.rights);
  s.out() += "\r\n";
}

void cmd_setacl(Session& s, Cursor& c) {
  bool is_delete = s.command() == "DELETEACL";
  std::string name, given, who, text;
  if (!take_mailbox(s, c, name) || !take_identifier(s, c, given, who)) return;
  if (!is_delete && (!c.space() || !c.astring(text))) return s.bad("SETACL takes rights, perhaps behind + or -");
  if (!s.end(c)) return;
  char how = text.empty() ? '=' : text[0] == '+' || text[0] == '-' ? text[0] : '=';
  auto rights = Rights::parse(how == '=' ? std::string_view(text) : std::string_view(text).substr(1));
  if (!rights) return s.bad("a right is one of lrswipkxtea");
  auto m = mailbox_with(s, name, "a");
  if (!m) return;
  auto& acl = m->account->tree().acl(m->info->id);
  auto at = acl.find(who);
  Rights before = at == acl.end() ? Rights() : at->second;
  if (is_owner(s, *m, who)) {
    bool keeps_all = !is_delete && !who.starts_with('-') && (how == '=' ? *rights == Rights::all() : how == '+');
    return keeps_all ? s.ok("the owner has all rights") : s.no("[CANNOT] the owner of a mailbox has all rights, always");
  }
  Rights after = how == '+' ? before | *rights : how == '-' ? before.without(*rights) : *rights;
  auto r = m->account->set_rights(m->info->id, who, after);
  if (!r && r.error().fault == Fault::perm && r.error().sys == 0) return s.no("[LIMIT] " + r.error().what);
  if (!r) return s.failed(r.error(), "cannot keep the rights");
  if (after != before) tell_shares(s, *m);
  s.ok(std::string(s.command()) + " done");
}

void cmd_getacl(Session& s, Cursor& c) {
  std::string name;
  if (!take_mailbox(s, c, name) || !s.end(c)) return;
  auto m = mailbox_with(s, name, "a");
  if (!m) return;
  std::string& out = s.out();
  out += "* ACL ";
  append_mailbox(s, out, name);
  auto one = [&](const std::string& who, Rights r) {
    out += ' ';
    append_astring(out, who);
    out += ' ';
    put_rights(out, r);
  };
  if (auto& owner = s.mailboxes().owner_of(*m); !owner.empty()) one(owner, Rights::all());
  for (auto& [who, rights] : m->account->tree().acl(m->info->id)) one(who, rights);
  out += "\r\n";
  s.ok("GETACL done");
}

void cmd_listrights(Session& s, Cursor& c) {
  std::string name, given, who;
  if (!take_mailbox(s, c, name) || !take_identifier(s, c, given, who) || !s.end(c)) return;
  auto m = mailbox_with(s, name, "a");
  if (!m) return;
  std::string& out = s.out();
  out += "* LISTRIGHTS ";
  append_mailbox(s, out, name);
  out += ' ';
  append_astring(out, given);
  out += ' ';
  if (is_owner(s, *m, who)) put_rights(out, Rights::all());
  else out += "\"\" " + std::string(each_right);
  out += "\r\n";
  s.ok("LISTRIGHTS done");
}

void cmd_myrights(Session& s, Cursor& c) {
  std::string name;
  if (!take_mailbox(s, c, name) || !s.end(c)) return;
  auto m = s.mailboxes().find(name);
  if (!m) return s.failed(m.error(), "cannot read the folders");
  if (!m->info || !m->rights.has_any("lrikxa")) return s.no("[NONEXISTENT] there is no such mailbox");
  put_my_rights(s, *m);
  s.ok("MYRIGHTS done");
}

}  // namespace jd::imap

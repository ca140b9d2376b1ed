// SPDX-License-Identifier: MIT
// command.h: the table of commands: one row each, its function in the cmd_*.cc of its group.
//
// A function gets the cursor behind the command's name and ends with one answer (session.h).
#pragma once
#include <string_view>

#include "lib/base/heap.h"
#include "lib/imap/fetch_items.h"
#include "lib/imap/lexer.h"
#include "lib/imap/session.h"

namespace jd::imap {

struct CommandRow {
  std::string_view name;
  void (*run)(Session&, Cursor&);
  bool needs_folder = false;   // only with a folder selected
  bool has_uid_form = false;
  bool tells_expunge = true;   // RFC 3501 §7.4.1: not FETCH, STORE, SEARCH
};
const CommandRow* find_command(std::string_view upper_name);

void cmd_capability(Session&, Cursor&);
void cmd_noop(Session&, Cursor&);
void cmd_logout(Session&, Cursor&);
void cmd_id(Session&, Cursor&);
void cmd_enable(Session&, Cursor&);
void cmd_namespace(Session&, Cursor&);
void cmd_idle(Session&, Cursor&);
void cmd_compress(Session&, Cursor&);
void cmd_select(Session&, Cursor&);    // and EXAMINE
void cmd_close(Session&, Cursor&);
void cmd_unselect(Session&, Cursor&);
void cmd_expunge(Session&, Cursor&);
void cmd_create(Session&, Cursor&);
void cmd_delete(Session&, Cursor&);
void cmd_rename(Session&, Cursor&);
void cmd_subscribe(Session&, Cursor&);  // and UNSUBSCRIBE
void cmd_list(Session&, Cursor&);
void cmd_lsub(Session&, Cursor&);
void cmd_status(Session&, Cursor&);
void cmd_quota(Session&, Cursor&);      // GETQUOTA and GETQUOTAROOT
void cmd_setquota(Session&, Cursor&);
void cmd_getmetadata(Session&, Cursor&);
void cmd_setmetadata(Session&, Cursor&);
void cmd_append(Session&, Cursor&);
void cmd_replace(Session&, Cursor&);
void cmd_search(Session&, Cursor&);
void cmd_esearch(Session&, Cursor&);
void cmd_cancel_update(Session&, Cursor&);
void cmd_notify(Session&, Cursor&);
void cmd_sort(Session&, Cursor&);
void cmd_thread(Session&, Cursor&);
void cmd_fetch(Session&, Cursor&);
void cmd_store(Session&, Cursor&);
void cmd_copy(Session&, Cursor&);       // and MOVE
void cmd_setacl(Session&, Cursor&);     // and DELETEACL
void cmd_getacl(Session&, Cursor&);
void cmd_listrights(Session&, Cursor&);
void cmd_myrights(Session&, Cursor&);

// The mailbox of that name when the user has these rights there (RFC 4314 §4); else answered NO.
// `missing`: the response code when there is none, or none that he may know of.
std::optional<Mailbox> mailbox_with(Session& s, std::string_view name, std::string_view rights, std::string_view missing = "NONEXISTENT");
// It cannot be done: as if it were not there for those who may not look it up.
void deny(Session& s, const Mailbox& m, std::string_view missing = "NONEXISTENT");
// Of those flags what the user may set there.
struct Flags;
void drop_forbidden(Flags& flags, store::Rights rights);
// UIDs of the messages that are still there; false: some are not.
bool present(const View& v, const std::vector<std::size_t>& chosen, store::UidSet& uids, uint64_t* bytes = nullptr);
// Has the mailbox's owner room for so much?  false: answered NO.
bool has_room(Session& s, const Mailbox& m, uint64_t bytes, uint64_t messages);
// "* MYRIGHTS" (RFC 4314 §3.8), also for LIST (RFC 8440).
void put_my_rights(Session& s, const Mailbox& m);
std::string mailbox_id_of(Session& s, const Mailbox& m);
void tell_shares(Session& s, const Mailbox& m);  // SessionOptions::shares_changed

// A mailbox name off the command: blank, then the name, decoded to UTF-8.  false: answered BAD.
bool take_mailbox(Session& s, Cursor& c, std::string& name);
// A name as this client writes it; nullopt: malformed.  And back, as an astring.
std::optional<std::string> name_of(const Session& s, std::string_view wire);
void append_mailbox(const Session& s, std::string& out, std::string_view name);

// RFC 9051 §6.3.9.7: "* LIST" about one mailbox, with the name that the client used for it.
void put_list_line(Session& s, const Mailbox& m, std::string_view old_name);

// The same as this session says it, with the UID where that must be said.
void put_fetch_head(Session& s, std::size_t index, uint32_t uid, bool with_uid);

// One FETCH (UIDFETCH) answer.  with_uid: also when it was not asked for; with_flags: \\Seen was set by it.
Status put_fetch(Session& s, std::size_t index, const std::vector<FetchItem>& items, bool with_uid, bool with_flags = false);

// "* LIST" about a name, whether there is such a mailbox or not, subscribed or not.
void put_list_entry(Session& s, const std::string& name, std::string_view old_name = {});

// LIST's RETURN (METADATA (entries)): one entry or a list; and "* METADATA" about one mailbox.
bool take_metadata_entries(Cursor& c, std::vector<std::string>& entries);
void put_list_metadata(Session& s, const Mailbox& m, const store::Annotations& all, const std::vector<std::string>& entries);

// Each that is changed or copied takes about so much memory; FETCH and SEARCH take little (heap.h).
inline void expect_changes(const std::vector<std::size_t>& chosen) { heap::expect(chosen.size() * 512); }

// Flags as STORE and APPEND give them.
struct Flags {
  uint8_t system = 0;
  std::vector<std::string> keywords;
};
bool take_flag_list(Cursor& c, Flags& out, bool bare_allowed);

// STATUS's items, for STATUS and LIST's RETURN (STATUS ...).
bool take_status_items(const Session& s, Cursor& c, std::vector<std::string>& items);
Status put_status(Session& s, const Mailbox& m, const std::vector<std::string>& items);

}  // namespace jd::imap

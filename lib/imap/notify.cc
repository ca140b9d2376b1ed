// SPDX-License-Identifier: MIT
#include "lib/imap/notify.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/imap/command.h"
#include "lib/imap/session.h"

namespace jd::imap {
namespace {

std::size_t arrivals_since(const store::FolderState& st, uint32_t uid_next) { return st.entries().size() - st.first_at_least(uid_next); }

bool has_foreign_arrival(const store::FolderState& st, uint32_t uid_next, const store::UidSet& own) {
  for (std::size_t i = st.first_at_least(uid_next); i < st.entries().size(); ++i)
    if (!own.contains(st.entries()[i].uid)) return true;
  return false;
}

bool has_flag_change(const store::FolderState& st, uint64_t since, uint32_t uid_next) {
  std::size_t old = st.first_at_least(uid_next);
  if (auto changed = st.changed_since(since)) {
    for (auto& r : changed->ranges())
      if (auto i = st.first_at_least(r.first); i < old && st.entries()[i].uid <= r.last) return true;
    return false;
  }
  for (std::size_t i = 0; i < old; ++i)
    if (st.entries()[i].mod_seq > since) return true;
  return false;
}

struct StatusLine {
  bool count = false, uid_validity = false, mod_seq = false, unseen = false;
};
void put_line(Session& s, const std::string& name, const store::FolderState& st, StatusLine w) {
  std::string items;
  auto add = [&](std::string_view item, uint64_t n) { items += fmt::format("{}{} {}", items.empty() ? "" : " ", item, n); };
  if (w.count) add("MESSAGES", st.entries().size()), add("UIDNEXT", st.uid_next());
  if (w.uid_validity) add("UIDVALIDITY", st.uid_validity());
  if (w.unseen) add("UNSEEN", st.unseen());
  if (w.mod_seq) add("HIGHESTMODSEQ", st.mod_seq());
  s.out() += "* STATUS ";
  append_mailbox(s, s.out(), name);
  s.out() += " (" + items + ")\r\n";
}

std::string parent_of(const std::string& name) {
  auto slash = name.rfind('/');
  return slash == name.npos ? "" : name.substr(0, slash);
}
// One is the other or a level above it.
bool is_related(std::string_view a, std::string_view b) {
  auto above = [](std::string_view x, std::string_view y) { return y.starts_with(x) && (y.size() == x.size() || y[x.size()] == '/'); };
  return above(a, b) || above(b, a);
}

}  // namespace

uint8_t NotifyRequest::others() const {
  uint8_t all = 0;
  for (auto& g : groups) all |= g.events;
  return all;
}

void Notify::limit(View::Say& say) const {
  say.exists = request_.selected & message_new;
  say.flags = request_.selected & flag_change;
  // RFC 5465 §6.1: at once, or at the usual moments.
  say.expunge = request_.selected & message_expunge && (say.expunge || !request_.is_delayed);
  say.uid = true;
}

Notify::Known Notify::known_of(const store::FolderState& st) {
  Known k;
  k.uid_validity = st.uid_validity();
  k.uid_next = st.uid_next();
  k.unseen = st.unseen();
  k.messages = st.entries().size();
  k.mod_seq = st.mod_seq();
  return k;
}

uint8_t Notify::events_of(std::string_view name, const std::set<std::string>& subscriptions) const {
  uint8_t all = 0;
  for (auto& g : request_.groups)
    if (covers(g.filter, name, subscriptions)) all |= g.events;
  return all;
}

bool Notify::is_wanted(NotifyEvent e, std::string_view name, const std::set<std::string>& now) const {
  return (events_of(name, now) | events_of(name, subscriptions_)) & e;
}

// By name, without the selected one.
std::map<std::string, std::pair<uint32_t, uint8_t>> Notify::watched(Session& s) const {
  // NOTIFY is about the user's own mailboxes, and whatever is selected (jdmail-rfc(7)).
  std::map<std::string, std::pair<uint32_t, uint8_t>> out;
  auto& tree = s.account().tree();
  for (auto& [id, info] : tree.folders()) {
    if (s.view() && &s.selected_account() == &s.account() && s.view()->folder().id() == id) continue;
    if (uint8_t e = events_of(info.name, tree.subscriptions()) & message_events) out.emplace(info.name, std::pair{id, e});
  }
  return out;
}

Status Notify::begin(Session& s, bool with_status) {
  auto& tree = s.account().tree();
  CHECK(tree.refresh());
  auto all = watched(s);
  if (all.size() > max_watched) return fail(Fault::perm, "no more than {} mailboxes can be watched", max_watched);
  std::string lines;
  for (auto& [name, one] : all) {
    TRY(store::Folder * f, s.account().folder(one.first));
    CHECK(f->refresh());
    known_[one.first] = known_of(f->state());
    bool has_flags = one.second & flag_change;
    if (with_status) put_line(s, name, f->state(), {.count = true, .uid_validity = true, .mod_seq = has_flags, .unseen = has_flags});
  }
  for (auto& [id, info] : tree.folders()) names_[id] = info.name;
  subscriptions_ = tree.subscriptions();
  if (request_.others() & (mailbox_metadata | server_metadata)) {
    TRY(auto now, s.account().annotations());
    for (auto& [key, value] : now) annotations_[key] = std::hash<std::string>{}(value);
  }
  return {};
}

void Notify::tell(Session& s) {
  uint8_t others = request_.others();
  if (!others) return;
  auto& tree = s.account().tree();
  if (auto r = tree.refresh(); !r) return log::failure("imap_notify_failed", r.error());
  tell_names(s);
  std::set<std::string> before = std::exchange(subscriptions_, tree.subscriptions());
  if (before != subscriptions_) tell_subscriptions(s, before);
  if (others & (mailbox_metadata | server_metadata)) tell_metadata(s);
  if (!(others & message_events)) return;
  auto all = watched(s);
  if (all.size() > max_watched) return overflow(s);
  for (auto& [name, one] : all) {
    tell_folder(s, one.first, name, one.second);
    s.flush_if_full();
  }
  std::erase_if(known_, [&](auto& k) { return !tree.find(k.first); });
}

// RFC 5465 §5.8: as if NOTIFY NONE had come.
void Notify::overflow(Session& s) {
  request_ = {};
  known_.clear();
  s.out() += fmt::format("* OK [NOTIFICATIONOVERFLOW] there are more than {} mailboxes: nothing is told any more\r\n", max_watched);
}

// RFC 5465 §5.4.  Mailboxes below a renamed one are renamed with it, silently.
void Notify::tell_names(Session& s) {
  auto& tree = s.account().tree();
  auto& now = tree.subscriptions();
  std::map<std::string, std::string> renamed;  // old -> new
  std::set<std::string> affected;
  std::map<uint32_t, std::string> names;
  for (auto& [id, info] : tree.folders()) {
    names[id] = info.name;
    auto old = names_.find(id);
    if (old == names_.end()) affected.insert(info.name), affected.insert(parent_of(info.name));
    else if (old->second != info.name) renamed[old->second] = info.name;
  }
  for (auto& [id, name] : names_)
    if (!names.contains(id)) affected.insert(name), affected.insert(parent_of(name));
  names_ = std::move(names);
  affected.erase("");
  for (auto& name : affected)
    if (is_wanted(mailbox_name, name, now)) put_list_entry(s, name);
  for (auto& [from, to] : renamed) {
    std::string above = parent_of(from);
    auto up = renamed.find(above);
    bool is_along = !above.empty() && up != renamed.end() && to == up->second + from.substr(above.size());
    if (!is_along && (is_wanted(mailbox_name, from, now) || is_wanted(mailbox_name, to, now))) put_list_entry(s, to, from);
  }
}

void Notify::tell_subscriptions(Session& s, const std::set<std::string>& before) {
  std::vector<std::string> changed;
  std::set_symmetric_difference(before.begin(), before.end(), subscriptions_.begin(), subscriptions_.end(), std::back_inserter(changed));
  for (auto& name : changed)
    if (is_wanted(subscription_change, name, before)) put_list_entry(s, name);
}

// RFC 5464 §4.4.2: the names of what has changed.
void Notify::tell_metadata(Session& s) {
  auto now = s.account().annotations();
  if (!now) return log::failure("imap_notify_failed", now.error());
  Hashes fresh;
  std::map<uint32_t, std::string> changed;
  for (auto& [key, value] : *now) {
    auto h = fresh[key] = std::hash<std::string>{}(value);
    if (auto old = annotations_.find(key); old == annotations_.end() || old->second != h) changed[key.first] += " " + key.second;
  }
  for (auto& [key, h] : annotations_)
    if (!fresh.contains(key)) changed[key.first] += " " + key.second;
  annotations_ = std::move(fresh);
  auto& tree = s.account().tree();
  for (auto& [folder, entries] : changed) {
    const store::FolderInfo* info = folder ? tree.find(folder) : nullptr;
    if (folder ? !info || !(events_of(info->name, tree.subscriptions()) & mailbox_metadata) : !(request_.others() & server_metadata)) continue;
    s.out() += "* METADATA ";
    append_mailbox(s, s.out(), folder ? info->name : "");
    s.out() += entries + "\r\n";
  }
}

void Notify::tell_folder(Session& s, uint32_t id, const std::string& name, uint8_t events) {
  auto folder = s.account().folder(id);
  Status fresh;
  if (!folder) fresh = Unexpected(folder.error());
  else if (auto r = (*folder)->refresh(); !r) fresh = Unexpected(r.error());
  if (!fresh) return log::failure("imap_notify_failed", fresh.error(), {{"folder", name}});
  auto& st = (*folder)->state();
  Known& k = known_[id];
  bool is_new = k.uid_validity == 0;
  if (is_new) k.uid_validity = st.uid_validity();
  bool is_renumbered = k.uid_validity != st.uid_validity();
  if (is_renumbered) k = Known{}, is_new = true;
  if (k.mod_seq == st.mod_seq() && k.uid_next == st.uid_next()) return;
  bool arrived = has_foreign_arrival(st, k.uid_next, k.own);
  bool expunged = k.messages > st.entries().size() - arrivals_since(st, k.uid_next);
  bool flags = events & flag_change && (has_flag_change(st, k.mod_seq, k.uid_next) || is_renumbered);
  bool knows_seq = s.has(Ext::condstore) || s.has(Ext::qresync), is_unseen_other = k.unseen != st.unseen();
  StatusLine w;
  w.count = (arrived && events & message_new) || (expunged && events & message_expunge);
  w.uid_validity = is_new || flags;
  w.unseen = events & flag_change && is_unseen_other;
  w.mod_seq = knows_seq;
  k = known_of(st);
  // RFC 5465 §5.1: without CONDSTORE flags are told by the number of unseen messages, if at all.
  if (w.count || is_renumbered || (flags && (knows_seq || is_unseen_other))) put_line(s, name, st, w);
}

void Notify::mine(uint32_t folder, const store::UidSet& uids) {
  for (auto& r : uids.ranges()) known_[folder].own.add(r.first, r.last);
}

void Notify::mine(Session& s, std::string_view name) {
  auto& tree = s.account().tree();
  for (auto& [id, info] : tree.folders())
    if (auto old = names_.find(id); is_related(info.name, name) || (old != names_.end() && is_related(old->second, name))) names_[id] = info.name;
  std::erase_if(names_, [&](auto& n) { return is_related(n.second, name) && !tree.find(n.first); });
  const store::FolderInfo* there = tree.find(name);
  std::string own = there ? there->name : std::string(name);
  if (tree.subscriptions().contains(own)) subscriptions_.insert(own);
  else subscriptions_.erase(own);
}

void Notify::mine(const store::AnnotationChanges& changes) {
  for (auto& [key, value] : changes) {
    if (value) annotations_[key] = std::hash<std::string>{}(*value);
    else annotations_.erase(key);
  }
}

void Notify::left(store::Folder& folder) { known_[folder.id()] = known_of(folder.state()); }

}  // namespace jd::imap

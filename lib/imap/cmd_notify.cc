// SPDX-License-Identifier: MIT
// cmd_notify.cc: NOTIFY (RFC 5465): reading what the client wants to hear.
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/notify.h"

namespace jd::imap {
namespace {

struct Row {
  std::string_view name;
  NotifyEvent event;
};
constexpr Row rows[] = {
    {"MessageNew", message_new},
    {"MessageExpunge", message_expunge},
    {"FlagChange", flag_change},
    {"MailboxName", mailbox_name},
    {"SubscriptionChange", subscription_change},
    {"MailboxMetadataChange", mailbox_metadata},
    {"ServerMetadataChange", server_metadata},
};

enum class Took : uint8_t { well, badly, unknown };

// An event, with what MessageNew has behind it.
Took take_event(Cursor& c, bool is_selected, uint8_t& events, NotifyRequest& r, std::string& why) {
  std::string word;
  if (!c.atom(word)) return why = "expected events", Took::badly;
  auto row = std::find_if(std::begin(rows), std::end(rows), [&](auto& x) { return iequals(x.name, word); });
  if (row == std::end(rows)) return Took::unknown;
  events |= row->event;
  auto at = c.at();
  if (row->event != message_new || !c.space() || c.peek() != '(') return c.back(at), Took::well;
  if (!is_selected) return why = "only of the selected mailbox something can be fetched", Took::badly;
  at = c.at();
  std::string_view text = c.rest();
  if (!take_fetch_items(c, r.items, why)) return Took::badly;
  r.items_text = text.substr(0, c.at() - at);
  if (r.items_text.find('{') != std::string::npos) r.items_text.clear();
  return Took::well;
}

// NONE, or a list; RFC 5465's examples have no parentheses around it.
Took take_events(Cursor& c, bool is_selected, uint8_t& events, NotifyRequest& r, std::string& why) {
  auto at = c.at();
  std::string word;
  if (c.atom(word) && iequals(word, "NONE")) return Took::well;
  c.back(at);
  bool in_list = c.is('(');
  do {
    if (Took t = take_event(c, is_selected, events, r, why); t != Took::well) return t;
  } while (c.space());
  why = "the list of events has no end";
  return !in_list || c.is(')') ? Took::well : Took::badly;
}

bool is_whole(uint8_t events, std::string& why) {
  bool has_new = events & message_new, has_expunge = events & message_expunge;
  if (has_new != has_expunge) return why = "MessageNew and MessageExpunge go together", false;
  if (events & flag_change && !has_new) return why = "FlagChange takes MessageNew and MessageExpunge", false;
  return true;
}

Took take_group(const Session& s, Cursor& c, NotifyRequest& r, bool& has_selected, std::string& why) {
  NotifyRequest::Group g;
  why = "expected (mailboxes (events))";
  if (!c.is('(') || !take_mailbox_filter(s, c, g.filter, why)) return Took::badly;
  why = "expected the events of these mailboxes";
  bool is_selected = g.filter.is_selected();
  if (g.filter.kind == MailboxFilter::Kind::subtree_one) return why = "SUBTREE-ONE is ESEARCH's", Took::badly;
  if (is_selected && std::exchange(has_selected, true)) return why = "one of SELECTED and SELECTED-DELAYED, and once", Took::badly;
  if (!c.space()) return Took::badly;
  if (Took t = take_events(c, is_selected, g.events, r, why); t != Took::well) return t;
  if (!c.is(')')) return Took::badly;
  if (!is_whole(g.events, why)) return Took::badly;
  if (!is_selected) return r.groups.push_back(std::move(g)), Took::well;
  if (g.events & ~message_events) return why = "of the selected mailbox only messages are told", Took::badly;
  r.selected = g.events;
  r.is_delayed = g.filter.kind == MailboxFilter::Kind::selected_delayed;
  return Took::well;
}

void refuse_event(Session& s) {
  std::string all;
  for (auto& row : rows) all += (all.empty() ? "" : " ") + std::string(row.name);
  s.no(fmt::format("[BADEVENT ({})] no such event is told here", all));
}

}  // namespace

void cmd_notify(Session& s, Cursor& c) {
  constexpr std::size_t max_groups = 100;
  std::string word, why;
  if (!c.space() || !c.atom(word)) return s.bad("NOTIFY SET or NOTIFY NONE");
  if (iequals(word, "NONE")) {
    if (!s.end(c)) return;
    s.ok("nothing is told from now on");
    return s.notify_none();
  }
  if (!iequals(word, "SET") || !c.space()) return s.bad("NOTIFY SET or NOTIFY NONE");
  auto at = c.at();
  bool with_status = c.atom(word) && iequals(word, "STATUS");
  if (!with_status) c.back(at);
  else if (!c.space()) return s.bad("of which mailboxes?");
  NotifyRequest r;
  bool has_selected = false;
  do {
    if (r.groups.size() >= max_groups) return s.no("[NOTIFICATIONOVERFLOW] too many groups");
    Took t = take_group(s, c, r, has_selected, why);
    if (t == Took::badly) return s.bad(why);
    if (t == Took::unknown) return refuse_event(s);
  } while (c.space());
  if (!s.end(c)) return;
  if (std::any_of(r.items.begin(), r.items.end(), [](auto& i) { return i.what == Fetch::mod_seq; })) s.enable(Ext::condstore);
  s.sync_all();  // RFC 5465 §3.1: as NOOP does
  auto begun = s.set_notify(std::move(r), with_status);
  if (!begun && begun.error().fault == Fault::perm && begun.error().sys == 0) return s.no("[NOTIFICATIONOVERFLOW] " + begun.error().what);
  if (!begun) return s.failed(begun.error(), "cannot watch a mailbox");
  s.ok("NOTIFY done");
}

}  // namespace jd::imap

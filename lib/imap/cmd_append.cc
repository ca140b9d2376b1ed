// SPDX-License-Identifier: MIT
// cmd_append.cc: APPEND (RFC 3501 §6.3.11) of one or more messages (RFC 3502), also put together out of
// others (CATENATE, RFC 4469), with APPENDUID (RFC 4315); and REPLACE (RFC 8508).
#include <errno.h>

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/message_url.h"
#include "lib/mime/date.h"
#include "lib/mime/section.h"

namespace jd::imap {

bool take_flag_list(Cursor& c, Flags& out, bool bare_allowed) {
  static constexpr std::pair<std::string_view, store::Flag> system[] = {{"\\seen", store::seen},
      {"\\answered", store::answered}, {"\\flagged", store::flagged}, {"\\deleted", store::deleted}, {"\\draft", store::draft}};
  bool in_list = c.is('(');
  if (!in_list && !bare_allowed) return false;
  if (in_list && c.is(')')) return true;
  std::string word;
  do {
    if (!c.flag(word) || out.keywords.size() > store::max_keywords) return false;
    if (word[0] != '\\') {
      if (word.size() > 255) return false;
      out.keywords.push_back(word);
      continue;
    }
    auto known = std::find_if(std::begin(system), std::end(system), [&](auto& f) { return iequals(f.first, word); });
    if (known != std::end(system)) out.system |= known->second;
    else if (!iequals(word, "\\recent")) return false;  // \Recent is nobody's to set: ignored
  } while (c.space());
  return !in_list || c.is(')');
}

namespace {

constexpr std::size_t max_messages = 100;

struct Incoming {
  Flags flags;
  int64_t date = 0;
  std::string made;        // CATENATE's result
  std::string_view bytes;  // of `made` or of the command
  bool is_literal8 = false;
};

// While it lives, the cache reads another account's messages.
class Elsewhere {
 public:
  Elsewhere(MessageCache& cache, store::MailSegments& there) : cache_(cache), before_(cache.read_from(there)) {}
  ~Elsewhere() { cache_.read_from(before_); }
  Elsewhere(const Elsewhere&) = delete;

 private:
  MessageCache& cache_;
  store::MailSegments& before_;
};

// Adds what a URL names; false: answered.
bool add_url(Session& s, const std::string& url, std::string& out) {
  auto refuse = [&](std::string_view why) {
    std::string shown;
    for (char ch : url.substr(0, 1000)) shown += is_ctl(ch) || is_8bit(ch) || ch == ']' ? '?' : ch;
    return s.no(fmt::format("[BADURL \"{}\"] {}", escape(shown), why)), false;
  };
  auto place = parse_message_url(url);
  if (!place) return refuse("expected /mailbox;UIDVALIDITY=n/;UID=n/;SECTION=part of a mailbox of yours");
  auto m = s.mailboxes().find(place->mailbox);
  if (!m) return s.failed(m.error(), "cannot read the folders"), false;
  if (!m->info || !m->may('r')) return refuse("there is no such mailbox");
  auto folder = m->account->folder(m->info->id);
  if (!folder) return s.failed(folder.error(), "cannot open the mailbox"), false;
  if (auto r = (*folder)->refresh(); !r) return s.failed(r.error(), "cannot read the mailbox"), false;
  auto& state = (*folder)->state();
  if (place->uid_validity && place->uid_validity != state.uid_validity()) return refuse("the mailbox is another one now");
  const store::Entry* e = state.find(place->uid);
  if (!e) return refuse("there is no such message");
  Elsewhere elsewhere(s.cache(), m->account->segments());
  auto message = s.cache().message(*e);
  if (!message) return s.failed(message.error(), "cannot read the message"), false;
  std::string_view bytes = **message;
  std::string chosen;
  if (!place->section.empty()) {
    auto root = s.cache().root(*e);
    if (!root) return s.failed(root.error(), "cannot read the message"), false;
    auto range = mime::section(**root, place->section);
    if (!range) return refuse("the message has no such part");
    bytes = range->of(bytes);
    if (!place->fields.empty()) bytes = chosen = mime::header_fields(bytes, place->fields, place->all_but);
  }
  if (place->partial) {
    auto [from, count] = *place->partial;
    bytes = from < bytes.size() ? bytes.substr(from, count) : std::string_view();
  }
  if (out.size() + bytes.size() > s.options().message_size) return s.no("[TOOBIG] message too large"), false;
  out += bytes;
  return true;
}

bool bad_message(Session& s) { return s.bad("the message must come as a literal"), false; }

// RFC 4469: behind "CATENATE".
bool take_parts(Session& s, Cursor& c, Incoming& m) {
  std::string word, url;
  std::string_view text;
  if (!c.space() || !c.is('(')) return bad_message(s);
  std::size_t n = 0;
  do {
    if (!c.atom(word) || !c.space() || ++n > 100) return bad_message(s);
    if (iequals(word, "URL")) {
      if (!c.astring(url)) return bad_message(s);
      if (!add_url(s, url, m.made)) return false;
    } else if (iequals(word, "TEXT")) {
      m.is_literal8 |= c.is('~');
      if (!c.literal(text)) return bad_message(s);
      if (m.made.size() + text.size() > s.options().message_size) return s.no("[TOOBIG] message too large"), false;
      m.made += text;
    } else {
      return bad_message(s);
    }
  } while (c.space());
  m.bytes = m.made;
  return c.is(')') || bad_message(s);
}

// A literal, a literal8 (RFC 3516), UTF8 (literal8) (RFC 9755) or CATENATE (...).
bool take_data(Session& s, Cursor& c, Incoming& m) {
  std::string word;
  if (c.peek() != '{' && c.peek() != '~') {
    if (!c.atom(word)) return bad_message(s);
    if (iequals(word, "CATENATE")) return take_parts(s, c, m);
    if (!iequals(word, "UTF8")) return bad_message(s);
    if (!s.has(Ext::utf8)) return s.bad("UTF8 takes ENABLE UTF8=ACCEPT first"), false;
    m.is_literal8 = true;
    return (c.space() && c.is('(') && c.is('~') && c.literal(m.bytes) && c.is(')')) || bad_message(s);
  }
  m.is_literal8 = c.is('~');
  return c.literal(m.bytes) || bad_message(s);
}

// Behind the blank: [flags] [date] data.  false: answered.
bool take_message(Session& s, Cursor& c, Incoming& m) {
  std::string date;
  if (c.peek() == '(' && (!take_flag_list(c, m.flags, false) || !c.space())) return s.bad("no such list of flags"), false;
  if (c.peek() == '"') {
    if (!c.string(date) || !c.space()) return bad_message(s);
    auto at = mime::parse_imap_date(date);
    if (!at) return s.bad("expected a date like \"17-Jul-1996 02:44:25 -0700\""), false;
    m.date = at->time.seconds();
  }
  if (!take_data(s, c, m)) return false;
  // RFC 3502 §6.3.11: an empty message is how a client takes its command back.
  if (m.bytes.empty()) return s.no("[CANNOT] the message is empty"), false;
  if (m.bytes.size() > s.options().message_size) return s.no("[TOOBIG] message too large"), false;
  if (m.bytes.find('\0') == std::string_view::npos) return true;
  return s.no(m.is_literal8 ? "[UNKNOWN-CTE] NUL bytes are not kept: encode the part" : "[CANNOT] a message has no NUL bytes"), false;
}

// The folder to append to; null: answered.
store::Folder* open_target(Session& s, const std::string& name, uint64_t bytes, std::vector<Incoming>& messages, std::optional<Mailbox>& to) {
  to = mailbox_with(s, name, "i", "TRYCREATE");
  if (!to) return nullptr;
  if (to->rights != store::Rights::all())
    for (auto& m : messages) drop_forbidden(m.flags, to->rights);
  if (!has_room(s, *to, bytes, messages.size())) return nullptr;
  auto folder = to->account->folder(to->info->id);
  if (!folder) return s.failed(folder.error(), "cannot open the mailbox"), nullptr;
  return *folder;
}

Result<store::UidSet> keep(store::Folder& folder, std::vector<Incoming>& incoming) {
  std::vector<store::NewMessage> messages;
  for (auto& in : incoming) {
    store::NewMessage& m = messages.emplace_back();
    m.bytes = in.bytes;
    m.flags = in.flags.system;
    m.keywords = std::move(in.flags.keywords);
    m.date = in.date;
  }
  TRY(auto uids, folder.append(messages, true));
  store::UidSet out;
  for (auto uid : uids) out.add(uid);
  return out;
}

// " mailbox message+" off the command and into the folder; "APPENDUID ..." or "": answered.
std::string append_all(Session& s, Cursor& c, std::size_t at_most) {
  std::string name;
  if (!take_mailbox(s, c, name)) return "";
  std::vector<Incoming> messages;
  uint64_t bytes = 0;
  if (!c.space()) return s.bad(std::string(s.command()) + " takes a message"), "";
  do {
    if (uint64_t n = s.options().message_limit; n && messages.size() >= n) return s.too_many(0), "";
    if (messages.size() >= at_most) return s.bad(fmt::format("no more than {} messages at once", at_most)), "";
    messages.emplace_back();
    if (!take_message(s, c, messages.back())) return "";
    bytes += messages.back().bytes.size();
  } while (c.space());
  if (!s.end(c)) return "";
  for (auto& m : messages)
    if (!m.made.empty()) m.bytes = m.made;  // the vector may have moved it
  std::optional<Mailbox> to;
  store::Folder* folder = open_target(s, name, bytes, messages, to);
  if (!folder) return "";
  auto uids = keep(*folder, messages);
  if (!uids && uids.error().fault == Fault::perm && uids.error().sys == 0) return s.no("[LIMIT] " + uids.error().what), "";
  if (!uids) return s.failed(uids.error(), "cannot keep the message"), "";
  s.mine(*folder, *uids);
  s.brought(*folder, messages.size());
  s.tell_stored(*to, messages[0].bytes, bytes, messages.size());
  return fmt::format("APPENDUID {} {}", folder->state().uid_validity(), uids->text());
}

}  // namespace

void cmd_append(Session& s, Cursor& c) {
  std::string code = append_all(s, c, max_messages);
  if (!code.empty()) s.ok(fmt::format("[{}] APPEND done", code));
}

void cmd_replace(Session& s, Cursor& c) {
  View& v = *s.view();
  std::vector<std::size_t> chosen;
  if (!s.messages(c, chosen)) return;
  if (v.is_read_only()) return s.no("the mailbox is open for reading only");
  if (!v.may('t') || !v.may('e')) return s.no("[NOPERM] you have not the right to take messages away from here");
  if (chosen.size() != 1) return chosen.empty() ? s.no("[NONEXISTENT] there is no such message") : s.bad("REPLACE takes one message");
  uint32_t uid = v.uid(chosen[0]);
  if (!v.folder().state().find(uid)) return s.no("[EXPUNGEISSUED] the message is gone");
  std::string code = append_all(s, c, 1);
  if (code.empty()) return;
  store::UidSet old;
  old.add(uid);
  s.out() += fmt::format("* OK [{}] the new message is there\r\n", code);  // RFC 8508 §3.4: before EXPUNGE
  if (auto r = v.folder().expunge(old); !r) return s.failed(r.error(), "the old message could not be expunged");
  s.ok("REPLACE done");
}

}  // namespace jd::imap

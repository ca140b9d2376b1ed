// SPDX-License-Identifier: MIT
#include "lib/imap/session.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/imap/context.h"
#include "lib/imap/notify.h"
#include "lib/mime/imap_form.h"
#include "lib/store/deriver.h"

namespace jd::imap {
namespace {
constexpr std::size_t flush_bytes = 64 << 10;  // enough for few calls, and what is written is still in the cache
constexpr std::size_t kept_bytes = 256 << 10;  // of room for answers; more was for something large
constexpr const char* renumbered = "mail was imported with its UIDs into this mailbox: connect again";

constexpr CommandRow rows[] = {
    {"CAPABILITY", cmd_capability},
    {"NOOP", cmd_noop},
    {"CHECK", cmd_noop, true},
    {"LOGOUT", cmd_logout},
    {"ID", cmd_id},
    {"ENABLE", cmd_enable},
    {"NAMESPACE", cmd_namespace},
    {"IDLE", cmd_idle},
    {"SELECT", cmd_select},
    {"EXAMINE", cmd_select},
    {"CLOSE", cmd_close, true},
    {"UNSELECT", cmd_unselect, true},
    {"EXPUNGE", cmd_expunge, true, true},
    {"CREATE", cmd_create},
    {"DELETE", cmd_delete},
    {"RENAME", cmd_rename},
    {"SUBSCRIBE", cmd_subscribe},
    {"UNSUBSCRIBE", cmd_subscribe},
    {"LIST", cmd_list},
    {"LSUB", cmd_lsub},
    {"STATUS", cmd_status},
    {"APPEND", cmd_append},
    {"SEARCH", cmd_search, true, true, false},
    {"ESEARCH", cmd_esearch, false, false, false},
    {"SORT", cmd_sort, true, true, false},
    {"THREAD", cmd_thread, true, true, false},
    {"FETCH", cmd_fetch, true, true, false},
    {"STORE", cmd_store, true, true, false},
    {"COPY", cmd_copy, true, true},
    {"MOVE", cmd_copy, true, true},
    {"REPLACE", cmd_replace, true, true},
    {"COMPRESS", cmd_compress},
    {"NOTIFY", cmd_notify},
    {"CANCELUPDATE", cmd_cancel_update, true},
    {"GETMETADATA", cmd_getmetadata},
    {"SETMETADATA", cmd_setmetadata},
    {"GETQUOTA", cmd_quota},
    {"GETQUOTAROOT", cmd_quota},
    {"SETQUOTA", cmd_setquota},
    {"SETACL", cmd_setacl},
    {"DELETEACL", cmd_setacl},
    {"GETACL", cmd_getacl},
    {"LISTRIGHTS", cmd_listrights},
    {"MYRIGHTS", cmd_myrights},
};

constexpr std::string_view capabilities =
    "IMAP4rev1 LITERAL+ IDLE UIDPLUS MOVE NAMESPACE SPECIAL-USE UNSELECT ID ENABLE CHILDREN LIST-EXTENDED "
    "ESEARCH MULTISEARCH CONTEXT=SEARCH CONTEXT=SORT SEARCHRES WITHIN SEARCH=FUZZY SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES THREAD=REFS I18NLEVEL=1 "
    "LIST-STATUS STATUS=SIZE UTF8=ACCEPT BINARY PREVIEW APPENDLIMIT MULTIAPPEND CATENATE REPLACE CREATE-SPECIAL-USE QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE COMPRESS=DEFLATE "
    "NOTIFY INPROGRESS IMAP4rev2 CONDSTORE QRESYNC UIDONLY OBJECTID SAVEDATE METADATA LIST-METADATA PARTIAL ACL RIGHTS=kxte LIST-MYRIGHTS";
}  // namespace

std::string offered(uint64_t message_limit) {
  std::string out(capabilities);
  if (message_limit) out += fmt::format(" MESSAGELIMIT={}", message_limit);
  return out;
}

const CommandRow* find_command(std::string_view name) {
  for (auto& r : rows)
    if (r.name == name) return &r;
  return nullptr;
}

Session::Session(store::Account& account, const SessionOptions& options, Write write)
    : account_(account), options_(options), mailboxes_(account, options.user, options.identities, options.others),
      write_(std::move(write)), reader_(options.message_size), cache_(account.segments()),
      contexts_(std::make_unique<Contexts>()) {}
Session::~Session() = default;

void Session::start() {
  out_ += options_.greeting;
  flush();
  if (!options_.early.empty()) feed(options_.early);
}

void Session::flush() {
  if (!out_.empty() && !write_(deflate_ ? deflate_->deflate(out_) : out_)) is_over_ = true;
  if (out_.capacity() > kept_bytes) std::string().swap(out_);
  out_.clear();
}
void Session::flush_if_full() {
  if (out_.size() >= flush_bytes) flush();
}

void Session::rest() {
  std::string().swap(out_);
  account_.rest();
  if (selected_) selected_->rest();
}

void Session::feed(std::string_view in) {
  while (!is_over_) {
    if (!deflate_) {
      take(in);
      if (!next_) break;
      flush();
      deflate_ = std::move(next_);
    }
    std::string plain;
    bool is_well = deflate_->inflate(in, plain);
    std::string_view bytes = plain;
    take(bytes);
    if (!is_well) bye("the compressed bytes make no sense");
    if (plain.empty() && in.empty()) break;
  }
  flush();
  cache_.keep();  // the client has its answer
  if (is_due_ && reader_.is_at_start()) notify();
}

bool Session::compress() {
  next_ = Deflate::begin();
  return next_ != nullptr;
}

void Session::take(std::string_view& in) {
  while (!in.empty() && !is_over_ && !next_) {
    auto got = reader_.feed(in);
    if (got == CommandReader::Got::needs_more) break;
    if (got == CommandReader::Got::ask) out_ += "+ go on\r\n";
    if (got == CommandReader::Got::refused) {
      out_ += reader_.refusal() + "\r\n";
      if (++bad_ >= options_.max_bad) bye("too many bad commands");
    }
    if (got == CommandReader::Got::command) {
      Command c = reader_.take();
      if (is_idling_) end_idle(c.text);
      else run(c);
    }
    flush_if_full();
  }
}

void Session::bye(std::string_view why) {
  if (is_over_) return;
  out_ += fmt::format("* BYE {}\r\n", why);
  flush();
  is_over_ = true;
}

bool Session::is_listening() const { return is_idling_ || (notify_ && notify_->is_listening()); }
bool Session::is_watching() const { return notify_ && notify_->request().others(); }

void Session::notify() {
  if (is_over_ || !is_listening()) return;
  // In the middle of a command the client waits for its answer, not for news.
  if (is_due_ = !is_idling_ && !reader_.is_at_start(); is_due_) return;
  if (view_ && !look_at_rights()) return;
  if (view_) tell(is_idling_, false);
  if (view_ && view_->is_renumbered()) return bye(renumbered);
  if (notify_) notify_->tell(*this);
  flush();
}

void Session::end_idle(std::string_view line) {
  is_idling_ = false;
  if (iequals(line, "DONE")) ok("IDLE ended");
  else bad("IDLE is ended by DONE");
}

void Session::run(const Command& command) {
  Cursor c(command);
  tag_ = "*";
  std::string tag;
  is_uid_ = false;
  may_expunge_ = true;
  if (!c.tag(tag)) return bad("a command begins with a tag");
  tag_ = tag;
  dispatch(c);
}

void Session::dispatch(Cursor& c) {
  std::string word;
  if (!c.space() || !c.atom(word)) return bad("there is no command after the tag");
  name_ = upper(word);
  if (name_ == "UID") {
    if (!c.space() || !c.atom(word)) return bad("UID what?");
    name_ = upper(word);
    is_uid_ = true;
  }
  if (name_ == "LOGIN" || name_ == "AUTHENTICATE" || name_ == "STARTTLS") return bad("you are logged in already");
  const CommandRow* row = find_command(name_);
  if (!row || (is_uid_ && !row->has_uid_form)) return bad("no such command: " + escape(name_.substr(0, 40)));
  // RFC 9586 §3: a client that does without sequence numbers uses none.
  if (has(Ext::uidonly) && row->has_uid_form && !is_uid_ && name_ != "EXPUNGE") return bad("[UIDREQUIRED] use UID " + name_);
  if (row->needs_folder && !view_) return bad("no mailbox is selected");
  may_expunge_ = row->tells_expunge || is_uid_;
  if (view_) {
    if (!look_at_rights()) return;
    if (auto r = view_->folder().refresh(); !r) return failed(r.error(), "cannot read the mailbox");
    if (view_->is_renumbered()) return bye(renumbered);
  }
  expunges_ = name_ == "EXPUNGE" || name_ == "MOVE" || name_ == "REPLACE";
  progress_at_ = monotonic() + options_.progress_every;
  row->run(*this, c);
  expunges_ = false;
  progress_at_ = Time{INT64_MAX};
}

// Somebody else's folder: what its owner lets us do may be another thing now.  false: it is over (RFC 4314 §5.1.1).
bool Session::look_at_rights() {
  if (!selected_) return true;
  Mailbox m = mailboxes_.of(*selected_, view_->folder().id());
  if (!m.info || !m.may('r')) return bye("this mailbox is not shared with you any more"), false;
  if (m.rights == view_->rights()) return true;
  view_->set_rights(m.rights);
  out_ += "* FLAGS (" + view_->all_flags() + ")\r\n* OK [PERMANENTFLAGS (" + view_->permanent_flags() + ")] your rights have changed\r\n";
  return true;
}

bool Session::enable(Ext e) {
  bool was = has(e);
  if (e == Ext::qresync) enable(Ext::condstore);  // RFC 7162 §3.2.3
  enabled_ |= 1U << static_cast<unsigned>(e);
  return !was;
}

View::Say Session::say(bool may_expunge, bool uid) const {
  View::Say w;
  w.expunge = may_expunge;
  w.uid = uid || has(Ext::rev2);  // RFC 9051 §7.5.2
  w.vanished = has(Ext::qresync) || has(Ext::uidonly);
  w.mod_seq = has(Ext::condstore);
  w.recent = !has(Ext::rev2);
  w.uid_only = has(Ext::uidonly);
  if (notify_) notify_->limit(w);
  if (expunges_) w.expunge = true;  // its own answer
  return w;
}

// What has changed in the selected mailbox, as far as it may be said now.  RFC 5465 §7 for the order
// (§5.2 has another; both are in use).
void Session::tell(bool may_expunge, bool uid) {
  auto failure = [](const Status& r) { log::failure("imap_sync_failed", r.error()); };
  View::Say w = say(may_expunge, uid);
  if (auto r = view_->refresh(w); !r) return failure(r);
  if (view_->is_renumbered()) return;
  contexts_->tell_gone(*this);
  uint32_t known = view_->last_uid();
  if (auto r = view_->tell(out_, w); !r) failure(r);
  auto news = contexts_->changes(*this);
  for (std::size_t i = view_->first_at_least(known + 1); view_->last_uid() != known && i < view_->size(); ++i) {
    std::vector<FetchItem> items;
    if (notify_) items = notify_->request().items;
    for (auto& [arrived, context] : news.arrived)
      if (arrived == view_->uid(i)) items.insert(items.end(), context->items.begin(), context->items.end());
    std::vector<FetchItem> once;
    for (auto& item : items)
      if (std::none_of(once.begin(), once.end(), [&](auto& o) { return o.label == item.label; })) once.push_back(item);
    if (once.empty() || own_.contains(view_->uid(i))) continue;
    if (auto r = put_fetch(*this, i, once, false); !r) log::failure("imap_message_unreadable", r.error(), {{"uid", view_->uid(i)}});
  }
  if (view_->last_uid() != known) own_ = {};
  out_ += news.lines;
}

void Session::sync() {
  if (view_) tell(may_expunge_, is_uid_);
}

void Session::sync_all() {
  auto held = std::move(notify_);
  sync();
  notify_ = std::move(held);
}

void Session::progress(uint64_t done, uint64_t goal) {
  if (done % 64 || done >= goal || is_over_) return;
  Time at = monotonic();
  if (at < progress_at_) return;
  progress_at_ = at + options_.progress_every;
  out_ += fmt::format("* OK [INPROGRESS (\"{}\" {} {})] still at it\r\n", tag_, done, goal);
  flush();
}

Status Session::set_notify(NotifyRequest request, bool with_status) {
  auto n = std::make_unique<Notify>(std::move(request));
  CHECK(n->begin(*this, with_status));
  notify_ = std::move(n);
  return {};
}
void Session::notify_none() { notify_ = std::make_unique<Notify>(NotifyRequest{}); }

void Session::mine(const store::Folder& folder, const store::UidSet& uids) {
  if (view_ && &view_->folder() == &folder)
    for (auto& r : uids.ranges()) own_.add(r.first, r.last);
  if (!notify_) return;
  if (auto own = account_.folder(folder.id()); own && *own == &folder) notify_->mine(folder.id(), uids);
}
void Session::brought(const store::Folder& folder, std::size_t messages) {
  if (auto own = account_.folder(folder.id()); own && *own == &folder) brought_[folder.id()] += messages;
}

void Session::derive(const std::function<bool()>& may_go_on) {
  constexpr std::size_t few = 32;  // the listing itself makes them
  for (auto i = brought_.begin(); i != brought_.end();) {
    if (i->second < few) {
      ++i;
      continue;
    }
    auto folder = account_.folder(i->first);
    auto made = folder ? store::derive(account_, **folder, may_go_on) : Result<uint64_t>(0);  // deleted: nothing
    if (!made) log::failure("derived_not_kept", made.error(), {{"folder", i->first}});
    i = brought_.erase(i);
  }
}

void Session::mine(std::string_view name) {
  if (notify_) notify_->mine(*this, name);
}
void Session::mine(const store::AnnotationChanges& changes) {
  if (notify_) notify_->mine(changes);
}

void Session::finish(std::string_view how, std::string_view text) {
  if (uint32_t lowest = std::exchange(lowest_, 0)) return finish_limited(how, text, lowest);
  out_ += fmt::format("{} {} ", tag_, how);
  for (char c : text) out_ += is_8bit(c) ? '?' : c;  // RFC 3501 §9: TEXT-CHAR
  out_ += "\r\n";
}
// RFC 9738 §3.1: an answer has one response code; where it has another, this one goes before it.
void Session::finish_limited(std::string_view how, std::string_view text, uint32_t lowest) {
  std::string code = fmt::format("[MESSAGELIMIT {} {}] ", options_.message_limit, lowest);
  if (!text.starts_with('[')) return finish(how, code + std::string(text) + " with the last of these messages, not all");
  out_ += "* NO " + code + "done with the last of these messages, not all\r\n";
  finish(how, text);
}
void Session::ok(std::string_view text) {
  sync();
  finish("OK", text);
}
void Session::no(std::string_view text) {
  sync();
  finish("NO", text);
}
void Session::bad(std::string_view text) {
  finish("BAD", text);
  if (++bad_ >= options_.max_bad) bye("too many bad commands");
}
void Session::failed(const Error& e, std::string_view what) {
  log::failure("imap_command_failed", e, {{"command", name_}});
  const char* why = e.sys == ENOSPC ? ": no space left on the server; try again later" : "";
  no(fmt::format("[{}] {}{}", e.fault == Fault::temp ? "UNAVAILABLE" : "SERVERBUG", what, why));
}

bool Session::messages(Cursor& c, std::vector<std::size_t>& out) {
  SequenceSet set;
  if (!c.space() || !c.set(set)) return bad("expected a set of message numbers"), false;
  auto found = is_saved(set) ? view_->resolve(saved_, true) : view_->resolve(set, is_uid_);
  if (!found) return bad("there is no message with such a number"), false;
  out = std::move(*found);
  return true;
}

uint32_t Session::limit(std::vector<std::size_t>& chosen) const {
  uint64_t n = options_.message_limit;
  if (!n || chosen.size() <= n) return 0;
  chosen.erase(chosen.begin(), chosen.end() - static_cast<std::ptrdiff_t>(n));
  return view_->uid(chosen.front());
}
void Session::too_many(uint32_t lowest) {
  std::string uid = lowest ? fmt::format(" {}", lowest) : "";
  no(fmt::format("[MESSAGELIMIT {}{}] too many messages for one {}: nothing was done", options_.message_limit, uid, name_));
}

void Session::tell_stored(const Mailbox& to, std::string_view message, uint64_t bytes, uint64_t messages) {
  if (!options_.stored) return;
  options_.stored(*to.account, {to.other ? to.other->is.address : options_.user, to.other ? to.other->is.quota : options_.quota, bytes, messages, message});
}

bool Session::end(Cursor& c) {
  if (c.is_end()) return true;
  bad(fmt::format("{} does not take this: {}", name_, escape(c.rest().substr(0, 40))));
  return false;
}

void Session::unselect() {
  if (!view_) return;
  if (notify_ && !selected_) notify_->left(view_->folder());
  contexts_->clear();  // RFC 5267 §4.3
  own_ = {};
  view_.reset();
  selected_ = nullptr;
}

Result<View*> Session::select(const Mailbox& m, bool read_only) {
  unselect();
  saved_.clear();  // RFC 5182 §2.1
  TRY(store::Folder * f, m.account->folder(m.info->id));
  View v(*f, read_only, m.rights, m.is_own());
  CHECK(v.open());
  view_ = std::move(v);
  if (m.other) selected_ = m.account;
  cache_.use(f, m.account->segments());
  return &*view_;
}

}  // namespace jd::imap

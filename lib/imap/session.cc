// SPDX-License-Identifier: MIT
#include "lib/imap/session.h"

#include <errno.h>
#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/imap/command.h"
#include "lib/mime/imap_form.h"

namespace jd::imap {
namespace {
constexpr std::size_t flush_bytes = 256 << 10;
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
    {"GETMETADATA", cmd_getmetadata},
    {"SETMETADATA", cmd_setmetadata},
    {"GETQUOTA", cmd_quota},
    {"GETQUOTAROOT", cmd_quota},
};
}  // namespace

const std::string_view capabilities =
    "IMAP4rev1 LITERAL+ IDLE UIDPLUS MOVE NAMESPACE SPECIAL-USE UNSELECT ID ENABLE CHILDREN LIST-EXTENDED "
    "ESEARCH MULTISEARCH SEARCHRES WITHIN SEARCH=FUZZY SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES THREAD=REFS I18NLEVEL=1 "
    "LIST-STATUS STATUS=SIZE UTF8=ACCEPT BINARY PREVIEW APPENDLIMIT MULTIAPPEND CATENATE REPLACE CREATE-SPECIAL-USE QUOTA QUOTA=RES-STORAGE COMPRESS=DEFLATE "
    "IMAP4rev2 CONDSTORE QRESYNC UIDONLY OBJECTID SAVEDATE METADATA LIST-METADATA PARTIAL";

const CommandRow* find_command(std::string_view name) {
  for (auto& r : rows)
    if (r.name == name) return &r;
  return nullptr;
}

Session::Session(store::Account& account, const SessionOptions& options, Write write)
    : account_(account), options_(options), write_(std::move(write)), reader_(options.message_size),
      cache_(account.segments()) {}

void Session::start() {
  out_ += options_.greeting;
  flush();
  if (!options_.early.empty()) feed(options_.early);
}

void Session::flush() {
  if (!out_.empty() && !write_(deflate_ ? deflate_->deflate(out_) : out_)) is_over_ = true;
  out_.clear();
}
void Session::flush_if_full() {
  if (out_.size() >= flush_bytes) flush();
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

void Session::notify() {
  if (!is_idling_ || !view_) return;
  if (auto r = view_->sync(out_, say(true, false)); !r) log::failure("imap_sync_failed", r.error());
  if (view_->is_renumbered()) return bye(renumbered);
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
    if (auto r = view_->folder().refresh(); !r) return failed(r.error(), "cannot read the mailbox");
    if (view_->is_renumbered()) return bye(renumbered);
  }
  row->run(*this, c);
}

bool Session::enable(Ext e) {
  bool was = has(e);
  if (e == Ext::qresync) enable(Ext::condstore);  // RFC 7162 §3.2.3
  enabled_ |= 1U << static_cast<unsigned>(e);
  return !was;
}

View::Say Session::say(bool may_expunge, bool uid) const {
  return {.expunge = may_expunge, .uid = uid, .vanished = has(Ext::qresync) || has(Ext::uidonly), .mod_seq = has(Ext::condstore),
          .recent = !has(Ext::rev2), .uid_only = has(Ext::uidonly)};
}

void Session::sync() {
  if (!view_) return;
  if (auto r = view_->sync(out_, say(may_expunge_, is_uid_)); !r) log::failure("imap_sync_failed", r.error());
}

void Session::finish(std::string_view how, std::string_view text) {
  out_ += fmt::format("{} {} ", tag_, how);
  for (char c : text) out_ += is_8bit(c) ? '?' : c;  // RFC 3501 §9: TEXT-CHAR
  out_ += "\r\n";
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
bool Session::end(Cursor& c) {
  if (c.is_end()) return true;
  bad(fmt::format("{} does not take this: {}", name_, escape(c.rest().substr(0, 40))));
  return false;
}

Result<View*> Session::select(std::string_view name, bool read_only) {
  view_.reset();
  saved_.clear();  // RFC 5182 §2.1
  CHECK(account_.tree().refresh());
  TRY(store::Folder * f, account_.folder(name));
  View v(*f, read_only);
  CHECK(v.open());
  view_ = std::move(v);
  cache_.use(f);
  return &*view_;
}

}  // namespace jd::imap

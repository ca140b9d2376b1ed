// SPDX-License-Identifier: MIT
// session.h: one session of one user, IMAP4rev1 (RFC 3501) and, when enabled, IMAP4rev2 (RFC 9051), from the moment that he is known.
//
// Bytes in, bytes out: feed() takes what the client sent, in any pieces, and gives the answers to
// `write`, in large pieces, complete when feed() returns.  Greeting and login are not here (the
// front door does them): a session begins authenticated, with `greeting` as its first bytes.
//
//   reading ── command line(s) ──> a row of the command table ──> tagged answer ──> reading
//      └── IDLE ──> idling: notify() tells what changed ── DONE ──> reading
// After NOTIFY (RFC 5465) notify() tells it while reading, too.
//   LOGOUT, too many bad commands, write failed: is_over().
// Blocking only in the store.  One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/quota.h"
#include "lib/base/time.h"
#include "lib/imap/deflate.h"
#include "lib/imap/lexer.h"
#include "lib/imap/mailboxes.h"
#include "lib/imap/message_cache.h"
#include "lib/imap/view.h"
#include "lib/mime/digest.h"
#include "lib/mime/part.h"
#include "lib/store/account.h"
#include "lib/store/quota_warning.h"
#include "lib/store/search_index.h"

namespace jd::imap {

class Contexts;
class Notify;
struct NotifyRequest;

// What a session with SessionOptions::message_limit offers; the front door shows the same.
std::string offered(uint64_t message_limit);

// What an account shares after a change of rights: with whom, and what they may do at the most.
using SharesChanged = std::function<void(const std::string& owner, const std::map<std::string, store::Rights>& grantees)>;

struct SessionOptions {
  std::string greeting;               // first bytes out, whole lines; may be empty
  std::string early;                  // bytes that were read from the client before the hand-over
  uint64_t message_size = 50 << 20;   // of APPEND, bytes
  uint64_t message_limit = 0;         // messages that one command works on (RFC 9738); 0: no limit
  Quota quota;                        // the account's part holds; the domain's is for whoever runs us
  // The client added something to the account, his own or that of one who shares it with him.
  std::function<void(store::Account& account, const store::Filled& what)> stored;
  std::string user;                   // his address: owner of the account; "": not known
  std::vector<std::string> identities;  // as which he may have rights with others (store/rights.h)
  std::vector<OtherAccount> others;   // who share something with him
  SharesChanged shares_changed;       // durable in the account already; may be empty
  unsigned max_bad = 20;              // bad commands until BYE
  Span progress_every = seconds(10);  // of a long command, something is said so often (RFC 9585)
  Span idle = minutes(30);            // run_session: silence until BYE
  Span cpu;                           // run_session: of the processor, for what was read at once; then SIGPROF
  int owner = -1;                     // run_session: readable while whoever runs us wants an end
};

// Blocks until the session is over or `in` ends.  `in` and `out` may be one descriptor, blocking or
// not; while the client idles the folders' logs are watched through inotify.  Returns an exit status.
int run_session(int in, int out, store::Account& account, const SessionOptions& options);

// What a client asks for by ENABLE (RFC 5161); some commands ask for condstore by being used.
enum class Ext : uint8_t { condstore, qresync, utf8, rev2, uidonly };

class Session {
 public:
  using Write = std::function<bool(std::string_view)>;  // false: the client is gone
  Session(store::Account& account, const SessionOptions& options, Write write);
  ~Session();

  void start();
  void feed(std::string_view bytes);
  void notify();       // while is_listening(): something may have changed
  void bye(std::string_view why);
  bool is_over() const { return is_over_; }
  bool is_idling() const { return is_idling_; }
  bool is_listening() const;  // idling, or NOTIFY asks for it: changes are told without a command
  bool is_watching() const;   // NOTIFY: of other mailboxes, their names and annotations too
  // park.h.  nullopt: not now.  restore() instead of start(), in a new Session; the idle time's end.
  std::optional<std::string> park(Time deadline) const;
  Result<Time> restore(std::string_view state);

  // For the commands (cmd_*.cc).  Each ends with exactly one of ok, no, bad, failed.
  store::Account& account() { return account_; }  // the user's own
  Mailboxes& mailboxes() { return mailboxes_; }
  const SessionOptions& options() const { return options_; }
  MessageCache& cache() { return cache_; }
  // Each account has its own.
  store::SearchIndex& search_index(const store::Account& of) { return search_indexes_.try_emplace(&of, of.dir()).first->second; }
  std::string& out() { return out_; }
  void flush_if_full();
  // Between commands: what listing and searching ask of what was appended (store/deriver.h), while may_go_on().
  void derive(const std::function<bool()>& may_go_on);
  void rest();  // between commands: gives room back, of answers and in files
  void ok(std::string_view text);
  void no(std::string_view text);
  void bad(std::string_view text);
  void failed(const Error& e, std::string_view what);  // NO, with a text that shows no internals
  bool is_uid() const { return is_uid_; }              // the command came as UID ...
  std::string_view command() const { return name_; }
  std::string_view tag() const { return tag_; }
  bool has(Ext e) const { return enabled_ >> static_cast<unsigned>(e) & 1; }
  bool enable(Ext e);  // false: it was on
  bool is_recent(std::size_t index) const { return !has(Ext::rev2) && view_->is_recent(index); }  // as the client is told
  // RFC 9755, RFC 9051: mailbox names go over the wire as UTF-8, not in modified UTF-7.
  bool is_utf8() const { return has(Ext::utf8) || has(Ext::rev2); }
  View* view() { return view_ ? &*view_ : nullptr; }
  // Reads ` set` off the command; false: answered BAD.
  bool messages(Cursor& c, std::vector<std::size_t>& out);
  // UIDs in rising ranges that `$` stands for (RFC 5182); empty after SELECT.
  SequenceSet& saved() { return saved_; }
  bool end(Cursor& c);  // nothing may follow; false: answered BAD
  // RFC 9738: leaves the last of `chosen` (rising), as many as one command works on.  Were there more, the
  // lowest UID of those that are left, for limited(); else 0.
  uint32_t limit(std::vector<std::size_t>& chosen) const;
  // 0, or UID: what the answer to this command, which is next, tells of.
  void limited(uint32_t lowest) { lowest_ = lowest; }
  // NO [MESSAGELIMIT n]: of a command that does all or nothing.  lowest: as above; 0 where there is none.
  void too_many(uint32_t lowest);
  Result<View*> select(const Mailbox& m, bool read_only);
  void unselect();
  // Whose the selected folder is; the user's own when none is.
  store::Account& selected_account() { return selected_ ? *selected_ : account_; }
  void idle() { is_idling_ = true; }
  void log_out() { is_over_ = true; }
  // RFC 4978: from behind the answer to this command on, both directions.  false: no memory.
  bool compress();
  bool is_compressed() const { return deflate_ != nullptr; }
  // Brings the view up to date before the tagged answer; messages may vanish.
  void sync();
  void sync_all();  // also what NOTIFY holds back
  // In the midst of a command: `done` of `goal` steps, rising; nothing half may be in out().
  void progress(uint64_t done, uint64_t goal);
  // RFC 5267, RFC 5465.
  Contexts& contexts() { return *contexts_; }
  Status set_notify(NotifyRequest request, bool with_status);  // Notify::begin
  void notify_none();
  // SessionOptions::stored; `message`: the first of what was added, or "".
  void tell_stored(const Mailbox& to, std::string_view message, uint64_t bytes, uint64_t messages);
  // What the client did itself and need not be told: messages that it brought, names, annotations.
  void mine(const store::Folder& folder, const store::UidSet& uids);
  void mine(std::string_view name);
  void mine(const store::AnnotationChanges& changes);
  // So many were appended to it: derive() thinks of them when it is the own account's.
  void brought(const store::Folder& folder, std::size_t messages);

 private:
  void take(std::string_view& in);
  void run(const Command& c);
  void dispatch(Cursor& c);
  void end_idle(std::string_view line);
  void finish(std::string_view how, std::string_view text);
  void finish_limited(std::string_view how, std::string_view text, uint32_t lowest);
  void flush();
  View::Say say(bool may_expunge, bool uid) const;
  bool look_at_rights();
  void tell(bool may_expunge, bool uid);

  // What later answers depend on is part of what park() keeps (park.cc), or park() says no.
  store::Account& account_;
  SessionOptions options_;
  Mailboxes mailboxes_;
  store::Account* selected_ = nullptr;  // the view's account when it is another's
  Write write_;
  CommandReader reader_;
  MessageCache cache_;
  std::map<const store::Account*, store::SearchIndex> search_indexes_;
  std::optional<View> view_;
  std::unique_ptr<Deflate> deflate_, next_;  // next_: when the answer is out
  SequenceSet saved_;
  std::unique_ptr<Contexts> contexts_;
  std::unique_ptr<Notify> notify_;  // null: NOTIFY was never used
  store::UidSet own_;               // brought into the selected mailbox by this client, not yet told
  std::map<uint32_t, std::size_t> brought_;  // by folder, since derive(); park() forgets it
  std::string out_, tag_, name_;
  Time progress_at_{INT64_MAX};     // within a command only
  bool is_over_ = false, is_idling_ = false, is_uid_ = false, may_expunge_ = true, expunges_ = false, is_due_ = false;
  unsigned bad_ = 0, enabled_ = 0;
  uint32_t lowest_ = 0;  // limited()
};

}  // namespace jd::imap

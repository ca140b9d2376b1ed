// SPDX-License-Identifier: MIT
// folder.h: one folder of an account: its log on disk and its state in memory.
//
// Any number of processes may have it open: what one writes the others see at their next refresh()
// (the log file is what inotify watches).  Every change is one short append under the account's
// lock.  UIDs: rising, never used twice, not even after a power cut that lost entries: they come
// from a range that was reserved durably before.  Blocking; one thread.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/log/segment.h"
#include "lib/store/derived.h"
#include "lib/store/format.h"
#include "lib/store/lock.h"
#include "lib/store/segments.h"
#include "lib/store/state.h"
#include "lib/store/tree.h"

namespace jd::store {

// How an account is opened.
struct Terms {
  bool maps = false;         // this process serves this user only: large folders are mapped instead of read (records.h)
  Span keep_gone = days(14);  // what is expunged or deleted can be brought back so long; Config::keep_expunged()
};

struct NewMessage {
  std::string_view bytes;  // CRLF wire form; with `shared`: what stands before it
  SharedBody* shared = nullptr;  // begins with header fields; its source and stamp are set
  uint8_t flags = 0;
  std::vector<std::string> keywords;
  int64_t date = 0;        // INTERNALDATE, seconds; 0: now
  std::string delivery;    // delivery_id(), or ""
  uint32_t uid = 0;        // import only: this UID when it is still free, else the next
};

class Folder {
 public:
  static Result<std::unique_ptr<Folder>> open(int account_dir, AccountLock& lock, MailSegments& segments, const Tree& tree,
                                              const FolderInfo& info, const Terms& terms = {});
  uint32_t id() const { return info_.id; }
  // As of the last refresh() or change; of what copy_from() took in, from the next refresh() on.
  const FolderState& state() const { return state_; }
  std::string log_name() const;  // "box/1.log", below the account's directory
  std::string index_name() const;

  Result<bool> refresh();  // true: something changed
  // The message is visible on return, and with `durable` survives a power cut: by one sync, of its
  // record; the log may lose it then and takes it from there (MailSegments::promised).
  Result<uint32_t> append(const NewMessage& m, bool durable);
  // All of them or, whatever happens, none; others see them at once.  Their UIDs, rising; `uid` of a
  // message is not looked at when there are more.
  Result<std::vector<uint32_t>> append(std::span<const NewMessage> messages, bool durable);
  // What append() wrote without `durable` survives a power cut from now on.
  Status sync();
  // Durable on return; the new mod_seq, or 0 when nothing changed.  Unknown keywords are made; perm
  // when there are more than max_keywords.
  // What was changed after `unless_after` stays as it is and is told in `left` (RFC 7162).
  Result<uint64_t> store(FlagOp op, uint8_t flags, const std::vector<std::string>& keywords, const UidSet& uids,
                         uint64_t unless_after = UINT64_MAX, UidSet* left = nullptr);
  // Those that are there, or of these only the ones that are \Deleted at this moment: another session
  // may just have taken the flag back.
  enum class Which : uint8_t { any, deleted };
  Status expunge(const UidSet& uids, Which which = Which::any);
  // References only, no bodies.  Pairs of (UID there, UID here).  with move: expunged there, both
  // under one hold of the lock.
  Result<std::vector<std::pair<uint32_t, uint32_t>>> copy_from(Folder& from, const UidSet& uids, bool move);
  // For compaction: records that entries name, gone ones too, are elsewhere now.  Durable on return.
  Status moved(uint32_t from, const std::vector<Move>& moves);
  // What was expunged since then (seconds) is kept.
  int64_t kept_since() const { return now().seconds() - terms_.keep_gone.seconds(); }
  // What `from` (it may be this one) has expunged and still keeps comes here, with new UIDs (RFC 3501
  // §2.3.1.1: a UID that was gone names nothing again), without \Deleted; what this folder has already
  // is left out.  How many came.  By UID: into this folder, as before.
  Result<uint32_t> restore_from(Folder& from, const std::set<uint64_t>& stamps);
  Status restore(const UidSet& uids);
  // What of the log could not be read, a line each; also when the log was written anew since (the
  // damaged one is kept beside it until heal()).  Messages may be in no folder then.
  std::vector<std::string> damage() const;
  Status heal();
  Status set_recent(uint32_t uid);     // \Recent is over for UIDs below it
  // For mail that is imported with its UIDs.  A folder without messages takes another UIDVALIDITY and
  // begins with UID 1 (perm when it has any; the tree must say the same, see Account::renumber); no
  // UID below `uid` is given to what arrives from now on.  Both durable on return.
  Status renumber(uint32_t uid_validity);
  Status skip_to(uint32_t uid);

  // Derived forms of messages (derived.h).  derived(): lives until the next call of either.
  // keep_derived() takes what somebody had to make; it is written when it is a good part of the
  // folder, so that the next session finds it.  Entries and pointers to them are other ones then.
  // write_derived(), in between, only makes room in the batch, when it is a good part already.
  enum class Form : uint8_t { wire, digest };
  std::optional<std::string_view> derived(Form f, const Entry& e);
  void write_derived(Form f, DerivedBatch& made);
  void keep_derived(Form f, DerivedBatch made);
  using DerivedBatches = std::array<DerivedBatch, 2>;  // by Form
  void keep_derived(DerivedBatches made);              // both, with one index
  // For Deriver.  What other processes have written and derived meanwhile is known, too; entries and
  // pointers to them are other ones then.
  Status take_newest();
  static bool lacks(Form f, const Entry& e) { return (f == Form::wire ? e.wire : e.digest) == 0; }
  // Would so many made forms be kept?  Never where nothing may be written, or the log is damaged.
  bool is_worth(std::size_t messages) const;

 private:
  Folder(int dir, AccountLock& lock, MailSegments& segments, const Tree& tree, const FolderInfo& info, const Terms& terms)
      : dir_(dir), lock_(lock), segments_(segments), tree_(tree), info_(info), terms_(terms) {}
  Status make_log();
  Status load();
  bool begin_state();
  void write_index_if_grown(bool is_worth);
  bool inherit_places();
  Status write_index_now();
  std::string derived_name(Form f) const;
  bool is_index_anothers() const;
  bool is_file_anothers(Form f) const;
  void forget_places(Form f);
  Status add_derived(Form f, DerivedBatch& made);
  Status place_derived(Form f, DerivedBatch& made);
  Status place_derived(DerivedBatches& made);
  bool is_after_boot() const;                      // and nobody has noted it yet
  Status check_after_boot();
  Status find_promised();
  Status note_boot();
  Status open_writer();                            // under the lock
  Result<bool> take_records();
  bool knows_all() const { return reader_->tell() == writer_->flushed(); }  // that it wrote, or saw when it began to
  Status write(uint16_t type, uint64_t mod_seq, const std::string& payload);  // visible, applied
  struct Sums { uint64_t bytes = 0, messages = 0; };
  Status write_large(uint16_t type, uint64_t mod_seq, std::string& record, const Sums* adds);
  Status write(uint16_t type, uint64_t mod_seq, std::string_view payload, const std::function<Status()>& put, const Sums* adds = nullptr);
  Result<uint64_t> keyword_mask(const std::vector<std::string>& names, bool may_add);
  Status reserve(uint32_t uids);
  Result<uint32_t> take_in(Folder& from, const std::vector<std::span<const Entry>>& chosen);  // under the lock
  Status commit();                                 // outside the lock: others go on meanwhile
  Status rewrite_if_grown();
  Status rewrite(const FolderState& as);

  int dir_;
  AccountLock& lock_;
  MailSegments& segments_;
  const Tree& tree_;
  FolderInfo info_;
  Terms terms_;
  FolderState state_;
  std::optional<journal::SegmentReader> reader_;
  std::optional<journal::SegmentWriter> writer_;
  uint64_t log_size_ = 0;       // when refresh() looked, bytes
  uint64_t indexed_ = 0;        // what of the log the index had, bytes
  int64_t index_written_ = 0;   // IndexPlace::written of the index that this state knows; 0: none
  uint32_t snapshot_next_ = 1;  // entries from this UID on arrived since the log began
  DerivedFile derived_[2];
  uint64_t derived_records_[2] = {0, 0};  // in the files, needed or not
  UidSet lost_;                 // dropped by check_after_boot, not yet said in the log
  std::string found_;           // entries that it found, likewise
};

}  // namespace jd::store

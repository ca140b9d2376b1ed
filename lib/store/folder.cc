// SPDX-License-Identifier: MIT
#include "lib/store/folder.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/mime/imap_form.h"
#include "lib/store/folder_log.h"
#include "lib/store/index.h"

namespace jd::store {
namespace {
constexpr uint32_t reserve_step = 1000;
constexpr uint64_t rewrite_least = 256 << 10;
}  // namespace

std::string Folder::log_name() const { return folder_log_name(info_.id); }
std::string Folder::index_name() const { return fmt::format("box/{}.index", info_.id); }

Result<std::unique_ptr<Folder>> Folder::open(int dir, AccountLock& lock, MailSegments& segments, const Tree& tree,
                                             const FolderInfo& info, const Terms& terms) {
  std::unique_ptr<Folder> f(new Folder(dir, lock, segments, tree, info, terms));
  Status r = f->load();
  if (!r) return wrap(Result<std::unique_ptr<Folder>>(Unexpected(r.error())), "cannot open folder '{}'", info.name);
  if (f->state_.reserved_boot() != boot_id() && !f->state_.reserved_boot().empty() && !lock.is_read_only())
    if (auto n = f->note_boot(); !n) log::failure("boot_not_noted", n.error(), {{"folder", info.name}});
  return f;
}

// The log was lost: it is rebuilt from the message records of this folder.
Status Folder::make_log() {
  TRY(auto hold, lock_.hold());
  if (auto there = journal::SegmentReader::open(dir_, log_name()); there) return {};
  FolderState fresh;
  fresh.init(info_.uid_validity);
  TRY(auto damage, segments_.scan(Time{}, [&](const MailSegments::Found& m) {
    if (m.meta.folder != info_.id) return true;
    if (m.meta.kind != kind_inline && ::faccessat(dir_, large_name(m.stamp).c_str(), F_OK, 0) < 0) return true;  // given up: expunged long ago
    fresh.drop(m.meta.uid);  // of an older numbering (renumber): the later record is this one's
    std::string p;
    encode(p, entry_of(m));
    fresh.apply(type_arrive, 1, p);
    return true;
  }));
  for (auto& d : damage) log::warn("store_damage", {{"what", d}});
  if (!fresh.entries().empty()) {
    // What was handed out after the last arrival is not known: leave a gap.
    fresh.skip_to(fresh.entries().back().uid + reserve_step);
    log::warn("folder_rebuilt", {{"folder", info_.name}, {"messages", fresh.entries().size()}});
  }
  // What was expunged is there again, and what has no record any more is not.
  if (!fresh.entries().empty() || ::faccessat(dir_, (log_name() + ".damaged").c_str(), F_OK, 0) == 0) lock_.forget_usage();
  CHECK(write_folder_log(dir_, info_.id, fresh, 0));
  CHECK(sync_folder_names(dir_));
  return file::sync_directory(dir_);
}

Status Folder::load() {
  auto r = journal::SegmentReader::open(dir_, log_name());
  if (!r && (r.error().sys == ENOENT || r.error().sys == ENODATA)) {
    if (r.error().sys == ENODATA) CHECK(file::rename(dir_, log_name(), log_name() + ".damaged"));
    CHECK(make_log());
    r = journal::SegmentReader::open(dir_, log_name());
  }
  if (!r) return Unexpected(r.error());
  reader_ = std::move(*r);
  writer_.reset();
  segments_.let_go_of_retired();
  begin_state();
  CHECK(take_records());
  for (auto& d : reader_->damage())
    log::error("store_damage", {{"folder", info_.name}, {"file", log_name()}, {"offset", d.offset}, {"bytes", d.length},
                                {"what", d.reason}, {"todo", "jdctl mailbox check"}});
  check_after_boot();
  write_index_if_grown();
  return {};
}

// From the index, and the log from where the index ends; or from the log alone.
void Folder::begin_state() {
  state_.init(info_.uid_validity);
  snapshot_next_ = 1;
  indexed_ = 0;
  auto size = file::size_of(reader_->fd());
  if (!size) return;
  auto at = read_index(dir_, index_name(), reader_->header().generation, *size, terms_.maps, state_);
  if (!at) return;
  reader_->seek(indexed_ = at->end);
  snapshot_next_ = at->snapshot_next;
  for (int f = 0; f < 2; f++) {
    derived_records_[f] = at->derived[f].records;
    if (!derived_[f].open(dir_, derived_name(static_cast<Form>(f)), at->derived[f].id)) derived_[f].close();
  }
}

// When reading on from the index has become a good part of the work.
void Folder::write_index_if_grown() {
  constexpr uint64_t least = 64 << 10, many_touched = 5000;  // a short record may change them all
  if (lock_.is_read_only()) return;
  bool is_worth = reader_->tell() - indexed_ >= std::max<uint64_t>(least, indexed_ / 8) || (indexed_ && state_.touched() >= many_touched);
  if (!is_worth || !reader_->damage().empty() || !lost_.empty()) return;
  // The log is whole without it.
  if (auto r = write_index_now(); !r) log::failure("index_not_written", r.error(), {{"folder", info_.name}});
}

Status Folder::write_index_now() {
  TRY(auto hold, lock_.hold());
  IndexPlace at;
  at.generation = reader_->header().generation;
  at.end = reader_->tell();
  at.snapshot_next = snapshot_next_;
  for (int f = 0; f < 2; f++) at.derived[f] = {derived_[f].id(), derived_records_[f]};
  CHECK(write_index(dir_, index_name(), state_, at));
  indexed_ = at.end;
  return {};
}

// The machine was started anew since the last arrival here: what was not synced may be gone.
void Folder::check_after_boot() {
  lost_ = {};
  if (state_.reserved_boot().empty() || state_.reserved_boot() == boot_id()) return;
  state_.skip_to(state_.reserved_end());
  for (auto& e : state_.entries())
    if (e.uid >= snapshot_next_ && !segments_.check(e)) lost_.add(e.uid);
  for (auto& r : lost_.ranges())
    for (uint32_t u = r.first; u <= r.last; u++) state_.drop(u);
  if (!lost_.empty()) log::warn("lost_in_power_cut", {{"folder", info_.name}, {"uids", lost_.text()},
                                                      {"note", "never acknowledged; the queue delivers them again"}});
}

// Said in the log, what was found out after a boot need not be found out by the next who opens it.
Status Folder::note_boot() {
  TRY(auto hold, lock_.hold());
  CHECK(open_writer());
  return reserve(0);
}

Result<bool> Folder::take_records() {
  bool changed = false;
  for (;;) {
    TRY(auto record, reader_->next());
    if (!record) {
      reader_->release();
      return changed;
    }
    if (!state_.apply(record->type, record->stamp, record->payload))
      log::error("store_damage", {{"folder", info_.name}, {"offset", record->ref.offset}, {"what", "a record that makes no sense"}});
    if (record->type == type_state) snapshot_next_ = state_.uid_next();
    if (record->type == type_moved)
      if (auto m = decode_moves(record->payload)) segments_.let_go(m->from);
    changed = true;
  }
}

Result<bool> Folder::refresh() {
  struct stat st;
  if (::fstat(reader_->fd(), &st) == 0 && st.st_nlink == 0) {  // replaced by a shorter one
    uint64_t before = state_.mod_seq();
    CHECK(load());
    return state_.mod_seq() != before;
  }
  log_size_ = static_cast<uint64_t>(st.st_size);
  if (log_size_ <= reader_->tell()) return false;
  return take_records();
}

Status Folder::open_writer() {
  CHECK(refresh());
  if (!state_.entries().empty()) segments_.know(state_.entries().back().ref());  // mostly the newest there is
  if (!writer_ || writer_->is_broken()) {
    TRY(auto w, journal::SegmentWriter::append_to(dir_, log_name(), reader_->tell()));
    writer_ = std::move(w);
    return {};
  }
  return writer_->flushed() == log_size_ ? Status{} : writer_->refresh();  // most often nobody else wrote
}

Status Folder::write(uint16_t type, uint64_t mod_seq, const std::string& payload) {
  bool changes_sums = type == type_arrive || type == type_expunge || type == type_drop;
  auto usage = changes_sums ? lock_.begin_change() : std::nullopt;
  // One that was deleted is in no sum.  The tree is not read here: callers may be going through it.
  bool is_known = usage && tree_.is_current(), counts = is_known && tree_.find(info_.id);
  uint64_t bytes = state_.bytes(), messages = state_.entries().size();
  CHECK(writer_->append(type, 0, mod_seq, {payload}));
  CHECK(writer_->flush());
  MUST(state_.apply(type, mod_seq, payload));
  reader_->seek(writer_->flushed());
  if (counts) lock_.set_usage({usage->bytes + state_.bytes() - bytes, usage->messages + state_.entries().size() - messages});
  else if (is_known) lock_.set_usage(*usage);
  return {};
}

Status Folder::commit() {
  if (auto r = file::sync_data(writer_->fd()); !r) {
    writer_.reset();  // the kernel may have dropped the pages
    return Unexpected(r.error());
  }
  return {};
}

// Under the lock: UIDs up to uid_next + n may be used without another sync.
Status Folder::reserve(uint32_t n) {
  bool same_boot = state_.reserved_boot() == boot_id();
  uint32_t next = state_.uid_next();
  if (next > UINT32_MAX - n - 2 * reserve_step) return fail(Fault::perm, "folder '{}' has no UIDs left", info_.name);
  if (same_boot && next + n <= state_.reserved_end()) return {};
  if (!lost_.empty()) {
    std::string p;
    lost_.encode(p);
    CHECK(write(type_drop, state_.mod_seq() + 1, p));
    lost_ = {};
  }
  CHECK(write(type_reserve, state_.mod_seq(), FolderState::make_reserve(next + n + reserve_step, boot_id())));
  return commit();
}

Result<uint64_t> Folder::keyword_mask(const std::vector<std::string>& names, bool may_add) {
  uint64_t mask = 0;
  std::vector<std::string> fresh;
  for (auto& n : names)
    if (state_.keyword_bit(n) < 0 && n.size() < 256 && !n.empty()) fresh.push_back(n);
  if (may_add && !fresh.empty()) {
    if (state_.keywords().size() + fresh.size() > max_keywords)
      return fail(Fault::perm, "no more than {} different keywords in a folder", max_keywords);
    CHECK(write(type_keywords, state_.mod_seq(), FolderState::make_keywords(fresh)));
  }
  for (auto& n : names)
    if (int b = state_.keyword_bit(n); b >= 0) mask |= uint64_t{1} << b;
  return mask;
}

namespace {
Meta meta_of(const NewMessage& m, uint32_t folder, uint16_t& marks) {
  auto parsed = m.shared ? mime::with_fields_before(m.shared->parsed, m.bytes.size()) : mime::parse_for_store(m.bytes);
  marks = mark_known;
  if (parsed.has_wide_header || (m.shared && !is_ascii(m.bytes))) marks |= mark_wide_header;
  if (parsed.has_odd_lines) marks |= mark_odd_lines;
  Meta meta;
  meta.kind = m.shared ? kind_shared : m.bytes.size() >= big_bytes ? kind_large : kind_inline;
  meta.folder = folder;
  meta.flags = m.flags & all_flags;
  meta.date = m.date ? m.date : now().seconds();
  meta.size = m.bytes.size() + (m.shared ? m.shared->bytes.size() : 0);
  meta.delivery = m.delivery;
  meta.structure = std::move(parsed.structure);
  meta.envelope = std::move(parsed.envelope);
  meta.bodystructure = std::move(parsed.bodystructure);
  return meta;
}
}  // namespace

Result<uint32_t> Folder::append(const NewMessage& m, bool durable) {
  TRY(auto uids, append(std::span(&m, 1), durable));
  return uids[0];
}

Result<std::vector<uint32_t>> Folder::append(std::span<const NewMessage> messages, bool durable) {
  std::vector<Meta> metas;  // before the lock: it is the slow part
  std::vector<uint16_t> marks(messages.size());
  for (std::size_t i = 0; i < messages.size(); i++) metas.push_back(meta_of(messages[i], info_.id, marks[i]));
  std::vector<uint32_t> uids;
  {
    TRY(auto hold, lock_.hold());
    CHECK(open_writer());
    uint32_t uid = state_.uid_next();
    if (messages.size() == 1 && messages[0].uid > uid) uid = messages[0].uid;
    CHECK(reserve(uid - state_.uid_next() + static_cast<uint32_t>(messages.size())));
    std::vector<uint64_t> keywords;
    for (auto& m : messages) {
      TRY(uint64_t mask, keyword_mask(m.keywords, true));
      keywords.push_back(mask);
    }
    uint64_t seq = state_.mod_seq() + 1;
    std::string p;
    for (std::size_t i = 0; i < messages.size(); i++) {
      Meta& meta = metas[i];
      meta.uid = uid++;
      Entry e;
      e.stamp = random_number();
      TRY(auto placed, segments_.append(e.stamp, encode(meta), messages[i].bytes, static_cast<Kind>(meta.kind), messages[i].shared));
      if (messages[i].shared) messages[i].shared->stamp = e.stamp;
      e.uid = meta.uid;
      e.flags = meta.flags;
      e.kind = static_cast<uint8_t>(meta.kind);
      e.marks = marks[i];
      e.set_ref(placed.ref);
      e.saved = static_cast<uint32_t>(now().seconds());
      e.meta = placed.meta;
      e.size = meta.size;
      e.date = meta.date;
      e.keywords = keywords[i];
      e.mod_seq = seq;
      encode(p, e);
      uids.push_back(e.uid);
    }
    CHECK(write(type_arrive, seq, p));
    CHECK(rewrite_if_grown());
  }
  if (durable) {
    CHECK(segments_.commit());
    CHECK(commit());
  }
  return uids;
}

Result<uint64_t> Folder::store(FlagOp op, uint8_t flags, const std::vector<std::string>& keywords, const UidSet& uids, uint64_t unless_after,
                               UidSet* left) {
  uint64_t seq;
  {
    TRY(auto hold, lock_.hold());
    CHECK(open_writer());
    TRY(uint64_t mask, keyword_mask(keywords, op != FlagOp::remove));
    UidSet present;  // only what changes is written: a repeated STORE costs nothing
    for (auto& r : uids.ranges()) {
      auto& all = state_.entries();
      auto i = std::lower_bound(all.begin(), all.end(), r.first, [](const Entry& e, uint32_t u) { return e.uid < u; });
      for (; i != all.end() && i->uid <= r.last; ++i) {
        if (i->mod_seq > unless_after) {
          if (left) left->add(i->uid);
          continue;
        }
        uint8_t f = op == FlagOp::set ? flags : op == FlagOp::add ? i->flags | flags : i->flags & static_cast<uint8_t>(~flags);
        uint64_t k = op == FlagOp::set ? mask : op == FlagOp::add ? i->keywords | mask : i->keywords & ~mask;
        if (f != i->flags || k != i->keywords) present.add(i->uid);
      }
    }
    if (present.empty()) return uint64_t{0};
    seq = state_.mod_seq() + 1;
    CHECK(write(type_flags, seq, FolderState::make_flags(op, flags & all_flags, mask, present)));
    CHECK(rewrite_if_grown());
  }
  CHECK(commit());
  return seq;
}

Status Folder::expunge(const UidSet& asked, Which which) {
  if (asked.empty()) return {};
  {
    TRY(auto hold, lock_.hold());
    CHECK(open_writer());
    UidSet uids;
    auto& all = state_.entries();
    for (auto& r : asked.ranges())
      for (std::size_t i = state_.first_at_least(r.first); i < all.size() && all[i].uid <= r.last; i++)
        if (which == Which::any || all[i].flags & deleted) uids.add(all[i].uid);
    if (uids.empty()) return {};
    CHECK(write(type_expunge, state_.mod_seq() + 1, FolderState::make_expunge(now().seconds(), uids)));
    CHECK(rewrite_if_grown());
  }
  return commit();
}

Result<std::vector<std::pair<uint32_t, uint32_t>>> Folder::copy_from(Folder& from, const UidSet& uids, bool move) {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  std::set<uint32_t> used;
  {
    TRY(auto hold, lock_.hold());
    CHECK(open_writer());
    if (&from != this) CHECK(from.open_writer());
    std::vector<Entry> chosen;
    chosen.reserve(std::min<std::size_t>(uids.size(), from.state_.entries().size()));
    for (auto& r : uids.ranges()) {
      auto& all = from.state_.entries();
      auto i = std::lower_bound(all.begin(), all.end(), r.first, [](const Entry& e, uint32_t u) { return e.uid < u; });
      for (; i != all.end() && i->uid <= r.last; ++i) chosen.push_back(*i);
    }
    if (chosen.empty()) return pairs;
    UidSet moved;
    pairs.reserve(chosen.size());
    for (auto& e : chosen) {
      moved.add(e.uid);
      used.insert(e.segment);
      pairs.push_back({e.uid, 0});
    }
    CHECK(take_in(from, chosen));
    for (std::size_t i = 0; i < chosen.size(); i++) pairs[i].second = chosen[i].uid;
    if (move)
      CHECK(from.write(type_expunge, from.state_.mod_seq() + 1, FolderState::make_expunge(now().seconds(), moved)));
    CHECK(rewrite_if_grown());
    if (move && &from != this) CHECK(from.rewrite_if_grown());
  }
  // A reference must not outlive a message that was never synced.
  CHECK(segments_.commit_segments(used));
  CHECK(commit());
  if (move && &from != this) CHECK(from.commit());
  return pairs;
}

Status Folder::moved(uint32_t from, const std::vector<Move>& moves) {
  {
    TRY(auto hold, lock_.hold());
    CHECK(open_writer());
    std::vector<uint64_t> here;
    for (auto& e : state_.entries())
      if (e.segment == from) here.push_back(e.offset);
    for (auto& g : state_.gone())
      if (g.entry.segment == from) here.push_back(g.entry.offset);
    std::sort(here.begin(), here.end());
    std::vector<Move> ours;
    for (uint64_t offset : here)
      if (const Move* m = find_move(moves, offset); m && (ours.empty() || ours.back().offset != offset)) ours.push_back(*m);
    if (ours.empty()) return {};
    CHECK(write(type_moved, state_.mod_seq(), encode_moves(from, ours)));
    CHECK(rewrite_if_grown());
  }
  return commit();
}

// References to what `from` knows, with keywords as they are called here.
Status Folder::take_in(Folder& from, std::vector<Entry>& chosen) {
  CHECK(reserve(static_cast<uint32_t>(chosen.size())));
  std::vector<uint64_t> translate(from.state_.keywords().size());
  uint64_t in_use = 0;
  for (auto& e : chosen) in_use |= e.keywords;
  for (std::size_t b = 0; b < translate.size(); b++) {
    if (!(in_use >> b & 1)) continue;
    TRY(translate[b], keyword_mask({from.state_.keywords()[b]}, true));
  }
  std::string p;
  p.reserve(chosen.size() * entry_bytes);
  uint32_t uid = state_.uid_next();
  uint64_t seq = state_.mod_seq() + 1;
  auto saved = static_cast<uint32_t>(now().seconds());
  for (Entry& e : chosen) {
    uint64_t words = 0;
    for (std::size_t b = 0; b < translate.size(); b++)
      if (e.keywords >> b & 1) words |= translate[b];
    e.keywords = words;
    e.uid = uid++;
    e.mod_seq = seq;
    e.saved = saved;
    encode(p, e);
  }
  return write(type_arrive, seq, p);
}

Result<uint32_t> Folder::restore_from(Folder& from, const std::set<uint64_t>& stamps) {
  std::set<uint32_t> used;
  std::vector<Entry> back;
  {
    TRY(auto hold, lock_.hold());
    CHECK(open_writer());
    if (&from != this) CHECK(from.refresh());
    std::set<uint64_t> there;
    for (auto& e : state_.entries()) there.insert(e.stamp);
    for (auto& g : from.state_.gone()) {
      if (!stamps.count(g.entry.stamp) || g.when < from.kept_since() || !there.insert(g.entry.stamp).second) continue;
      back.push_back(g.entry);
      back.back().flags &= static_cast<uint8_t>(~deleted);
      used.insert(g.entry.segment);
    }
    if (back.empty()) return uint32_t{0};
    CHECK(take_in(from, back));
    CHECK(rewrite_if_grown());
  }
  CHECK(segments_.commit_segments(used));
  CHECK(commit());
  return static_cast<uint32_t>(back.size());
}

Status Folder::restore(const UidSet& uids) {
  std::set<uint64_t> stamps;
  CHECK(refresh());
  for (auto& g : state_.gone())
    if (uids.contains(g.entry.uid)) stamps.insert(g.entry.stamp);
  CHECK(restore_from(*this, stamps));
  return {};
}

Status Folder::set_recent(uint32_t uid) {
  if (uid <= state_.recent()) return {};
  TRY(auto hold, lock_.hold());
  CHECK(open_writer());
  std::string p;
  put(p, uid);
  return write(type_recent, state_.mod_seq(), p);
}

// The log is replaced by one that begins with the present state.  Under the lock.
Status Folder::rewrite_if_grown() {
  uint64_t live = (state_.entries().size() + state_.gone().size()) * entry_bytes;
  if (reader_->tell() < rewrite_least + 4 * live) return {};
  if (auto r = rewrite(state_); !r) {
    log::failure("rewrite_failed", r.error(), {{"folder", info_.name}});
    return {};  // the old log is whole; try at the next change
  }
  CHECK(load());
  return open_writer();
}

Status Folder::rewrite(const FolderState& as) {
  std::set<uint32_t> segments;
  for (auto& e : as.entries())
    if (e.uid >= snapshot_next_) segments.insert(e.segment);
  CHECK(segments_.commit_segments(segments));
  if (!reader_->damage().empty()) {
    // A copy, not a link: whoever has the old log open knows by its count of links that it is replaced.
    TRY(std::string old, file::read_all(dir_, log_name(), 1u << 30));
    TRY(Fd in, file::open(dir_, "box", O_RDONLY | O_DIRECTORY));
    CHECK(file::write_durable(in.get(), fmt::format("{}.log.damaged", info_.id), old));
  }
  CHECK(write_folder_log(dir_, info_.id, as, kept_since()));
  return sync_folder_names(dir_);
}

std::vector<std::string> Folder::damage() const {
  std::vector<std::string> r;
  auto whole = journal::SegmentReader::open(dir_, log_name());  // the index may have spared us a part of it
  if (!whole) return {whole.error().what};
  for (bool more = true; more;) {
    auto record = whole->next();
    more = record && *record;
  }
  for (auto& d : whole->damage()) r.push_back(fmt::format("{} ({}): {} bytes at {}: {}", log_name(), info_.name, d.length, d.offset, d.reason));
  if (file::open(dir_, log_name() + ".damaged", O_RDONLY))
    r.push_back(fmt::format("{} ({}) was damaged and written anew; the old one is {}.damaged", log_name(), info_.name, log_name()));
  return r;
}

Status Folder::heal() {
  if (damage().empty()) return {};
  TRY(auto hold, lock_.hold());
  CHECK(refresh());
  lock_.forget_usage();  // it may have been counted before it was damaged
  CHECK(rewrite(state_));
  CHECK(load());
  return file::unlink(dir_, log_name() + ".damaged");
}

Status Folder::sync() {
  CHECK(segments_.commit());
  return writer_ ? commit() : Status{};
}

Status Folder::renumber(uint32_t uid_validity) {
  TRY(auto hold, lock_.hold());
  CHECK(open_writer());
  if (!state_.entries().empty()) return fail(Fault::perm, "folder '{}' has mail: its UIDVALIDITY stays", info_.name);
  FolderState as = state_.copy();
  as.renumber(uid_validity);
  CHECK(rewrite(as));
  info_.uid_validity = uid_validity;
  CHECK(load());
  return open_writer();
}

Status Folder::skip_to(uint32_t uid) {
  TRY(auto hold, lock_.hold());
  CHECK(open_writer());
  if (uid <= state_.uid_next()) return {};
  FolderState as = state_.copy();
  as.skip_to(uid);
  CHECK(rewrite(as));
  CHECK(load());
  return open_writer();
}

}  // namespace jd::store

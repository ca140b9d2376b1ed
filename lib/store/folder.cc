// SPDX-License-Identifier: MIT
#include "lib/store/folder.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

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
  if (f->is_after_boot() && !lock.is_read_only()) {
    auto noted = [&]() -> Status {
      TRY(auto hold, lock.hold());
      return f->open_writer();
    }();
    if (!noted) log::failure("boot_not_noted", noted.error(), {{"folder", info.name}});
  }
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
  bool has_index = begin_state();
  CHECK(take_records());
  for (auto& d : reader_->damage())
    log::error("store_damage", {{"folder", info_.name}, {"file", log_name()}, {"offset", d.offset}, {"bytes", d.length},
                                {"what", d.reason}, {"todo", "jdctl mailbox check"}});
  CHECK(check_after_boot());
  write_index_if_grown(!has_index && inherit_places());
  return {};
}

// From the index, and the log from where the index ends; or (false) from the log alone.
bool Folder::begin_state() {
  state_.init(info_.uid_validity);
  snapshot_next_ = 1;
  indexed_ = 0;
  index_written_ = 0;
  auto size = file::size_of(reader_->fd());
  if (!size) return false;
  auto at = read_index(dir_, index_name(), reader_->header().generation, *size, terms_.maps, state_);
  if (!at) return false;
  reader_->seek(indexed_ = at->end);
  snapshot_next_ = at->snapshot_next;
  index_written_ = at->written;
  for (int f = 0; f < 2; f++) {
    derived_records_[f] = at->derived[f].records;
    if (derived_[f].open(dir_, derived_name(static_cast<Form>(f)), at->derived[f].id)) continue;
    derived_[f].close();
    if (at->derived[f].id) forget_places(static_cast<Form>(f));
  }
  return true;
}

// When reading on from the index has become a good part of the work.
void Folder::write_index_if_grown(bool is_worth) {
  constexpr uint64_t least = 64 << 10, many_touched = 5000;  // a short record may change them all
  if (lock_.is_read_only()) return;
  is_worth |= reader_->tell() - indexed_ >= std::max<uint64_t>(least, indexed_ / 8) || (indexed_ && state_.touched() >= many_touched);
  if (!is_worth || !reader_->damage().empty() || is_after_boot()) return;
  // The log is whole without it.
  if (auto r = write_index_now(); !r) log::failure("index_not_written", r.error(), {{"folder", info_.name}});
}

Status Folder::write_index_now() {
  TRY(auto hold, lock_.hold());
  IndexPlace at;
  at.generation = reader_->header().generation;
  at.end = reader_->tell();
  at.snapshot_next = snapshot_next_;
  at.written = now().ns;
  for (int f = 0; f < 2; f++) at.derived[f] = {derived_[f].id(), derived_records_[f]};
  CHECK(write_index(dir_, index_name(), state_, at));
  indexed_ = at.end;
  index_written_ = at.written;
  return {};
}

bool Folder::is_after_boot() const { return !state_.reserved_boot().empty() && state_.reserved_boot() != boot_id(); }

// The machine was started anew since the last arrival here: what was not synced may be gone.
Status Folder::check_after_boot() {
  lost_ = {};
  found_.clear();
  if (!is_after_boot()) return {};
  state_.skip_reserved();
  for (auto& e : state_.entries())
    if (e.uid >= snapshot_next_ && !segments_.check(e)) lost_.add(e.uid);
  for (auto& r : lost_.ranges())
    for (uint32_t u = r.first; u <= r.last; u++) state_.drop(u);
  if (!lost_.empty()) log::warn("lost_in_power_cut", {{"folder", info_.name}, {"uids", lost_.text()},
                                                      {"note", "never acknowledged; the queue delivers them again"}});
  return find_promised();
}

// What append() made durable in its segment only, and the log has lost.
Status Folder::find_promised() {
  TRY(auto promised, segments_.promised());
  std::set<uint64_t> gone;
  state_.gone().each([&](const Gone& g) { gone.insert(g.entry.stamp); });
  std::map<uint32_t, Entry> found;  // of several with one UID the last: the others failed
  for (auto& m : *promised) {
    if (m.meta.folder != info_.id || m.meta.uid < snapshot_next_ || m.meta.uid >= state_.reserved_end()) continue;
    if (state_.find(m.meta.uid) || gone.count(m.stamp)) continue;
    found[m.meta.uid] = entry_of(m);
  }
  UidSet uids;
  uint64_t seq = state_.mod_seq() + 1;
  for (auto& [uid, e] : found) {
    if (!segments_.check(e)) continue;
    e.mod_seq = seq;
    encode(found_, e);
    uids.add(uid);
  }
  if (uids.empty()) return {};
  log::info("found_after_power_cut", {{"folder", info_.name}, {"uids", uids.text()}});
  MUST(state_.apply(type_arrive, seq, found_));
  return {};
}

// Said in the log, what was found out after a boot need not be found out by the next who opens it.
// Under the lock.
Status Folder::note_boot() {
  if (!found_.empty()) CHECK(write(type_arrive, state_.mod_seq(), found_));
  found_.clear();
  if (!lost_.empty()) {
    std::string p;
    lost_.encode(p);
    CHECK(write(type_drop, state_.mod_seq() + 1, p));
    lost_ = {};
  }
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
  if (is_after_boot()) {  // another process has found out what we did, and said so
    CHECK(load());
    return true;
  }
  return take_records();
}

Status Folder::open_writer() {
  CHECK(refresh());
  if (!state_.entries().empty()) segments_.know(state_.entries().back().ref());  // mostly the newest there is
  if (!writer_ || writer_->is_broken()) {
    TRY(auto w, journal::SegmentWriter::append_to(dir_, log_name(), reader_->tell()));
    writer_ = std::move(w);
  } else if (writer_->flushed() != log_size_) {  // most often nobody else wrote
    CHECK(writer_->refresh());
  }
  return is_after_boot() ? note_boot() : Status{};
}

Status Folder::write(uint16_t type, uint64_t mod_seq, const std::string& payload) {
  auto put = [&]() -> Status {
    CHECK(writer_->append(type, 0, mod_seq, {payload}));
    return writer_->flush();
  };
  return write(type, mod_seq, payload, std::ref(put));  // as it is: a delivery allocates nothing for it
}

// The same of a large one, which stands behind head_bytes and is not copied.  With `adds` who is the next to look at
// this folder reads it from the log: mostly nobody does in this process, and to know it takes as much as to write it.
Status Folder::write_large(uint16_t type, uint64_t mod_seq, std::string& record, const Sums* adds) {
  constexpr std::size_t large = 64 << 10;
  record.reserve(record.size() + 8);  // or the payload would move when it is framed
  auto put = [&]() -> Status {
    CHECK(writer_->write(type, 0, mod_seq, record));
    return {};
  };
  std::string_view payload = std::string_view(record).substr(journal::head_bytes);
  return write(type, mod_seq, payload, std::ref(put), record.size() >= large ? adds : nullptr);
}

// With `adds`, what it adds to the sums, it is not applied yet.
Status Folder::write(uint16_t type, uint64_t mod_seq, std::string_view payload, const std::function<Status()>& put, const Sums* adds) {
  if (!knows_all()) CHECK(take_records());
  bool changes_sums = type == type_arrive || type == type_arrive_packed || type == type_expunge || type == type_drop;
  auto usage = changes_sums ? lock_.begin_change() : std::nullopt;
  // One that was deleted is in no sum.  The tree is not read here: callers may be going through it.
  bool is_known = usage && tree_.is_current(), counts = is_known && tree_.find(info_.id);
  uint64_t bytes = state_.bytes(), messages = state_.entries().size();
  CHECK(put());
  if (!adds) {
    MUST(state_.apply(type, mod_seq, payload));
    reader_->seek(writer_->flushed());
  }
  if (counts && adds) lock_.set_usage({usage->bytes + adds->bytes, usage->messages + adds->messages});
  else if (counts) lock_.set_usage({usage->bytes + state_.bytes() - bytes, usage->messages + state_.entries().size() - messages});
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
  // Its record says all that the log does: it need not be synced as well.
  bool is_alone = durable && messages.size() == 1 && messages[0].keywords.empty();
  if (is_alone) metas[0].is_promised = true;
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
    journal::Ref last;
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
      e.set_ref(last = placed.ref);
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
    if (is_alone) segments_.make_room(last);
  }
  if (durable) {
    CHECK(segments_.commit());
    if (!is_alone) CHECK(commit());
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
    std::vector<std::span<const Entry>> chosen;
    UidSet moved;
    uint32_t last_segment = 0;
    auto& all = std::as_const(from.state_).entries();
    for (auto& r : uids.ranges()) {
      std::size_t first = from.state_.first_at_least(r.first), end = first;
      for (; end < all.size() && all[end].uid <= r.last; end++) {
        auto& e = all[end];
        moved.add(e.uid);
        if (e.segment != last_segment) used.insert(last_segment = e.segment);
        pairs.push_back({e.uid, 0});
      }
      if (end > first) chosen.push_back({&all[first], end - first});
    }
    if (pairs.empty()) return pairs;
    TRY(uint32_t next, take_in(from, chosen));
    for (auto& p : pairs) p.second = next++;
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
    state_.gone().each([&](const Gone& g) {
      if (g.entry.segment == from) here.push_back(g.entry.offset);
    });
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

// References to what `from` knows, with keywords as they are called here; `chosen` is looked at before
// anything of this folder's entries changes.  The UID that the first gets; the others follow.
Result<uint32_t> Folder::take_in(Folder& from, const std::vector<std::span<const Entry>>& chosen) {
  uint64_t in_use = 0;
  Sums sums;
  for (auto run : chosen)
    for (auto& e : run) in_use |= e.keywords, sums.bytes += e.size, sums.messages++;
  CHECK(reserve(static_cast<uint32_t>(sums.messages)));
  std::vector<uint64_t> translate(from.state_.keywords().size());
  for (std::size_t b = 0; b < translate.size(); b++) {
    if (!(in_use >> b & 1)) continue;
    TRY(translate[b], keyword_mask({from.state_.keywords()[b]}, true));
  }
  constexpr std::size_t usual_bytes = 20;
  std::string record;
  record.reserve(journal::record_bytes(sums.messages * usual_bytes));
  record.resize(journal::head_bytes);
  uint32_t first = state_.uid_next(), uid = first;
  uint64_t seq = state_.mod_seq() + 1;
  auto saved = static_cast<uint32_t>(now().seconds());
  Packer to(record);
  for (auto run : chosen)
    for (Entry e : run) {
      uint64_t words = 0;
      for (std::size_t b = 0; b < translate.size(); b++)
        if (e.keywords >> b & 1) words |= translate[b];
      e.keywords = words;
      e.uid = uid++;
      e.mod_seq = seq;
      e.saved = saved;
      to.add(e);
    }
  CHECK(write_large(type_arrive_packed, seq, record, &from == this ? nullptr : &sums));
  return first;
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
    from.state_.gone().each([&](const Gone& g) {
      if (!stamps.count(g.entry.stamp) || g.when < from.kept_since() || !there.insert(g.entry.stamp).second) return;
      back.push_back(g.entry);
      back.back().flags &= static_cast<uint8_t>(~deleted);
      used.insert(g.entry.segment);
    });
    if (back.empty()) return uint32_t{0};
    CHECK(take_in(from, {back}));
    CHECK(rewrite_if_grown());
  }
  CHECK(segments_.commit_segments(used));
  CHECK(commit());
  return static_cast<uint32_t>(back.size());
}

Status Folder::restore(const UidSet& uids) {
  std::set<uint64_t> stamps;
  CHECK(refresh());
  state_.gone().each([&](const Gone& g) {
    if (uids.contains(g.entry.uid)) stamps.insert(g.entry.stamp);
  });
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
  auto is_small = [&] {
    uint64_t live = (state_.entries().size() + state_.gone().size()) * entry_bytes;
    return writer_->flushed() < rewrite_least + 4 * live;
  };
  if (is_small()) return {};
  if (!knows_all()) CHECK(take_records());
  if (is_small()) return {};
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
  CHECK(segments_.begin_next());  // what is promised there has UIDs of before
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

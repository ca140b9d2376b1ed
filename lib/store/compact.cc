// SPDX-License-Identifier: MIT
#include "lib/store/compact.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "lib/base/file.h"
#include "lib/base/log.h"

namespace jd::store {
namespace {
constexpr std::size_t batch_bytes = 1 << 20;  // written under one hold of the lock
constexpr int64_t margin = 3600;              // seconds: what may be undeleted while we look stays
constexpr int max_rounds = 10;

struct Live {
  std::vector<journal::Ref> refs;  // by place, each once
  std::vector<uint64_t> large;     // stamps, sorted
};

class Compaction {
 public:
  Compaction(Account& a, const CompactOptions& o) : account_(a), options_(o) {}
  Result<CompactReport> run();

 private:
  Result<Live> live();
  Result<bool> names(uint32_t segment);
  Status seal_last(const std::vector<MailSegments::Info>& all, const Live& live);
  bool is_due(uint64_t bytes, uint64_t dead) const {
    return dead >= options_.least_dead && dead * 100 >= bytes * options_.dead_percent;
  }
  Status give_up(const MailSegments::Info& s, const Live& live);
  Result<std::vector<Move>> write_again(uint32_t segment, const Live& live);
  Status remove_large(const Live& live);
  bool pause(uint64_t bytes) { return going_on_ = going_on_ && (!options_.pause || options_.pause(bytes)); }

  Account& account_;
  const CompactOptions& options_;
  CompactReport report_;
  bool going_on_ = true;
};

uint64_t live_bytes(const Live& l, uint32_t segment) {
  uint64_t n = 0;
  auto i = std::lower_bound(l.refs.begin(), l.refs.end(), segment, [](auto& r, uint32_t s) { return r.segment < s; });
  for (; i != l.refs.end() && i->segment == segment; ++i) n += journal::record_bytes(i->length);
  return n;
}

template <class F>
void each_kept(const Folder& folder, F f) {
  int64_t since = folder.kept_since() - margin;
  for (auto& e : folder.state().entries()) f(e);
  folder.state().gone().each([&](const Gone& g) {
    if (g.when >= since) f(g.entry);
  });
}

Result<Live> Compaction::live() {
  Live l;
  TRY(auto folders, account_.kept_folders());
  for (Folder* f : folders) {
    CHECK(f->refresh());
    each_kept(*f, [&](const Entry& e) {
      l.refs.push_back(e.ref());
      if (e.kind != kind_inline) l.large.push_back(e.stamp);
    });
  }
  auto order = [](auto& a, auto& b) { return a.segment != b.segment ? a.segment < b.segment : a.offset < b.offset; };
  std::sort(l.refs.begin(), l.refs.end(), order);
  l.refs.erase(std::unique(l.refs.begin(), l.refs.end()), l.refs.end());
  std::sort(l.large.begin(), l.large.end());
  return l;
}

// Under the lock, with every folder as it is now.
Result<bool> Compaction::names(uint32_t segment) {
  TRY(auto folders, account_.kept_folders());
  for (Folder* f : folders) {
    CHECK(f->refresh());
    bool found = false;
    each_kept(*f, [&](const Entry& e) { found = found || e.segment == segment; });
    if (found) return true;
  }
  return false;
}

// The one that is being appended to can be given up too, after it was sealed.
Status Compaction::seal_last(const std::vector<MailSegments::Info>& all, const Live& l) {
  auto& last = all.back();
  uint64_t used = journal::header_bytes + live_bytes(l, last.number);
  if (last.bytes <= used || !is_due(last.bytes, last.bytes - used)) return {};
  TRY(auto hold, account_.lock().hold());
  return account_.segments().begin_next();
}

// Record by record, as they stand; durable on return.
Result<std::vector<Move>> Compaction::write_again(uint32_t segment, const Live& l) {
  std::vector<Move> moves;
  auto i = std::lower_bound(l.refs.begin(), l.refs.end(), segment, [](auto& r, uint32_t s) { return r.segment < s; });
  while (i != l.refs.end() && i->segment == segment) {
    std::vector<journal::OwnedRecord> batch;
    std::size_t bytes = 0;
    for (; i != l.refs.end() && i->segment == segment && bytes < batch_bytes; ++i) {
      TRY(auto record, account_.segments().record(*i));
      bytes += journal::record_bytes(i->length);
      batch.push_back(std::move(record));
    }
    {
      TRY(auto hold, account_.lock().hold());
      for (auto& record : batch) {
        TRY(auto to, account_.segments().append_again(record));
        moves.push_back({record.ref.offset, to.segment, to.offset});
      }
    }
    report_.copied += bytes;
    pause(2 * bytes);
  }
  CHECK(account_.segments().commit());
  return moves;
}

Status Compaction::give_up(const MailSegments::Info& s, const Live& l) {
  auto moves = write_again(s.number, l);
  if (!moves && moves.error().fault == Fault::perm) {  // damage is for `jdctl mailbox check`
    report_.findings.push_back(moves.error().what);
    return {};
  }
  if (!moves) return Unexpected(moves.error());
  // A COPY may put an old place into a folder that was done already.
  for (int round = 0; round < max_rounds; round++) {
    TRY(auto folders, account_.kept_folders());
    for (Folder* f : folders) CHECK(f->moved(s.number, *moves));
    TRY(auto hold, account_.lock().hold());
    TRY(bool is_named, names(s.number));
    if (is_named) continue;
    CHECK(account_.segments().retire(s.number, *moves));
    report_.segments++;
    uint64_t again = live_bytes(l, s.number);
    report_.freed += s.bytes > again ? s.bytes - again : 0;
    return {};
  }
  report_.findings.push_back(fmt::format("segment {} is still in use; tried again at the next run", s.number));
  return {};
}

// Under the lock nobody is between writing a large file and naming it.
Status Compaction::remove_large(const Live& before) {
  TRY(auto files, account_.segments().large());
  std::erase_if(files, [&](uint64_t stamp) { return std::binary_search(before.large.begin(), before.large.end(), stamp); });
  if (files.empty()) return {};
  TRY(auto hold, account_.lock().hold());
  TRY(Live now, live());
  for (uint64_t stamp : files) {
    if (std::binary_search(now.large.begin(), now.large.end(), stamp)) continue;
    TRY(uint64_t bytes, account_.segments().remove_large(stamp));
    report_.freed += bytes;
    report_.large++;
  }
  return {};
}

Result<CompactReport> Compaction::run() {
  TRY(Fd one, file::open(account_.dir(), "compact.lock", O_RDWR | O_CREAT));
  if (::flock(one.get(), LOCK_EX | LOCK_NB) < 0) return fail(Fault::temp, "{} is being compacted by another process", account_.path());
  if (!options_.dry_run) {
    CHECK(account_.drop_removed());
    CHECK(account_.segments().forget_retired(now() - days(1)));
  }
  // In this order: what is sealed in the list has nothing that live() did not see.
  TRY(auto all, account_.segments().list());
  TRY(Live l, live());
  if (!all.empty() && !options_.dry_run) {
    CHECK(seal_last(all, l));
    TRY(all, account_.segments().list());
    TRY(l, live());
  }
  for (auto& s : all) {
    report_.total += s.bytes;
    uint64_t used = journal::header_bytes + live_bytes(l, s.number);
    uint64_t dead = s.bytes > used ? s.bytes - used : 0;
    report_.dead += dead;
    if (s.is_last || options_.dry_run || !going_on_ || !is_due(s.bytes, dead)) continue;
    CHECK(give_up(s, l));
  }
  TRY(auto files, account_.segments().large());
  for (uint64_t stamp : files) {
    struct stat st;
    if (::fstatat(account_.dir(), large_name(stamp).c_str(), &st, 0) < 0 || st.st_nlink > 1) continue;
    report_.total += static_cast<uint64_t>(st.st_size);
    if (!std::binary_search(l.large.begin(), l.large.end(), stamp)) report_.dead += static_cast<uint64_t>(st.st_size);
  }
  if (!options_.dry_run) CHECK(remove_large(l));
  return std::move(report_);
}
}  // namespace

Result<CompactReport> compact(Account& account, const CompactOptions& options) { return Compaction(account, options).run(); }

}  // namespace jd::store

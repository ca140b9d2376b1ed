// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/store/folder.h"
#include "lib/store/index.h"

namespace jd::store {
namespace {
constexpr std::size_t least = 32;  // fewer are not worth an index
}

std::string Folder::derived_name(Form f) const { return fmt::format("box/{}.{}", info_.id, f == Form::wire ? "wire" : "digest"); }

std::optional<std::string_view> Folder::derived(Form f, const Entry& e) {
  return derived_[static_cast<int>(f)].get(f == Form::wire ? e.wire : e.digest, e.stamp);
}

bool Folder::is_worth(std::size_t messages) const {
  return messages >= std::max(least, state_.entries().size() / 16) && reader_->damage().empty() && !is_after_boot() && !lock_.is_read_only();
}

bool Folder::is_index_anothers() const {
  struct stat st;
  if (::fstatat(dir_, index_name().c_str(), &st, 0) < 0) return false;  // none
  return st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec != index_written_;
}

// Made since this state was read.
bool Folder::is_file_anothers(Form f) const {
  auto& file = derived_[static_cast<int>(f)];
  if (file.id() && !file.is_there()) return true;
  auto there = read_index_place(dir_, index_name());
  uint64_t id = there ? there->derived[static_cast<int>(f)].id : 0;
  return id != file.id() && DerivedFile().open(dir_, derived_name(f), id);
}

// Places are places in the file that is open.
void Folder::forget_places(Form f) {
  for (std::size_t i = 0; i < state_.entries().size(); i++) {
    auto& e = std::as_const(state_).entries()[i];
    if (f == Form::wire ? e.wire : e.digest) state_.place(i, f == Form::wire ? 0 : e.wire, f == Form::wire ? e.digest : 0);
  }
}

// The log was replaced, or the machine was started anew: what is in the files is still there.
bool Folder::inherit_places() {
  Records<Entry> before;
  auto at = read_index_entries(dir_, index_name(), before);
  if (!at) return false;
  bool is_open[2], any = false;
  for (int f = 0; f < 2; f++) {
    is_open[f] = derived_[f].open(dir_, derived_name(static_cast<Form>(f)), at->derived[f].id);
    if (is_open[f]) derived_records_[f] = at->derived[f].records;
  }
  auto& all = state_.entries();
  std::size_t i = 0;
  for (auto& e : std::as_const(before)) {
    uint32_t wire = is_open[0] ? e.wire : 0, digest = is_open[1] ? e.digest : 0;
    if (!wire && !digest) continue;
    while (i < all.size() && all[i].uid < e.uid) i++;
    if (i == all.size()) break;
    if (all[i].uid != e.uid || all[i].stamp != e.stamp) continue;
    state_.place(i, wire, digest);
    any = true;
  }
  return any;
}

// Where derived forms are stands in the index only.
Status Folder::take_newest() {
  CHECK(refresh());
  if (is_index_anothers()) CHECK(load());
  for (Form f : {Form::wire, Form::digest}) {
    auto& file = derived_[static_cast<int>(f)];
    if (!file.id() || file.is_there()) continue;
    file.close();
    forget_places(f);
  }
  return {};
}

void Folder::write_derived(Form f, DerivedBatch& made) {
  if (lock_.is_read_only()) return made.give_up();
  if (!is_worth(std::max(made.count(), made.expected_))) return;
  auto r = [&]() -> Status {
    TRY(auto hold, lock_.hold());
    if (!made.file_ && is_file_anothers(f)) return {};  // it is not to be replaced: keep_derived() adds to it
    return add_derived(f, made);
  }();
  if (r) return;
  log::failure("derived_not_kept", r.error(), {{"folder", info_.name}});
  made.give_up();
}

void Folder::keep_derived(Form f, DerivedBatch made) {
  DerivedBatches both;
  both[static_cast<std::size_t>(f)] = std::move(made);
  keep_derived(std::move(both));
}

void Folder::keep_derived(DerivedBatches made) {
  for (auto& m : made)
    if (!is_worth(m.count())) m.give_up();
  if (made[0].count() + made[1].count() == 0) return;
  auto r = place_derived(made);
  if (!r) log::failure("derived_not_kept", r.error(), {{"folder", info_.name}});
  if (r && !terms_.maps) return;
  auto again = load();  // the pages that were changed are given back
  if (!again) log::failure("folder_unreadable", again.error(), {{"folder", info_.name}});
}

// Under the lock.
Status Folder::add_derived(Form f, DerivedBatch& made) {
  auto& file = derived_[static_cast<int>(f)];
  uint64_t& records = derived_records_[static_cast<int>(f)];
  // Mostly of messages that are gone: begin anew, what is needed is made again.
  bool is_stale = records > 2 * state_.entries().size() + 1000;
  // Never in the middle of a batch: what it wrote before would be lost, and another session's file with it.
  if (!made.file_ && (!file.id() || is_stale)) {
    CHECK(file.create(dir_, derived_name(f)));
    forget_places(f);
    records = 0;
  }
  // Its file is in no index yet: to read one has closed it.
  if (uint64_t id = file.id(); made.file_ && made.file_ != id) {
    if (!file.open(dir_, derived_name(f), made.file_)) {
      if (!file.open(dir_, derived_name(f), id)) file.close();
      return fail(Fault::temp, "{} was replaced meanwhile", derived_name(f));
    }
    forget_places(f);
    records = 0;
  }
  return file.write(dir_, derived_name(f), made);
}

Status Folder::place_derived(DerivedBatches& made) {
  TRY(auto hold, lock_.hold());
  CHECK(take_newest());
  Status r;
  for (Form f : {Form::wire, Form::digest}) {
    auto& batch = made[static_cast<std::size_t>(f)];
    if (auto placed = batch.count() ? place_derived(f, batch) : Status{}; !placed) r = placed;
  }
  CHECK(write_index_now());
  return r;
}

Status Folder::place_derived(Form f, DerivedBatch& made) {
  CHECK(add_derived(f, made));
  bool is_wire = f == Form::wire;
  derived_records_[static_cast<int>(f)] += made.count();
  for (auto& one : made.all_) {
    std::size_t at = state_.first_at_least(one.uid);
    if (at >= state_.entries().size()) continue;
    auto& e = state_.entries()[at];
    if (e.uid != one.uid || e.stamp != one.stamp) continue;
    state_.place(at, is_wire ? one.place : e.wire, is_wire ? e.digest : one.place);
  }
  return {};
}

}  // namespace jd::store

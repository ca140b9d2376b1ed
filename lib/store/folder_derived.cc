// SPDX-License-Identifier: MIT
#include <algorithm>

#include "lib/base/log.h"
#include "lib/store/folder.h"

namespace jd::store {
namespace {
constexpr std::size_t least = 32;  // fewer are not worth an index
}

std::string Folder::derived_name(Form f) const { return fmt::format("box/{}.{}", info_.id, f == Form::wire ? "wire" : "digest"); }

std::optional<std::string_view> Folder::derived(Form f, const Entry& e) {
  return derived_[static_cast<int>(f)].get(f == Form::wire ? e.wire : e.digest, e.stamp);
}

bool Folder::is_worth(const DerivedBatch& made) const {
  return made.count() >= std::max(least, state_.entries().size() / 16) && reader_->damage().empty() && lost_.empty() && !lock_.is_read_only();
}

void Folder::write_derived(Form f, DerivedBatch& made) {
  if (lock_.is_read_only()) return made.give_up();
  if (!is_worth(made)) return;
  auto r = [&]() -> Status {
    TRY(auto hold, lock_.hold());
    return add_derived(f, made);
  }();
  if (r) return;
  log::failure("derived_not_kept", r.error(), {{"folder", info_.name}});
  made.give_up();
}

void Folder::keep_derived(Form f, DerivedBatch made) {
  if (!is_worth(made)) return;
  if (auto r = place_derived(f, made); !r) log::failure("derived_not_kept", r.error(), {{"folder", info_.name}});
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
    records = 0;
    made.is_new_file_ = true;
  }
  return file.write(dir_, derived_name(f), made);
}

Status Folder::place_derived(Form f, DerivedBatch& made) {
  TRY(auto hold, lock_.hold());
  CHECK(refresh());
  CHECK(add_derived(f, made));
  bool is_wire = f == Form::wire;
  derived_records_[static_cast<int>(f)] += made.count();
  for (std::size_t i = 0; made.is_new_file_ && i < state_.entries().size(); i++) {
    auto& e = state_.entries()[i];
    if (is_wire ? e.wire : e.digest) state_.place(i, is_wire ? 0 : e.wire, is_wire ? e.digest : 0);
  }
  for (auto& one : made.all_) {
    std::size_t at = state_.first_at_least(one.uid);
    if (at >= state_.entries().size()) continue;
    auto& e = state_.entries()[at];
    if (e.uid != one.uid || e.stamp != one.stamp) continue;
    state_.place(at, is_wire ? one.place : e.wire, is_wire ? e.digest : one.place);
  }
  return write_index_now();
}

}  // namespace jd::store

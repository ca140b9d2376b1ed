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

void Folder::keep_derived(Form f, std::vector<Made> made) {
  if (lock_.is_read_only()) return;
  if (made.size() < std::max(least, state_.entries().size() / 16) || !reader_->damage().empty() || !lost_.empty()) return;
  if (auto r = add_derived(f, made); !r) log::failure("derived_not_kept", r.error(), {{"folder", info_.name}});
  auto again = load();  // the pages that were changed are given back
  if (!again) log::failure("folder_unreadable", again.error(), {{"folder", info_.name}});
}

Status Folder::add_derived(Form f, const std::vector<Made>& made) {
  TRY(auto hold, lock_.hold());
  CHECK(refresh());
  auto& file = derived_[static_cast<int>(f)];
  uint64_t& records = derived_records_[static_cast<int>(f)];
  // Mostly of messages that are gone: begin anew, what is needed is made again.
  bool is_stale = records > 2 * state_.entries().size() + 1000;
  if (!file.id() || is_stale) {
    CHECK(file.create(dir_, derived_name(f)));
    records = 0;
    for (std::size_t i = 0; i < state_.entries().size(); i++) {
      auto& e = state_.entries()[i];
      if (f == Form::wire ? e.wire : e.digest) state_.place(i, f == Form::wire ? 0 : e.wire, f == Form::wire ? e.digest : 0);
    }
  }
  std::vector<DerivedFile::One> all;
  for (auto& m : made) all.push_back({m.stamp, m.bytes});
  TRY(auto places, file.append(dir_, derived_name(f), all));
  records += places.size();
  for (std::size_t i = 0; i < made.size(); i++) {
    std::size_t at = state_.first_at_least(made[i].uid);
    if (at >= state_.entries().size()) continue;
    auto& e = state_.entries()[at];
    if (e.uid != made[i].uid || e.stamp != made[i].stamp) continue;
    state_.place(at, f == Form::wire ? places[i] : e.wire, f == Form::wire ? e.digest : places[i]);
  }
  return write_index_now();
}

}  // namespace jd::store

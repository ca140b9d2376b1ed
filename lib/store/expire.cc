// SPDX-License-Identifier: MIT
#include "lib/store/expire.h"

#include <algorithm>
#include <optional>

#include "lib/base/text.h"

namespace jd::store {
namespace {

std::optional<Span> age_of(const Tree& tree, const FolderInfo& f, const std::vector<ExpireRule>& rules) {
  std::optional<Span> r;
  for (auto& rule : rules) {
    const FolderInfo* top = rule.special == Special::none ? tree.find(rule.folder) : tree.find(rule.special);
    if (!top || (top->id != f.id && !f.name.starts_with(top->name + "/"))) continue;
    if (!r || rule.age < *r) r = rule.age;
  }
  return r;
}
}  // namespace

Result<std::vector<ExpireRule>> expire_rules(const Config& c) {
  std::vector<ExpireRule> r;
  if (c.trash_days) r.push_back({Special::trash, "", days(static_cast<int64_t>(c.trash_days))});
  if (c.junk_days) r.push_back({Special::junk, "", days(static_cast<int64_t>(c.junk_days))});
  for (auto& text : c.expire) {
    auto blank = text.rfind(' ');
    auto name = blank == text.npos ? "" : trim(std::string_view(text).substr(0, blank));
    auto age = blank == text.npos ? std::nullopt : to_span(std::string_view(text).substr(blank + 1));
    if (name.empty() || !age || age->ns <= 0)
      return fail(Fault::usage, "store.expire: '{}' is not a folder and a time, such as \"Lists/Announce 90d\"", escape(text));
    r.push_back({Special::none, std::string(name), *age});
  }
  return r;
}

Result<std::vector<Expired>> expire(Account& a, const std::vector<ExpireRule>& rules, bool dry_run, const std::function<bool()>& may_go_on) {
  std::vector<Expired> done;
  CHECK(a.tree().refresh());
  auto folders = a.tree().folders();  // it may change under us
  for (auto& [id, info] : folders) {
    auto age = age_of(a.tree(), info, rules);
    if (!age) continue;
    if (!may_go_on()) break;
    auto f = a.folder(id);
    if (!f && f.error().fault == Fault::perm) continue;  // deleted meanwhile
    if (!f) return Unexpected(f.error());
    CHECK((*f)->refresh());
    int64_t before = now().seconds() - age->seconds();
    UidSet old;
    Expired e{info.name};
    for (auto& m : (*f)->state().entries()) {
      if (!m.saved || m.saved >= before) continue;
      old.add(m.uid);
      e.messages++;
      e.bytes += m.size;
    }
    if (old.empty()) continue;
    if (!dry_run) CHECK((*f)->expunge(old));
    done.push_back(std::move(e));
  }
  return done;
}

}  // namespace jd::store

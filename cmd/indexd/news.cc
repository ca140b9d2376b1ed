// SPDX-License-Identifier: MIT
#include "cmd/indexd/news.h"

#include <sys/stat.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/store/search_index.h"

namespace jd::indexd {
namespace {
// A file's time may be that of the tick before, and the clock may be set back a little.
constexpr int64_t slack_ns = 2'000'000'000;
constexpr unsigned max_wait = 100;  // sweeps after failures

int64_t changed(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) < 0) return -1;
  return int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec;
}
}  // namespace

void News::list() {
  for (auto& [name, k] : known_) k.is_there = false;
  auto top = file::open(mail_, O_RDONLY | O_DIRECTORY);
  auto domains = top ? file::list(top->get(), ".") : Result<std::vector<std::string>>(Unexpected(top.error()));
  if (!domains) {
    log::failure("index_failed", domains.error(), {{"mailbox", "all"}});
    return;
  }
  for (auto& d : *domains) {
    auto users = file::list(top->get(), d);
    if (!users) continue;  // a file, or gone meanwhile
    for (auto& u : *users) {
      std::string name = d + "/" + u;
      auto [k, is_new] = known_.try_emplace(name);
      if (is_new) {
        k->second.mailbox = {mail_ + "/" + name, name};
        if (auto at = store::indexed_at(k->second.mailbox.path, kinds_)) k->second.visited = at->ns;
      }
      k->second.is_there = true;
    }
  }
  std::erase_if(known_, [](auto& k) { return !k.second.is_there; });
}

bool News::has_news(Known& k) {
  if (k.wait && --k.wait) return false;
  std::string segments = k.mailbox.path + "/seg";
  int64_t now_changed = changed(segments);
  if (now_changed < 0) return false;  // no mailbox, or one without mail
  if (now_changed != k.segments_changed || now_changed + slack_ns >= k.visited) {
    auto dir = file::open(segments, O_RDONLY | O_DIRECTORY);
    auto names = dir ? file::list(dir->get(), ".") : Result<std::vector<std::string>>(std::vector<std::string>{});
    if (!names || names->empty()) return false;
    k.last_segment = names->back();
    k.segments_changed = now_changed;
  }
  return k.visited == 0 || changed(segments + "/" + k.last_segment) + slack_ns >= k.visited;
}

Mailbox* News::next() {
  if (!is_sweeping_) {
    list();
    at_ = known_.begin();
    is_sweeping_ = true;
  }
  for (; at_ != known_.end(); ++at_)
    if (has_news(at_->second)) return &(at_++)->second.mailbox;
  is_sweeping_ = false;
  return nullptr;
}

void News::visited(const Mailbox& m, Time began, bool is_done) {
  auto i = known_.find(m.name);
  if (i == known_.end()) return;
  Known& k = i->second;
  k.failures = is_done ? 0 : std::min(k.failures + 1, 30u);
  k.wait = is_done ? 0 : std::min(max_wait, 1u << std::min(k.failures, 7u));
  if (is_done) k.visited = began.ns;
}

}  // namespace jd::indexd

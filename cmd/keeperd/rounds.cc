// SPDX-License-Identifier: MIT
#include "cmd/keeperd/rounds.h"

#include <errno.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd {
namespace {
constexpr int max_depth = 3;  // mail/<domain>/<user>, and one level for who has more

// "example.org/ann" as an address.
std::string address_of(const std::string& path) {
  auto slash = path.rfind('/');
  auto part = [](std::string_view s) { return file_name_decode(s).value_or(std::string(s)); };
  if (slash == path.npos) return part(path);
  return part(std::string_view(path).substr(slash + 1)) + "@" + part(std::string_view(path).substr(0, slash));
}
}  // namespace

Status Rounds::look() {
  due_.clear();
  filling_.clear();
  if (!file::exists(mail_)) return {};
  TRY(auto top, file::list(AT_FDCWD, mail_));
  for (auto& n : top) look_below(n, 1);
  return {};
}

void Rounds::look_below(const std::string& below, int depth) {
  std::string path = mail_ + "/" + below;
  struct stat st;
  if (::stat((path + "/tree").c_str(), &st) == 0) {
    if (::stat((path + "/quota").c_str(), &st) == 0) {
      auto dir = file::open(path, O_RDONLY | O_DIRECTORY);
      auto state = dir ? store::read_quota_state(dir->get()) : std::nullopt;
      if (state && state->told < state->level) filling_.push_back({address_of(below), path, *state});
    }
    if (::stat((path + "/kept").c_str(), &st) == 0 && now() - from_seconds(st.st_mtim.tv_sec) < config_.keep_every) return;
    due_.push_back(below);
    return;
  }
  if (depth >= max_depth || ::lstat(path.c_str(), &st) < 0 || !S_ISDIR(st.st_mode)) return;
  auto names = file::list(AT_FDCWD, path);
  if (!names) return log::failure("keep_failed", names.error(), {{"path", path}});
  for (auto& n : *names) look_below(below + "/" + n, depth + 1);
}

bool Rounds::step() {
  if (due_.empty()) return false;
  std::string path = std::move(due_.front());
  due_.pop_front();
  keep(path);
  return true;
}

void Rounds::keep(const std::string& path) {
  JobContext c{config_, expire_, address_of(path), may_go_on_};
  Status r = [&]() -> Status {
    TRY(auto account, store::Account::open(mail_ + "/" + path, false, {.keep_gone = config_.keep_expunged()}));
    for (auto& job : account_jobs()) {
      if (!may_go_on_()) return {};
      CHECK(wrap(job.run(*account, c), "{}", job.name));
    }
    if (!may_go_on_()) return {};
    // Its time is what counts; it need not be durable.
    TRY(Fd fd, file::open(account->dir(), "kept", O_WRONLY | O_CREAT | O_TRUNC));
    return file::write_at(fd.get(), fmt::format("{}\n", iso8601(now())), 0);
  }();
  if (!r && r.error().sys != ENOENT) log::failure("keep_failed", r.error(), {{"user", c.account}});  // ENOENT: it was removed
}

}  // namespace jd

// SPDX-License-Identifier: MIT
// What a run says to the next about local deliveries: whether each of those that the journal has and no done log
// names may have happened.  After an orderly stop few of them may; a mailbox is searched for these only.
#include <fcntl.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/queue/runner.h"
#include "lib/queue/runner_parts.h"

namespace jd::queue {
namespace {
constexpr const char* note_name = "stopped";
constexpr std::string_view note_head = "jdmail-stopped 1 ";
constexpr std::size_t max_doubtful = 10'000;  // more: as if nothing had been said
}  // namespace

// Read once: it says nothing about what this run does.
void Runner::read_stop_note() {
  auto fd = file::open(journal_.get(), note_name, O_RDONLY);
  if (!fd) return;
  auto text = file::read_at(fd->get(), (max_doubtful + 10) * 21, 0);
  if (Status gone = file::unlink(journal_.get(), note_name); !text || !gone) return;
  auto lines = split(*text, '\n');
  // Of another boot: the done logs may have lost what they said then.  The last line is whole, or it was cut short.
  if (lines.size() < 3 || lines[0] != std::string(note_head) + one_line(config_.boot_id) || lines[lines.size() - 2] != "end") return;
  was_stopped_ = true;
  for (std::size_t i = 1; i + 2 < lines.size(); i++) doubtful_.emplace(lines[i]);
}

bool Runner::may_have_happened(const Segment& s, const std::string& id) {
  if (!s.is_replay) return false;
  return doubtful_.erase(id) > 0 || !was_stopped_;
}

void Runner::write_stop_note() {
  if (!is_quiet()) return;
  for (auto& [n, s] : segments_) {
    if (s->is_replay && !was_stopped_) return;  // who knows what the run before this one did
    if (Status f = s->done.flush(); !f) return log::failure("done_log_failed", f.error());
    if (s->done.has_lost()) return;
  }
  for (auto& [n, job] : jobs_) {
    if (!job->segment) continue;
    for (auto& t : job->targets)
      if (t.replay || t.state == Target::State::settled) doubtful_.insert(job->message.id);
  }
  if (doubtful_.size() > max_doubtful) return;
  std::string text = std::string(note_head) + one_line(config_.boot_id) + "\n";
  for (auto& id : doubtful_) text += id + "\n";
  text += "end\n";
  auto fd = file::open(journal_.get(), note_name, O_WRONLY | O_CREAT | O_TRUNC);
  Status s = fd ? file::write_at(fd->get(), text, 0) : Status(Unexpected(fd.error()));
  if (!s) log::failure("stop_note_not_written", s.error());
}

}  // namespace jd::queue

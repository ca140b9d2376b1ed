// SPDX-License-Identifier: MIT
#include "cmd/jdctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/fd.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/client.h"

namespace jd::ctl {

int failed(const Error& e) {
  fprintf(stderr, "jdctl: %s\n", e.what.c_str());
  return exit_code(e.fault);
}

// Words of other hosts are in there: none of them steers the terminal.
void print(const std::string& line) { printf("%s\n", one_line(line).c_str()); }
void print_json(const Json& j) { printf("%s\n", j.text(true).c_str()); }

void print_table(const std::vector<std::string>& heading, const std::vector<std::vector<std::string>>& rows) {
  std::vector<int> width;
  for (auto& h : heading) width.push_back(display_width(h));
  for (auto& r : rows)
    for (std::size_t i = 0; i < r.size() && i < width.size(); i++) width[i] = std::max(width[i], display_width(r[i]));
  auto line = [&](const std::vector<std::string>& r) {
    std::string s;
    for (std::size_t i = 0; i < r.size(); i++) s += i + 1 < r.size() ? pad_to(r[i], width[i] + 2) : r[i];
    print(s);
  };
  if (std::any_of(heading.begin(), heading.end(), [](auto& h) { return !h.empty(); })) line(heading);  // a later page has none
  for (auto& r : rows) line(r);
}

std::string local_time(int64_t since) {
  if (!since) return "earlier";
  Time t = from_seconds(since);
  Civil c = civil(t, local_offset_minutes(t));
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

Result<Time> parse_since(const std::string& text) {
  if (auto age = to_span(text)) return now() - *age;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, sec = 0;
  if (sscanf(text.c_str(), "%d-%d-%d%*1[T ]%d:%d:%d", &y, &mo, &d, &h, &mi, &sec) < 3 || y < 1970 || mo < 1 || mo > 12 || d < 1 || d > 31)
    return fail(Fault::usage, "--since {} is no time: say for example 2h, 3d, 2026-11-24 or \"2026-11-24 16:00\"", escape(text));
  Time t = from_civil({y, mo, d, h, mi, sec, 0});
  return from_civil({y, mo, d, h, mi, sec, 0}, local_offset_minutes(t));
}

Ran run(const std::vector<std::string>& argv, const std::string& input) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) < 0 || ::pipe2(out, O_CLOEXEC) < 0) return {111, ""};
  std::vector<char*> words;
  for (auto& a : argv) words.push_back(const_cast<char*>(a.c_str()));
  words.push_back(nullptr);
  pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::execvp(words[0], words.data());
    fprintf(stderr, "jdctl: cannot run %s: %s\n", words[0], errno_text(errno).c_str());
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  std::size_t at = 0;
  while (at < input.size()) {
    ssize_t n = ::write(in[1], input.data() + at, input.size() - at);
    if (n <= 0) break;
    at += static_cast<std::size_t>(n);
  }
  ::close(in[1]);
  Ran r{0, ""};
  char buffer[4096];
  for (ssize_t n; (n = ::read(out[0], buffer, sizeof buffer)) > 0;) r.out.append(buffer, static_cast<std::size_t>(n));
  ::close(out[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  r.status = WIFEXITED(status) ? WEXITSTATUS(status) : 111;
  return r;
}

std::string service_state(const Options& o, const std::string& program, const std::string& fields) {
  std::string dir = o.paths.service + "/" + program;
  // Its control pipe is there a moment before its status is.
  return run({"s6-svok", dir}).status == 0 && file::exists(dir + "/supervise/status") ? std::string(trim(run({"s6-svstat", "-o", fields, dir}).out)) : "";
}
bool is_ready(const Options& o, const std::string& program) { return service_state(o, program, "ready") == "true"; }

Result<ipc::Message> ask_directory(const Options& o, const ipc::Message& m) {
  ipc::BlockingClient client("directoryd", o.paths.socket("directory-admin"));
  auto r = client.call(m.copy());
  bool is_down = !r && (r.error().sys == ENOENT || r.error().sys == ECONNREFUSED);
  if (!is_down) return r;
  auto ran = run({o.paths.libexec + "/directoryd", "--prefix", o.paths.prefix, "--once"}, m.encode());
  auto found = ipc::Decoder(64 << 20).next(ran.out);
  if (!found || !*found) return fail(Fault::temp, "directoryd gave no answer");
  if (auto e = (*found)->message.error()) return Unexpected(*e);
  return std::move((*found)->message);
}

}  // namespace jd::ctl

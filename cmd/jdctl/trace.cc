// SPDX-License-Identifier: MIT
// jdctl trace: the life of a message, out of every program's log.
//
//   word ── queue id ─────────────────────────────────┐
//     └── Message-ID, address: ids, newest files first┴─> lines of those ids, from the time in the oldest id
//         on ── reports that were made of them: their ids too ──> by message, by time, in words
// Memory: the lines found, at most max_lines; files pass by in blocks.
#include <stdio.h>

#include <algorithm>
#include <map>
#include <set>

#include "cmd/jdctl/ctl.h"
#include "cmd/jdctl/log_files.h"
#include "cmd/jdctl/story.h"
#include "lib/base/random.h"
#include "lib/base/text.h"

namespace jd::ctl {
namespace {
constexpr std::size_t max_messages = 20, max_lines = 20'000;
constexpr int max_rounds = 4;  // reports about reports end by themselves

struct Search {
  std::string directory;
  Time since;
  std::string since_text;  // as the lines begin; "" : from the beginning
  bool is_cut = false;
  std::map<std::string, std::vector<Step>> found;  // by queue id
};

bool is_young(const Search& s, std::string_view line) { return s.since_text.empty() || line.substr(0, 19) >= s.since_text; }

std::string text_of(Time t) {
  Civil c = civil(t, local_offset_minutes(t));
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string id_of(const LogLine& l) {
  std::string id(l.get("qid"));
  if (id.empty()) id = l.get("trace");
  return is_id(id) ? id : "";
}

// The newest messages whose lines have the word.
Status find_ids(Search& s, const std::string& word, std::set<std::string>& ids) {
  TRY(auto files, log_files(s.directory, s.since));
  for (auto& f : files) {
    if (ids.size() >= max_messages && f.ended.ns != INT64_MAX) break;  // all that are in use were read
    Status r = read_lines(f, [&](std::string_view line) {
      if (ifind(line, word) == std::string_view::npos || !is_young(s, line)) return;
      auto l = parse_log_line(line);
      if (!l || l->get("qid").empty()) return;
      std::string id(l->get("qid"));
      if (is_id(id)) ids.insert(id);
      if (ids.size() > max_messages) ids.erase(ids.begin()), s.is_cut = true;  // ids sort by time
    });
    if (!r) fprintf(stderr, "jdctl: %s\n", r.error().what.c_str());
  }
  return {};
}

// Every line about these; returns the reports that were made of them.
Result<std::set<std::string>> find_lines(Search& s, const std::set<std::string>& ids) {
  std::set<std::string> reports;
  Time from = s.since;
  std::size_t lines = 0;
  if (!ids.empty()) from = std::max(from, time_of_id(*ids.begin()) - minutes(1));
  TRY(auto files, log_files(s.directory, from));
  for (auto& f : files) {
    Status r = read_lines(f, [&](std::string_view line) {
      if (std::none_of(ids.begin(), ids.end(), [&](auto& id) { return line.find(id) != line.npos; }) || !is_young(s, line)) return;
      auto l = parse_log_line(line);
      std::string id = l ? id_of(*l) : "";
      if (id.empty() || !ids.count(id)) return;
      if (++lines > max_lines) {
        s.is_cut = true;
        return;
      }
      s.found[id].push_back({std::string(line), f.program});
      if (l->event == "reported" && is_id(std::string(l->get("report")))) reports.insert(std::string(l->get("report")));
    });
    if (!r) fprintf(stderr, "jdctl: %s\n", r.error().what.c_str());
  }
  return reports;
}

// How a message came is told first: two programs write it down at the same moment.
int rank(const Step& s) {
  auto l = parse_log_line(s.raw);
  return !l ? 3 : l->event == "accepted" ? 0 : l->event == "queued" || l->event == "picked_up" ? 1 : 2;
}

Json json_of(const std::string& id, const std::vector<Told>& told) {
  Json steps = Json::array();
  for (auto& t : told) {
    Json fields = Json::object();
    for (auto& [k, v] : t.fields) fields.set(k, v);
    steps.push(Json::object().set("time", t.time).set("program", t.program).set("event", t.event).set("text", t.text).set("fields", fields));
  }
  return Json::object().set("qid", id).set("steps", steps);
}

// Who the message is from: the first line that says so.
std::string heading(const std::string& id, const std::vector<Told>& told, bool zh) {
  for (auto& t : told)
    for (auto& [k, v] : t.fields)
      if (k == "from" && t.event != "redirected") return zh ? fmt::format("邮件 {}，发件人 <{}>", id, escape(v)) : fmt::format("message {} from <{}>", id, escape(v));
  return zh ? "邮件 " + id : "message " + id;
}

void print_story(const std::string& id, const std::vector<Told>& told, bool zh) {
  print(heading(id, told, zh));
  std::string day;
  for (auto& t : told) {
    std::string today = t.time.substr(0, 10);
    if (today != day) print("  " + today);
    day = today;
    print(fmt::format("  {} {}", t.time.size() > 11 ? t.time.substr(11) : t.time, t.text));
  }
}

Status set_since(Search& s, const std::string& since) {
  if (since.empty()) return {};
  TRY(s.since, parse_since(since));
  s.since_text = text_of(s.since);
  return {};
}
}  // namespace

int trace(const Options& o, const TraceOptions& t) {
  std::string word(trim(t.word));
  if (word.size() > 2 && word.front() == '<' && word.back() == '>') word = word.substr(1, word.size() - 2);
  if (word.size() < 3) return failed(Error(Fault::usage, "trace what? A queue id, a Message-ID or an address"));
  Search s{o.paths.log, {}, "", false, {}};
  if (auto r = set_since(s, t.since); !r) return failed(r.error());
  std::set<std::string> ids;
  if (is_id(word)) ids.insert(word);
  else if (auto r = find_ids(s, word, ids); !r) return failed(r.error());
  std::set<std::string> asked = ids, all = ids;
  for (int round = 0; round < max_rounds && !asked.empty(); round++) {
    auto reports = find_lines(s, asked);
    if (!reports) return failed(reports.error());
    asked.clear();
    for (auto& id : *reports)
      if (all.insert(id).second) asked.insert(id);
  }
  bool zh = wants_chinese(t.lang);
  if (s.found.empty()) {
    fprintf(stderr, "jdctl: no log line is about %s%s: logs are kept in %s, the oldest go first; what still waits is in `jdctl queue list`\n", escape(word).c_str(),
            t.since.empty() ? "" : " since then", s.directory.c_str());
    return 100;
  }
  Json list = Json::array();
  std::vector<std::string> raw;
  bool is_first = true;
  for (auto& [id, steps] : s.found) {
    std::stable_sort(steps.begin(), steps.end(), [](auto& a, auto& b) {
      int first = rank(a), second = rank(b);
      return first != second ? first < second : std::string_view(a.raw).substr(0, 29) < std::string_view(b.raw).substr(0, 29);
    });
    if (t.raw) {
      for (auto& step : steps) raw.push_back(step.raw);
      continue;
    }
    auto told = tell(steps, zh);
    if (o.json) list.push(json_of(id, told));
    else {
      if (!is_first) print("");
      print_story(id, told, zh);
    }
    is_first = false;
  }
  std::sort(raw.begin(), raw.end());
  for (auto& l : raw) print(l);
  if (o.json && !t.raw) print_json(list);
  if (s.is_cut) fprintf(stderr, "jdctl: there is more: these are the newest; --since, or a queue id, narrows it\n");
  return 0;
}

}  // namespace jd::ctl

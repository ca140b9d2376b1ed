// SPDX-License-Identifier: MIT
#include "cmd/jdctl/queue.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/ipc/client.h"
#include "lib/queue/metrics_text.h"
#include "lib/queue/selection.h"

namespace jd::ctl {
namespace {
constexpr uint64_t page = 500, sample = 10;
constexpr Span patience = seconds(60);  // qrun answers each second
volatile sig_atomic_t interrupted = 0;

struct About { const char* done; const char* would; };  // "deleted 3 messages"
About about(const std::string& verb) {
  if (verb == "hold") return {"held", "would hold"};
  if (verb == "release") return {"released", "would release"};
  if (verb == "delete") return {"deleted", "would delete"};
  if (verb == "redirect") return {"redirected", "would redirect"};
  return {"to be tried now:", "would try now:"};
}

std::string messages(uint64_t n) { return n == 1 ? "1 message" : fmt::format("{} messages", n); }

std::string age_text(uint64_t since) {
  auto s = now().seconds() - static_cast<int64_t>(since);
  return span_text(seconds(std::max<int64_t>(s, 0)));
}

struct Item {
  Json json = Json::object();
  std::vector<std::string> row;
};

// The items of an answer, each beginning with qid.
std::vector<Item> items_of(const ipc::Message& m) {
  std::vector<Item> r;
  Json recipients = Json::array();
  uint64_t of = 0;
  auto end = [&] {
    if (r.empty()) return;
    auto& i = r.back();
    i.json.set("rcpt", recipients);
    auto shown = recipients.items().size();
    if (of > shown && shown) i.row[5] += fmt::format(" and {} more", of - shown);
    recipients = Json::array();
  };
  for (auto& [k, v] : m.pairs()) {
    if (k == "qid") {
      end();
      r.push_back({Json::object(), {v, "", "", "", "", "", ""}});
    }
    if (r.empty()) continue;
    auto& i = r.back();
    auto n = to_number(v);
    if (k == "rcpt") {
      i.row[5] += (i.row[5].empty() ? "" : ",") + v;
      recipients.push(v);
      continue;
    }
    if (k == "recipients") of = n.value_or(0);
    if (k == "state") i.row[1] = v;
    if (k == "received") i.row[2] = age_text(n.value_or(0));
    if (k == "size") i.row[3] = size_text(n.value_or(0));
    if (k == "from") i.row[4] = v.empty() ? "<>" : v;
    if (k == "reason") i.row[6] = v;
    bool is_number = k == "size" || k == "attempts" || k == "received" || k == "due" || k == "recipients";
    i.json.set(k, is_number && n ? Json(*n) : Json(v));
  }
  end();
  return r;
}
const std::vector<std::string> heading = {"id", "state", "age", "size", "from", "to", "reason"};

void print_items(const std::vector<Item>& items, bool with_heading) {
  std::vector<std::vector<std::string>> rows;
  for (auto& i : items) rows.push_back(i.row);
  print_table(with_heading ? heading : std::vector<std::string>(heading.size()), rows);
}

// Of one message: the envelope in the order in which it comes, recipients, attempts.
void print_details(const ipc::Message& m, bool as_json) {
  Json j = Json::object(), recipients = Json::array(), attempts = Json::array();
  std::vector<std::string> addresses;
  std::vector<Json> status;
  std::vector<std::vector<std::string>> rows, tried;
  enum { none, envelope, of_recipient, of_attempt } part = none;
  for (auto& [k, v] : m.pairs()) {
    auto n = to_number(v);
    if (k == "qid") part = envelope;
    if (part == none) continue;
    if (k == "n") {
      part = of_recipient;
      std::string a = n && *n < addresses.size() ? addresses[static_cast<std::size_t>(*n)] : "";
      rows.push_back({a, "", ""});
      status.push_back(Json::object().set("address", a));
    } else if (k == "attempt") {
      part = of_attempt;
      tried.push_back({local_time(static_cast<int64_t>(n.value_or(0))), "", "", ""});
      attempts.push(Json());
      status.push_back(Json::object().set("at", n.value_or(0)));
    } else if (part == envelope) {
      bool is_time = k == "received" || k == "due";
      if (k == "rcpt") addresses.push_back(v);
      else j.set(k, n && k != "envid" && k != "from" && k != "qid" ? Json(*n) : Json(v));
      if (!as_json && k != "rcpt") print(pad_to(k + ":", 14) + (is_time ? local_time(static_cast<int64_t>(n.value_or(0))) : k == "size" ? size_text(n.value_or(0)) : k == "from" && v.empty() ? "<>" : v));
    } else {
      status.back().set(k, v);
      auto& row = part == of_recipient ? rows.back() : tried.back();
      if (k == "status") row[1] = v;
      else if (k == "to") row[1] = v;
      else if (k == "fate") row[2] = v;
      else if (k == "scope") row.back() += " (our address is refused)";
      else row.back() += (row.back().empty() ? "" : k == "text" ? ": " : " ") + v;
    }
  }
  for (std::size_t i = 0; i < rows.size(); i++) recipients.push(status[i]);
  attempts = Json::array();
  for (std::size_t i = rows.size(); i < status.size(); i++) attempts.push(status[i]);
  if (as_json) return print_json(j.set("recipients", recipients).set("attempts_made", attempts).set("header", m.body()));
  print("");
  print_table({"recipient", "status", "last answer"}, rows);
  if (tried.empty()) return;
  print("");
  print_table({"attempt", "recipient", "outcome", "answer"}, tried);
}

bool is_list_key(std::string_view k) {
  for (std::string_view list : {"bucket_", "deferral_", "bounce_"})
    if (k.starts_with(list)) return true;
  return k == "ok" || k == "id";
}

Json stats_json(const ipc::Message& m) {
  Json j = Json::object();
  for (auto& [k, v] : m.pairs())
    if (!is_list_key(k)) j.set(k, to_number(v) ? Json(*to_number(v)) : Json(v));
  for (const char* key : {"deferral_code", "deferral_to", "bounce_code", "bounce_to", "bucket_ms"}) {
    Json counts = Json::object();
    std::string word, count = std::string(key) == "bucket_ms" ? "bucket_count" : std::string(key) + "_count";
    for (auto& [k, v] : m.pairs()) {
      if (k == key) word = v;
      if (k == count) counts.set(word, to_number(v).value_or(0));
    }
    j.set(key, counts);
  }
  return j;
}

void print_stats(const ipc::Message& m) {
  for (auto& [k, v] : m.pairs())
    if (!is_list_key(k)) print(pad_to(k + ":", 24) + (k == "oldest" ? age_text(to_number(v).value_or(0)) : v));
  for (auto [key, title] : {std::pair{"deferral_code", "put off, by code"}, {"deferral_to", "put off, by destination"}, {"bounce_code", "failed, by code"}, {"bounce_to", "failed, by destination"}}) {
    std::vector<std::vector<std::string>> rows;
    for (auto& [k, v] : m.pairs()) {
      if (k == key) rows.push_back({v, ""});
      if (k == std::string(key) + "_count" && !rows.empty()) rows.back()[1] = v;
    }
    if (rows.empty()) continue;
    print("");
    print_table({title, "times"}, rows);
  }
}

Status copy_message(const ipc::Message& m) {
  if (m.fds.empty()) return fail(Fault::temp, "qrun did not give the message; try again");
  uint64_t at = m.number("offset"), left = m.number("length");
  printf("\n");
  while (left) {
    TRY(std::string block, file::read_at(m.fds[0].get(), static_cast<std::size_t>(std::min<uint64_t>(left, 256 << 10)), at));
    if (block.empty()) return fail(Fault::perm, "the message is cut short");
    fwrite(block.data(), 1, block.size(), stdout);
    at += block.size();
    left -= block.size();
  }
  return {};
}

Json faults_of(const ipc::Message& m) {
  Json all = Json::array();
  std::string id;
  for (auto& [k, v] : m.pairs()) {
    if (k == "fault") id = v;
    if (k == "why") all.push(Json::object().set("id", id).set("why", v));
  }
  return all;
}
}  // namespace

int metrics(const Options& o) {
  ipc::BlockingClient qrun("qrun", o.paths.socket("qrun-admin"));
  auto r = qrun.call(ipc::Message("stats"), patience);
  if (!r) return failed(r.error());
  queue::Pairs pairs;
  for (auto& [k, v] : r->pairs()) pairs.emplace_back(k, v);
  printf("%s", queue::prometheus_text(pairs).c_str());
  return 0;
}

QueueCommands::QueueCommands(Args& root, Options& o) : queue_(root.command("queue", "mail that is under way").needs_command()), options_(o) {
  with_filter(verb("list", "show it")).option("--limit", limit_, "so many messages at most");
  with_filter(verb("count", "how many, by state"));
  verb("show", "everything about one message").positional("ids", f_.ids, "queue ids").flag("--body", body_, "the whole message, not its header only");
  struct Row { const char* name; const char* about; };
  for (Row r : {Row{"hold", "keep what fits until it is released"}, {"release", "let it go on"}, {"retry", "try it now"},
                {"delete", "remove it without a word to anybody"}, {"redirect", "give waiting recipients another address"}}) {
    Args& a = with_filter(verb(r.name, r.about));
    a.flag("--dry-run", dry_, "say what would happen").flag("--all", all_, "everything in the queue");
    if (std::string(r.name) == "redirect") a.option("--to", to_, "the new address, or @domain for the same user there").required();
  }
  verb("flush", "try everything now").flag("--dry-run", dry_, "say what would happen");
  verb("stats", "counts");
  verb("destinations", "other hosts: what waits for them, what is under way");
  Args& limit = verb("limit", "how fast it may go to one destination").positional("destination", destination_, "domain; * stands for all").positional("max", max_, "as --connections", false);
  limit.option("--connections", max_, "deliveries at once; 0: as for all").option("--rate", rate_, "deliveries begun, e.g. 30/min; 0: as many as there are");
  verb("freeze", "no deliveries to other hosts' domains").positional("destinations", destinations_, "domains");
  verb("thaw", "deliveries again, at once").positional("destinations", destinations_, "domains");
}

Args& QueueCommands::verb(const std::string& name, const std::string& about_it) {
  Args& a = queue_.command(name, about_it);
  a.flag("--json", options_.json, "print JSON");
  verbs_.push_back({name, &a});
  return a;
}

Args& QueueCommands::with_filter(Args& a, bool ids) {
  if (ids) a.positional("ids", f_.ids, "queue ids", false);
  a.option("--sender", f_.sender, "user@domain, @domain, a glob, <> for reports, or a part of it");
  a.option("--recipient", f_.recipient, "of one that waits: user@domain, @domain, a glob, or a part of it");
  a.option("--domain", f_.domain, "of a recipient that waits: exactly this; .domain: it and those below; or a glob");
  a.option("--reason", f_.reason, "why it waits: a part of it, or /expression/");
  a.flag("--refused-address", refused_address_, "put off because the address that we send from is refused");
  a.option("--user", f_.user, "who sent it: an account, or a part of its name");
  a.option("--state", f_.state, "active, deferred, new or hold");
  a.option("--older", f_.older, "received longer ago than e.g. 30m, 4h, 2d").option("--newer", f_.newer, "not longer ago");
  a.option("--larger", f_.larger, "more bytes than e.g. 10M").option("--smaller", f_.smaller, "fewer");
  return a;
}

Result<ipc::Message> QueueCommands::request(const std::string& name) const {
  ipc::Message m("queue");
  m.set("verb", name);
  for (auto& id : f_.ids) m.set("qid", id);
  auto text = [&](const char* key, const std::string& v) {
    if (!v.empty()) m.set(key, v);
  };
  text("sender", f_.sender);
  text("recipient", f_.recipient);
  text("domain", f_.domain);
  text("reason", f_.reason);
  text("user", f_.user);
  text("state", f_.state);
  if (refused_address_) m.set("scope", "address");
  text("to", to_);
  for (auto& [key, v] : {std::pair{"older", &f_.older}, {"newer", &f_.newer}}) {
    if (v->empty()) continue;
    auto s = to_span(*v);
    if (!s) return fail(Fault::usage, "--{} {} is no time: say for example 30m, 4h or 2d", key, *v);
    m.set(key, static_cast<uint64_t>(s->seconds()));
  }
  for (auto& [key, v] : {std::pair{"larger", &f_.larger}, {"smaller", &f_.smaller}}) {
    if (v->empty()) continue;
    auto s = to_size(*v);
    if (!s) return fail(Fault::usage, "--{} {} is no size: say for example 100K or 10M", key, *v);
    m.set(key, *s);
  }
  if (dry_) m.set("dry", "1");
  return m;
}

std::optional<int> QueueCommands::run(const Options& o) {
  auto it = std::find_if(verbs_.begin(), verbs_.end(), [](auto& v) { return v.args->chosen(); });
  if (it == verbs_.end()) return {};
  const std::string& name = it->name;
  if (name == "stats" || name == "destinations") return plain(o, name);
  if (name == "limit" || name == "freeze" || name == "thaw") return terms(o, name);
  auto m = request(name == "flush" ? "retry" : name);
  if (!m) return failed(m.error());
  if (name == "list") return list(o, std::move(*m));
  if (name == "show") return show(o);
  queue::Pairs pairs;
  for (auto& [k, v] : m->pairs()) pairs.emplace_back(k, v);
  auto selection = queue::Selection::from_pairs(pairs);
  if (!selection) return failed(selection.error());
  bool is_change = name != "count" && name != "flush";
  if (is_change && selection->is_everything() && !all_)
    return failed(Error(Fault::usage, fmt::format("queue {}: which messages? Give queue ids or filters (see --help), or --all for everything; "
                                                  "with --dry-run nothing is changed", name)));
  return order(o, name, std::move(*m));
}

int QueueCommands::list(const Options& o, ipc::Message m) {
  ipc::BlockingClient qrun("qrun", o.paths.socket("qrun-admin"));
  uint64_t left = limit_ ? limit_ : UINT64_MAX, shown = 0, missing = 0;
  m.set("limit", std::min(page, left));
  if (o.json) printf("[");
  for (;;) {
    auto r = qrun.call(std::move(m), patience);
    if (!r) {
      if (o.json) printf("]\n");
      return failed(r.error());
    }
    auto items = items_of(*r);
    if (items.size() > left) items.resize(static_cast<std::size_t>(left));
    if (o.json) {
      for (auto& i : items) printf("%s\n%s", shown++ ? "," : "", i.json.text().c_str());
    } else if (!items.empty()) {
      print_items(items, shown == 0);
      shown += items.size();
    }
    left -= items.size();
    fflush(stdout);
    missing = r->number("failed");
    if (!r->has("more") || left == 0 || ferror(stdout)) {
      if (o.json) printf("%s]\n", shown ? "\n" : "");
      for (auto& f : faults_of(*r).items()) fprintf(stderr, "jdctl: %s: %s\n", f.string("id").c_str(), f.string("why").c_str());
      break;
    }
    m = ipc::Message("more");
    m.set("token", r->number("more"));
  }
  if (!o.json && !shown && !missing) print(f_.ids.empty() && m.pairs().size() <= 4 ? "the queue is empty" : "nothing fits");
  return missing ? 100 : 0;
}

int QueueCommands::show(const Options& o) {
  ipc::BlockingClient qrun("qrun", o.paths.socket("qrun-admin"));
  int status = 0;
  for (auto& id : f_.ids) {
    ipc::Message one("queue");
    one.set("verb", "show").set("qid", id).set("limit", uint64_t{1});
    if (body_) one.set("body", "1");
    auto r = qrun.call(std::move(one), patience);
    while (r && r->has("more")) {
      ipc::Message more("more");
      more.set("token", r->number("more"));
      if (body_) more.set("body", "1");
      r = qrun.call(std::move(more), patience);
    }
    if (!r) return failed(r.error());
    if (!r->number("matched")) {
      status = failed(Error(Fault::perm, fmt::format("no message {} in the queue: it was delivered, bounced or removed; `jdctl trace {}` tells", escape(id), escape(id))));
      continue;
    }
    print_details(*r, o.json);
    if (body_ && !o.json) {
      if (auto s = copy_message(*r); !s) return failed(s.error());
    } else if (!o.json) {
      printf("\n%s", r->body().c_str());
    }
  }
  return status;
}

int QueueCommands::order(const Options& o, const std::string& name, ipc::Message m) {
  struct sigaction stop{};
  stop.sa_handler = [](int) { interrupted = 1; };
  ::sigaction(SIGINT, &stop, nullptr);
  ::sigaction(SIGTERM, &stop, nullptr);
  ipc::BlockingClient qrun("qrun", o.paths.socket("qrun-admin"));
  m.set("limit", name == "count" ? 0 : sample);
  std::vector<Item> shown;
  Result<ipc::Message> r = qrun.call(std::move(m), patience);
  bool is_count = name == "count", told = false;
  uint64_t done_before = 0;
  for (;; r = [&] { ipc::Message more("more"); more.set("token", done_before); return qrun.call(std::move(more), patience); }()) {
    if (!r) {
      if (told) fprintf(stderr, "\n");
      return failed(r.error());
    }
    for (auto& i : items_of(*r)) if (shown.size() < sample) shown.push_back(std::move(i));
    if (!r->has("more") || interrupted) break;
    done_before = r->number("more");
    if (::isatty(2)) told = fprintf(stderr, "\r%s looked at so far: %s fit ", name.c_str(), fmt::format("{}", r->number("matched")).c_str()) > 0;
  }
  if (told) fprintf(stderr, "\n");
  uint64_t matched = r->number("matched"), done = r->number("done"), bad = r->number("failed"), skipped = r->number("skipped");
  Json faults = faults_of(*r);
  if (o.json) {
    Json j = Json::object();
    j.set("verb", name).set("dry_run", dry_).set("matched", matched).set("complete", !interrupted);
    for (const char* k : {"active", "deferred", "hold", "new"}) j.set(k, r->number(k));
    if (r->has("oldest")) j.set("oldest", r->number("oldest"));
    if (!is_count) j.set("done", done).set("failed", bad).set("skipped", skipped).set("faults", faults);
    Json list = Json::array();
    for (auto& i : shown) list.push(i.json);
    if (!is_count) j.set("sample", list);
    print_json(j);
  } else if (is_count) {
    print(fmt::format("{}: {} active, {} deferred, {} on hold, {} new", messages(matched), r->number("active"), r->number("deferred"), r->number("hold"), r->number("new")));
    if (r->has("oldest")) print(fmt::format("the oldest is {} old", age_text(r->number("oldest"))));
  } else {
    About a = about(name == "flush" ? "retry" : name);
    if (dry_ && !shown.empty()) {
      print_items(shown, true);
      if (matched > shown.size()) print(fmt::format("and {} more", matched - shown.size()));
    }
    print(fmt::format("{} {}{}{}", dry_ ? a.would : a.done, messages(done), bad ? fmt::format(", {} failed", bad) : "", skipped ? fmt::format(", {} left as they are", skipped) : ""));
  }
  for (auto& f : faults.items()) fprintf(stderr, "jdctl: %s: %s\n", f.string("id").c_str(), f.string("why").c_str());
  if (interrupted) fprintf(stderr, "jdctl: interrupted: what was not reached stays as it was\n");
  if (interrupted) return 1;
  return !f_.ids.empty() && bad && !done ? 100 : bad ? 1 : 0;
}

int QueueCommands::terms(const Options& o, const std::string& name) {
  ipc::BlockingClient qrun("qrun", o.paths.socket("qrun-admin"));
  if (name == "limit") destinations_ = {destination_};
  if (name == "limit" && max_.empty() && rate_.empty())
    return failed(Error(Fault::usage, "limit: say --connections, --rate or both; 0 takes a limit back"));
  for (auto& d : destinations_) {
    ipc::Message m("limit");
    m.set("destination", d);
    if (name != "limit") m.set("frozen", name == "freeze" ? "1" : "0");
    if (!max_.empty()) m.set("max", max_);
    if (!rate_.empty()) {
      auto n = rate_.ends_with("/min") ? rate_.substr(0, rate_.size() - 4) : rate_;
      if (!to_number(n)) return failed(Error(Fault::usage, fmt::format("--rate {} is no rate: say for example 30/min", escape(rate_))));
      m.set("rate", n);
    }
    if (auto r = qrun.call(std::move(m), patience); !r) return failed(r.error());
    if (name == "freeze") print(fmt::format("{}: no deliveries until `jdctl queue thaw {}`; its mail does not expire meanwhile", d, d));
    if (name == "limit") print(fmt::format("{}: {}{}{}", d, max_.empty() ? "" : fmt::format("{} at once", max_), max_.empty() || rate_.empty() ? "" : ", ", rate_.empty() ? "" : fmt::format("{} per minute", rate_.substr(0, rate_.find('/')))));
    if (name != "thaw") continue;
    ipc::Message again("queue");
    again.set("verb", "retry").set("domain", d).set("state", "deferred").set("limit", uint64_t{0});
    if (int code = order(o, "retry", std::move(again))) return code;
  }
  return 0;
}

int QueueCommands::plain(const Options& o, const std::string& name) {
  ipc::BlockingClient qrun("qrun", o.paths.socket("qrun-admin"));
  ipc::Message m(name);
  auto r = qrun.call(std::move(m), patience);
  if (!r) return failed(r.error());
  if (name == "destinations") {
    Json all = Json::array();
    std::vector<std::vector<std::string>> rows;
    Json j;
    auto end = [&] { if (!rows.empty()) all.push(j); };
    for (auto& [k, v] : r->pairs()) {
      if (k == "name") {
        end();
        j = Json::object();
        rows.push_back({v, "", "", "", "", "", ""});
      }
      if (rows.empty()) continue;
      auto n = to_number(v);
      j.set(k, k != "name" && n ? Json(*n) : Json(v));
      auto& row = rows.back();
      if (k == "waiting") row[1] = v;
      if (k == "active") row[2] = v;
      if (k == "window") row[3] = v;
      if (k == "max") row[4] = v;
      if (k == "rate" && v != "0") row[5] = v + "/min";
      if (k == "dead" && v == "1") row[6] = "does not answer";
      if (k == "frozen" && v == "1") row[6] = "frozen";
    }
    end();
    if (o.json) print_json(all);
    else if (rows.empty()) print("nothing is under way to other hosts");
    else print_table({"destination", "waiting", "active", "window", "max", "rate", "state"}, rows);
    return 0;
  }
  if (o.json) print_json(stats_json(*r));
  else print_stats(*r);
  return 0;
}

}  // namespace jd::ctl

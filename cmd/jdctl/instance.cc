// SPDX-License-Identifier: MIT
// init, start, stop, status, reload, endpoints, config: an instance as a whole.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "cmd/jdctl/ctl.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/ipc/client.h"
#include "lib/net/tls.h"
#include "lib/queue/routes.h"
#include "lib/smtp/address_failure.h"
#include "lib/smtp/tls_policy.h"
#include "lib/queue/retry_rules.h"
#include "lib/store/expire.h"

namespace jd::ctl {
namespace {
// In the order in which one needs another.
const char* const programs[] = {"tokend", "directoryd", "queue-inject", "local-deliver", "remote-deliver", "qrun", "sessiond", "keeperd", "smtpd", "frontd", "acmed", "metricsd", "indexd"};

void pause_ms(int ms) {
  timespec t{ms / 1000, ms % 1000 * 1'000'000};
  ::nanosleep(&t, nullptr);
}

std::string supervisor_file(const Options& o) { return o.paths.run + "/s6-svscan.pid"; }

pid_t supervisor(const Options& o) {
  auto text = file::read_all(supervisor_file(o), 64);
  auto pid = text ? to_number(trim(*text)) : std::nullopt;
  if (!pid || *pid < 2) return 0;
  // The number may be another process's by now, or that of one that ended and that nobody waited for.
  auto line = file::read_all(fmt::format("/proc/{}/cmdline", *pid), 8192);
  return line && line->find("s6-svscan") != line->npos && line->find(o.paths.service) != line->npos ? static_cast<pid_t>(*pid) : 0;
}

// Who holds run/<name>.lock, or 0.
pid_t holder(const Options& o, const std::string& name) {
  std::string path = fmt::format("{}/{}.lock", o.paths.run, name);
  auto fd = file::open(path, O_RDWR);
  if (!fd) return 0;
  if (::flock(fd->get(), LOCK_EX | LOCK_NB) == 0) return 0;
  auto text = file::read_at(fd->get(), 32, 0);
  auto pid = text ? to_number(trim(*text)) : std::nullopt;
  return pid ? static_cast<pid_t>(*pid) : 0;
}

Status write_script(const std::string& path, const std::string& text) {
  TRY(Fd fd, file::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755));
  return file::write_at(fd.get(), text, 0);
}

// What the configuration says in files of its own, and in patterns.
Status check_tables(const Options& o, const Config& c) {
  CHECK(smtp::AddressFailures::parse(c.address_failures));
  CHECK(queue::Routes::load(o.paths.etc + "/routes"));
  CHECK(smtp::TlsTable::load(o.paths.etc + "/tls-policy"));
  CHECK(store::expire_rules(c));
  return {};
}

std::string shell_quoted(const std::string& s) {
  std::string r = "'";
  for (char c : s) r += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return r + "'";
}

// The service folders are made anew at each start: they are nobody's data.
Status write_services(const Options& o) {
  auto wanted = service_names(o);
  for (std::string p : programs)
    if (std::find(wanted.begin(), wanted.end(), p) == wanted.end() && file::exists(o.paths.service + "/" + p)) CHECK(file::remove_tree(o.paths.service + "/" + p));
  for (auto& p : wanted) {
    std::string dir = o.paths.service + "/" + p, log = o.paths.log + "/" + p;
    CHECK(file::make_directories(dir + "/log", 0755));
    CHECK(file::make_directories(log, 0755));
    CHECK(write_script(dir + "/run", fmt::format("#!/bin/sh\nexec 2>&1\nexec {}{} --prefix {} --ready-fd 3\n",
                                                 shell_quoted(o.paths.libexec + "/" + p), p == "queue-inject" ? " --service" : "",
                                                 shell_quoted(o.paths.prefix))));
    CHECK(write_script(dir + "/notification-fd", "3\n"));
    CHECK(write_script(dir + "/timeout-kill", "60000\n"));  // ms after TERM
    CHECK(write_script(dir + "/log/run", fmt::format("#!/bin/sh\nexec s6-log -b n20 s4000000 T {}\n", shell_quoted(log))));
  }
  return {};
}

std::string last_lines(const Options& o, const std::string& program) {
  auto text = file::read_all(o.paths.log + "/" + program + "/current", 8 << 20);
  if (!text) return "";
  auto lines = split(*text, '\n');
  std::string r;
  for (std::size_t i = lines.size() > 6 ? lines.size() - 6 : 0; i < lines.size(); i++)
    if (!lines[i].empty()) r += "    " + std::string(lines[i]) + "\n";
  return r;
}

void tell_late(const Options& o, const std::string& program) {
  fprintf(stderr, "jdctl: %s does not work; the end of its log:\n%s", program.c_str(), last_lines(o, program).c_str());
}

std::vector<std::string> on(const std::string& host, uint64_t base, int port) { return {fmt::format("{}:{}", host, base + static_cast<uint64_t>(port))}; }
}  // namespace

// What is configured not to work has no service.
std::vector<std::string> service_names(const Options& o) {
  auto config = Config::load(o.paths);
  std::vector<std::string> r;
  for (std::string p : programs) {
    if (p == "acmed" && (!config || config->acme_certificates.empty())) continue;
    if (p == "tokend" && (!config || !config->has_tokens())) continue;
    if (p == "indexd" && config && !config->search_index) continue;
    if (p == "metricsd" && (!config || config->metrics_listen.empty())) continue;
    if (file::exists(o.paths.libexec + "/" + p)) r.push_back(p);
  }
  return r;
}

int init(const Options& o, const InitOptions& i) {
  if (file::exists(o.paths.config_file()))
    return failed(Error(Fault::perm, fmt::format("an instance is there already: {}", o.paths.config_file())));
  Status r = [&]() -> Status {
    for (auto& d : {o.paths.etc, o.paths.tls, o.paths.run, o.paths.log}) CHECK(file::make_directories(d, 0755));
    for (auto& d : {o.paths.queue, o.paths.mail, o.paths.directory}) CHECK(file::make_directories(d, 0700));
    TRY(Config c, Config::parse("", "defaults"));
    c.postmaster = "postmaster@" + i.domain;
    c.hostname = i.hostname.empty() ? "mail." + i.domain : i.hostname;
    auto listen = [&](int port) {
      if (i.port_base) return on("127.0.0.1", i.port_base, port);
      return std::vector<std::string>{fmt::format("0.0.0.0:{}", port), fmt::format("[::]:{}", port)};
    };
    c.listen_smtp = listen(25);
    c.listen_submission = listen(587);
    c.listen_submissions = listen(465);
    c.listen_pop3 = listen(110);
    c.listen_pop3s = listen(995);
    c.listen_imap = listen(143);
    c.listen_imaps = listen(993);
    c.tls_certificate = "tls/certificate.pem";
    c.tls_key = "tls/key.pem";
    TRY(auto pem, net::self_signed(c.hostname));
    TRY(Fd tls, file::open(o.paths.tls, O_RDONLY | O_DIRECTORY));
    CHECK(file::write_durable(tls.get(), "certificate.pem", pem.certificate, 0644));
    CHECK(file::write_durable(tls.get(), "key.pem", pem.key, 0600));
    TRY(Fd etc, file::open(o.paths.etc, O_RDONLY | O_DIRECTORY));
    CHECK(file::write_durable(etc.get(), "jdmail.toml", c.to_toml(), 0644));
    ipc::Message m("domain-add");
    m.set("name", i.domain);
    CHECK(ask_directory(o, m));
    return {};
  }();
  if (!r) return failed(r.error());
  print(fmt::format("made an instance in {} for {}; settings are in {}", o.paths.prefix, i.domain, o.paths.config_file()));
  print(fmt::format("next: jdctl --prefix {} start; jdctl --prefix {} user add somebody@{}", o.paths.prefix, o.paths.prefix, i.domain));
  return 0;
}

int start(const Options& o) {
  if (auto c = Config::load(o.paths); !c) return failed(c.error());
  if (supervisor(o)) {
    print("already running");
    return 0;
  }
  if (auto r = write_services(o); !r) return failed(r.error());
  pid_t pid = ::fork();
  if (pid < 0) return failed(Error(Fault::temp, "cannot start a process: " + errno_text(errno), errno));
  if (pid == 0) {
    ::setsid();
    int null = ::open("/dev/null", O_RDONLY);
    int log = ::open((o.paths.log + "/s6.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(null, 0);
    ::dup2(log, 1);
    ::dup2(log, 2);
    for (int fd = 3; fd < 256; fd++) ::close(fd);
    ::execlp("s6-svscan", "s6-svscan", o.paths.service.c_str(), static_cast<char*>(nullptr));
    dprintf(2, "cannot run s6-svscan: %s: install the package s6\n", errno_text(errno).c_str());
    ::_exit(127);
  }
  {
    auto fd = file::open(supervisor_file(o), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    std::string text = fmt::format("{}\n", pid);
    if (fd)
      if (auto w = file::write_at(fd->get(), text, 0); !w) return failed(w.error());
  }
  // Each says when it works; the whole has half a minute.
  auto wanted = service_names(o);
  std::vector<std::string> late = wanted;
  for (int tries = 0; tries < 300 && !late.empty(); tries++) {
    pause_ms(100);
    std::erase_if(late, [&](auto& p) { return is_ready(o, p); });
    if (!supervisor(o) && tries > 10) break;
  }
  for (auto& p : late) tell_late(o, p);
  if (!late.empty()) {
    fprintf(stderr, "jdctl: the rest is running; `jdctl status` tells more, `jdctl stop` ends it\n");
    return 111;
  }
  print(fmt::format("started: {} programs", wanted.size()));
  return 0;
}

int stop(const Options& o) {
  pid_t pid = supervisor(o);
  auto any = [&] {
    return std::any_of(std::begin(programs), std::end(programs), [&](const char* p) { return holder(o, p) != 0; });
  };
  if (!pid && !any()) {
    print("not running");
    return 0;
  }
  if (pid) run({"s6-svscanctl", "-t", o.paths.service});
  for (int i = 0; i < 300 && (supervisor(o) || any()); i++) {
    // One whose supervisor was killed hears nothing from s6.
    if (i == 10)
      for (const char* p : programs)
        if (pid_t h = holder(o, p)) ::kill(h, SIGTERM);
    pause_ms(100);
  }
  for (const char* p : programs)
    if (pid_t h = holder(o, p)) {
      fprintf(stderr, "jdctl: %s (process %d) did not end in 30 s and is killed\n", p, h);
      ::kill(h, SIGKILL);
    }
  (void)file::unlink(AT_FDCWD, supervisor_file(o));  // a stale one is recognised anyway
  print("stopped");
  return 0;
}

int status(const Options& o) {
  pid_t pid = supervisor(o);
  Json j = Json::object();
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows;
  bool all_ready = pid != 0;
  for (auto& p : service_names(o)) {
    std::string dir = o.paths.service + "/" + p;
    std::string text = pid ? service_state(o, p, "up,ready,pid,updownfor") : "";
    auto f = words(text);
    bool up = f.size() == 4 && f[0] == "true", works = up && f[1] == "true";
    std::string process = up ? std::string(f[2]) : "", uptime = f.size() == 4 ? span_text(seconds(static_cast<int64_t>(to_number(f[3]).value_or(0)))) : "";
    std::string deaths = pid ? run({"s6-svdt", dir}).out : "";
    auto restarts = std::count(deaths.begin(), deaths.end(), '\n');
    pid_t h = holder(o, p);
    std::string state = works ? "running" : up ? "starting" : h ? fmt::format("orphan {}", h) : "down";
    all_ready = all_ready && works;
    rows.push_back({p, state, process, uptime, fmt::format("{}", restarts)});
    list.push(Json::object().set("program", p).set("state", state).set("pid", to_number(process).value_or(0)).set("uptime", uptime).set("restarts", static_cast<int64_t>(restarts)));
  }
  ipc::BlockingClient qrun("qrun", o.paths.socket("qrun-admin"));
  auto stats = qrun.call(ipc::Message("stats"), seconds(5));
  int64_t size = stats ? static_cast<int64_t>(stats->number("active") + stats->number("waiting") + stats->number("files")) : -1;
  if (o.json) {
    j.set("running", pid != 0).set("ready", all_ready).set("queue", size).set("programs", list);
    print_json(j);
  } else {
    print_table({"program", "state", "pid", "for", "restarts"}, rows);
    print(size >= 0 ? fmt::format("queue: {} messages", size) : "queue: qrun does not answer");
  }
  return all_ready ? 0 : 111;
}

// Programs that the changed configuration wants or does not want any more (tokend, acmed).
static Status begin_and_end(const Options& o, std::vector<std::string>& fresh, std::vector<std::string>& late) {
  auto wanted = service_names(o);
  bool any_gone = false;
  for (std::string p : programs) {
    std::string dir = o.paths.service + "/" + p;
    bool is_wanted = std::find(wanted.begin(), wanted.end(), p) != wanted.end(), is_there = file::exists(dir);
    if (is_wanted && !is_there) fresh.push_back(p);
    if (is_wanted || !is_there) continue;
    run({"s6-svc", "-wD", "-T", "30000", "-dx", dir});
    any_gone = true;
  }
  if (fresh.empty() && !any_gone) return {};
  CHECK(write_services(o));
  run({"s6-svscanctl", "-an", o.paths.service});
  for (auto& p : fresh) {
    bool works = false;
    for (int tries = 0; tries < 300 && !works; tries++) {
      pause_ms(100);
      works = is_ready(o, p);
    }
    if (!works) late.push_back(p);
  }
  return {};
}

int reload(const Options& o) {
  auto c = Config::load(o.paths);
  if (!c) return failed(c.error());
  if (auto r = check_tables(o, *c); !r) return failed(r.error());
  if (!supervisor(o)) return failed(Error(Fault::perm, "not running: `jdctl start`"));
  std::vector<std::string> late, fresh;
  if (auto r = begin_and_end(o, fresh, late); !r) return failed(r.error());
  for (auto& p : service_names(o)) {
    if (std::find(fresh.begin(), fresh.end(), p) != fresh.end()) continue;
    bool keeps_sessions = p == "smtpd" || p == "frontd" || p == "sessiond";
    std::string dir = o.paths.service + "/" + p;
    // Those that are started anew work again before this says so.
    if (keeps_sessions) run({"s6-svc", "-h", dir});
    else if (run({"s6-svc", "-wR", "-T", "30000", "-r", dir}).status != 0) late.push_back(p);
  }
  for (auto& p : late) tell_late(o, p);
  if (!late.empty()) return 111;
  print("reloaded");
  return 0;
}

int endpoints(const Options& o) {
  auto c = Config::load(o.paths);
  if (!c) return failed(c.error());
  Json j = Json::object();
  auto add = [&](const char* name, const std::vector<std::string>& v) {
    if (!v.empty()) j.set(name, v[0]);
  };
  add("smtp", c->listen_smtp);
  add("submission", c->listen_submission);
  add("submissions", c->listen_submissions);
  add("pop3", c->listen_pop3);
  add("pop3s", c->listen_pop3s);
  add("imap", c->listen_imap);
  add("imaps", c->listen_imaps);
  if (c->lmtp) j.set("lmtp", "unix:" + o.paths.socket("lmtp"));
  if (o.json) {
    print(j.text());
    return 0;
  }
  for (auto& k : j.keys()) print(pad_to(k, 14) + j.string(k));
  return 0;
}

int config_check(const Options& o) {
  auto c = Config::load(o.paths);
  if (!c) return failed(c.error());
  if (auto r = check_tables(o, *c); !r) return failed(r.error());
  if (auto r = queue::RetryRules::load({}, o.paths.etc + "/retry"); !r) return failed(r.error());
  print(o.paths.config_file() + " is right");
  return 0;
}

int config_show(const Options& o) {
  auto c = Config::load(o.paths);
  if (!c) return failed(c.error());
  if (o.json) print_json(c->to_json());
  else printf("%s", c->to_toml().c_str());
  return 0;
}

}  // namespace jd::ctl

// SPDX-License-Identifier: MIT
// directoryd: who exists, where they live, may they log in; the only owner of the Berkeley DB
// environment.  Row "directoryd" of jdmail(7).  With --once: one request on standard input while the
// daemon is down, for jdctl.
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include <optional>

#include "cmd/directoryd/service.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/directory/bdb.h"
#include "lib/ipc/server.h"
#include "lib/net/serve.h"

namespace jd {
namespace {

Result<std::unique_ptr<DirectoryService>> make_service(net::Loop& loop, const Config& config, const Paths& paths,
                                                       directory::Generation generation) {
  TRY(auto records, directory::open_bdb(paths.directory));
  return std::make_unique<DirectoryService>(loop, directory::Directory(std::move(records), config.subaddress_separator),
                                            std::move(generation), Quota{.bytes = to_size(config.default_quota).value_or(0), .messages = config.default_message_quota},
                                            config.has_tokens() ? paths.socket("tokend") : "", config.oauth_scope);
}

struct Directoryd : Service {
  explicit Directoryd(const Context& c) : config(c.config), paths(c.paths), run_dir(c.root_run) {}

  Status listen() {  // with full rights: run/ is not the directory user's
    TRY(auto made, directory::Generation::create(run_dir));
    generation.emplace(std::move(made));
    std::vector<uint32_t> friends;
    for (const char* name : {"jdnet", "jdqueue", "jdmail"})
      if (auto ids = user_ids(name)) friends.push_back(ids->uid);
    if (auto ids = user_ids("jdqueue"); ids && paths.is_system()) queue_user = ids->uid;
    if (auto ids = user_ids("jdmail"); ids && paths.is_system()) mail_user = ids->uid;
    questions.allow(friends);
    admin.allow({});
    CHECK(questions.listen(run_dir + "/directory.sock", 0666));
    return admin.listen(run_dir + "/directory-admin.sock", 0600);
  }
  Status setup() override {
    TRY(service, make_service(loop, config, paths, std::move(*generation)));
    return service->start();
  }
  int run() override {
    return net::serve(loop, [this] { loop.stop(); });
  }

  Config config;
  Paths paths;
  std::string run_dir;
  net::Loop loop;
  std::optional<directory::Generation> generation;
  std::unique_ptr<DirectoryService> service;
  std::optional<uint32_t> queue_user, mail_user;  // none: this instance is all one user's
  ipc::Server questions{loop, [this](ipc::Request r) {
    if ((r.cmd() == "full" || r.cmd() == "forward") && queue_user && r.uid() != *queue_user) return r.reply(Error(Fault::perm, "only qrun says what is full and signs reverse paths"));
    if (r.cmd() == "shares" && mail_user && r.uid() != *mail_user) return r.reply(Error(Fault::perm, "only sessiond says who shares what"));
    pass(std::move(r), &DirectoryService::ask);
  }};
  ipc::Server admin{loop, [this](ipc::Request r) { pass(std::move(r), &DirectoryService::admin); }};

 private:
  void pass(ipc::Request r, void (DirectoryService::*to)(ipc::Message, DirectoryService::Answer)) {
    auto kept = std::make_shared<ipc::Request>(std::move(r));
    ((*service).*to)(kept->message.copy(), [kept](ipc::Message m) { kept->reply(std::move(m)); });
  }
};

int once(const std::string& prefix) {
  std::string unheard;  // the answer says it all
  log::capture(&unheard);
  Paths paths = Paths::of(prefix);
  auto say = [](const Error& e) {
    std::string frame = ipc::Message::failed(e).encode();
    fwrite(frame.data(), 1, frame.size(), stdout);
    return exit_code(e.fault);
  };
  auto config = Config::load(paths);
  if (!config) return say(config.error());
  if (sodium_init() < 0) return say(Error(Fault::bug, "libsodium cannot start"));
  if (auto r = file::make_directories(paths.run, 0755); !r) return say(r.error());
  auto lock = file::lock(paths.run + "/directoryd.lock");
  if (!lock) return say(lock.error());
  auto generation = directory::Generation::create(paths.run);
  if (!generation) return say(generation.error());
  // What is written below directory/ must be the daemon's own.
  sandbox::Rights rights;
  rights.user = "jddir";
  if (paths.is_system())
    if (auto r = sandbox::drop_identity(rights); !r) return say(r.error());
  net::Loop loop;
  auto service = make_service(loop, *config, paths, std::move(*generation));
  if (!service) return say(service.error());
  if (auto r = (*service)->start(); !r) return say(r.error());
  std::string in;
  char buffer[4096];
  for (ssize_t n; (n = ::read(0, buffer, sizeof buffer)) > 0;) in.append(buffer, static_cast<std::size_t>(n));
  auto found = ipc::Decoder().next(in);
  if (!found || !*found) return say(Error(Fault::usage, "no request on standard input"));
  int status = 0;
  bool answered = false;
  (*service)->admin(std::move((*found)->message), [&](ipc::Message m) {
    answered = true;
    std::string frame = m.encode();
    fwrite(frame.data(), 1, frame.size(), stdout);
    if (auto e = m.error()) status = exit_code(e->fault);
    loop.stop();
  });
  if (!answered) loop.run();
  return status;
}
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "directoryd",
      .about = "know domains, accounts and aliases, and check passwords",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jddir", .root = "", .paths = {{c.paths.directory, true}, {c.paths.run, true}},
                .calls = sandbox::files | sandbox::threads | sandbox::net, .descriptors = 4096};
      },
      .open = [](Context& c) -> Result<std::unique_ptr<Service>> {
        CHECK(file::make_directories(c.paths.directory));
        auto d = std::make_unique<Directoryd>(c);
        CHECK(d->listen());
        return std::unique_ptr<Service>(std::move(d));
      },
      .instead = Mode{"--once", "answer one request on standard input while the daemon is down", once},
  });
}

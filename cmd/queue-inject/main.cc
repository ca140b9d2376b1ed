// SPDX-License-Identifier: MIT
// queue-inject: the only writer of new mail into the queue.  Row "queue-inject" of jdmail(7).
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <vector>

#include "cmd/queue-inject/command.h"
#include "cmd/queue-inject/service.h"
#include "lib/base/args.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

namespace {
using namespace jd;

struct Inject : Service {
  InjectService service;
  explicit Inject(const Context& c) : service(c.config, c.paths) {}
  Status setup() override { return service.setup(); }
  int run() override { return service.run(); }
};

int serve(int argc, char** argv) {
  return run_daemon(argc, argv, {
      .name = "queue-inject",
      .about = "take mail into the queue, durable before the answer (with --service; without: jdmail's qmail-queue)",
      .rights = [](const Context& c) {
        return sandbox::Rights{.user = "jdqueue", .root = "", .paths = {{c.paths.queue, true}, {c.paths.run, true}},
                               .calls = sandbox::net | sandbox::files, .descriptors = 4096};
      },
      .open = [](Context& c) -> Result<std::unique_ptr<Service>> {
        CHECK(file::make_directories(c.paths.queue));
        auto s = std::make_unique<Inject>(c);
        CHECK(s->service.listen());
        return s;
      }});
}
}  // namespace

int main(int argc, char** argv) {
  // Setgid, for any local user: not to be led to another place than the system's queue, nor to serve.
  bool is_lent = ::getauxval(AT_SECURE) && ::getuid() != 0;
  for (int i = 1; i < argc && !is_lent; i++)
    if (!strcmp(argv[i], "--service")) {
      std::vector<char*> rest(argv, argv + argc);
      rest.erase(rest.begin() + i);
      rest.push_back(nullptr);
      return serve(argc - 1, rest.data());
    }
  log::set_program("queue-inject");
  std::string prefix = "/";
  bool service = false;
  Args args("queue-inject", "put a message into the queue: message on descriptor 0, envelope on descriptor 1");
  if (!is_lent) args.option("--prefix", prefix, "instance directory").env("JDMAIL_PREFIX");
  if (!is_lent) args.flag("--service", service, "serve run/queue-inject.sock instead; see --service --help");
  if (auto code = args.parse(argc, argv)) return *code == 0 ? 0 : inject_config_error;
  return inject_command(Paths::of(prefix).queue);
}

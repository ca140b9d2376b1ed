// SPDX-License-Identifier: MIT
// pop3d: a POP3 session on standard input and output, for one user who is known.  pop3d(8).
#include <signal.h>
#include <unistd.h>

#include "lib/base/args.h"
#include "lib/base/config.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/pop3/session.h"
#include "lib/store/account.h"

int main(int argc, char** argv) {
  using namespace jd;
  log::set_program("pop3d");
  ::signal(SIGPIPE, SIG_IGN);
  std::string prefix = "/", user;
  pop3::SessionOptions options;
  options.greeting = "+OK jdmail is ready\r\n";
  Args args("pop3d", "a POP3 session on standard input and output, for one user");
  args.option("--prefix", prefix, "instance directory").env("JDMAIL_PREFIX");
  args.option("--user", user, "address of the user, local@domain").required();
  if (auto code = args.parse(argc, argv)) return *code;
  auto at = user.rfind('@');
  if (at == user.npos || at == 0 || at + 1 == user.size()) {
    log::error("wrong_user", {{"user", user}});
    return 100;
  }
  Paths paths = Paths::of(prefix);
  auto config = Config::load_or_defaults(paths);
  if (!config) {
    log::failure("wrong_configuration", config.error());
    return exit_code(config.error().fault);
  }
  options.uidl = config->pop3_uidl;
  options.is_exclusive = config->pop3_exclusive;
  options.offer = pop3::Offer::of(*config);
  options.idle = config->pop3_idle;
  std::string path = paths.mail + "/" +
                     store::account_directory(lower(user.substr(0, at)), lower(user.substr(at + 1)));
  auto account = store::Account::open(path, true, {.maps = true, .keep_gone = config->keep_expunged()});
  if (!account) {
    log::failure("account_not_opened", account.error(), {{"user", user}});
    return exit_code(account.error().fault);
  }
  return pop3::run_session(STDIN_FILENO, STDOUT_FILENO, **account, options);
}

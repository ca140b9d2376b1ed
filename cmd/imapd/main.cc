// SPDX-License-Identifier: MIT
// imapd: an IMAP session on standard input and output, for one user who is known.  imapd(8).
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/args.h"
#include "lib/base/config.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/imap/session.h"
#include "lib/store/account.h"

int main(int argc, char** argv) {
  using namespace jd;
  log::set_program("imapd");
  ::signal(SIGPIPE, SIG_IGN);
  std::string prefix = "/", user;
  imap::SessionOptions options;
  Args args("imapd", "an IMAP session on standard input and output, for one user");
  args.option("--prefix", prefix, "instance directory").env("JDMAIL_PREFIX");
  args.option("--user", user, "address of the user, local@domain").required();
  args.option("--quota", options.quota.bytes, "bytes that the account may hold; 0: no limit");
  args.option("--quota-messages", options.quota.messages, "messages that it may hold; 0: no limit");
  std::vector<std::string> shared, to_read, groups;
  args.option("--shared", shared, "an account that shares something with the user; may be said again");
  args.option("--shared-to-read", to_read, "the same, and nothing is written there");
  args.option("--group", groups, "an alias that leads to the user");
  args.option("--message-size", options.message_size, "largest message to take, in bytes");
  args.option("--message-limit", options.message_limit, "messages that one command works on (RFC 9738); 0: no limit");
  if (auto code = args.parse(argc, argv)) return *code;
  options.greeting = "* PREAUTH [CAPABILITY " + imap::offered(options.message_limit) + "] jdmail is ready\r\n";
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
  auto path_of = [&](const std::string& address) {
    auto cut = std::min(address.rfind('@'), address.size());
    return paths.mail + "/" + store::account_directory(lower(address.substr(0, cut)), lower(address.substr(std::min(cut + 1, address.size()))));
  };
  std::string path = path_of(user);
  options.user = lower(user);
  options.identities = {options.user, "anyone", lower(user.substr(at))};
  for (auto& g : groups) options.identities.push_back("group:" + lower(g));
  for (auto& o : shared) options.others.push_back({lower(o), path_of(o), true, {}});
  for (auto& o : to_read) options.others.push_back({lower(o), path_of(o), false, {}});
  auto account = store::Account::open(path, true, {.maps = true, .keep_gone = config->keep_expunged()});
  if (!account) {
    log::failure("account_not_opened", account.error(), {{"user", user}});
    return exit_code(account.error().fault);
  }
  return imap::run_session(STDIN_FILENO, STDOUT_FILENO, **account, options);
}

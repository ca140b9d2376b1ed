// SPDX-License-Identifier: MIT
#include "lib/net/serve.h"

#include <signal.h>

#include "lib/base/daemon.h"
#include "lib/base/log.h"

namespace jd::net {
namespace {
Status begin(Loop& loop, const Listeners& listeners, std::function<void()> stop) {
  for (int s : {SIGTERM, SIGINT}) CHECK(loop.on_signal(s, stop));
  for (auto& l : listeners) CHECK(l->start());
  return {};
}

int run(Loop& loop, const Listeners& listeners, std::function<void()> stop, log::Fields fields) {
  if (auto r = begin(loop, listeners, std::move(stop)); !r) {
    log::failure("fatal", r.error());
    return exit_code(r.error().fault);
  }
  ready();
  log::info("started", fields);
  log::hold_lines(true);
  loop.run();
  log::hold_lines(false);
  return 0;
}
}  // namespace

int serve(Loop& loop, std::function<void()> stop) { return run(loop, {}, std::move(stop), {}); }

int serve(Loop& loop, const Listeners& listeners, std::function<void()> stop) {
  return run(loop, listeners, std::move(stop), {{"listeners", listeners.size()}});
}

Result<std::vector<Fd>> listen_on_all(const std::vector<std::string>& addresses, unsigned unix_mode) {
  std::vector<Fd> fds;
  for (auto& a : addresses) {
    TRY(auto at, Address::parse(a));
    TRY(Fd fd, listen_on(at, unix_mode));
    fds.push_back(std::move(fd));
  }
  return fds;
}

Result<std::shared_ptr<TlsContext>> server_tls(const std::string& etc, const std::string& certificate, const std::string& key) {
  if (certificate.empty()) return std::shared_ptr<TlsContext>();
  auto below = [&](const std::string& p) { return p[0] == '/' ? p : etc + "/" + p; };
  return TlsContext::server(below(certificate), below(key));
}

}  // namespace jd::net

// SPDX-License-Identifier: MIT
#include "lib/net/serve.h"

#include <signal.h>

#include "lib/base/daemon.h"
#include "lib/base/log.h"
#include "lib/net/certificate.h"

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

Result<std::shared_ptr<TlsContext>> server_tls(const std::string& etc, const Config& config) {
  auto below = [&](const std::string& p) { return p.empty() || p[0] == '/' ? p : etc + "/" + p; };
  PemFiles first{"", below(config.tls_certificate), below(config.tls_key)};
  const PemFiles configured = first;
  std::vector<PemFiles> more;
  bool has_own = false;
  std::string folder = below(config.tls_certificates);
  auto all = certificates_below(folder);
  for (auto& f : certificates_below(folder + "/acme")) all.push_back(std::move(f));
  for (auto& f : all) {
    auto c = read_certificate(f.certificate);
    auto usable = c ? TlsContext::server(f.certificate, f.key) : Result<std::shared_ptr<TlsContext>>(Unexpected(c.error()));
    if (!usable) {
      log::failure("certificate_left_out", usable.error(), {{"name", f.name}});
      continue;
    }
    bool is_own = is_for(c->names, config.hostname) && c->not_after > now();
    if ((is_own && !has_own) || first.certificate.empty()) first = f;
    has_own = has_own || is_own;
    more.push_back(std::move(f));
  }
  if (first.certificate.empty()) return std::shared_ptr<TlsContext>();
  TRY(auto tls, TlsContext::server(first.certificate, first.key));
  // It may have names that the folder's, now the default, has not.
  if (!configured.certificate.empty() && has_own) more.push_back(configured);
  for (auto& f : more)  // renewed in between, perhaps
    if (auto added = tls->add(f.certificate, f.key); !added) log::failure("certificate_left_out", added.error(), {{"name", f.name}});
  if (!config.tls_client_ca.empty()) CHECK(tls->ask_clients(below(config.tls_client_ca)));
  return tls;
}

}  // namespace jd::net

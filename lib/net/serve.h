// SPDX-License-Identifier: MIT
// serve.h: what every daemon with a Loop does between its setup and its end.
//
// SIGTERM and SIGINT call `stop`, the listeners start, readiness is said, "started" is logged, the loop
// runs until somebody stops it.  The result is an exit code; what failed is logged.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/config.h"
#include "lib/net/listener.h"
#include "lib/net/loop.h"
#include "lib/net/tls.h"

namespace jd::net {

using Listeners = std::vector<std::unique_ptr<Listener>>;

int serve(Loop& loop, std::function<void()> stop);
int serve(Loop& loop, const Listeners& listeners, std::function<void()> stop);

// For a master: bound and listening, in this order.  unix_mode: of the sockets with paths.
Result<std::vector<Fd>> listen_on_all(const std::vector<std::string>& addresses, unsigned unix_mode = 0660);
// The certificates of [tls], with SNI; null when there is none at all.  The default is the folder's certificate
// for the host's own name where there is one, else tls.certificate, else the first folder's.  A folder
// that is damaged is logged and left out.
Result<std::shared_ptr<TlsContext>> server_tls(const std::string& etc, const Config& config);

}  // namespace jd::net

// SPDX-License-Identifier: MIT
// delivery.h: one message to one destination: find its hosts, speak to the first that answers.
//
//   hosts (smarthost, or MX and addresses) -> connection -> greeting .. EHLO [STARTTLS] -> message -> answer
// A host that cannot be reached, greets with a refusal or breaks off before it answered for this
// message is followed by the next one (RFC 5321 §5.1).  Where STARTTLS fails and is not demanded, the
// same host is asked once more in clear.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/config.h"
#include "lib/dns/resolver.h"
#include "lib/ipc/server.h"
#include "lib/net/stream.h"
#include "lib/queue/agent.h"
#include "lib/smtp/client.h"

namespace jd {

struct RemoteShared {
  net::Loop& loop;
  const Config& config;
  dns::Resolver& resolver;
  std::shared_ptr<net::TlsContext> opportunistic, verified;
  Secret password;
};

class Delivery : public net::StreamHandler, public net::Kept {
 public:
  Delivery(RemoteShared& shared, ipc::Request request, queue::RemoteDelivery d, std::string message);
  ~Delivery() override;
  void begin();

 private:
  struct Host { std::string name; net::Address address; };
  std::size_t on_data(std::string_view bytes) override;
  void on_closed(const std::string& why) override;
  void on_connected() override;
  void on_secured() override;
  void on_drained() override { pump(); }
  void find_hosts();
  void find_addresses(std::vector<dns::MxHost> hosts, std::size_t i);
  void next_host();
  void connect(const Host& h);
  void handle(smtp::Client::Event e);
  void pump();  // what the client has to say goes out, a block at a time
  void all(queue::Fate fate, const std::string& code, const std::string& text);
  void answer(std::vector<queue::RcptResult> results);

  RemoteShared& s_;
  ipc::Request request_;
  queue::RemoteDelivery d_;
  std::string message_;
  std::vector<Host> hosts_;
  std::size_t at_ = 0;
  std::optional<smtp::Client> client_;
  std::unique_ptr<net::Stream> stream_;
  queue::RcptResult last_;
  uint64_t question_ = 0;
  uint16_t port_ = 25;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  bool in_clear_ = false, answered_ = false, securing_ = false;
};

}  // namespace jd

// SPDX-License-Identifier: MIT
// Any bytes from the host that we send to.
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/smtp/client.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  queue::RemoteDelivery d;
  d.from = "a@x.test";
  d.domain = "y.test";
  d.recipients.resize(3);
  for (auto& r : d.recipients) r.address = "b@y.test";
  std::string message = "Subject: x\r\n\r\n.dot\r\n";
  d.size = message.size();
  smtp::ClientOptions o;
  o.hostname = "x.test";
  o.peer = "mx.y.test";
  // The last byte says what we ask of it.
  uint8_t kind = in.empty() ? 0 : static_cast<uint8_t>(in.back());
  if (kind & 1) o.user = "u", o.password = Secret("p");
  o.is_lmtp = kind & 2;
  if (kind & 4) d.requiretls = true, d.deliver_by = now() + hours(1), d.by_trace = true;
  if (kind & 8) d.body = queue::Body::binary;
  if (kind & 16) d.recipients[1].address = "c@b\xc3\xbc""cher.test";
  smtp::Client c(std::move(o));
  for (std::size_t at = 0; at < in.size(); at += 5) {
    auto e = c.feed(in.substr(at, 5));
    if (e == smtp::Client::Event::start_tls) e = c.secured();
    if (e == smtp::Client::Event::ready) e = c.send(d, message);
    std::size_t sent = 0;
    for (std::string out; !(out = c.take_output()).empty();)
      if ((sent += out.size()) > (1 << 20)) __builtin_trap();
    if (e == smtp::Client::Event::failed) return 0;
    if (e == smtp::Client::Event::done) {
      if (c.results().size() != d.recipients.size()) __builtin_trap();
      if (!c.is_reusable() || c.feed("") != smtp::Client::Event::none) return 0;
      e = c.send(d, message);  // the next one over the same connection
    }
  }
  if (c.closed("gone") == smtp::Client::Event::done && c.results().size() != d.recipients.size()) __builtin_trap();
  return 0;
}

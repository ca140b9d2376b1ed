// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/delivery.h"

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd {
namespace {
constexpr std::size_t max_hosts = 12;  // addresses tried for one attempt
}

Delivery::Delivery(RemoteShared& shared, ipc::Request request, queue::RemoteDelivery d, std::string message)
    : s_(shared), request_(std::move(request)), d_(std::move(d)), message_(std::move(message)),
      port_(static_cast<uint16_t>(shared.config.smtp_port_out)) {}

Delivery::~Delivery() { s_.resolver.cancel(question_); }

void Delivery::begin() {
  log::Trace t(d_.qid);
  find_hosts();
}

void Delivery::find_hosts() {
  if (!s_.config.smarthost.empty()) {
    auto colon = s_.config.smarthost.rfind(':');
    auto port = to_number(s_.config.smarthost.substr(colon + 1));
    port_ = static_cast<uint16_t>(port.value_or(25));
    return find_addresses({{0, s_.config.smarthost.substr(0, colon)}}, 0);
  }
  if (d_.domain.size() > 2 && d_.domain.front() == '[') {  // address literal, RFC 5321 §4.1.3
    std::string inner = d_.domain.substr(1, d_.domain.size() - 2);
    if (istarts_with(inner, "IPv6:")) inner = inner.substr(5);
    return find_addresses({{0, inner}}, 0);
  }
  question_ = s_.resolver.mx(d_.domain, [this](dns::MxAnswer a) {
    question_ = 0;
    log::Trace t(d_.qid);
    if (a.is_null) return all(queue::Fate::perm, "5.1.10", d_.domain + " takes no mail (null MX)");
    if (a.outcome == dns::Outcome::no_domain) return all(queue::Fate::perm, "5.1.2", "the domain " + d_.domain + " does not exist");
    if (a.outcome != dns::Outcome::found) return all(queue::Fate::temp, "4.4.3", "cannot look up the mail hosts of " + d_.domain + ": " + a.why);
    find_addresses(std::move(a.hosts), 0);
  });
}

void Delivery::find_addresses(std::vector<dns::MxHost> hosts, std::size_t i) {
  if (i >= hosts.size() || hosts_.size() >= max_hosts) {
    if (hosts_.empty() && last_.text.empty()) return all(queue::Fate::perm, "5.1.2", "the mail hosts of " + d_.domain + " have no addresses");
    return next_host();
  }
  std::string host = hosts[i].host;
  question_ = s_.resolver.addresses(host, port_, [this, hosts = std::move(hosts), i, host](dns::AddressAnswer a) {
    question_ = 0;
    log::Trace t(d_.qid);
    if (a.outcome == dns::Outcome::failed) {
      last_.fate = queue::Fate::temp;
      last_.code = "4.4.3";
      last_.text = "cannot look up the address of " + host + ": " + a.why;
    }
    for (auto& x : a.addresses) hosts_.push_back({host, x});
    find_addresses(hosts, i + 1);
  });
}

void Delivery::next_host() {
  if (at_ >= hosts_.size() || at_ >= max_hosts) {
    last_.of_destination = true;
    if (last_.text.empty()) last_.text = "no host of " + d_.domain + " can be reached";
    return all(last_.fate, last_.code.empty() ? "4.4.1" : last_.code, last_.text);
  }
  connect(hosts_[at_]);
}

void Delivery::connect(const Host& h) {
  smtp::ClientOptions o;
  o.hostname = s_.config.hostname;
  o.peer = h.name;
  o.may_tls = !in_clear_;
  if (!s_.config.smarthost.empty()) {
    o.must_tls = s_.config.smarthost_tls == "required";
    o.is_secured = s_.config.smarthost_tls == "implicit";
    o.user = s_.config.smarthost_user;
    o.password = s_.password;
  }
  client_.emplace(std::move(o));
  // The old stream may be what is calling: it goes at the end of the turn.
  s_.loop.post([old = std::shared_ptr<net::Stream>(std::move(stream_))] {});
  stream_ = std::make_unique<net::Stream>(s_.loop, *this);
  if (auto r = stream_->connect(h.address, seconds(30)); !r) {
    last_.text = r.error().what;
    last_.host = h.name;
    at_++;
    s_.loop.post([this, alive = std::weak_ptr<int>(alive_)] { if (!alive.expired()) next_host(); });
  }
}

void Delivery::on_connected() {
  stream_->set_deadline(client_->patience());
  if (s_.config.smarthost.empty() || s_.config.smarthost_tls != "implicit") return;
  securing_ = true;
  if (auto r = stream_->start_tls_client(*s_.verified, hosts_[at_].name); !r) on_closed(r.error().what);
}

void Delivery::on_secured() {
  bool was_implicit = !s_.config.smarthost.empty() && s_.config.smarthost_tls == "implicit";
  securing_ = false;
  if (!was_implicit) handle(client_->secured());
}

std::size_t Delivery::on_data(std::string_view bytes) {
  log::Trace t(d_.qid);
  std::size_t n = bytes.size();
  handle(client_->feed(bytes));
  return n;
}

void Delivery::handle(smtp::Client::Event e) {
  using Event = smtp::Client::Event;
  if (answered_) return;
  switch (e) {
    case Event::none: break;
    case Event::start_tls: {
      pump();
      securing_ = true;
      bool demanded = !s_.config.smarthost.empty() && s_.config.smarthost_tls == "required";
      if (auto r = stream_->start_tls_client(demanded ? *s_.verified : *s_.opportunistic, hosts_[at_].name); !r) on_closed(r.error().what);
      return;
    }
    case Event::ready: return handle(client_->send(d_, message_));
    case Event::done: {
      auto results = client_->results();
      client_->quit();
      pump();
      stream_->close_after_flush();
      return answer(std::move(results));
    }
    case Event::failed:
      last_ = client_->failure();
      stream_->close();
      at_++;
      in_clear_ = false;
      return next_host();
  }
  stream_->set_deadline(client_->patience());
  pump();
}

void Delivery::pump() {
  while (client_ && stream_ && stream_->is_open() && stream_->pending() < net::Stream::high_water) {
    std::string out = client_->take_output();
    if (out.empty()) return;
    stream_->write(out);
  }
  if (stream_ && stream_->is_open()) s_.loop.post([this, alive = std::weak_ptr<int>(alive_)] { if (!alive.expired()) pump(); });
}

void Delivery::on_closed(const std::string& why) {
  if (answered_) return;
  log::Trace t(d_.qid);
  bool was_securing = securing_;
  securing_ = false;
  if (was_securing && s_.config.smarthost.empty() && !in_clear_) {
    log::info("tls_failed", {{"host", hosts_[at_].name}, {"what", why}, {"next", "in clear"}});
    in_clear_ = true;
    return next_host();
  }
  auto e = client_->closed(hosts_[at_].name + ": " + why);
  if (e == smtp::Client::Event::done) return answer(client_->results());
  last_ = client_->failure();
  if (last_.text.empty()) last_.text = hosts_[at_].name + ": " + why;
  at_++;
  in_clear_ = false;
  next_host();
}

void Delivery::all(queue::Fate fate, const std::string& code, const std::string& text) {
  std::vector<queue::RcptResult> r(d_.recipients.size());
  for (std::size_t i = 0; i < r.size(); i++) {
    r[i].n = i;
    r[i].fate = fate;
    r[i].code = code;
    r[i].text = text;
    r[i].host = last_.host;
    r[i].of_destination = last_.of_destination;
  }
  answer(std::move(r));
}

void Delivery::answer(std::vector<queue::RcptResult> results) {
  if (answered_) return;
  answered_ = true;
  queue::DeliveryResult a;
  a.id = d_.id;
  a.recipients = std::move(results);
  ipc::Message m = ipc::Message::ok();
  for (auto& [k, v] : a.encode())
    if (k != "id") m.set(k, v);
  for (auto& r : a.recipients)
    log::info("remote_answer", {{"qid", d_.qid}, {"to", r.n < d_.recipients.size() ? d_.recipients[r.n].address : ""},
                                {"outcome", queue::fate_text(r.fate)}, {"code", r.code}, {"host", r.host}, {"text", r.text}});
  request_.reply(std::move(m));
  s_.loop.drop(*this);
}

}  // namespace jd

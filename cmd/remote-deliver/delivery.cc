// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/delivery.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd {
using queue::Fate;

Delivery::Delivery(RemoteShared& shared, queue::RemoteDelivery d, std::string message, Answer answer)
    : s_(shared), d_(std::move(d)), message_(std::move(message)), tell_(std::move(answer)),
      finder_(shared.resolver, shared.own), limit_(shared.loop, [this] { late(); }) {}

void Delivery::begin() {
  log::Trace t(d_.qid);
  limit_.start(max_time);
  auto done = [this](HostsAnswer a) { found(std::move(a)); };
  if (s_.config.smarthost.empty())
    return finder_.of_domain(d_.domain, static_cast<uint16_t>(s_.config.smtp_port_out), done);
  auto [host, port] = split_host_port(s_.config.smarthost, 25);
  finder_.of_host(host, port, done);
}

void Delivery::found(HostsAnswer a) {
  if (answered_) return;
  log::Trace t(d_.qid);
  if (a.hosts.empty()) return all({0, a.fate, a.code, "", a.text, false});
  hosts_ = std::move(a.hosts);
  order_hosts();
  next_host();
}

// Those that did not answer lately come last; among the best, one that we are connected to comes first.
void Delivery::order_hosts() {
  std::stable_partition(hosts_.begin(), hosts_.end(), [&](auto& h) { return !s_.connections.is_unreachable(h.address); });
  for (auto i = hosts_.begin(); i != hosts_.end() && i->preference == hosts_[0].preference; ++i) {
    if (!s_.connections.has_idle(peer_of(*i))) continue;
    std::rotate(hosts_.begin(), i, i + 1);
    return;
  }
}

Peer Delivery::peer_of(const Host& h) const {
  Peer p;
  p.name = h.name;
  p.address = h.address;
  p.may_be_us = !s_.config.smarthost.empty();
  if (s_.config.smarthost.empty()) return p;
  auto& tls = s_.config.smarthost_tls;
  p.tls = tls == "required" ? Peer::Tls::required : tls == "implicit" ? Peer::Tls::implicit :
          tls == "never" ? Peer::Tls::never : Peer::Tls::opportunistic;
  p.user = s_.config.smarthost_user;
  p.password = s_.password;
  return p;
}

void Delivery::next_host() {
  if (at_ < hosts_.size() && broken_ < max_broken && !is_late_) return use(hosts_[at_], true);
  if (last_.text.empty()) last_.text = "no host of " + d_.domain + " can be reached";
  if (last_.code.empty()) last_.code = "4.4.1";
  last_.of_destination = true;
  all(last_);
}

void Delivery::use(const Host& h, bool may_reuse) {
  Peer peer = peer_of(h);
  if (may_reuse && (connection_ = s_.connections.take(peer, *this))) return connection_->send(d_, message_);
  auto c = s_.connections.open(peer, in_clear_, *this);
  if (!c) return session_failed({0, Fate::temp, "4.4.1", h.name, c.error().what, true});
  connection_ = std::move(*c);
}

// At the end of the turn: what is calling may be the old connection.
void Delivery::use_later(bool may_reuse) {
  if (connection_) s_.connections.end(std::move(connection_));
  s_.loop.post([this, may_reuse, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired() || answered_) return;
    log::Trace t(d_.qid);
    may_reuse ? next_host() : use(hosts_[at_], false);
  });
}

void Delivery::on_event(smtp::Client::Event e) {
  using Event = smtp::Client::Event;
  if (answered_) return;
  log::Trace t(d_.qid);
  if (e == Event::ready) return connection_->send(d_, message_);
  if (e == Event::done) return session_done();
  if (connection_->failed_in_tls() && !in_clear_) {
    log::info("tls_failed", {{"host", hosts_[at_].name}, {"what", connection_->session().failure().text}, {"next", "in clear"}});
    in_clear_ = true;
    return use_later(false);
  }
  auto failure = connection_->session().failure();
  if (!connection_->was_connected()) {
    s_.connections.unreachable(hosts_[at_].address);
    failure.code = "4.4.1";
  } else if (connection_->failed_in_handshake()) {
    failure.code = "4.7.5";
  }
  if (failure.code == "5.4.6") {  // ourselves behind another address: those that are no better lead here, too
    auto ours = hosts_[at_].preference;
    auto is_no_better = [&](auto& h) { return h.preference >= ours; };
    hosts_.erase(std::remove_if(hosts_.begin() + static_cast<long>(at_) + 1, hosts_.end(), is_no_better), hosts_.end());
  }
  session_failed(std::move(failure));
}

void Delivery::session_done() {
  auto& session = connection_->session();
  if (connection_->is_reused() && !is_late_ && (session.is_undelivered() || session.was_mail_refused())) return use_later(false);
  if (session.is_undelivered()) {
    broken_++;
    auto r = session.results();
    auto lost = std::find_if(r.begin(), r.end(), [](auto& x) { return x.fate == Fate::temp; });
    return session_failed(lost == r.end() ? queue::RcptResult{} : *lost);
  }
  auto results = session.results();
  s_.connections.give_back(std::move(connection_));
  answer(std::move(results));
}

void Delivery::session_failed(queue::RcptResult failure) {
  if (failure.host.empty()) failure.host = hosts_[at_].name;
  log::info("host_failed", {{"qid", d_.qid}, {"host", failure.host}, {"address", hosts_[at_].address.text()}, {"code", failure.code}, {"text", failure.text}});
  note(std::move(failure));
  at_++;
  in_clear_ = false;
  use_later(true);
}

void Delivery::note(queue::RcptResult failure) {
  if (!last_.text.empty() && last_.fate == Fate::temp && failure.fate == Fate::perm) return;
  last_ = std::move(failure);
}

// What was not sent whole by now will not be; else the answer, which has its own deadline, decides.
void Delivery::late() {
  log::Trace t(d_.qid);
  is_late_ = true;
  if (connection_ && connection_->session().is_whole()) return;
  note({0, Fate::temp, "4.4.7", connection_ ? hosts_[at_].name : "", "the message could not be sent in " + span_text(max_time), true});
  if (connection_) s_.connections.end(std::move(connection_));
  all(last_);
}

void Delivery::all(const queue::RcptResult& r) {
  std::vector<queue::RcptResult> results(d_.recipients.size(), r);
  for (std::size_t i = 0; i < results.size(); i++) results[i].n = i;
  answer(std::move(results));
}

void Delivery::answer(std::vector<queue::RcptResult> results) {
  if (answered_) return;
  answered_ = true;
  limit_.stop();
  queue::DeliveryResult a;
  a.id = d_.id;
  a.recipients = std::move(results);
  for (auto& r : a.recipients)
    log::info("remote_answer", {{"qid", d_.qid}, {"to", r.n < d_.recipients.size() ? d_.recipients[r.n].address : ""},
                                {"outcome", queue::fate_text(r.fate)}, {"code", r.code}, {"host", r.host}, {"text", r.text}});
  tell_(a);
  s_.loop.drop(*this);
}

}  // namespace jd

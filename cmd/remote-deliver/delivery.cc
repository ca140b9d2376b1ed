// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/delivery.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mime/idna.h"

namespace jd {
using queue::Fate;

Delivery::Delivery(RemoteShared& shared, queue::RemoteDelivery d, std::string message, Answer answer)
    : s_(shared), d_(std::move(d)), message_(std::move(message)), tell_(std::move(answer)),
      finder_(shared.resolver, shared.own), limit_(shared.loop, [this] { late(); }) {}

void Delivery::begin() {
  log::Trace t(d_.qid);
  limit_.start(max_time);
  route_ = d_.route.empty() ? nullptr : s_.routes.find(d_.route);
  if (!route_ && !d_.route.empty()) return all({0, Fate::temp, "4.3.5", "", "there is no route " + d_.route + " in etc/routes any more", false});
  bool is_route = route_ && route_->has_hosts();
  if (is_route) {
    hosts_wanted_ = route_->hosts;
    host_tls_ = route_->tls;
    user_ = route_->user;
  } else if (!route_ && !s_.config.smarthost.empty()) {
    hosts_wanted_ = {s_.config.smarthost};
    host_tls_ = s_.config.smarthost_tls;
    user_ = s_.config.smarthost_user;
  }
  if (route_)
    for (auto& text : route_->source)
      if (auto a = net::Address::of(text, 0)) sources_.push_back(*a);
  bool is_literal = d_.domain.starts_with('[');
  auto ascii = is_literal || !is_mx() ? std::optional(lower(d_.domain)) : mime::to_ascii_domain(d_.domain);
  if (!ascii) return all({0, Fate::perm, "5.1.2", "", escape(d_.domain) + " is no domain", false});
  domain_ = std::move(*ascii);
  find_hosts();
}

void Delivery::find_hosts() {
  auto level = s_.tls.of(domain_).level;
  bool is_auto = level == smtp::TlsLevel::automatic;
  open_ = 1;
  if (is_mx() && s_.sts && is_auto && !domain_.starts_with('[')) {
    open_ = 2;
    s_.sts->find(domain_, alive_, [this](const StsAnswer& a) {
      log::Trace t(d_.qid);
      sts_ = a;
      if (--open_ == 0) use_hosts();
    });
  }
  if (!is_mx()) return find_more_hosts();
  bool dane = is_auto || level == smtp::TlsLevel::dane || level == smtp::TlsLevel::dane_only;
  finder_.of_domain(domain_, static_cast<uint16_t>(s_.config.smtp_port_out), dane, [this](HostsAnswer a) { found(std::move(a)); });
}

// Those of a route, one after the other: they are tried in this order.
void Delivery::find_more_hosts() {
  bool is_lmtp = route_ && route_->kind == queue::Route::Kind::lmtp;
  auto [host, port] = split_host_port(hosts_wanted_[asked_host_], is_lmtp ? 24 : 25);
  finder_.of_host(host, port, host_tls_ != "never", [this](HostsAnswer a) {
    for (auto& h : a.hosts) h.preference = static_cast<uint16_t>(asked_host_);
    if (asked_host_++) {
      if (found_.hosts.empty() && found_.fate == Fate::perm) found_.fate = a.fate, found_.code = a.code, found_.text = a.text;
      found_.hosts.insert(found_.hosts.end(), a.hosts.begin(), a.hosts.end());
    } else {
      found_ = std::move(a);
    }
    if (asked_host_ >= hosts_wanted_.size()) return found(std::move(found_));
    s_.loop.post([this, alive = std::weak_ptr<int>(alive_)] { if (!alive.expired() && !answered_) find_more_hosts(); });
  });
}

void Delivery::found(HostsAnswer a) {
  if (answered_) return;
  found_ = std::move(a);
  if (--open_ == 0) use_hosts();
}

void Delivery::use_hosts() {
  if (answered_) return;
  log::Trace t(d_.qid);
  if (found_.hosts.empty()) return all({0, found_.fate, found_.code, "", found_.text, false});
  hosts_ = std::move(found_.hosts);
  plan_hosts();
  if (!hosts_.empty()) order_hosts();
  next_host();
}

// How much TLS each must have; those that may not be used go.
void Delivery::plan_hosts() {
  smtp::TlsQuestion q;
  if (is_mx()) q.rule = s_.tls.of(domain_);
  else q.rule.level = host_tls_ == "never" ? smtp::TlsLevel::none : host_tls_ == "opportunistic" ? smtp::TlsLevel::automatic : smtp::TlsLevel::verify;
  q.domain = domain_;
  q.is_mx_secure = found_.is_secure;
  q.sts = sts_.policy.get();
  q.requiretls = d_.requiretls;
  bool is_demanded = q.sts || std::any_of(hosts_.begin(), hosts_.end(), [](auto& h) { return h.dane != smtp::Dane::none; });
  q.is_optional = is_optional_ = is_demanded && smtp::says_tls_optional(message_);
  std::vector<Host> good;
  for (auto& h : hosts_) {
    bool has_source = sources_.empty() || std::any_of(sources_.begin(), sources_.end(), [&](auto& a) { return a.family() == h.address.family(); });
    q.host = lower(h.name);
    q.dane = h.dane;
    h.plan = smtp::plan_tls(q);
    if (h.plan.use == smtp::TlsPlan::Use::skip) {
      report(h, h.dane == smtp::Dane::failed ? "dnssec-invalid" : "validation-failure", h.plan.why);
      fail_host(h, {0, h.plan.code.starts_with('5') ? Fate::perm : Fate::temp, h.plan.code, h.name, h.plan.why, true});
    } else if (!has_source) {
      note({0, Fate::temp, "4.4.1", h.name, "the route " + route_->name + " has no source address for " + h.address.ip(), true});
    } else {
      good.push_back(std::move(h));
    }
  }
  hosts_ = std::move(good);
}

// Those that did not answer lately come last; among the best, one that we are connected to comes first.
void Delivery::order_hosts() {
  std::stable_partition(hosts_.begin(), hosts_.end(), [&](auto& h) { return !s_.connections.is_unreachable(h.address); });
  if (!sources_.empty()) return;  // they take turns
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
  p.may_be_us = !is_mx();
  if (route_) {
    p.helo = route_->helo;
    p.is_lmtp = route_->kind == queue::Route::Kind::lmtp;
    std::vector<const net::Address*> fit;
    for (auto& a : sources_)
      if (a.family() == h.address.family()) fit.push_back(&a);
    if (!fit.empty()) p.source = *fit[s_.turn++ % fit.size()];
  }
  if (!user_.empty()) {
    p.user = user_;
    if (!route_) p.password = s_.password;
    else if (auto i = s_.passwords.find(route_->name); i != s_.passwords.end()) p.password = i->second;
  }
  demand(p, h);
  return p;
}

void Delivery::demand(Peer& p, const Host& h) const {
  using Use = smtp::TlsPlan::Use;
  auto& plan = h.plan;
  p.tls = !is_mx() && host_tls_ == "implicit" ? Peer::Tls::implicit :
          plan.use == Use::never ? Peer::Tls::never : plan.use == Use::always ? Peer::Tls::required : Peer::Tls::opportunistic;
  p.verify.check = static_cast<net::TlsPeer::Check>(plan.check);
  static_assert(static_cast<int>(smtp::TlsPlan::Check::fingerprints) == static_cast<int>(net::TlsPeer::Check::fingerprints));
  p.verify.names = plan.names;
  p.verify.digests = plan.digests;
  if (plan.check != smtp::TlsPlan::Check::dane) return;
  p.verify.host = h.tlsa_base;
  p.verify.names = {h.name, domain_};  // RFC 7672 §3.2.2, of DANE-TA
  p.verify.tlsa = *h.tlsa;
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
  if (may_reuse && (connection_ = s_.connections.take(peer, *this))) return ready();
  if (peer.tls == Peer::Tls::opportunistic && s_.connections.is_tls_broken(h.address)) in_clear_ = true;
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
  auto& h = hosts_[at_];
  if (e == Event::ready) {
    bool is_good = connection_->is_secured() && connection_->tls_verdict().fault == net::CertificateFault::none;
    bool is_unnamed = sts_.policy && h.plan.source == smtp::TlsPlan::Source::sts && !sts_.policy->allows(lower(h.name));
    if (!connection_->is_secured()) report(h, in_clear_ ? "" : "starttls-not-supported", "");
    else if (h.plan.source == smtp::TlsPlan::Source::sts && !is_good) report(h, tls_fault(), connection_->tls_verdict().text);
    else report(h, is_unnamed ? "validation-failure" : "", is_unnamed ? "the policy does not name the host" : "");
    return ready();
  }
  if (e == Event::done) return session_done();
  if (connection_->failed_in_tls() && !in_clear_) {
    log::info("tls_failed", {{"host", h.name}, {"what", connection_->session().failure().text}, {"next", "in clear"}});
    report(h, tls_fault(), connection_->session().failure().text);
    s_.connections.tls_broken(h.address);
    in_clear_ = true;
    return use_later(false);
  }
  auto failure = connection_->session().failure();
  if (!connection_->was_connected()) {
    s_.connections.unreachable(hosts_[at_].address);
    failure.code = "4.4.1";
  } else if (connection_->failed_in_handshake()) {
    failure.code = "4.7.5";
    report(h, tls_fault(), failure.text);
  } else if (failure.code == "4.7.4") {
    report(h, "starttls-not-supported", failure.text);
  }
  bool is_unverified = connection_->failed_in_handshake() && connection_->tls_verdict().fault != net::CertificateFault::none;
  if (d_.requiretls && (is_unverified || failure.code == "4.7.4")) {  // RFC 8689 §4.2.1: not a host for this message
    failure.fate = Fate::perm;
    failure.code = "5.7.30";
  }
  if (failure.code == "5.4.6") {  // ourselves behind another address: those that are no better lead here, too
    auto ours = hosts_[at_].preference;
    auto is_no_better = [&](auto& x) { return x.preference >= ours; };
    hosts_.erase(std::remove_if(hosts_.begin() + static_cast<long>(at_) + 1, hosts_.end(), is_no_better), hosts_.end());
  }
  session_failed(std::move(failure));
}

// RFC 8689 §4.2.1: the next hop must take the demand on.
void Delivery::ready() {
  if (d_.requiretls && !connection_->session().offers_requiretls())
    return session_failed({0, Fate::perm, "5.7.30", hosts_[at_].name, "the host does not offer REQUIRETLS, which the message asks for", true});
  connection_->send(d_, message_);
}

std::string Delivery::tls_fault() const {
  using net::CertificateFault;
  switch (connection_->tls_verdict().fault) {
    case CertificateFault::expired: return "certificate-expired";
    case CertificateFault::host_mismatch: return "certificate-host-mismatch";
    case CertificateFault::not_trusted: return hosts_[at_].plan.source == smtp::TlsPlan::Source::tlsa ? "validation-failure" : "certificate-not-trusted";
    default: return "validation-failure";
  }
}

// For the domain's report of RFC 8460; result "": it went well.
void Delivery::report(const Host& h, std::string result, std::string reason) {
  if (!s_.reports || !is_mx() || domain_.starts_with('[') || (in_clear_ && result.empty())) return;
  smtp::TlsSession x;
  if (h.plan.source == smtp::TlsPlan::Source::tlsa) {
    x.type = "tlsa";
    if (h.tlsa)
      for (auto& r : *h.tlsa) x.policy.push_back(net::tlsa_text(r));
    x.policy_hosts = {h.name};
  } else if (h.plan.source == smtp::TlsPlan::Source::sts && sts_.policy) {
    x.type = "sts";
    x.policy = sts_.policy->lines();
    x.policy_hosts = sts_.policy->mx;
  }
  x.result = std::move(result);
  x.reason = std::move(reason);
  x.to_host = h.name;
  x.to_ip = h.address.ip();
  s_.reports->add(domain_, x);
  if (sts_.failure.empty()) return;
  smtp::TlsSession f;
  f.type = "sts";
  f.result = sts_.failure;
  f.reason = sts_.failure_text;
  f.to_host = "mta-sts." + domain_;
  s_.reports->add(domain_, f);
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
  for (auto& r : results) r.of_address = r.fate != Fate::delivered && s_.address_failures.is_one(r.text);
  s_.connections.give_back(std::move(connection_));
  answer(std::move(results));
}

void Delivery::session_failed(queue::RcptResult failure) {
  fail_host(hosts_[at_], std::move(failure));
  at_++;
  in_clear_ = false;
  use_later(true);
}

void Delivery::fail_host(const Host& h, queue::RcptResult failure) {
  if (failure.host.empty()) failure.host = h.name;
  failure.of_address = s_.address_failures.is_one(failure.text);
  log::info("host_failed", {{"qid", d_.qid}, {"host", failure.host}, {"address", h.address.text()}, {"code", failure.code}, {"text", failure.text},
                            {"scope", failure.of_address ? "address" : ""}});
  note(std::move(failure));
}

void Delivery::note(queue::RcptResult failure) {
  if (!last_.text.empty() && last_.fate == Fate::temp && failure.fate == Fate::perm) return;
  last_ = std::move(failure);
}

// What was not sent whole by now will not be; else the answer, which has its own deadline, decides.
void Delivery::late() {
  log::Trace t(d_.qid);
  is_late_ = true;
  if (connection_ && connection_->session().is_whole()) return connection_->end_after_this();
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
                                {"outcome", queue::fate_text(r.fate)}, {"code", r.code}, {"host", r.host}, {"text", r.text}, {"scope", r.of_address ? "address" : ""}});
  tell_(a);
  s_.loop.drop(*this);
}

}  // namespace jd

// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/connections.h"

#include <algorithm>
#include <utility>

namespace jd {
namespace {
using Event = smtp::Client::Event;

smtp::ClientOptions options_of(const Peer& peer, const std::string& hostname, bool in_clear) {
  smtp::ClientOptions o;
  o.hostname = peer.helo.empty() ? hostname : peer.helo;
  o.is_lmtp = peer.is_lmtp;
  o.peer = peer.name;
  o.may_tls = peer.tls != Peer::Tls::never && !in_clear;
  o.must_tls = peer.tls == Peer::Tls::required;
  o.is_secured = peer.tls == Peer::Tls::implicit;
  o.must_differ = !peer.may_be_us;
  o.user = peer.user;
  o.password = peer.password;
  o.may_login_in_clear = peer.tls == Peer::Tls::never || peer.address.is_loopback();
  return o;
}

// By unique_ptr's address, wherever it is kept.
std::unique_ptr<Connection> remove(std::vector<std::unique_ptr<Connection>>& from, Connection& c) {
  auto i = std::find_if(from.begin(), from.end(), [&](auto& x) { return x.get() == &c; });
  if (i == from.end()) return nullptr;
  auto owned = std::move(*i);
  from.erase(i);
  return owned;
}
}  // namespace

std::string Peer::key() const {
  bool is_plain = verify.check == net::TlsPeer::Check::any && verify.names.empty();
  // '\n' is in none of them; a login has one password.
  return fmt::format("{}\n{}{}\n{}\n{}\n{}\n{}", address.text(), static_cast<int>(tls), is_lmtp, is_plain ? "" : verify.key(), user,
                     source ? source->text() : "", helo);
}

Connection::Connection(Connections& owner, Peer peer, bool in_clear)
    : owner_(owner), peer_(std::move(peer)), key_(peer_.key()),
      client_(options_of(peer_, owner.settings_.hostname, in_clear)), stream_(owner.loop_, *this),
      idle_(owner.loop_, [this] { owner_.expire(*this); }), born_(monotonic()) {}

Connection::~Connection() = default;

void Connection::send(const queue::RemoteDelivery& delivery, std::string_view message) {
  messages_++;
  handle(client_.send(delivery, message));
}

void Connection::on_connected() {
  connected_ = true;
  stream_.set_deadline(client_.patience());
  if (peer_.tls == Peer::Tls::implicit) begin_tls();
}

void Connection::begin_tls() {
  securing_ = true;
  stream_.set_deadline(Connections::tls_patience);
  bool is_plain = peer_.verify.check == net::TlsPeer::Check::any && peer_.verify.names.empty();
  auto& context = is_plain ? owner_.settings_.opportunistic : owner_.settings_.verified;
  auto demands = peer_.verify;
  if (demands.host.empty() && !net::Address::of(peer_.name, 0)) demands.host = peer_.name;
  if (auto r = stream_.start_tls_client(*context, demands); !r) on_closed(r.error().what);
}

void Connection::on_secured() {
  if (peer_.verify.check == net::TlsPeer::Check::fingerprints && !stream_.peer_has_digest(peer_.verify.digests))
    return on_closed("the certificate is not the one that is expected");
  securing_ = false;
  secured_ = true;
  stream_.set_deadline(client_.patience());
  if (peer_.tls != Peer::Tls::implicit) handle(client_.secured());
}

std::size_t Connection::on_data(std::string_view bytes) {
  std::size_t n = bytes.size();
  handle(client_.feed(bytes));
  return n;
}

// The last thing done: what hears of an event may destroy this.
void Connection::handle(Event e) {
  if (e == Event::none || e == Event::start_tls) {
    if (user_) stream_.set_deadline(client_.patience());
    pump();
    if (e == Event::start_tls) begin_tls();
    return;
  }
  if (!user_) return owner_.gone(*this);
  if (e == Event::ready) is_ready_ = true;
  user_->on_event(e);
}

void Connection::on_drained() {
  if (user_) stream_.set_deadline(client_.patience());  // slow, but it takes what we send
  pump();
}

void Connection::pump() {
  while (stream_.is_open() && stream_.pending() < net::Stream::high_water) {
    std::string out = client_.take_output();
    if (out.empty()) return;
    stream_.write(out);
  }
}

void Connection::on_closed(const std::string& why) {
  if (!user_) return owner_.gone(*this);
  failed_in_handshake_ = std::exchange(securing_, false);
  stream_.close();
  Event e = client_.closed(peer_.name + ": " + why);
  failed_in_tls_ = (failed_in_handshake_ || (secured_ && !is_ready_)) && peer_.tls == Peer::Tls::opportunistic;
  user_->on_event(e);
}

std::unique_ptr<Connection> Connections::take(const Peer& peer, Connection::User& user) {
  auto i = idle_.find(peer.key());
  if (i == idle_.end()) return nullptr;
  auto c = std::move(i->second.back());
  i->second.pop_back();
  if (i->second.empty()) idle_.erase(i);
  idle_count_--;
  c->idle_.stop();
  c->client_.set_peer(peer.name);
  c->user_ = &user;
  return c;
}

Result<std::unique_ptr<Connection>> Connections::open(const Peer& peer, bool in_clear, Connection::User& user) {
  std::unique_ptr<Connection> c(new Connection(*this, peer, in_clear));
  c->user_ = &user;
  CHECK(c->stream_.connect(peer.address, connect_patience, peer.source ? &*peer.source : nullptr));
  return c;
}

void Connections::give_back(std::unique_ptr<Connection> c) {
  c->user_ = nullptr;
  // What came behind the last answer, such as 421, counts before anything else is said.
  bool is_good = c->client_.feed("") == Event::none && c->client_.is_reusable() && c->stream_.is_open();
  if (!is_good) return discard(std::move(c));
  c->pump();  // RSET
  if (stopping_ || c->client_.is_used_up() || c->messages_ >= max_messages || monotonic() - c->born_ >= max_age || idle_count_ >= max_idle)
    return quit(std::move(c));
  c->stream_.set_deadline({});
  c->idle_.start(idle_time);
  idle_count_++;
  auto& same = idle_[c->key_];
  same.push_back(std::move(c));
}

void Connections::end(std::unique_ptr<Connection> c) {
  c->user_ = nullptr;
  if (c->stream_.is_open() && c->is_ready_ && c->client_.is_reusable() && c->client_.is_between()) quit(std::move(c));
  else discard(std::move(c));
}

void Connections::discard(std::unique_ptr<Connection> c) {
  c->user_ = nullptr;
  c->idle_.stop();
  c->stream_.close();
  // It may be what is calling: it goes at the end of the turn.
  loop_.post([old = std::shared_ptr<Connection>(std::move(c))] {});
}

void Connections::quit(std::unique_ptr<Connection> c) {
  Connection& raw = *c;
  leaving_.push_back(std::move(c));
  raw.idle_.stop();
  raw.leaving_ = true;
  raw.client_.quit();
  raw.pump();
  raw.stream_.set_deadline(seconds(5));
  raw.stream_.close_after_flush();
  if (!raw.stream_.is_open()) gone(raw);
}

std::unique_ptr<Connection> Connections::remove_idle(Connection& c) {
  auto i = idle_.find(c.key_);
  if (i == idle_.end()) return nullptr;
  auto owned = remove(i->second, c);
  if (owned) idle_count_--;
  if (i->second.empty()) idle_.erase(i);
  return owned;
}

void Connections::gone(Connection& c) {
  auto owned = c.leaving_ ? remove(leaving_, c) : remove_idle(c);
  if (owned) discard(std::move(owned));
}

void Connections::expire(Connection& c) {
  if (auto owned = remove_idle(c)) quit(std::move(owned));
}

void Connections::remember(Until& map, const net::Address& a, Span time) {
  if (map.size() >= max_unreachable) std::erase_if(map, [](auto& x) { return x.second <= monotonic(); });
  if (map.size() < max_unreachable) map[a.text()] = monotonic() + time;
}

bool Connections::is_known(const Until& map, const net::Address& a) {
  if (map.empty()) return false;
  auto i = map.find(a.text());
  return i != map.end() && i->second > monotonic();
}

void Connections::unreachable(const net::Address& a) { remember(unreachable_, a, unreachable_time); }
bool Connections::is_unreachable(const net::Address& a) const { return is_known(unreachable_, a); }
void Connections::tls_broken(const net::Address& a) { remember(tls_broken_, a, tls_broken_time); }
bool Connections::is_tls_broken(const net::Address& a) const { return is_known(tls_broken_, a); }

void Connections::stop() {
  stopping_ = true;
  auto all = std::move(idle_);
  idle_.clear();
  idle_count_ = 0;
  for (auto& [key, same] : all)
    for (auto& c : same) quit(std::move(c));
}

}  // namespace jd

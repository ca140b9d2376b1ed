// SPDX-License-Identifier: MIT
#include "lib/directory/client.h"

#include <errno.h>
#include <sys/mman.h>

#include <atomic>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace jd::directory {
namespace {
constexpr std::size_t max_cached = 100'000;
const char* const kinds[] = {"remote", "unknown", "account", "alias"};
std::string generation_path(const std::string& run) { return run + "/directory.generation"; }
}  // namespace

Result<Generation> Generation::create(const std::string& run) {
  TRY(Fd fd, file::open(generation_path(run), O_RDWR | O_CREAT, 0644));
  CHECK(file::truncate(fd.get(), 8));
  void* m = ::mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (m == MAP_FAILED) return fail_errno(errno, "cannot map {}", generation_path(run));
  return Generation(m);
}

Generation Generation::open(const std::string& run) {
  auto fd = file::open(generation_path(run), O_RDONLY);
  auto size = fd ? file::size_of(fd->get()) : Result<uint64_t>(0);
  if (!fd || !size || *size < 8) return Generation(nullptr);
  void* m = ::mmap(nullptr, 8, PROT_READ, MAP_SHARED, fd->get(), 0);
  return Generation(m == MAP_FAILED ? nullptr : m);
}

Generation::~Generation() {
  if (map_) ::munmap(map_, 8);
}
uint64_t Generation::value() const { return std::atomic_ref<uint64_t>(*static_cast<uint64_t*>(map_)).load(); }
void Generation::raise() { std::atomic_ref<uint64_t>(*static_cast<uint64_t*>(map_)).fetch_add(1); }

ipc::Message to_message(const Route& r) {
  ipc::Message m = ipc::Message::ok();
  m.set("kind", kinds[static_cast<int>(r.kind)]).set("address", r.address).set("tag", r.tag);
  if (r.kind == Route::Kind::account)
    m.set("account", r.account.address).set("path", r.account.path).set("quota", r.account.quota.text())
        .set("suspended", r.account.is_suspended ? "1" : "0").set("node", r.account.node).set("epoch", r.account.epoch);
  if (r.full_for) m.set("full", r.full_for);
  for (auto& t : r.targets) m.set("target", t);
  return m;
}

Route route_of(const ipc::Message& m) {
  Route r;
  for (int i = 0; i < 4; i++)
    if (m.get("kind") == kinds[i]) r.kind = static_cast<Route::Kind>(i);
  r.address = m.get("address");
  r.tag = m.get("tag");
  r.account.address = m.get("account");
  r.account.path = m.get("path");
  r.account.quota = Quota::parse(m.get("quota"));
  r.account.is_suspended = m.get("suspended") == "1";
  r.account.node = m.get("node");
  r.account.epoch = m.number("epoch", 1);
  r.full_for = m.number("full");
  for (auto t : m.all("target")) r.targets.emplace_back(t);
  return r;
}

Client::Client(net::Loop& loop, const std::string& real_run, const std::string& socket_path)
    : client_(loop, "directoryd", socket_path), generation_(Generation::open(real_run)) {}

bool Client::may_look() {
  if (!generation_.is_there()) return false;
  uint64_t now_at = generation_.value();
  if (now_at != seen_) cache_.clear(), rights_.clear();
  seen_ = now_at;
  return true;
}

uint64_t Client::resolve(const std::string& address, Resolved done) {
  if (may_look()) {
    auto i = cache_.find(address);
    if (i != cache_.end() && i->second.until > monotonic()) {
      done(i->second.route);
      return 0;
    }
  }
  ipc::Message m("resolve");
  m.set("address", address);
  uint64_t asked_at = seen_;
  return client_.request(std::move(m), [this, address, asked_at, done = std::move(done)](Result<ipc::Message> r) {
    if (!r) return done(Unexpected(r.error()));
    Route route = route_of(*r);
    // An answer that a change has overtaken is right for this question and not kept for the next.
    if (generation_.is_there() && generation_.value() == asked_at) {
      if (cache_.size() >= max_cached) cache_.clear();
      cache_[address] = {route, monotonic() + (route.full_for ? minutes(1) : minutes(5))};
    }
    done(std::move(route));
  });
}

uint64_t Client::may_send(const std::string& account, const std::string& address, std::function<void(Result<bool>)> done) {
  std::string key = account + '\0' + address;
  if (may_look()) {
    auto i = rights_.find(key);
    if (i != rights_.end() && i->second.until > monotonic()) {
      done(i->second.may);
      return 0;
    }
  }
  ipc::Message m("may-send");
  m.set("account", account).set("address", address);
  return client_.request(std::move(m), [this, key, asked_at = seen_, done = std::move(done)](Result<ipc::Message> r) {
    if (!r) return done(Unexpected(r.error()));
    bool may = r->get("may") == "1";
    if (generation_.is_there() && generation_.value() == asked_at) {
      if (rights_.size() >= max_cached) rights_.clear();
      rights_[key] = {may, monotonic() + minutes(5)};
    }
    done(may);
  });
}

uint64_t Client::forward(const std::string& from, const std::string& by, std::function<void(Result<std::string>)> done) {
  ipc::Message m("forward");
  m.set("from", from).set("by", by);
  return client_.request(std::move(m), [done = std::move(done)](Result<ipc::Message> r) {
    if (!r) return done(Unexpected(r.error()));
    done(std::string(r->get("from")));
  });
}

void Client::report_full(const std::string& account, uint64_t bytes) {
  ipc::Message m("full");
  m.set("account", account).set("bytes", bytes);
  client_.request(std::move(m), [](Result<ipc::Message>) {});  // lost: the next message says it again
}

uint64_t Client::authenticate(const auth::Credentials& c, const Door& door, std::function<void(Result<Login>)> done) {
  ipc::Message m(c.mechanism.empty() ? "authenticate" : "sasl");
  m.set("ip", door.ip).set("protocol", door.protocol);
  if (c.mechanism.empty()) {
    m.set("user", c.user).set("password", c.password.reveal());
  } else {
    m.set("mechanism", c.mechanism).set("exchange", c.exchange).set("tls", door.channel.is_tls ? "1" : "0");
    m.set("exporter", hex(door.channel.exporter)).set("end-point", hex(door.channel.end_point));
    m.set_body(std::string(c.message.reveal()));
  }
  return client_.request(std::move(m), [done = std::move(done)](Result<ipc::Message> r) {
    if (!r) return done(Unexpected(r.error()));
    done(Login{std::string(r->get("address")), std::string(r->get("ticket")), std::string(r->get("exchange")), r->take_body()});
  }, minutes(1));
}

}  // namespace jd::directory

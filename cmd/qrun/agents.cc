// SPDX-License-Identifier: MIT
#include "cmd/qrun/agents.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/log.h"

namespace jd {
namespace {
constexpr std::size_t copy_bytes = 256 << 10;
// Agents bound their own work; these are for the case that one hangs.
constexpr Span local_patience = minutes(10), remote_patience = hours(1), inject_patience = minutes(1);

ipc::Message to_message(const queue::OwnPairs& pairs) {
  ipc::Message m;
  for (auto& [k, v] : pairs) m.set(k, v);
  return m;
}

queue::DeliveryResult result_of(const ipc::Message& m) {
  auto d = queue::DeliveryResult::decode(queue::views(m.pairs()));
  if (d) return std::move(*d);
  return {0, {{0, queue::Fate::temp, "4.3.5", "", d.error().what, false}}};
}

// The message alone, in memory, that nobody can change any more.
Result<Fd> sealed_copy(const queue::Message& m) {
  Fd fd(::memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail_errno(errno, "cannot make a memfd");
  for (uint64_t at = 0; at < m.length; at += copy_bytes) {
    TRY(std::string block, m.read(at, copy_bytes));
    CHECK(file::write_at(fd.get(), block, at));
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
    return fail_errno(errno, "cannot seal a memfd");
  return fd;
}

Result<Fd> duplicate(int fd) {
  Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return fail_errno(errno, "cannot duplicate a descriptor");
  return copy;
}
}  // namespace

void DirectoryRouter::resolve(const std::string& address, std::function<void(Result<queue::Resolution>)> done) {
  client_.resolve(address, [done = std::move(done)](Result<directory::Route> r) {
    queue::Resolution to;
    if (!r && r.error().fault == Fault::temp) return done(Unexpected(r.error()));
    using Kind = directory::Route::Kind;
    if (!r || r->kind == Kind::unknown) {
      to.kind = queue::Resolution::Kind::unknown;  // no address at all is not known either
    } else if (r->kind == Kind::account) {
      to.kind = queue::Resolution::Kind::account;
      to.account = r->account.address;
      to.path = r->account.path;
      to.quota = r->account.quota;
    } else if (r->kind == Kind::alias) {
      to.kind = queue::Resolution::Kind::alias;
      to.targets = std::move(r->targets);
    }
    done(std::move(to));
  });
}

Agents::Agents(net::Loop& loop, const Paths& paths, Router& router, std::function<void()> work)
    : router_(router), local_(loop, "local-deliver", paths.socket("local-deliver")),
      remote_(loop, "remote-deliver", paths.socket("remote-deliver")),
      inject_(loop, "queue-inject", paths.socket("queue-inject")), work_(std::move(work)) {
  local_.on_connected([this] { told_segments_.clear(); });
}

void Agents::connect() {
  runner_->local_is(is_local_there());
  runner_->remote_is(static_cast<bool>(remote_.connect()));
}

bool Agents::is_local_there() { return static_cast<bool>(local_.connect()); }

void Agents::resolve(uint64_t token, const std::string& address) {
  router_.resolve(address, [this, token](Result<queue::Resolution> r) {
    runner_->resolved(token, std::move(r));
    work_();
  });
}

void Agents::forward(uint64_t token, const std::string& from, const std::string& by) {
  router_.forward(from, by, [this, token](Result<std::string> r) {
    runner_->forwarded(token, std::move(r));
    work_();
  });
}

bool Agents::deliver_local(const queue::LocalDelivery& d, const queue::Message& m) {
  if (!is_local_there()) {
    runner_->local_is(false);
    return false;
  }
  ipc::Message out = to_message(d.encode());
  bool is_new = d.segment && !told_segments_.count(*d.segment);
  if (!d.segment || is_new) {
    auto fd = duplicate(m.fd->get());
    if (!fd) {
      log::failure("local_delivery_delayed", fd.error());
      return false;  // out of descriptors: answers free some
    }
    if (is_new) {
      ipc::Message segment("segment");
      segment.set("n", uint64_t{*d.segment});
      segment.fds.push_back(std::move(*fd));
      told_segments_.insert(*d.segment);
      local_.request(std::move(segment), [n = *d.segment](Result<ipc::Message> r) {
        if (!r) log::failure("segment_not_taken", r.error(), {{"segment", n}});
      }, local_patience);
    } else {
      out.fds.push_back(std::move(*fd));
    }
  }
  local_.request(std::move(out), [this, token = d.id](Result<ipc::Message> r) { local_answer(token, std::move(r)); },
                 local_patience);
  return true;
}

void Agents::local_answer(uint64_t token, Result<ipc::Message> r) {
  if (r) {
    auto result = result_of(*r);
    queue::RcptResult nothing{0, queue::Fate::temp, "4.3.5", "", "local delivery said nothing", false};
    runner_->local_done(token, result.recipients.empty() ? nothing : result.recipients[0]);
  } else if (!local_.is_connected()) {
    runner_->local_is(false);
    runner_->local_lost(token);
  } else {
    runner_->local_done(token, {0, queue::Fate::temp, "4.3.0", "", r.error().what, false});
  }
  work_();
}

bool Agents::deliver_remote(const queue::RemoteDelivery& d, const queue::Message& m) {
  if (!remote_.connect()) {
    runner_->remote_is(false);
    return false;
  }
  ipc::Message out = to_message(d.encode());
  Status copied;
  if (m.length <= queue::max_inline_bytes) {
    auto bytes = m.bytes();
    if (bytes) out.set_body(std::move(*bytes));
    else copied = Unexpected(bytes.error());
  } else {
    auto fd = sealed_copy(m);
    if (fd) out.fds.push_back(std::move(*fd));
    else copied = Unexpected(fd.error());
  }
  if (!copied) {
    log::failure("remote_delivery_delayed", copied.error(), {{"qid", d.qid}});
    return false;
  }
  remote_.request(std::move(out), [this, id = d.id](Result<ipc::Message> r) { remote_answer(id, std::move(r)); },
                  remote_patience);
  return true;
}

void Agents::remote_answer(uint64_t id, Result<ipc::Message> r) {
  if (r && r->get("again") == "1") {
    runner_->remote_is(false);  // until the next second
    runner_->remote_back(id);
  } else if (r) {
    auto result = result_of(*r);
    result.id = id;
    runner_->remote_done(result);
  } else {
    if (!remote_.is_connected()) runner_->remote_is(false);
    else log::failure("remote_delivery_failed", r.error());
    runner_->remote_lost(id);
  }
  work_();
}

bool Agents::sync_store() {
  if (!is_local_there()) return false;
  local_.request(ipc::Message("sync"), [this](Result<ipc::Message> r) {
    if (!r) log::failure("store_not_synced", r.error());
    runner_->store_synced(r.has_value());
    work_();
  }, local_patience);
  return true;
}

void Agents::forget_segment(uint32_t number) {
  if (!told_segments_.erase(number) || !local_.is_connected()) return;
  ipc::Message m("unsegment");
  m.set("n", uint64_t{number});
  local_.request(std::move(m), [](Result<ipc::Message>) {}, local_patience);  // nothing depends on it
}

void Agents::inject(uint64_t token, const queue::Report& r) {
  ipc::Message m("inject");
  for (auto& [k, v] : r.envelope.pairs()) m.set(k, v);
  m.set_body(r.message);
  inject_.request(std::move(m), [this, token, about = r.about](Result<ipc::Message> a) {
    log::Trace trace(about);
    if (a) log::info("reported", {{"qid", about}, {"report", a->get("qid")}});
    runner_->injected(token, a ? Status() : Unexpected(a.error()));
    work_();
  }, inject_patience);
}

}  // namespace jd

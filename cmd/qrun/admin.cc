// SPDX-License-Identifier: MIT
#include "cmd/qrun/admin.h"

#include "lib/base/text.h"

namespace jd {
namespace {
using queue::Runner;
constexpr std::size_t max_shown_recipients = 20;  // per item of a list

uint64_t seconds_of(Time t) { return t.ns > 0 ? static_cast<uint64_t>(t.seconds()) : 0; }

void put_item(ipc::Message& m, const Runner::Item& i) {
  m.set("qid", i.id).set("state", i.state).set("from", i.sender);
  m.set("recipients", uint64_t{i.recipients.size()});
  for (std::size_t n = 0; n < i.recipients.size() && n < max_shown_recipients; n++) m.set("rcpt", i.recipients[n]);
  m.set("size", i.size).set("attempts", uint64_t{i.attempts}).set("received", seconds_of(i.received));
  if (i.due.ns) m.set("due", seconds_of(i.due));
  if (!i.reason.empty()) m.set("reason", i.reason);
}

ipc::Message list(Runner& r, const ipc::Message& q) {
  Runner::Filter f;
  f.sender = q.get("sender");
  f.recipient = q.get("recipient");
  f.state = q.get("state");
  f.after = q.get("after");
  f.limit = static_cast<std::size_t>(q.number("limit", 100));
  auto page = r.list(f);
  if (!page) return ipc::Message::failed(page.error());
  ipc::Message m = ipc::Message::ok();
  if (!page->next.empty()) m.set("next", page->next);
  for (auto& i : page->items) put_item(m, i);
  return m;
}

std::string_view status_text(queue::RcptStatus s) {
  switch (s) {
    case queue::RcptStatus::queued: return "queued";
    case queue::RcptStatus::delivered: return "delivered";
    case queue::RcptStatus::failed: return "failed";
    case queue::RcptStatus::removed: return "removed";
  }
  return "queued";
}

ipc::Message show(Runner& r, const ipc::Message& q) {
  auto d = r.show(std::string(q.get("qid")));
  if (!d) return ipc::Message::failed(d.error());
  ipc::Message m = ipc::Message::ok();
  m.set("qid", d->item.id).set("state", d->item.state).set("attempts", uint64_t{d->item.attempts});
  if (d->item.due.ns) m.set("due", seconds_of(d->item.due));
  for (auto& [k, v] : d->envelope.pairs()) m.set(k, k == "received" ? std::to_string(seconds_of(d->envelope.received)) : v);
  for (std::size_t n = 0; n < d->progress.status.size(); n++) {
    m.set("n", uint64_t{n}).set("status", status_text(d->progress.status[n]));
    if (n >= d->progress.errors.size()) continue;
    auto& e = d->progress.errors[n];
    if (!e.code.empty()) m.set("code", e.code);
    if (!e.host.empty()) m.set("host", e.host);
    if (!e.text.empty()) m.set("text", e.text);
  }
  m.set_body(d->header);
  return m;
}

ipc::Message destinations(Runner& r) {
  ipc::Message m = ipc::Message::ok();
  for (auto& d : r.destinations())
    m.set("name", d.name).set("active", uint64_t{d.active}).set("window", uint64_t{d.window})
        .set("max", uint64_t{d.max}).set("waiting", uint64_t{d.waiting}).set("dead", uint64_t{d.dead});
  return m;
}

ipc::Message stats(Runner& r) {
  auto s = r.stats();
  ipc::Message m = ipc::Message::ok();
  m.set("received", s.received).set("delivered", s.delivered).set("deferred", s.deferred).set("bounced", s.bounced);
  m.set("active", uint64_t{s.active}).set("local", uint64_t{s.local}).set("remote", uint64_t{s.remote});
  m.set("waiting", uint64_t{s.waiting}).set("due", uint64_t{s.due}).set("moving", uint64_t{s.moving});
  m.set("files", uint64_t{s.waiting_files}).set("segments", uint64_t{s.segments});
  m.set("draining", uint64_t{s.is_draining});
  return m;
}

ipc::Message done(const Status& s) { return s ? ipc::Message::ok() : ipc::Message::failed(s.error()); }
}  // namespace

ipc::Message queue_admin(Runner& r, const ipc::Message& q) {
  std::string_view cmd = q.get("cmd");
  std::string id(q.get("qid"));
  if (cmd == "list") return list(r, q);
  if (cmd == "show") return show(r, q);
  if (cmd == "retry") return done(r.retry(id));
  if (cmd == "hold") return done(r.hold(id));
  if (cmd == "release") return done(r.release(id));
  if (cmd == "delete") return done(r.remove(id));
  if (cmd == "destinations") return destinations(r);
  if (cmd == "stats") return stats(r);
  if (cmd == "flush") {
    auto n = r.flush();
    if (!n) return ipc::Message::failed(n.error());
    return ipc::Message::ok().set("count", uint64_t{*n});
  }
  if (cmd == "limit") {
    auto max = to_number(q.get("max"));
    if (!max || *max > 10'000) return ipc::Message::failed(Error(Fault::usage, "max is a number up to 10000"));
    r.set_limit(std::string(q.get("destination")), static_cast<unsigned>(*max));
    return ipc::Message::ok();
  }
  if (cmd == "drain") {
    r.drain(q.get("on") != "0");
    return ipc::Message::ok().set("active", uint64_t{r.stats().active});
  }
  return ipc::Message::failed(Error(Fault::usage, "qrun does not know cmd=" + escape(cmd)));
}

}  // namespace jd

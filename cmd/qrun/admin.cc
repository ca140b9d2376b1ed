// SPDX-License-Identifier: MIT
#include "cmd/qrun/admin.h"

#include <fcntl.h>

#include <tuple>

#include <algorithm>

#include "lib/base/text.h"

namespace jd {
namespace {
using queue::Operation;
using queue::Order;
using queue::Runner;
constexpr std::size_t max_shown_recipients = 20;  // per item of a list
constexpr std::size_t max_running = 32, max_top = 20;
constexpr Span slice = milliseconds(8);           // of an order, per turn of the loop
constexpr Span answer_within = seconds(1);
constexpr Span patience = seconds(60);            // with one who does not ask for more
constexpr Span census_age = seconds(5);

uint64_t seconds_of(Time t) { return t.ns > 0 ? static_cast<uint64_t>(t.seconds()) : 0; }

struct VerbName { std::string_view name; Order::Verb verb; };
constexpr VerbName verbs[] = {
    {"list", Order::Verb::list},       {"count", Order::Verb::count}, {"show", Order::Verb::show},
    {"hold", Order::Verb::hold},       {"release", Order::Verb::release}, {"retry", Order::Verb::retry},
    {"delete", Order::Verb::remove},   {"redirect", Order::Verb::redirect}};

void put_item(ipc::Message& m, const queue::QueueItem& i) {
  m.set("qid", i.id).set("state", i.state).set("from", i.sender);
  if (!i.user.empty()) m.set("user", i.user);
  m.set("recipients", uint64_t{i.recipients.size()});
  for (std::size_t n = 0; n < i.recipients.size() && n < max_shown_recipients; n++) m.set("rcpt", i.recipients[n]);
  m.set("size", i.size).set("attempts", uint64_t{i.attempts}).set("received", seconds_of(i.received));
  if (i.due.ns) m.set("due", seconds_of(i.due));
  if (!i.reason.empty()) m.set("reason", i.reason);
  if (i.of_address) m.set("scope", "address");
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

void put_details(ipc::Message& m, const Runner::Details& d) {
  m.set("qid", d.item.id).set("state", d.item.state).set("attempts", uint64_t{d.item.attempts});
  if (d.item.due.ns) m.set("due", seconds_of(d.item.due));
  for (auto& [k, v] : d.envelope.pairs()) m.set(k, k == "received" ? std::to_string(seconds_of(d.envelope.received)) : v);
  for (std::size_t n = 0; n < d.progress.status.size(); n++) {
    m.set("n", uint64_t{n}).set("status", status_text(d.progress.status[n]));
    if (n >= d.progress.errors.size()) continue;
    auto& e = d.progress.errors[n];
    if (!e.code.empty()) m.set("code", e.code);
    if (!e.host.empty()) m.set("host", e.host);
    if (!e.text.empty()) m.set("text", e.text);
    if (e.of_address) m.set("scope", "address");
  }
  for (auto& a : d.history) {
    m.set("attempt", seconds_of(a.error.at)).set("to", a.to).set("fate", a.fate);
    if (!a.error.code.empty()) m.set("code", a.error.code);
    if (!a.error.host.empty()) m.set("host", a.error.host);
    if (!a.error.text.empty()) m.set("text", a.error.text);
    if (a.error.of_address) m.set("scope", "address");
  }
  m.set_body(d.header);
}

// The whole message: a descriptor, for it may be large.
void put_message(ipc::Message& m, const queue::Message& message) {
  Fd copy(::fcntl(message.fd->get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return;
  m.set("offset", message.offset).set("length", message.length);
  m.fds.push_back(std::move(copy));
}

void put_tally(ipc::Message& m, const Operation::Tally& t) {
  m.set("matched", t.matched).set("done", t.done).set("failed", t.failed).set("skipped", t.skipped);
  m.set("bytes", t.bytes).set("active", t.active).set("deferred", t.deferred).set("hold", t.hold).set("new", t.fresh);
  if (t.oldest.ns) m.set("oldest", seconds_of(t.oldest));
}

void put_metrics(ipc::Message& m, const queue::Metrics& x) {
  const char* flows[] = {"received", "delivered", "deferred", "bounced"};
  for (std::size_t i = 0; i < 4; i++) m.set(fmt::format("{}_per_second", flows[i]), fmt::format("{:.2f}", x.rates.per_second(i)));
  for (int part : {50, 90, 99}) m.set(fmt::format("latency_p{}_ms", part), static_cast<uint64_t>(x.delivered.part_ms(part / 100.0)));
  m.set("latency_count", x.delivered.count()).set("latency_sum_ms", x.delivered.sum_ms());
  for (unsigned n = 0; n <= queue::Latencies::octaves; n += 2) m.set("bucket_ms", uint64_t{1} << n).set("bucket_count", x.delivered.within(n));
  auto top = [&](const char* key, const queue::TopCounts& counts) {
    for (auto& [word, n] : counts.top(max_top)) m.set(key, word).set(std::string(key) + "_count", n);
  };
  top("deferral_code", x.deferral_codes);
  top("deferral_to", x.deferral_destinations);
  top("bounce_code", x.bounce_codes);
  top("bounce_to", x.bounce_destinations);
}

Result<Order> order_of(const ipc::Message& q) {
  Order o;
  auto it = std::find_if(std::begin(verbs), std::end(verbs), [&](auto& v) { return v.name == q.get("verb"); });
  if (it == std::end(verbs)) return fail(Fault::usage, "verb={} is unknown", escape(q.get("verb")));
  o.verb = it->verb;
  queue::Pairs pairs;
  for (auto& [k, v] : q.pairs()) pairs.emplace_back(k, v);
  TRY(o.select, queue::Selection::from_pairs(pairs));
  o.dry_run = q.get("dry") == "1";
  o.limit = static_cast<std::size_t>(std::min<uint64_t>(q.number("limit", 100), 1000));
  if (o.verb == Order::Verb::list || o.verb == Order::Verb::show) o.limit = std::max<std::size_t>(o.limit, 1);
  o.to = q.get("to");
  return o;
}
}  // namespace

QueueAdmin::QueueAdmin(net::Loop& loop, std::function<void()> work) : work_(std::move(work)), task_(loop, [this] { turn(); }) {}

void QueueAdmin::take(ipc::Request r) {
  std::string cmd(r.cmd());
  if (cmd == "queue") return begin(std::move(r));
  if (cmd == "more") return go_on(std::move(r));
  if (cmd == "stats") return stats(std::move(r));
  r.reply(direct(r.message));
  work_();
}

void QueueAdmin::begin(ipc::Request r) {
  auto order = order_of(r.message);
  if (!order) return r.reply(order.error());
  std::erase_if(running_, [](auto& x) { return !x.request && monotonic() - x.last_asked > patience; });
  if (running_.size() >= max_running) return r.reply(Error(Fault::temp, "too many orders are under way; try again in a minute"));
  auto op = Operation::begin(*runner_, std::move(*order));
  if (!op) return r.reply(op.error());
  running_.push_back({++last_token_, std::move(*op), std::move(r), monotonic() + answer_within, monotonic()});
  task_.start();
}

void QueueAdmin::go_on(ipc::Request r) {
  uint64_t token = r.message.number("token");
  auto it = std::find_if(running_.begin(), running_.end(), [&](auto& x) { return x.token == token && !x.request; });
  if (it == running_.end()) return r.reply(Error(Fault::perm, "the order is not there any more (qrun was started anew?): give it again"));
  it->request = std::move(r);
  it->answer_by = monotonic() + answer_within;
  it->last_asked = monotonic();
  task_.start();
}

// One slice of the first order that is waited for; then it goes to the end of the line.
void QueueAdmin::turn() {
  auto it = std::find_if(running_.begin(), running_.end(), [](auto& x) { return x.request.has_value(); });
  if (it == running_.end()) return;
  running_.splice(running_.end(), running_, it);
  Running& r = running_.back();
  auto stepped = r.operation->step(slice);
  if (r.operation->order().verb >= Order::Verb::hold) work_();
  if (!stepped || *stepped || monotonic() >= r.answer_by) {
    answer(r, stepped ? Status() : Unexpected(stepped.error()));
    if (!stepped || r.operation->is_over()) running_.pop_back();
  }
  task_.start();
}

void QueueAdmin::answer(Running& r, const Status& s) {
  ipc::Request request = std::move(*r.request);
  r.request.reset();
  r.last_asked = monotonic();
  if (!s) return request.reply(s.error());
  auto& t = r.operation->tally();
  ipc::Message m = ipc::Message::ok();
  if (r.census) {
    if (r.operation->is_over()) {
      census_ = t;
      census_at_ = monotonic();
      return request.reply(stats_answer());
    }
    r.request = std::move(request);  // nothing to tell before the end
    r.answer_by = monotonic() + answer_within;
    return;
  }
  if (!r.operation->is_over()) m.set("more", r.token);
  put_tally(m, t);
  for (auto& f : t.faults) m.set("fault", f.id).set("why", f.why);
  if (r.operation->order().verb == Order::Verb::show) {
    if (auto& d = r.operation->details; d && request.message.get("body") == "1") put_message(m, d->message);
    if (r.operation->details) put_details(m, *r.operation->details);
  } else {
    for (auto& i : r.operation->take_items()) put_item(m, i);
  }
  request.reply(std::move(m));
}

// Counting looks at each name: not more often than needed, and in slices like everything.
void QueueAdmin::stats(ipc::Request r) {
  if (census_at_.ns && monotonic() - census_at_ < census_age) return r.reply(stats_answer());
  Order o;
  o.verb = Order::Verb::count;
  auto op = Operation::begin(*runner_, std::move(o));
  if (!op) return r.reply(op.error());
  running_.push_back({++last_token_, std::move(*op), std::move(r), monotonic() + answer_within, monotonic(), true});
  task_.start();
}

ipc::Message QueueAdmin::stats_answer() const {
  auto s = runner_->stats();
  ipc::Message m = ipc::Message::ok();
  m.set("received", s.received).set("delivered", s.delivered).set("deferred", s.deferred).set("bounced", s.bounced);
  m.set("active", uint64_t{s.active}).set("local", uint64_t{s.local}).set("remote", uint64_t{s.remote});
  m.set("waiting", uint64_t{s.waiting}).set("due", uint64_t{s.due}).set("moving", uint64_t{s.moving});
  m.set("files", census_.deferred + census_.hold + census_.fresh).set("segments", uint64_t{s.segments});
  m.set("files_deferred", census_.deferred).set("files_hold", census_.hold).set("files_new", census_.fresh);
  if (census_.oldest.ns) m.set("oldest", seconds_of(census_.oldest));
  m.set("draining", uint64_t{s.is_draining});
  if (census_.oldest.ns) m.set("oldest_age", static_cast<uint64_t>(std::max<int64_t>((now() - census_.oldest).seconds(), 0)));
  put_metrics(m, runner_->metrics());
  uint64_t all = 0, dead = 0, frozen = 0;
  for (auto& d : runner_->destinations()) all++, dead += d.dead, frozen += d.frozen;
  m.set("destinations", all).set("destinations_dead", dead).set("destinations_frozen", frozen);
  return m;
}

ipc::Message QueueAdmin::direct(const ipc::Message& q) {
  std::string_view cmd = q.get("cmd");
  if (cmd == "destinations") {
    ipc::Message m = ipc::Message::ok();
    for (auto& d : runner_->destinations())
      m.set("name", d.name).set("active", uint64_t{d.active}).set("window", uint64_t{d.window})
          .set("max", uint64_t{d.max}).set("waiting", uint64_t{d.waiting}).set("dead", uint64_t{d.dead})
          .set("frozen", uint64_t{d.frozen}).set("rate", uint64_t{d.per_minute});
    return m;
  }
  if (cmd == "limit") {
    std::string name(q.get("destination"));
    queue::Terms t = runner_->terms_of(name);
    for (auto [key, to, most] : {std::tuple{"max", &t.max, 10'000u}, {"rate", &t.per_minute, 600'000u}}) {
      if (!q.has(key)) continue;
      auto n = to_number(q.get(key));
      if (!n || *n > most) return ipc::Message::failed(Error(Fault::usage, fmt::format("{} is a number up to {}", key, most)));
      *to = static_cast<unsigned>(*n);
    }
    if (q.has("frozen")) t.frozen = q.get("frozen") == "1";
    if (auto s = runner_->set_terms(name, t); !s) return ipc::Message::failed(s.error());
    return ipc::Message::ok();
  }
  if (cmd == "drain") {
    runner_->drain(q.get("on") != "0");
    return ipc::Message::ok().set("active", uint64_t{runner_->stats().active});
  }
  return ipc::Message::failed(Error(Fault::usage, "qrun does not know cmd=" + escape(cmd)));
}

}  // namespace jd

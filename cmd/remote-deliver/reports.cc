// SPDX-License-Identifier: MIT
#include "cmd/remote-deliver/reports.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/queue/envelope.h"

namespace jd {
namespace {
constexpr std::string_view prefix = "tls ";
}  // namespace

TlsReports::TlsReports(net::Loop& loop, dns::Resolver& resolver, http::Client* web, journal::StateFile* kept, ipc::AsyncClient* inject, Settings settings)
    : loop_(loop), resolver_(resolver), web_(web), kept_(kept), inject_(inject), settings_(std::move(settings)),
      tick_(loop, [this] { tick(); }), next_(loop, [this] { next(); }) {
  period_ = period(now());
  std::string mine = key(period_, "");
  for (auto& [k, v] : kept_->all())
    if (k.starts_with(mine)) counts_[k.substr(mine.size())] = smtp::TlsCounts::decode(v);
  tick_.start(std::min(flush_time, settings_.every));
}

std::string TlsReports::key(int64_t p, const std::string& domain) const {
  return fmt::format("{}{} {}", prefix, Time{p * settings_.every.ns}.seconds(), domain);
}

void TlsReports::add(const std::string& domain, const smtp::TlsSession& s) {
  if (int64_t p = period(now()); p != period_) {
    flush();
    counts_.clear();
    period_ = p;
  }
  auto i = counts_.find(domain);
  if (i == counts_.end()) {
    if (counts_.size() >= max_domains) return;
    i = counts_.try_emplace(domain).first;
  }
  i->second.add(s);
  dirty_.insert(domain);
}

void TlsReports::flush() {
  for (auto& d : dirty_)
    if (auto s = kept_->set(key(period_, d), counts_[d].encode()); !s) {
      log::failure("state_failed", s.error());
      return;
    }
  dirty_.clear();
}

void TlsReports::tick() {
  flush();
  if (sending_.empty() && to_send_.empty() && monotonic() >= not_before_) begin_sending();
  tick_.start(std::min(flush_time, settings_.every));
}

void TlsReports::begin_sending() {
  int64_t this_one = period(now());
  for (auto& [k, v] : kept_->all()) {
    if (!k.starts_with(prefix)) continue;
    auto begin = to_number(words(k.substr(prefix.size()))[0]);
    if (begin && period(from_seconds(static_cast<int64_t>(*begin))) < this_one) to_send_.push_back(k);
  }
  if (!to_send_.empty()) next_.start({});
}

// One at a time; the whole takes an hour at the most, when there are many.
void TlsReports::next() {
  if (!sending_.empty()) return;
  if (to_send_.empty()) return;
  sending_ = std::move(to_send_.back());
  to_send_.pop_back();
  auto w = words(sending_);  // "tls", begin, domain
  auto* text = kept_->get(sending_);
  if (w.size() != 3 || !text) return done_with(true);
  report_ = {};
  report_.domain = w[2];
  report_.begin = from_seconds(static_cast<int64_t>(to_number(w[1]).value_or(0)));
  report_.end = report_.begin + settings_.every;
  if (now() - report_.end > retry_for) return done_with(true);
  resolver_.txt("_smtp._tls." + report_.domain, [this](dns::Answer a) {
    if (a.outcome == dns::Outcome::failed) return done_with(false);
    std::vector<std::string> texts;
    for (auto& r : a.records) texts.push_back(r.data);
    have_places(smtp::tlsrpt_places(texts));
  });
}

void TlsReports::have_places(const std::vector<std::string>& places) {
  auto* text = kept_->get(sending_);
  if (places.empty() || !text) return done_with(true);
  report_.organization = settings_.hostname;
  report_.contact = settings_.postmaster;
  report_.id = unique_id();
  gzipped_ = smtp::gzip(smtp::report_json(report_, smtp::TlsCounts::decode(*text)));
  places_ = places;
  send(places_.back());
}

void TlsReports::send(const std::string& place) {
  if (place.starts_with("https:") && web_) {
    http::Request r;
    r.method = "POST";
    r.url = place;
    r.headers = {{"Content-Type", "application/tlsrpt+gzip"}};
    r.body = gzipped_;
    web_->request(std::move(r), [this](Result<http::Response> got) {
      if (!got) return sent(Unexpected(got.error()));
      sent(got->status / 100 == 2 ? Status() : Status(fail(Fault::temp, "HTTP status {}", got->status)));
    });
    return;
  }
  std::string to = place.substr(std::string_view("mailto:").size());
  to = to.substr(0, to.find('?'));
  if (auto s = queue::check_address(to, false); !place.starts_with("mailto:") || !s)
    return sent(fail(Fault::perm, "'{}' is no place for a report", escape(place)));
  queue::Envelope e;
  e.reverse_path = settings_.postmaster;
  auto& r = e.recipients.emplace_back();
  r.address = to;
  r.notify = queue::notify_never;
  e.with = "local";
  e.received = now();
  std::string message = smtp::report_message(report_, gzipped_, settings_.postmaster, to, now());
  e.size = message.size();
  ipc::Message m("inject");
  for (auto& [k, v] : e.pairs()) m.set(k, v);
  m.set_body(std::move(message));
  inject_->request(std::move(m), [this](Result<ipc::Message> a) { sent(a ? Status() : Status(Unexpected(a.error()))); });
}

void TlsReports::sent(Status s) {
  std::string place = places_.back();
  places_.pop_back();
  if (s) log::info("tls_report", {{"domain", report_.domain}, {"to", place}, {"id", report_.id}});
  else log::warn("tls_report_failed", {{"domain", report_.domain}, {"to", place}, {"what", s.error().what}});
  is_sent_ = is_sent_ || s.has_value();
  if (!places_.empty()) return send(places_.back());
  done_with(std::exchange(is_sent_, false) || (!s && s.error().fault != Fault::temp));
}

void TlsReports::done_with(bool is_done) {
  if (is_done) (void)kept_->remove(sending_);  // a report that is sent twice does no harm
  else not_before_ = monotonic() + std::min(retry_after, settings_.every);  // what is left is tried again then
  sending_.clear();
  gzipped_.clear();
  if (!to_send_.empty()) next_.start(Span{std::min(seconds(1).ns, hours(1).ns / static_cast<int64_t>(to_send_.size()))});
}

}  // namespace jd

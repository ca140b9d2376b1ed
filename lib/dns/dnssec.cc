// SPDX-License-Identifier: MIT
#include "lib/dns/dnssec.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace jd::dns {

std::vector<std::string> trust_anchors(std::string_view file) {
  std::vector<std::string> r;
  for (auto line : split(file, '\n')) {
    line = trim(line.substr(0, line.find(';')));
    if (!line.empty() && line[0] != '#') r.emplace_back(line);
  }
  return r;
}

std::vector<std::string> anchor_names(const std::vector<std::string>& anchors) {
  std::vector<std::string> r;
  for (auto& a : anchors) {
    std::string name(words(a)[0]);
    if (!name.ends_with('.')) name += '.';
    if (std::find(r.begin(), r.end(), name) == r.end()) r.push_back(name);
  }
  return r;
}

ProbingResolver::ProbingResolver(net::Loop& loop, std::unique_ptr<Resolver> validating, std::unique_ptr<Resolver> plain, std::vector<std::string> names)
    : Resolver(loop), names_(std::move(names)), validating_(std::move(validating)), plain_(std::move(plain)), again_(loop, [this] { probe(); }) {}

void ProbingResolver::probe() {
  open_ = names_.size();
  failure_.clear();
  for (auto& n : names_)
    validating_->ask(n, Type::dnskey, [this, n](Answer a) { probed(n, a); }, probe_time);
}

void ProbingResolver::probed(const std::string& name, const Answer& a) {
  if (!(a.outcome == Outcome::found && a.is_secure)) failure_ = fmt::format("the keys of {}: {}", name, a.why.empty() ? name_of(a.outcome) : a.why);
  if (--open_) return;
  bool was_plain = state_ == State::plain;
  state_ = failure_.empty() ? State::secure : State::plain;
  if (state_ == State::secure && was_plain) log::info("dnssec_on");
  if (state_ == State::plain) {
    if (!was_plain) log::warn("dnssec_off", {{"what", failure_}});
    again_.start(retry_time);
  }
  auto waiting = std::move(waiting_);
  waiting_.clear();
  for (auto& w : waiting) pass_on(w.question, w.name, w.type);
}

void ProbingResolver::start(uint64_t question, const std::string& name, Type type) {
  if (state_ != State::unknown) return pass_on(question, name, type);
  waiting_.push_back({question, name, type});
  if (!open_) probe();
}

void ProbingResolver::pass_on(uint64_t question, const std::string& name, Type type) {
  Resolver* r = state_ == State::secure ? validating_.get() : plain_.get();
  uint64_t handle = r->ask(name, type, [this, question](Answer a) {
    handles_.erase(question);
    answered(question, std::move(a));
  }, minutes(1));
  handles_[question] = {r, handle};
}

void ProbingResolver::abandon(uint64_t question) {
  auto w = std::find_if(waiting_.begin(), waiting_.end(), [&](auto& x) { return x.question == question; });
  if (w != waiting_.end()) waiting_.erase(w);
  auto i = handles_.find(question);
  if (i == handles_.end()) return;
  auto [r, handle] = i->second;
  handles_.erase(i);
  r->cancel(handle);
}

}  // namespace jd::dns

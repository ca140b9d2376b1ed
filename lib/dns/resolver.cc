// SPDX-License-Identifier: MIT
#include "lib/dns/resolver.h"

#include <sys/socket.h>

#include <algorithm>

#include "lib/base/random.h"
#include "lib/base/text.h"

namespace jd::dns {
namespace {

MxAnswer to_mx(Answer a, const std::string& domain) {
  MxAnswer r;
  r.outcome = a.outcome;
  r.is_secure = a.is_secure;
  r.why = std::move(a.why);
  if (a.outcome == Outcome::none) {
    r.outcome = Outcome::found;
    r.is_implicit = true;
    r.hosts.push_back({0, domain});
  }
  if (a.outcome != Outcome::found) return r;
  // RFC 7505 §3: the only record, and its host is the root.
  r.is_null = a.records.size() == 1 && a.records[0].data.empty();
  for (auto& m : a.records)
    if (!m.data.empty()) r.hosts.push_back({m.preference, std::move(m.data)});
  if (r.hosts.empty()) r.is_null = true;
  for (std::size_t i = r.hosts.size(); i > 1; i--) std::swap(r.hosts[i - 1], r.hosts[random_below(i)]);
  std::stable_sort(r.hosts.begin(), r.hosts.end(), [](auto& x, auto& y) { return x.preference < y.preference; });
  return r;
}

net::Address to_address(Type type, const std::string& bytes, uint16_t port) {
  std::string ip;
  if (type == Type::a) {
    for (char c : bytes) ip += fmt::format("{}{}", ip.empty() ? "" : ".", static_cast<unsigned char>(c));
  } else {
    std::string digits = hex(bytes);
    for (std::size_t i = 0; i < digits.size(); i += 4) ip += (ip.empty() ? "" : ":") + digits.substr(i, 4);
  }
  auto a = net::Address::of(ip, port);
  MUST(a);  // 4 or 16 bytes make one
  return *a;
}

}  // namespace

struct Resolver::Job {
  struct Part { uint64_t question; Type type; Answer answer; };  // question 0: answered
  Job(net::Loop& loop, uint64_t h, std::function<void()> late) : handle(h), deadline(loop, std::move(late)) {}
  bool is_complete() const {
    return std::all_of(parts.begin(), parts.end(), [](auto& p) { return p.question == 0; });
  }
  AddressAnswer addresses(uint16_t port) const;
  uint64_t handle;
  net::Timer deadline;
  std::vector<Part> parts;
  std::function<void(Job&)> done;
};

AddressAnswer Resolver::Job::addresses(uint16_t port) const {
  AddressAnswer r;
  bool failed = false, gone = true, insecure = false, secure = false;
  for (auto& p : parts) {  // A comes first
    for (auto& record : p.answer.records) r.addresses.push_back(to_address(p.type, record.data, port));
    // One that nobody answers must not make the other insecure: to hold it back is easy.
    bool is_answer = p.answer.outcome != Outcome::failed;
    insecure = insecure || (is_answer && !p.answer.is_secure);
    secure = secure || (is_answer && p.answer.is_secure);
    if (r.canonical.empty()) r.canonical = p.answer.canonical;
    if (p.answer.outcome == Outcome::failed) r.why = p.answer.why;
    failed = failed || p.answer.outcome == Outcome::failed;
    gone = gone && p.answer.outcome == Outcome::no_domain;
  }
  r.is_secure = secure && !insecure;
  r.outcome = !r.addresses.empty() ? Outcome::found : failed ? Outcome::failed : gone ? Outcome::no_domain : Outcome::none;
  return r;
}

std::string_view name_of(Outcome o) {
  constexpr std::string_view names[] = {"found", "none", "no_domain", "failed"};
  return names[static_cast<int>(o)];
}

Resolver::Resolver(net::Loop& loop) : loop_(loop) {}
Resolver::~Resolver() = default;

Resolver::Job& Resolver::begin(Span within) {
  uint64_t handle = ++last_;
  auto job = std::make_unique<Job>(loop_, handle, [this, handle] { finish(handle); });
  job->deadline.start(within);
  return *(jobs_[handle] = std::move(job));
}

void Resolver::question(Job& job, std::string_view name, Type type) {
  bool is_root = name == "." && type == Type::dnskey;
  if (name.ends_with('.') && !is_root) name.remove_suffix(1);
  if (!is_root && !is_askable(name)) return answer_later(job, type, {Outcome::no_domain, {}, false, "not a name"});
  uint64_t q = ++last_;
  job_of_[q] = job.handle;
  job.parts.push_back({q, type, {}});
  start(q, lower(name), type);
}

void Resolver::answer_later(Job& job, Type type, Answer a) {
  job.parts.push_back({0, type, std::move(a)});
  loop_.post([this, handle = job.handle, alive = alive()] {
    if (alive.expired()) return;
    auto i = jobs_.find(handle);
    if (i != jobs_.end() && i->second->is_complete()) finish(handle);
  });
}

void Resolver::answered(uint64_t q, Answer a) {
  auto i = job_of_.find(q);
  if (i == job_of_.end()) return;
  uint64_t handle = i->second;
  job_of_.erase(i);
  Job& job = *jobs_.at(handle);
  for (auto& p : job.parts)
    if (p.question == q) p = {0, p.type, std::move(a)};
  if (job.is_complete()) finish(handle);
}

void Resolver::finish(uint64_t handle) {
  auto i = jobs_.find(handle);
  if (i == jobs_.end()) return;
  std::unique_ptr<Job> job = std::move(i->second);
  jobs_.erase(i);
  for (auto& p : job->parts) {
    if (p.question == 0) continue;
    job_of_.erase(p.question);
    abandon(p.question);
    p.answer.why = "no answer in time";
  }
  job->done(*job);
}

void Resolver::cancel(uint64_t handle) {
  auto i = jobs_.find(handle);
  if (i == jobs_.end()) return;
  i->second->done = [](Job&) {};
  finish(handle);
}

uint64_t Resolver::ask(std::string_view name, Type type, std::function<void(Answer)> done, Span within) {
  Job& job = begin(within);
  job.done = [done = std::move(done)](Job& j) { done(std::move(j.parts[0].answer)); };
  uint64_t handle = job.handle;
  question(job, name, type);
  return handle;
}

uint64_t Resolver::mx(std::string_view domain, std::function<void(MxAnswer)> done, Span within) {
  std::string name = lower(domain.ends_with('.') ? domain.substr(0, domain.size() - 1) : domain);
  return ask(domain, Type::mx, [done = std::move(done), name](Answer a) { done(to_mx(std::move(a), name)); }, within);
}

uint64_t Resolver::addresses(std::string_view host, uint16_t port, std::function<void(AddressAnswer)> done, Span within) {
  Job& job = begin(within);
  uint64_t handle = job.handle;
  if (auto ip = net::Address::of(host, port)) {
    job.done = [done = std::move(done), a = *ip](Job&) { done({Outcome::found, {a}, false, ""}); };
    answer_later(job, Type::a, {});
    return handle;
  }
  job.done = [done = std::move(done), port](Job& j) { done(j.addresses(port)); };
  question(job, host, Type::a);
  question(job, host, Type::aaaa);
  return handle;
}

uint64_t Resolver::ptr(const net::Address& of, std::function<void(Answer)> done) {
  return ask(reverse_name(of.ip_bytes()), Type::ptr, std::move(done));
}

}  // namespace jd::dns

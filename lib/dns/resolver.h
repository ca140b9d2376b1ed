// SPDX-License-Identifier: MIT
// resolver.h: what mail asks the DNS, under a Loop, with an outcome that cannot be mistaken.
//
//   found      there are records                     none      the name is there, such records are not
//   no_domain  the name does not exist (NXDOMAIN)    failed    nobody knows now: temporary, try later
//
// done is called once, never inside the asking call; not after cancel() or the resolver's end.
// Each question has a deadline; when it passes the outcome is `failed`.  One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/time.h"
#include "lib/dns/record.h"
#include "lib/net/address.h"
#include "lib/net/loop.h"

namespace jd::dns {

enum class Outcome : uint8_t { found, none, no_domain, failed };
std::string_view name_of(Outcome o);  // "found", "none", ...

struct Answer {
  Outcome outcome = Outcome::failed;
  std::vector<Record> records;
  bool is_secure = false;  // validated by DNSSEC; also that there is nothing
  std::string why;         // of failed: for the log
  std::string canonical = {};  // where CNAMEs led to; empty: nowhere
};

struct MxHost { uint16_t preference; std::string host; };
struct MxAnswer {
  Outcome outcome = Outcome::failed;  // found also when is_implicit or is_null
  std::vector<MxHost> hosts;          // best first; equal preferences in random order (RFC 5321 §5.1)
  bool is_implicit = false;           // no MX: the domain itself (RFC 5321 §5.1); it may have no address
  bool is_null = false;               // says that it takes no mail (RFC 7505); hosts is empty
  bool is_secure = false;
  std::string why;
};

struct AddressAnswer {
  Outcome outcome = Outcome::failed;
  std::vector<net::Address> addresses;  // IPv4 before IPv6
  bool is_secure = false;               // all that was answered
  std::string why;
  std::string canonical = {};           // see Answer
};

class Resolver {
 public:
  explicit Resolver(net::Loop& loop);
  virtual ~Resolver();
  Resolver(const Resolver&) = delete;

  // The records of one type.  A name that cannot be one is no_domain; "." is one for dnskey.
  uint64_t ask(std::string_view name, Type type, std::function<void(Answer)> done, Span within = seconds(20));
  uint64_t mx(std::string_view domain, std::function<void(MxAnswer)> done, Span within = seconds(20));
  // A and AAAA; an IP address is its own answer.  One of both that failed does not spoil the other.
  uint64_t addresses(std::string_view host, uint16_t port, std::function<void(AddressAnswer)> done,
                     Span within = seconds(20));
  uint64_t txt(std::string_view name, std::function<void(Answer)> done) { return ask(name, Type::txt, std::move(done)); }
  // The names of an address, not verified: ask for the addresses of each.
  uint64_t ptr(const net::Address& of, std::function<void(Answer)> done);
  void cancel(uint64_t handle);
  std::size_t waiting() const { return jobs_.size(); }

 protected:
  // Begin a question; its answer comes by answered(), which must not be called inside start().
  virtual void start(uint64_t question, const std::string& name, Type type) = 0;
  virtual void abandon(uint64_t question) = 0;  // its answer is not wanted any more
  void answered(uint64_t question, Answer a);
  net::Loop& loop() { return loop_; }
  std::weak_ptr<int> alive() const { return alive_; }

 private:
  struct Job;
  Job& begin(Span within);
  void question(Job& job, std::string_view name, Type type);
  void answer_later(Job& job, Type type, Answer a);
  void finish(uint64_t handle);

  net::Loop& loop_;
  std::unordered_map<uint64_t, std::unique_ptr<Job>> jobs_;
  std::unordered_map<uint64_t, uint64_t> job_of_;  // question -> job
  uint64_t last_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace jd::dns

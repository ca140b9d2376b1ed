// SPDX-License-Identifier: MIT
#include "lib/dns/unbound.h"

#include <unbound.h>

#include <utility>

#include "lib/base/text.h"
#include "lib/dns/cache.h"

namespace jd::dns {

struct UnboundResolver::State {
  struct Asked {
    State* state;
    uint64_t question;
    std::string name;
    Type type;
    int async_id;
  };
  ~State() {
    watch.reset();
    ub_ctx_delete(ctx);  // ends the thread; no callback is made
  }
  static void called(void* data, int error, ub_result* result);
  ub_ctx* ctx = nullptr;
  std::unique_ptr<net::Watch> watch;
  std::unordered_map<uint64_t, std::unique_ptr<Asked>> asked;
  std::vector<std::pair<uint64_t, Answer>> ready;  // told once libunbound is left
  AnswerCache cache;
};

namespace {

Answer to_answer(Type type, int error, const ub_result* r) {
  Answer a;
  if (error || !r) {
    a.why = error ? ub_strerror(error) : "no result";
    return a;
  }
  a.is_secure = r->secure != 0;
  if (r->canonname && r->qname) {
    std::string_view name = r->canonname, asked = r->qname;
    if (name.ends_with('.')) name.remove_suffix(1);
    if (asked.ends_with('.')) asked.remove_suffix(1);
    if (!iequals(name, asked) && is_askable(name)) a.canonical = lower(name);
  }
  if (r->bogus) {
    a.why = fmt::format("DNSSEC: {}", r->why_bogus ? r->why_bogus : "bogus");
    return a;
  }
  if (r->nxdomain) {
    a.outcome = Outcome::no_domain;
    return a;
  }
  if (r->rcode != 0) {
    a.why = r->rcode == 2 ? "server failure" : fmt::format("DNS response code {}", r->rcode);
    return a;
  }
  std::size_t malformed = 0;
  for (int i = 0; r->havedata && r->data[i]; i++) {
    auto record = read_record(type, {r->data[i], static_cast<std::size_t>(r->len[i])});
    if (record) a.records.push_back(std::move(*record));
    else malformed++;
  }
  a.outcome = !a.records.empty() ? Outcome::found : malformed ? Outcome::failed : Outcome::none;
  if (a.outcome == Outcome::failed) a.why = "malformed records";
  return a;
}

Status check(int error, std::string_view what) {
  if (error == 0) return {};
  return fail(error == UB_NOMEM ? Fault::temp : Fault::usage, "{}: {}", what, ub_strerror(error));
}

Status add_server(ub_ctx* ctx, const std::string& text) {
  std::string ip = text;
  uint16_t port = 53;
  auto parts = split_once(text, '@');
  auto number = parts ? to_number(parts->second) : std::nullopt;
  if (number && *number > 0 && *number < 65536 && net::Address::of(std::string(parts->first), 0)) {
    ip = parts->first;
    port = static_cast<uint16_t>(*number);
  } else if (auto with_port = net::Address::parse(text); with_port && !with_port->is_unix()) {
    ip = with_port->ip();
    port = with_port->port();
  } else if (!net::Address::of(text, 0)) {
    return fail(Fault::usage, "'{}' is not the address of a DNS server", escape(text));
  }
  return check(ub_ctx_set_fwd(ctx, fmt::format("{}@{}", ip, port).c_str()), text);
}

Status configure(ub_ctx* ctx, const UnboundOptions& options) {
  // A local cache such as 127.0.0.53 may be asked.
  CHECK(check(ub_ctx_set_option(ctx, "do-not-query-localhost:", "no"), "do-not-query-localhost"));
  // The library's 16 questions at once would let a few dead name servers hold up all the others.
  CHECK(check(ub_ctx_set_option(ctx, "outgoing-range:", "512"), "outgoing-range"));
  CHECK(check(ub_ctx_set_option(ctx, "num-queries-per-thread:", "2048"), "num-queries-per-thread"));
  // A resolver that answers the usual from its cache in a millisecond may need much longer for the next
  // name: asking it again after the library's 50 ms, and then twice as late each time, is no help.
  CHECK(check(ub_ctx_set_option(ctx, "infra-cache-min-rtt:", "500"), "infra-cache-min-rtt"));
  CHECK(check(ub_ctx_set_option(ctx, "msg-cache-size:", "8m"), "msg-cache-size"));
  CHECK(check(ub_ctx_set_option(ctx, "rrset-cache-size:", "16m"), "rrset-cache-size"));
  CHECK(check(ub_ctx_async(ctx, 1), "thread"));
  for (auto& s : options.servers) CHECK(add_server(ctx, s));
  // Absent files are no errors: without servers the resolver begins at the root.
  if (options.servers.empty()) (void)ub_ctx_resolvconf(ctx, nullptr);
  (void)ub_ctx_hosts(ctx, nullptr);
  for (auto& t : options.trust_anchors) CHECK(check(ub_ctx_add_ta(ctx, t.c_str()), t));
  // From here on no option can be set any more.
  // The operator's own servers know best whether "test" is a domain (RFC 6761 is about the public ones).
  if (!options.servers.empty()) CHECK(check(ub_ctx_zone_remove(ctx, "test."), "test."));
  for (auto& l : options.local) CHECK(check(ub_ctx_data_add(ctx, l.c_str()), l));
  return {};
}

}  // namespace

void UnboundResolver::State::called(void* data, int error, ub_result* result) {
  auto* asked = static_cast<Asked*>(data);
  State& s = *asked->state;
  Answer a = to_answer(asked->type, error, result);
  s.cache.keep(asked->name, asked->type, a, result ? result->ttl : 0);
  s.ready.emplace_back(asked->question, std::move(a));
  ub_resolve_free(result);
  s.asked.erase(asked->question);
}

Result<std::unique_ptr<UnboundResolver>> UnboundResolver::open(net::Loop& loop, const UnboundOptions& options) {
  auto state = std::make_unique<State>();
  state->ctx = ub_ctx_create();
  if (!state->ctx) return fail(Fault::temp, "cannot make a DNS resolver");
  CHECK(wrap(configure(state->ctx, options), "DNS resolver"));
  std::unique_ptr<UnboundResolver> r(new UnboundResolver(loop, std::move(state)));
  CHECK(r->state_->watch->start(ub_fd(r->state_->ctx), EPOLLIN));
  return r;
}

UnboundResolver::UnboundResolver(net::Loop& loop, std::unique_ptr<State> state)
    : Resolver(loop), state_(std::move(state)) {
  state_->watch = std::make_unique<net::Watch>(loop, [this](uint32_t) { process(); });
}

UnboundResolver::~UnboundResolver() = default;

void UnboundResolver::start(uint64_t question, const std::string& name, Type type) {
  if (const Answer* known = state_->cache.find(name, type)) {
    loop().post([this, question, a = *known, still = alive()] {
      if (!still.expired()) answered(question, a);
    });
    return;
  }
  auto asked = std::make_unique<State::Asked>(State::Asked{state_.get(), question, name, type, 0});
  int error = ub_resolve_async(state_->ctx, name.c_str(), static_cast<int>(type), 1, asked.get(), State::called,
                               &asked->async_id);
  if (error == 0) {
    state_->asked[question] = std::move(asked);
    return;
  }
  loop().post([this, question, why = std::string(ub_strerror(error)), still = alive()] {
    if (!still.expired()) answered(question, {Outcome::failed, {}, false, why});
  });
}

void UnboundResolver::abandon(uint64_t question) {
  auto i = state_->asked.find(question);
  if (i == state_->asked.end()) return;
  // When the answer is on its way already, libunbound drops it; it uses what we gave only to call.
  (void)ub_cancel(state_->ctx, i->second->async_id);
  state_->asked.erase(i);
}

void UnboundResolver::process() {
  (void)ub_process(state_->ctx);  // what fails in there fails as the outcome of its question
  auto ready = std::move(state_->ready);
  state_->ready.clear();
  auto still = alive();
  for (auto& [question, answer] : ready) {
    answered(question, std::move(answer));
    if (still.expired()) return;
  }
}

}  // namespace jd::dns

// SPDX-License-Identifier: MIT
#include "cmd/directoryd/service.h"

#include <algorithm>

#include "lib/auth/password.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/directory/srs.h"
#include "lib/mime/charset.h"

namespace jd {
using directory::Account;
using ipc::Message;

namespace {
constexpr std::size_t max_verified = 50'000, max_tickets = 50'000, max_delays = 10'000, max_full = 10'000, max_waiting = 10'000;
constexpr Span full_time = minutes(5);  // as long as the queue waits before it tries again
const Error refused(Fault::perm, "wrong user name or password");
const Error slow_down(Fault::temp, "too many failed logins from here; try again later");
const Error busy(Fault::temp, "too many logins at once; try again");

std::string joined(const std::vector<std::string>& v) {
  std::string r;
  for (auto& s : v) r += (r.empty() ? "" : ",") + s;
  return r;
}
}  // namespace

DirectoryService::DirectoryService(net::Loop& loop, directory::Directory d, directory::Generation g, const Quota& quota,
                                   const std::string& tokend_socket, std::string token_scope)
    : loop_(loop), directory_(std::move(d)), generation_(std::move(g)), default_quota_(quota), workers_(loop, 2),
      key_(random_bytes(32)), token_scope_(std::move(token_scope)) {
  if (!tokend_socket.empty()) tokend_ = std::make_unique<ipc::AsyncClient>(loop_, "tokend", tokend_socket);
}

void DirectoryService::ask(Message m, Answer answer) {
  auto cmd = m.get("cmd");
  if (cmd == "resolve") return answer(resolve(std::string(m.get("address"))));
  if (cmd == "may-send") {
    auto may = directory_.may_send(m.get("account"), m.get("address"));
    return answer(may ? Message::ok().set("may", *may ? "1" : "0") : Message::failed(may.error()));
  }
  if (cmd == "forward") return answer(forward(std::string(m.get("from")), std::string(m.get("by"))));
  if (cmd == "full") {
    note_full(std::string(m.get("account")), m.number("bytes"));
    return answer(Message::ok());
  }
  if (cmd == "authenticate") return authenticate(std::move(m), std::move(answer));
  if (cmd == "sasl") return sasl(std::move(m), std::move(answer));
  if (cmd == "redeem") return answer(redeem(m));
  if (cmd == "shares") {
    auto r = directory_.set_shares(m.get("owner"), directory::grantees_of(m.get("grantees")));
    return answer(r ? Message::ok() : Message::failed(r.error()));
  }
  answer(Message::failed(Error(Fault::usage, fmt::format("directoryd knows no request '{}'", escape(cmd)))));
}

Message DirectoryService::redeem(const Message& m) {
  auto i = tickets_.find(std::string(m.get("ticket")));
  if (i == tickets_.end() || i->second.until < monotonic()) return Message::failed(Error(Fault::perm, "no such ticket"));
  auto a = directory_.account(i->second.address);
  tickets_.erase(i);
  if (!a || !*a) return Message::failed(a ? refused : a.error());
  auto quota = directory_.quota_of(**a);
  if (!quota) return Message::failed(quota.error());
  Message ok = Message::ok();
  ok.set("address", (*a)->address).set("path", (*a)->path).set("quota", quota->text());
  if (m.get("access") == "1") {
    auto access = directory_.access(**a);
    if (!access) return Message::failed(access.error());
    ok.set("access", access->text());
  }
  return ok;
}

Message DirectoryService::resolve(const std::string& address) {
  auto r = directory_.resolve(address);
  if (!r) return Message::failed(r.error());
  auto at = address.rfind('@');
  if (r->kind != directory::Route::Kind::remote && at != address.npos && directory::is_srs(address.substr(0, at))) {
    auto keys = srs_keys();
    if (!keys) return Message::failed(keys.error());
    auto back = directory::srs_reverse(*keys, std::string_view(address).substr(0, at), now().seconds() / 86400);
    directory::Route to;
    to.kind = back ? directory::Route::Kind::alias : directory::Route::Kind::unknown;
    to.address = address;
    if (back) to.targets = {*back};
    return directory::to_message(to);
  }
  if (!full_.empty()) r->full_for = full_for(*r);
  if (r->kind == directory::Route::Kind::account) {
    auto quota = directory_.quota_of(r->account);
    if (!quota) return Message::failed(quota.error());
    r->account.quota = *quota;
  }
  return directory::to_message(*r);
}

// An alias is full when all that it leads to is: then what fits into none of them.
uint64_t DirectoryService::full_for(const directory::Route& r) {
  std::set<std::string> seen{r.address};
  uint64_t bytes = 0;
  return has_room(r, seen, bytes) ? 0 : bytes;
}

// False: all is full, for what has so many bytes.
bool DirectoryService::has_room(const directory::Route& r, std::set<std::string>& seen, uint64_t& bytes) {
  constexpr std::size_t most = 100;  // addresses looked at; more are taken for not full
  if (r.kind == directory::Route::Kind::account) {
    auto i = full_.find(r.account.address);
    if (i != full_.end() && i->second.until <= monotonic()) i = (full_.erase(i), full_.end());
    if (i == full_.end()) return true;
    bytes = std::max(bytes, i->second.bytes);
    return false;
  }
  if (r.kind != directory::Route::Kind::alias) return true;
  for (auto& t : r.targets) {
    if (!seen.insert(lower(t)).second) continue;  // it is full, or the way that we came
    if (seen.size() > most || t.starts_with("maildir:")) return true;
    auto to = directory_.resolve(t);
    if (!to || has_room(*to, seen, bytes)) return true;
  }
  return false;
}

Result<std::vector<std::string>> DirectoryService::srs_keys() {
  int64_t period = now().seconds() / 86400 / directory::srs_key_days;
  std::vector<std::string> keys;
  for (int64_t p : {period, period - 1}) {
    TRY(std::string key, directory_.secret(fmt::format("srs {}", p)));
    keys.push_back(std::move(key));
  }
  return keys;
}

// Mail of our own senders keeps its reverse path: our hosts may send for it.
Message DirectoryService::forward(const std::string& from, const std::string& by) {
  Message ok = Message::ok();
  auto own = directory_.resolve(from);
  auto domain = by.substr(by.rfind('@') + 1);
  if (!own || own->kind != directory::Route::Kind::remote || domain.empty()) return std::move(ok.set("from", from));
  auto keys = srs_keys();
  if (!keys) return Message::failed(keys.error());
  return std::move(ok.set("from", directory::srs_forward(*keys, from, domain, now().seconds() / 86400)));
}

// Others refuse at RCPT what would only wait here; one that still fits in is not in the way of that.
void DirectoryService::note_full(const std::string& account, uint64_t bytes) {
  if (account.empty() || !bytes) return;
  if (full_.size() >= max_full) full_.clear();
  auto [i, is_new] = full_.try_emplace(account, Full{bytes, monotonic() + full_time});
  bool changes = is_new || i->second.until <= monotonic() || bytes < i->second.bytes;
  if (changes) i->second.bytes = bytes;
  i->second.until = monotonic() + full_time;
  if (changes) generation_.raise();
}

std::string DirectoryService::cache_key(const std::string& address, const Secret& password) const {
  std::string both = address + '\0';
  both += password.reveal();
  std::string k = blake2b(both, 32, key_);
  wipe(both);
  return k;
}

void DirectoryService::authenticate(Message m, Answer answer) {
  std::string user(m.get("user"));
  From from{std::string(m.get("ip")), std::string(m.get("protocol"))};
  auto password = std::make_shared<Secret>(m.get("password"));
  when_allowed(user, from, answer, [this, user, from, password, answer] { check_password(user, password, from, answer); });
}

void DirectoryService::when_allowed(const std::string& user, const From& from, const Answer& answer, std::function<void()> then) {
  auto d = throttle_.before(user, from.ip);
  if (d.is_refused || delays_.size() >= max_delays) {
    log::warn("login_throttled", {{"user", user}, {"ip", from.ip}, {"protocol", from.protocol}});
    return answer(Message::failed(slow_down));
  }
  if (d.wait.ns == 0) return then();
  uint64_t n = ++last_delay_;
  delays_[n] = std::make_unique<net::Timer>(loop_, [this, n, then = std::move(then)] {
    auto self = std::move(delays_[n]);
    delays_.erase(n);
    loop_.post([keep = std::shared_ptr<net::Timer>(std::move(self))] {});
    then();
  });
  delays_[n]->start(d.wait);
}

void DirectoryService::check_password(const std::string& user, std::shared_ptr<Secret> password, const From& from, const Answer& answer) {
  auto found = directory_.account_for_login(user);
  if (!found) return answer(Message::failed(found.error()));
  auto account = std::make_shared<std::optional<Account>>(std::move(*found));
  std::string key = *account ? cache_key((*account)->address, *password) : "";
  if (auto i = verified_.find(key); *account && i != verified_.end() && i->second.revision == (*account)->revision &&
                                    i->second.until > monotonic())
    return login_result(true, &**account, user, from, answer);
  // The many connections that one client opens at once, or a whole office after a restart, cost one computation.
  if (*account) {
    if (auto i = checking_.find(key); i != checking_.end() && i->second.revision == (*account)->revision) {
      if (i->second.waiting.size() >= max_waiting) return answer(Message::failed(busy));
      i->second.waiting.push_back([=, this](bool is_good) { login_result(is_good, &**account, user, from, answer); });
      return;
    }
  }
  bool is_first = *account && checking_.try_emplace(key, Checking{(*account)->revision, {}}).second;
  struct Outcome { bool is_good = false; std::string scram; };
  auto outcome = std::make_shared<Outcome>();
  bool taken = workers_.run(
      [=] {
        const std::string& hash = *account ? (*account)->password_hash : "";
        outcome->is_good = auth::is_password(hash, *password);
        // The same characters in another form (RFC 4013), as some keyboards and programs have them.
        if (auto other = is_ascii(password->reveal()) ? std::nullopt : mime::saslprep(password->reveal()); !outcome->is_good && other && *other != password->reveal())
          outcome->is_good = auth::is_password(hash, Secret(*other));
        // An account from before there was SCRAM: its password is known now.
        if (outcome->is_good && (*account)->scram.empty()) outcome->scram = auth::make_verifier(*password).text();
      },
      [=, this]() mutable {
        if (outcome->is_good && !outcome->scram.empty()) {
          auto kept = directory_.set_scram((*account)->address, (*account)->password_hash, outcome->scram);
          if (kept && *kept) (*account)->revision++;
          else if (!kept) log::failure("directory_failed", kept.error(), {{"user", (*account)->address}});
        }
        if (outcome->is_good) {
          if (verified_.size() >= max_verified) verified_.clear();
          verified_[key] = {(*account)->revision, monotonic() + minutes(5)};
        }
        auto same = is_first ? checking_.extract(key) : decltype(checking_)::node_type();
        login_result(outcome->is_good, *account ? &**account : nullptr, user, from, answer);
        if (same)
          for (auto& tell : same.mapped().waiting) tell(outcome->is_good);
      });
  if (!taken && is_first) checking_.erase(key);
  if (!taken) answer(Message::failed(busy));
}

void DirectoryService::refuse(const std::string& user, const From& from, std::string_view why, const Answer& answer) {
  throttle_.failed(user, from.ip);
  log::warn("login_failed", {{"user", user}, {"ip", from.ip}, {"protocol", from.protocol}, {"why", why}});
  answer(Message::failed(refused));
}

void DirectoryService::login_result(bool good, const Account* a, const std::string& user, const From& from, const Answer& answer,
                                    std::string_view why) {
  if (!good || !a || a->is_suspended) return refuse(user, from, !a ? "no such account" : good ? "suspended" : why, answer);
  throttle_.succeeded(user, from.ip);
  Message m = Message::ok();
  m.set("address", a->address);
  if (from.protocol != "smtp") {  // a session follows
    if (tickets_.size() >= max_tickets) std::erase_if(tickets_, [](auto& t) { return t.second.until < monotonic(); });
    if (tickets_.size() >= max_tickets) return answer(Message::failed(busy));
    std::string ticket = hex(random_bytes(16));
    tickets_[ticket] = {a->address, monotonic() + minutes(1)};
    m.set("ticket", ticket);
  }
  log::info("login", {{"user", a->address}, {"ip", from.ip}, {"protocol", from.protocol}});
  answer(std::move(m));
}

void DirectoryService::with_hash(const Message& m, Answer answer, std::function<Status(const std::string&, const std::string&)> change) {
  struct Made { Result<std::string> hash = std::string(); std::string scram; };
  auto secret = std::make_shared<Secret>(m.get("password"));
  auto made = std::make_shared<Made>();
  bool taken = workers_.run(
      [=] {
        made->hash = auth::hash_password(*secret);
        if (made->hash) made->scram = auth::make_verifier(*secret).text();
      },
      [this, made, change, answer, m_cmd = std::string(m.get("cmd")), address = std::string(m.get("address"))]() mutable {
        Message about(m_cmd);
        about.set("address", address);
        changed(answer, made->hash ? change(*made->hash, made->scram) : Status(Unexpected(made->hash.error())), about);
      });
  if (!taken) answer(Message::failed(busy));
}

void DirectoryService::changed(Answer& answer, const Status& s, const Message& m) {
  if (!s) return answer(Message::failed(s.error()));
  if (m.get("cmd") == "user-quota") full_.erase(lower(m.get("address")));
  if (m.get("cmd") == "domain-quota") full_.clear();
  generation_.raise();
  log::info("directory_changed", {{"cmd", m.get("cmd")}, {"what", m.has("address") ? m.get("address") : m.get("name")}});
  answer(Message::ok());
}

Message DirectoryService::list(const Message& m) {
  Message r = Message::ok();
  auto limit = std::min<uint64_t>(m.number("limit", 1000), 10'000);
  if (m.get("cmd") == "domain-list") {
    auto all = directory_.domains();
    if (!all) return Message::failed(all.error());
    for (auto& d : *all) r.set("entry", fmt::format("{}\t{}\t{}\t{}\t{}", d.name, d.postmaster, d.created, d.quota_bytes, d.quota_messages));
  } else if (m.get("cmd") == "user-send-as-list") {
    auto a = directory_.account(m.get("address"));
    if (!a) return Message::failed(a.error());
    if (!*a) return Message::failed(Error(Fault::perm, fmt::format("no account {}", escape(m.get("address")))));
    for (auto& s : (*a)->send_as) r.set("entry", s);
  } else if (m.get("cmd") == "user-shares-list") {
    auto a = directory_.account(m.get("address"));
    if (!a) return Message::failed(a.error());
    if (!*a) return Message::failed(Error(Fault::perm, fmt::format("no account {}: make it with `jdctl user add`", escape(m.get("address")))));
    auto all = directory_.shares((*a)->address);
    if (!all) return Message::failed(all.error());
    for (auto& [who, rights] : *all) r.set("entry", who + "\t" + rights);
  } else if (m.get("cmd") == "user-list") {
    auto all = directory_.accounts(m.get("domain"), m.get("after"), limit);
    if (!all) return Message::failed(all.error());
    for (auto& a : *all)
      r.set("entry", fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}", a.address, a.quota.bytes, a.is_suspended ? "suspended" : "active", a.name, a.path, a.created, a.quota.messages));
  } else {
    auto all = directory_.aliases(m.get("domain"), m.get("after"), limit);
    if (!all) return Message::failed(all.error());
    for (auto& a : *all) r.set("entry", fmt::format("{}\t{}", a.address, joined(a.targets)));
  }
  return r;
}

void DirectoryService::admin(Message m, Answer answer) {
  auto cmd = m.get("cmd");
  auto address = std::string(m.get("address"));
  std::vector<std::string> targets;
  for (auto t : m.all("target")) targets.emplace_back(t);
  auto given = [&](const char* key) { return m.has(key) ? std::optional<uint64_t>(m.number(key)) : std::nullopt; };
  if (cmd == "domain-quota") return changed(answer, directory_.set_domain_quota(m.get("name"), given("quota"), given("messages")), m);
  if (cmd == "domain-add") return changed(answer, directory_.add_domain(m.get("name")), m);
  if (cmd == "domain-del") return changed(answer, directory_.remove_domain(m.get("name")), m);
  if (cmd == "user-add") {
    Quota quota = default_quota_;
    if (m.has("quota")) quota.bytes = m.number("quota");
    if (m.has("messages")) quota.messages = m.number("messages");
    std::string person(m.get("person"));
    if (m.get("login") == "0") {
      auto made = directory_.add_account(address, "", quota, person);
      return changed(answer, made ? Status() : Status(Unexpected(made.error())), m);
    }
    return with_hash(m, answer, [this, address, quota, person](const std::string& hash, const std::string& scram) -> Status {
      auto r = directory_.add_account(address, hash, quota, person, scram);
      if (!r) return Unexpected(r.error());
      return {};
    });
  }
  if (cmd == "user-passwd")
    return with_hash(m, answer, [this, address](const std::string& h, const std::string& scram) { return directory_.set_password(address, h, scram); });
  if (cmd == "user-shares") return changed(answer, directory_.set_shares(address, directory::grantees_of(m.get("grantees"))), m);
  if (cmd == "user-del") return changed(answer, directory_.remove_account(address), m);
  if (cmd == "user-send-as-add") return changed(answer, directory_.add_send_as(address, targets), m);
  if (cmd == "user-send-as-del") return changed(answer, directory_.remove_send_as(address, targets), m);
  if (cmd == "user-suspend") return changed(answer, directory_.set_suspended(address, true), m);
  if (cmd == "user-resume") return changed(answer, directory_.set_suspended(address, false), m);
  if (cmd == "user-quota") return changed(answer, directory_.set_quota(address, given("quota"), given("messages")), m);
  if (cmd == "alias-add") return changed(answer, directory_.add_alias(address, targets), m);
  if (cmd == "alias-del") return changed(answer, directory_.remove_alias(address, targets), m);
  if (cmd == "domain-list" || cmd == "user-list" || cmd == "alias-list" || cmd == "user-send-as-list" || cmd == "user-shares-list") return answer(list(m));
  answer(Message::failed(Error(Fault::usage, fmt::format("directoryd knows no request '{}'", escape(cmd)))));
}

}  // namespace jd

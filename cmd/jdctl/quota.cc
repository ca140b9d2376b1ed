// SPDX-License-Identifier: MIT
#include "cmd/jdctl/quota.h"

#include <algorithm>
#include <map>

#include "cmd/jdctl/transfer.h"
#include "lib/base/file.h"
#include "lib/base/quota.h"
#include "lib/base/text.h"
#include "lib/store/account.h"

namespace jd::ctl {
namespace {

struct Held {
  std::string address, path;
  Quota quota;
  store::Usage usage;
  std::optional<store::Usage> noted;  // before they were counted
};

uint64_t number(const std::vector<std::string>& row, std::size_t i) { return i < row.size() ? to_number(row[i]).value_or(0) : 0; }

bool is_address(const std::string& s) { return s.find('@') != s.npos; }

// The accounts that `whose` names: one, a domain's, or all.
Result<std::vector<Held>> accounts(const Options& o, const std::string& whose) {
  std::string wanted = lower(whose), domain = is_address(wanted) ? wanted.substr(wanted.rfind('@') + 1) : wanted;
  TRY(auto rows, directory_list(o, "user-list", domain));
  std::vector<Held> r;
  for (auto& row : rows) {
    if (row.size() < 5 || (is_address(wanted) && row[0] != wanted)) continue;
    Held h;
    h.address = row[0];
    h.path = o.paths.mail + "/" + row[4];
    h.quota.bytes = number(row, 1);
    h.quota.messages = number(row, 6);
    r.push_back(std::move(h));
  }
  if (r.empty() && is_address(wanted)) return fail(Fault::perm, "there is no account {}", wanted);
  return r;
}

// Read as the mailbox's owner: a lock that is not there yet is made.
Status look(const Config& config, Held& h, bool count) {
  if (!file::exists(h.path)) return {};  // made by the first message or login
  TRY(auto owner, Owner::of(h.path));
  Owner::Hold as_owner(owner);
  TRY(auto a, store::Account::open(h.path, false, {.keep_gone = config.keep_expunged()}));
  if (!count) {
    TRY(h.usage, a->usage());
    return {};
  }
  TRY(auto hold, a->lock().hold());
  h.noted = a->lock().usage();
  TRY(h.usage, a->recount());
  return {};
}

Status note_sums(const Options& o, const std::string& domain) {
  TRY(auto config, Config::load_or_defaults(o.paths));
  TRY(auto all, accounts(o, domain));
  for (auto& h : all) CHECK(look(config, h, false));
  return {};
}

std::string limit(uint64_t n, bool is_size) { return !n ? "-" : is_size ? size_text(n) : fmt::format("{}", n); }
std::string percent(const store::Usage& u, uint64_t bytes, uint64_t messages) {
  uint64_t p = 0;
  if (bytes) p = std::max(p, static_cast<uint64_t>(static_cast<unsigned __int128>(u.bytes) * 100 / bytes));
  if (messages) p = std::max(p, static_cast<uint64_t>(static_cast<unsigned __int128>(u.messages) * 100 / messages));
  return bytes || messages ? fmt::format("{} %", p) : "-";
}
std::vector<std::string> row_of(const std::string& name, const store::Usage& u, uint64_t bytes, uint64_t messages) {
  return {name, size_text(u.bytes), limit(bytes, true), fmt::format("{}", u.messages), limit(messages, false), percent(u, bytes, messages)};
}
Json json_of(const char* key, const std::string& name, const store::Usage& u, uint64_t bytes, uint64_t messages) {
  return Json::object().set(key, name).set("bytes", u.bytes).set("bytes_limit", bytes).set("messages", u.messages).set("messages_limit", messages);
}
}  // namespace

QuotaCommands::QuotaCommands(Args& root, Options& o) {
  Args& quota = root.command("quota", "what accounts and domains may hold, and do").needs_command();
  show_ = &quota.command("show", "show it").positional("whose", whose_, "an account or a domain; default: all", false).flag("--json", o.json, "print JSON");
  set_ = &quota.command("set", "set the limits of an account, or of a domain's accounts together").positional("whose", whose_, "an account or a domain")
              .option("--size", size_, "e.g. 5G; 0: none").option("--messages", messages_, "how many; 0: none");
  recount_ = &quota.command("recount", "count what the folders hold").positional("whose", whose_, "an account or a domain; default: all", false).flag("--json", o.json, "print JSON");
}

std::optional<int> QuotaCommands::run(const Options& o) {
  if (show_->chosen()) return show(o);
  if (set_->chosen()) return set(o);
  if (recount_->chosen()) return recount(o);
  return std::nullopt;
}

int QuotaCommands::show(const Options& o) {
  auto config = Config::load_or_defaults(o.paths);
  if (!config) return failed(config.error());
  auto all = accounts(o, whose_);
  if (!all) return failed(all.error());
  auto domains = directory_list(o, "domain-list", "");
  if (!domains) return failed(domains.error());
  Rows rows, sums;
  Json list = Json::array(), by_domain = Json::array();
  std::map<std::string, store::Usage> sum;
  for (auto& h : *all) {
    if (auto r = look(*config, h, false); !r) return failed(r.error());
    auto& s = sum[h.address.substr(h.address.rfind('@') + 1)];
    s.bytes += h.usage.bytes;
    s.messages += h.usage.messages;
    rows.push_back(row_of(h.address, h.usage, h.quota.bytes, h.quota.messages));
    list.push(json_of("address", h.address, h.usage, h.quota.bytes, h.quota.messages));
  }
  bool is_known = whose_.empty() || is_address(whose_);
  for (auto& d : *domains) {
    if (is_address(whose_) || (!whose_.empty() && d[0] != lower(whose_))) continue;
    is_known = true;
    sums.push_back(row_of(d[0], sum[d[0]], number(d, 3), number(d, 4)));
    by_domain.push(json_of("domain", d[0], sum[d[0]], number(d, 3), number(d, 4)));
  }
  if (!is_known) return failed(Error(Fault::perm, fmt::format("no domain {}", escape(whose_))));
  if (o.json) {
    print_json(Json::object().set("accounts", std::move(list)).set("domains", std::move(by_domain)));
    return 0;
  }
  rows.insert(rows.end(), sums.begin(), sums.end());
  print_table({"whose", "size", "of", "messages", "of", "used"}, rows);
  return 0;
}

int QuotaCommands::set(const Options& o) {
  auto size = size_.empty() ? std::nullopt : to_size(size_), count = messages_.empty() ? std::nullopt : to_number(messages_);
  if (!size_.empty() && !size) return failed(Error(Fault::usage, fmt::format("'{}' is not a size such as 5G, or 0 for none", escape(size_))));
  if (!messages_.empty() && !count) return failed(Error(Fault::usage, fmt::format("'{}' is no number of messages", escape(messages_))));
  if (!size && !count) return failed(Error(Fault::usage, "set what? --size, --messages or both"));
  ipc::Message m(is_address(whose_) ? "user-quota" : "domain-quota");
  m.set(is_address(whose_) ? "address" : "name", whose_);
  if (size) m.set("quota", *size);
  if (count) m.set("messages", *count);
  if (auto r = ask_directory(o, m); !r) return failed(r.error());
  // A domain's sum is that of what its accounts have noted, and they note it when they are first asked.
  if (auto r = is_address(whose_) ? Status() : note_sums(o, whose_); !r) return failed(r.error());
  print(fmt::format("{} may hold{}{}{}", lower(whose_), size ? *size ? " " + size_text(*size) : " any size" : "", size && count ? " and" : "",
                    count ? *count ? fmt::format(" {} messages", *count) : " any number of messages" : ""));
  return 0;
}

int QuotaCommands::recount(const Options& o) {
  auto config = Config::load_or_defaults(o.paths);
  if (!config) return failed(config.error());
  auto all = accounts(o, whose_);
  if (!all) return failed(all.error());
  Rows rows;
  Json list = Json::array();
  uint64_t wrong = 0;
  for (auto& h : *all) {
    if (auto r = look(*config, h, true); !r) return failed(r.error());
    bool was_wrong = h.noted && *h.noted != h.usage;
    wrong += was_wrong;
    rows.push_back({h.address, size_text(h.usage.bytes), fmt::format("{}", h.usage.messages), was_wrong ? fmt::format("{} bytes and {} messages were noted", h.noted->bytes, h.noted->messages) : ""});
    list.push(Json::object().set("address", h.address).set("bytes", h.usage.bytes).set("messages", h.usage.messages).set("corrected", was_wrong));
  }
  if (o.json) {
    print_json(list);
    return 0;
  }
  print_table({"account", "size", "messages", "note"}, rows);
  print(fmt::format("counted {} accounts, corrected {}", all->size(), wrong));
  return 0;
}

}  // namespace jd::ctl

// SPDX-License-Identifier: MIT
#include "lib/queue/agent.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jd::queue {
namespace {

std::string number(uint64_t n) { return std::to_string(n); }

Result<uint64_t> need_number(const Pairs& p, std::string_view key) {
  auto v = find(p, key);
  auto n = v ? to_number(*v) : std::nullopt;
  if (!n) return fail(Fault::perm, "{} is missing or no number", key);
  return *n;
}

std::optional<Fate> parse_fate(std::string_view s) {
  for (Fate f : {Fate::delivered, Fate::temp, Fate::perm, Fate::hold})
    if (fate_text(f) == s) return f;
  return {};
}
}  // namespace

std::string_view fate_text(Fate f) {
  switch (f) {
    case Fate::delivered: return "delivered";
    case Fate::temp: return "temp";
    case Fate::perm: return "perm";
    case Fate::hold: return "hold";
  }
  return "temp";
}

OwnPairs LocalDelivery::encode() const {
  OwnPairs r;
  r.reserve(18);
  r.emplace_back("cmd", "deliver");
  r.emplace_back("qid", qid);
  r.emplace_back("rcpt", rcpt);
  if (!original.empty() && original != rcpt) r.emplace_back("original", original);
  r.emplace_back("from", from);
  r.emplace_back("kind", kind);
  if (!account.empty()) r.emplace_back("account", account);
  r.emplace_back("path", path);
  if (quota.is_there()) r.emplace_back("quota", quota.text());
  if (replay) r.emplace_back("replay", "1");
  if (!user.empty()) r.emplace_back("user", user);
  r.emplace_back("received", number(static_cast<uint64_t>(received.ns)));
  if (segment) r.emplace_back("segment", number(*segment));
  r.emplace_back("offset", number(offset));
  r.emplace_back("length", number(length));
  return r;
}

Result<LocalDelivery> LocalDelivery::decode(const Pairs& p) {
  LocalDelivery d;
  TRY(d.offset, need_number(p, "offset"));
  TRY(d.length, need_number(p, "length"));
  d.qid = get(p, "qid");
  d.rcpt = get(p, "rcpt");
  d.original = find(p, "original").value_or(d.rcpt);
  d.from = get(p, "from");
  d.kind = find(p, "kind").value_or("account");
  d.account = get(p, "account");
  d.path = get(p, "path");
  d.quota = Quota::parse(get(p, "quota"));
  d.replay = get(p, "replay") == "1";
  d.user = get(p, "user");
  d.received = {static_cast<int64_t>(get_number(p, "received"))};
  if (find(p, "segment")) {
    TRY(uint64_t n, need_number(p, "segment"));
    d.segment = static_cast<uint32_t>(n);
  }
  if (d.qid.empty() || d.rcpt.empty() || d.path.empty())
    return fail(Fault::perm, "qid, rcpt or path is missing");
  return d;
}

OwnPairs RemoteDelivery::encode() const {
  OwnPairs r;
  r.emplace_back("cmd", "remote");
  r.emplace_back("qid", qid);
  r.emplace_back("domain", domain);
  r.emplace_back("from", from);
  if (body != Body::seven_bit) r.emplace_back("body", body == Body::binary ? "binary" : "8bit");
  if (smtputf8) r.emplace_back("utf8", "1");
  if (ret != Return::unset) r.emplace_back("ret", ret == Return::full ? "full" : "hdrs");
  if (!envid.empty()) r.emplace_back("envid", envid);
  r.emplace_back("size", number(size));
  if (requiretls) r.emplace_back("requiretls", "1");
  if (deliver_by.ns) {
    r.emplace_back("by", std::to_string(deliver_by.ns));
    r.emplace_back("by_mode", fmt::format("{}{}", by_return ? "return" : "notify", by_trace ? ",trace" : ""));
  }
  if (!route.empty()) r.emplace_back("route", route);
  for (auto& x : recipients) {
    r.emplace_back("rcpt", x.address);
    if (x.notify) r.emplace_back("notify", notify_text(x.notify));
    if (!x.orcpt.empty()) r.emplace_back("orcpt", x.orcpt);
  }
  return r;
}

Result<RemoteDelivery> RemoteDelivery::decode(const Pairs& pairs) {
  RemoteDelivery d;
  d.qid = get(pairs, "qid");
  d.domain = get(pairs, "domain");
  d.route = get(pairs, "route");
  Pairs envelope;
  for (auto& p : pairs)
    if (p.first != "cmd" && p.first != "id" && p.first != "qid" && p.first != "domain" &&
        p.first != "route" && p.first != "message")
      envelope.push_back(p);
  TRY(Envelope e, Envelope::from_pairs(envelope));
  d.from = std::move(e.reverse_path);
  d.body = e.body;
  d.smtputf8 = e.smtputf8;
  d.ret = e.ret;
  d.envid = std::move(e.envid);
  d.size = e.size;
  d.requiretls = e.requiretls;
  d.deliver_by = e.deliver_by;
  d.by_return = e.by_return;
  d.by_trace = e.by_trace;
  d.recipients = std::move(e.recipients);
  if (d.qid.empty() || d.domain.empty()) return fail(Fault::perm, "qid or domain is missing");
  return d;
}

OwnPairs DeliveryResult::encode() const {
  OwnPairs r;
  for (auto& x : recipients) {
    r.emplace_back("n", number(x.n));
    r.emplace_back("outcome", fate_text(x.fate));
    if (!x.code.empty()) r.emplace_back("code", x.code);
    if (!x.host.empty()) r.emplace_back("host", x.host);
    if (!x.text.empty()) r.emplace_back("text", x.text);
    if (x.of_destination) r.emplace_back("scope", "destination");
    if (x.of_address) r.emplace_back("scope", "address");
    if (x.is_relayed) r.emplace_back("dsn", "relayed");
    if (x.full_for) r.emplace_back("full", number(x.full_for));
  }
  return r;
}

Result<DeliveryResult> DeliveryResult::decode(const Pairs& pairs) {
  DeliveryResult d;
  bool open = false;  // an n was seen whose outcome has not come yet
  for (auto& [k, v] : pairs) {
    if (k == "n") {
      d.recipients.emplace_back().n = static_cast<std::size_t>(to_number(v).value_or(SIZE_MAX));
      open = true;
    } else if (k == "outcome") {
      if (!open) d.recipients.emplace_back();
      open = false;
      auto f = parse_fate(v);
      if (!f) return fail(Fault::perm, "outcome={} is unknown", escape(v));
      d.recipients.back().fate = *f;
    } else if (!d.recipients.empty()) {
      RcptResult& r = d.recipients.back();
      if (k == "code") r.code = v;
      else if (k == "host") r.host = v;
      else if (k == "text") r.text = v;
      else if (k == "scope") (v == "address" ? r.of_address : r.of_destination) = true;
      else if (k == "dsn") r.is_relayed = v == "relayed";
      else if (k == "full") r.full_for = to_number(v).value_or(0);
    }
    if (d.recipients.size() > max_recipients) return fail(Fault::perm, "too many results");
  }
  return d;
}

}  // namespace jd::queue

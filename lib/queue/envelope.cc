// SPDX-License-Identifier: MIT
#include "lib/queue/envelope.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/header.h"

namespace jd::queue {
namespace {

struct NotifyName {
  std::string_view name;
  uint8_t bit;
};
constexpr NotifyName notify_names[] = {{"never", notify_never},
                                       {"success", notify_success},
                                       {"failure", notify_failure},
                                       {"delay", notify_delay}};

std::string_view body_text(Body b) {
  return b == Body::binary ? "binary" : b == Body::eight_bit ? "8bit" : "7bit";
}

// Calls put(key, value) for each pair, in the order of the header's table.
template <class F>
void each_pair(const Envelope& e, F put) {
  put("from", e.reverse_path);
  for (auto& r : e.recipients) {
    put("rcpt", r.address);
    if (r.notify) put("notify", notify_text(r.notify));
    if (!r.orcpt.empty()) put("orcpt", r.orcpt);
    if (!r.first.empty()) put("first", r.first);
    if (r.depth) put("depth", std::to_string(r.depth));
  }
  if (e.body != Body::seven_bit) put("body", body_text(e.body));
  if (e.smtputf8) put("utf8", "1");
  if (e.ret != Return::unset) put("ret", e.ret == Return::full ? "full" : "hdrs");
  auto some = [&](std::string_view key, const std::string& v) {
    if (!v.empty()) put(key, v);
  };
  some("envid", e.envid);
  some("user", e.user);
  some("ip", e.ip);
  some("host", e.host);
  some("helo", e.helo);
  some("with", e.with);
  put("received", std::to_string(e.received.ns));
  put("size", std::to_string(e.size));
  if (e.hops) put("hops", std::to_string(e.hops));
  if (e.requiretls) put("requiretls", "1");
  if (e.verp) put("verp", "1");
  if (e.hold_until.ns) put("hold_until", std::to_string(e.hold_until.ns));
  if (e.deliver_by.ns) {
    put("by", std::to_string(e.deliver_by.ns));
    put("by_mode", e.by_return ? e.by_trace ? "return,trace" : "return" : e.by_trace ? "notify,trace" : "notify");
  }
  for (auto& [k, v] : e.other) put(k, v);
}

Status take_recipient_key(Envelope& e, std::string_view k, std::string_view v) {
  if (e.recipients.empty()) return fail(Fault::perm, "{} before any recipient", k);
  Recipient& r = e.recipients.back();
  if (k == "notify") {
    TRY(r.notify, parse_notify(v));
  } else if (k == "depth") {
    r.depth = static_cast<uint8_t>(std::min<uint64_t>(to_number(v).value_or(255), 255));
  } else if (v.size() > max_address || std::any_of(v.begin(), v.end(), is_ctl)) {
    return fail(Fault::perm, "{} is too long or has control characters", k);
  } else {
    (k == "orcpt" ? r.orcpt : r.first) = v;
  }
  return {};
}

// false: not a key of ours
Result<bool> take_key(Envelope& e, std::string_view k, std::string_view v) {
  if (k == "body")
    e.body = v == "binary" ? Body::binary : v == "8bit" ? Body::eight_bit : Body::seven_bit;
  else if (k == "utf8") e.smtputf8 = v == "1";
  else if (k == "ret")
    e.ret = iequals(v, "full") ? Return::full : iequals(v, "hdrs") ? Return::headers : Return::unset;
  else if (k == "envid") e.envid = v;
  else if (k == "user") e.user = v;
  else if (k == "ip") e.ip = v;
  else if (k == "host") e.host = v;
  else if (k == "helo") e.helo = v;
  else if (k == "with") e.with = v;
  else if (k == "received") e.received = {static_cast<int64_t>(to_number(v).value_or(0))};
  else if (k == "size") e.size = to_number(v).value_or(0);
  else if (k == "hops") e.hops = static_cast<uint32_t>(std::min<uint64_t>(to_number(v).value_or(0), 10000));
  else if (k == "requiretls") e.requiretls = v == "1";
  else if (k == "verp") e.verp = v == "1";
  else if (k == "hold_until") e.hold_until = {static_cast<int64_t>(to_number(v).value_or(0))};
  else if (k == "by") e.deliver_by = {static_cast<int64_t>(to_number(v).value_or(0))};
  else if (k == "by_mode") {
    e.by_return = v.starts_with("return");
    e.by_trace = v.ends_with(",trace");
  } else return false;
  if (v.size() > 4096) return fail(Fault::perm, "{} is too long", k);
  return true;
}
}  // namespace

bool Recipient::wants(Notify n) const {
  if (notify == notify_unset) return n == notify_failure || n == notify_delay;
  return (notify & n) != 0;
}

void Envelope::encode(std::string& out) const {
  each_pair(*this, [&](std::string_view k, std::string_view v) { put_pair(out, k, v); });
}

OwnPairs Envelope::pairs() const {
  OwnPairs r;
  each_pair(*this, [&](std::string_view k, std::string_view v) { r.emplace_back(k, v); });
  return r;
}

Result<Envelope> Envelope::decode(std::string_view bytes) {
  TRY(Pairs pairs, decode_pairs(bytes));
  return from_pairs(pairs);
}

Result<Envelope> Envelope::from_pairs(const Pairs& pairs) {
  Envelope e;
  bool has_from = false;
  for (auto& [k, v] : pairs) {
    if (k == "from") {
      if (has_from) return fail(Fault::perm, "two reverse paths");
      CHECK(check_address(v, true));
      e.reverse_path = v;
      has_from = true;
    } else if (k == "rcpt") {
      CHECK(check_address(v, false));
      if (e.recipients.size() == max_recipients)
        return fail(Fault::perm, "more than {} recipients", max_recipients);
      e.recipients.emplace_back().address = v;
    } else if (k == "notify" || k == "orcpt" || k == "first" || k == "depth") {
      CHECK(take_recipient_key(e, k, v));
    } else {
      TRY(bool known, take_key(e, k, v));
      if (!known) e.other.emplace_back(k, v);
    }
  }
  if (!has_from) return fail(Fault::perm, "no reverse path");
  if (e.recipients.empty()) return fail(Fault::perm, "no recipient");
  return e;
}

std::string notify_text(uint8_t notify) {
  std::string r;
  for (auto& n : notify_names)
    if (notify & n.bit) r += (r.empty() ? "" : ",") + std::string(n.name);
  return r;
}

Result<uint8_t> parse_notify(std::string_view text) {
  uint8_t r = 0;
  for (auto word : split(text, ',')) {
    auto it = std::find_if(std::begin(notify_names), std::end(notify_names),
                           [&](auto& n) { return iequals(n.name, word); });
    if (it == std::end(notify_names)) return fail(Fault::perm, "NOTIFY={} is unknown", escape(word));
    r = static_cast<uint8_t>(r | it->bit);
  }
  // RFC 3461 §4.1: NEVER must appear by itself.
  if ((r & notify_never) && r != notify_never) return fail(Fault::perm, "NOTIFY=NEVER stands alone");
  return r;
}

Status check_address(std::string_view a, bool may_be_empty) {
  if (a.empty() && may_be_empty) return {};
  if (a.empty()) return fail(Fault::perm, "empty address");
  if (a.size() > max_address) return fail(Fault::perm, "address longer than {} bytes", max_address);
  bool quoted = false;
  for (std::size_t i = 0; i < a.size(); i++) {
    if (is_ctl(a[i])) return fail(Fault::perm, "address with a control character");
    if (quoted && a[i] == '\\') i++;
    else if (a[i] == '"') quoted = !quoted;
    else if (!quoted && (a[i] == ' ' || a[i] == '<' || a[i] == '>'))
      return fail(Fault::perm, "address with '{}' outside of quotes", a[i]);
  }
  return {};
}

std::string_view domain_of(std::string_view address) {
  auto at = address.rfind('@');
  return at == address.npos ? std::string_view() : address.substr(at + 1);
}

std::string_view local_part_of(std::string_view address) {
  return address.substr(0, std::min(address.rfind('@'), address.size()));
}

unsigned count_received(std::string_view message) { return header_facts(message).received; }

HeaderFacts header_facts(std::string_view message) {
  mime::FieldReader reader(message);
  HeaderFacts r;
  for (mime::Field f; reader.next(f);) {
    if (iequals(f.name, "received")) r.received++;
    if (!r.message_id.empty() || !iequals(f.name, "message-id")) continue;
    auto id = trim(f.value);
    if (auto open = id.find('<'); open != id.npos) id = id.substr(open + 1, id.find('>', open) - open - 1);
    r.message_id = id.substr(0, 250);
  }
  return r;
}

}  // namespace jd::queue

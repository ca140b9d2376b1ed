// SPDX-License-Identifier: MIT
#include "lib/ipc/frame.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jd::ipc {
namespace {
constexpr std::size_t max_pairs = 20'000;
const char* const faults[] = {"temp", "perm", "usage", "bug"};

bool is_key(std::string_view k) {
  if (k.empty() || k.size() > 64) return false;
  return std::all_of(k.begin(), k.end(), [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_'; });
}
}  // namespace

Message Message::ok() {
  Message m;
  m.set("ok", "1");
  return m;
}

Message Message::failed(const Error& e) {
  Message m;
  m.set("ok", "0").set("fault", faults[static_cast<int>(e.fault)]).set("what", e.what);
  if (e.sys) m.set("sys", static_cast<uint64_t>(e.sys));
  return m;
}

std::optional<Error> Message::error() const {
  if (get("ok") == "1") return std::nullopt;
  Fault fault = Fault::temp;
  for (int i = 0; i < 4; i++)
    if (get("fault") == faults[i]) fault = static_cast<Fault>(i);
  std::string what(get("what"));
  return Error(fault, what.empty() ? "the answer makes no sense" : what, static_cast<int>(number("sys")));
}

Message& Message::set(std::string_view key, std::string_view value) & {
  MUST(is_key(key));
  pairs_.emplace_back(key, value.substr(0, value.find('\0')));
  return *this;
}
Message& Message::set(std::string_view key, uint64_t value) & { return set(key, fmt::format("{}", value)); }

Message& Message::replace(std::string_view key, std::string_view value) {
  std::erase_if(pairs_, [&](auto& p) { return p.first == key; });
  return set(key, value);
}

std::string_view Message::get(std::string_view key) const {
  for (auto& [k, v] : pairs_)
    if (k == key) return v;
  return {};
}
bool Message::has(std::string_view key) const {
  return std::any_of(pairs_.begin(), pairs_.end(), [&](auto& p) { return p.first == key; });
}
uint64_t Message::number(std::string_view key, uint64_t otherwise) const { return to_number(get(key)).value_or(otherwise); }

Message Message::copy() const {
  Message m;
  m.pairs_ = pairs_;
  m.body_ = body_;
  return m;
}

std::vector<std::string_view> Message::all(std::string_view key) const {
  std::vector<std::string_view> r;
  for (auto& [k, v] : pairs_)
    if (k == key) r.push_back(v);
  return r;
}

std::string Message::encode() const {
  std::string r;
  append_to(r);
  return r;
}

void Message::append_to(std::string& r) const {
  std::size_t size = body_.empty() ? 0 : body_.size() + 1;
  // What a received message said of its descriptors is not what this one has.
  for (auto& [k, v] : pairs_)
    if (k != "fds") size += k.size() + v.size() + 2;
  std::string count = fds.empty() ? "" : fmt::format("fds={}", fds.size());
  if (!fds.empty()) size += count.size() + 1;
  std::string length = fmt::format("{}:", size);
  r.reserve(r.size() + length.size() + size + 1);
  r += length;
  if (!fds.empty()) r.append(count).push_back('\0');
  for (auto& [k, v] : pairs_) {
    if (k == "fds") continue;
    r += k;
    r += '=';
    r += v;
    r += '\0';
  }
  if (!body_.empty()) {
    r += '\0';
    r += body_;
  }
  r += ',';
}

Result<Message> Message::decode(std::string_view p) {
  Message m;
  while (!p.empty()) {
    if (p[0] == '\0') {
      m.body_ = p.substr(1);
      return m;
    }
    auto end = p.find('\0');
    auto pair = end == p.npos ? std::nullopt : split_once(p.substr(0, end), '=');
    if (!pair || !is_key(pair->first)) return fail(Fault::perm, "a frame with a malformed key");
    if (m.pairs_.size() >= max_pairs) return fail(Fault::perm, "a frame with too many keys");
    m.pairs_.emplace_back(pair->first, pair->second);
    p.remove_prefix(end + 1);
  }
  return m;
}

Result<std::optional<Decoder::Found>> Decoder::next(std::string_view bytes) const {
  std::size_t size = 0, i = 0;
  for (; i < bytes.size() && bytes[i] != ':'; i++) {
    if (!is_digit(bytes[i]) || i > 8) return fail(Fault::perm, "not a frame: no length");
    size = size * 10 + static_cast<std::size_t>(bytes[i] - '0');
  }
  if (size > max_) return fail(Fault::perm, "a frame of {}: at most {} are taken", size_text(size), size_text(max_));
  if (i == bytes.size() || bytes.size() < i + 1 + size + 1) return std::optional<Found>();
  if (i == 0 || bytes[i + 1 + size] != ',') return fail(Fault::perm, "not a frame: no comma at its end");
  TRY(Message m, Message::decode(bytes.substr(i + 1, size)));
  return std::optional<Found>(Found{std::move(m), i + 1 + size + 1});
}

}  // namespace jd::ipc

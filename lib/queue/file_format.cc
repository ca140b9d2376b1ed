// SPDX-License-Identifier: MIT
#include "lib/queue/file_format.h"

#include <string.h>

#include <algorithm>
#include <unordered_set>

#include "lib/base/text.h"
#include "lib/log/crc32c.h"

namespace jd::queue {
namespace {
template <class T>
void put(std::string& s, std::size_t at, T v) {
  memcpy(s.data() + at, &v, sizeof v);
}
template <class T>
T get(std::string_view s, std::size_t at) {
  T v;
  memcpy(&v, s.data() + at, sizeof v);
  return v;
}
constexpr uint64_t round_up(uint64_t n) { return (n + 7) & ~uint64_t{7}; }

void take_error(LastError& e, std::string_view k, std::string_view v) {
  if (k == "code") e.code = v;
  else if (k == "host") e.host = v;
  else if (k == "text") e.text = v;
  else if (k == "scope") e.of_address = v == "address";
  else if (k == "at") e.at = {static_cast<int64_t>(to_number(v).value_or(0))};
}

void take_note(const Pairs& pairs, Progress& p) {
  LastError* e = nullptr;
  for (auto& [k, v] : pairs) {
    if (k == "attempts") p.attempts = static_cast<uint32_t>(to_number(v).value_or(0));
    else if (k == "warned") p.warned = v == "1";
    else if (k == "to") e = nullptr;
    else if (k == "n") {
      auto n = to_number(v).value_or(UINT64_MAX);
      e = n < p.errors.size() ? &p.errors[static_cast<std::size_t>(n)] : nullptr;
      if (e) *e = {};
    } else if (e) take_error(*e, k, v);
  }
}

void take_history(const Pairs& pairs, const Envelope& envelope, std::vector<Attempt>& all) {
  Attempt* a = nullptr;
  for (auto& [k, v] : pairs) {
    if (k == "to") {
      a = &all.emplace_back();
      a->to = v;
    } else if (k == "n") {
      auto n = to_number(v).value_or(UINT64_MAX);
      a = n < envelope.recipients.size() ? &all.emplace_back() : nullptr;
      if (a) a->to = envelope.recipients[static_cast<std::size_t>(n)].address, a->fate = "deferred";
    } else if (a && k == "fate") a->fate = v;
    else if (a) take_error(a->error, k, v);
  }
}

void put_error(std::string& pairs, const LastError& e) {
  if (e.at.ns) put_pair(pairs, "at", std::to_string(e.at.ns));
  put_pair(pairs, "code", e.code);
  if (!e.host.empty()) put_pair(pairs, "host", e.host);
  put_pair(pairs, "text", std::string_view(e.text).substr(0, max_error_text));
  if (e.of_address) put_pair(pairs, "scope", "address");
}

// The pairs of each note in turn.
template <class F>
Notes each_note(std::string_view bytes, F take) {
  Notes r;
  std::size_t& at = r.bytes;
  while (bytes.size() - at >= note_head_bytes && bytes.substr(at, 4) == "JDQT") {
    std::size_t length = get<uint32_t>(bytes, at + 8);
    if (length > bytes.size() - at - note_head_bytes) break;
    auto body = bytes.substr(at + note_head_bytes, length);
    if (journal::crc32c(0, body) != get<uint32_t>(bytes, at + 4)) break;
    auto pairs = decode_pairs(body);
    if (!pairs) break;
    take(*pairs);
    r.count++;
    at = std::min<std::size_t>(at + round_up(note_head_bytes + length), bytes.size());
  }
  return r;
}
}  // namespace

std::string encode_file_start(FileHead& head, const Envelope& e, const Progress& p) {
  std::string r(file_head_bytes, '\0');
  e.encode(r);
  head.envelope_length = static_cast<uint32_t>(r.size() - file_head_bytes);
  head.recipients = static_cast<uint32_t>(e.recipients.size());
  head.message_offset = round_up(r.size() + head.recipients);
  memcpy(r.data(), "JDQ1", 4);
  put<uint32_t>(r, 8, head.envelope_length);
  put<uint32_t>(r, 12, head.recipients);
  put<uint64_t>(r, 16, head.message_offset);
  put<uint64_t>(r, 24, head.message_length);
  put<uint32_t>(r, 32, head.message_crc);
  memcpy(r.data() + 40, head.id.data(), std::min(head.id.size(), id_bytes));
  head.crc = journal::crc32c(0, std::string_view(r).substr(8));
  put<uint32_t>(r, 4, head.crc);
  for (std::size_t i = 0; i < e.recipients.size(); i++)
    r += static_cast<char>(i < p.status.size() ? p.status[i] : RcptStatus::queued);
  r.resize(head.message_offset);
  return r;
}

std::optional<FileHead> decode_file_head(std::string_view b) {
  if (b.size() < file_head_bytes || b.substr(0, 4) != "JDQ1") return {};
  FileHead h{get<uint32_t>(b, 4),  get<uint32_t>(b, 8),  get<uint32_t>(b, 12),
             get<uint32_t>(b, 32), get<uint64_t>(b, 16), get<uint64_t>(b, 24),
             std::string(b.substr(40, id_bytes))};
  if (h.envelope_length > max_envelope_bytes || h.recipients > max_recipients) return {};
  if (h.message_offset < h.status_at() + h.recipients || h.message_offset > (8u << 20)) return {};
  if (h.message_length > (1ull << 40)) return {};
  for (char c : h.id)  // it becomes part of a file name
    if (!is_alnum(c)) return {};
  return h;
}

bool is_head_good(std::string_view b, const FileHead& h) {
  return b.size() >= h.status_at() &&
         journal::crc32c(0, b.substr(8, h.status_at() - 8)) == h.crc;
}

void encode_note(std::string& out, const Progress& p) {
  std::string pairs;
  put_pair(pairs, "v", "2");
  put_pair(pairs, "attempts", std::to_string(p.attempts));
  if (p.warned) put_pair(pairs, "warned", "1");
  for (auto& a : p.history) {
    put_pair(pairs, "to", a.to);
    put_pair(pairs, "fate", a.fate);
    put_error(pairs, a.error);
  }
  for (std::size_t i = 0; i < p.errors.size(); i++) {
    if (p.errors[i] == LastError{}) continue;
    put_pair(pairs, "n", std::to_string(i));
    put_error(pairs, p.errors[i]);
  }
  std::size_t at = out.size();
  out.resize(at + note_head_bytes);
  memcpy(out.data() + at, "JDQT", 4);
  put<uint32_t>(out, at + 4, journal::crc32c(0, pairs));
  put<uint32_t>(out, at + 8, static_cast<uint32_t>(pairs.size()));
  out += pairs;
  out.resize(at + round_up(out.size() - at));
}

Notes decode_notes(std::string_view bytes, Progress& p) {
  return each_note(bytes, [&](const Pairs& pairs) { take_note(pairs, p); });
}

std::vector<Attempt> decode_history(std::string_view notes, const Envelope& e) {
  std::vector<Attempt> all;
  each_note(notes, [&](const Pairs& pairs) { take_history(pairs, e, all); });
  // Each note repeats the last failure of those that were not tried again.
  std::unordered_set<std::string> seen;
  std::erase_if(all, [&](const Attempt& a) {
    return a.error.at.ns && !seen.insert(fmt::format("{} {}", a.error.at.ns, a.to)).second;
  });
  unsigned attempts = 0;
  std::size_t from = all.size();
  for (int64_t last = -1; from > 0 && all.size() - from < max_history * 20; from--) {
    int64_t at = all[from - 1].error.at.ns;
    if ((at != last || !at) && ++attempts > max_history) break;
    last = at;
  }
  all.erase(all.begin(), all.begin() + static_cast<long>(from));
  return all;
}

}  // namespace jd::queue

// SPDX-License-Identifier: MIT
#include "lib/log/state_file.h"

#include <algorithm>
#include <optional>

#include "lib/base/file.h"
#include "lib/log/crc32c.h"

namespace jd::journal {
namespace {
constexpr std::string_view magic = "jdstate1";
constexpr uint32_t removed = UINT32_MAX;
constexpr std::size_t head = 16, frame = 12;

template <class T>
void put(std::string& out, T v) {
  for (std::size_t i = 0; i < sizeof(T); i++) out += static_cast<char>(v >> (8 * i));
}

template <class T>
T take(std::string_view in, std::size_t at) {
  T v = 0;
  for (std::size_t i = 0; i < sizeof(T); i++) v |= static_cast<T>(static_cast<T>(static_cast<uint8_t>(in[at + i])) << (8 * i));
  return v;
}

std::string record(std::string_view key, const std::string* value) {
  std::string body;
  put(body, static_cast<uint32_t>(key.size()));
  put(body, value ? static_cast<uint32_t>(value->size()) : removed);
  body += key;
  if (value) body += *value;
  std::string r;
  put(r, crc32c(0, body));
  return r + body;
}

std::string header(uint64_t generation) {
  std::string h(magic);
  put(h, generation);
  return h;
}

std::optional<uint64_t> generation_of(int fd) {
  auto h = file::read_at(fd, head, 0);
  if (!h || h->size() < head || !h->starts_with(magic)) return {};
  return take<uint64_t>(*h, magic.size());
}
}  // namespace

Result<StateFile> StateFile::open(const std::string& dir, const std::string& name) {
  StateFile s;
  std::optional<uint64_t> generations[2];
  for (int i = 0; i < 2; i++) {
    TRY(s.files_[i], file::open(dir + "/" + name + (i ? ".b" : ".a"), O_RDWR | O_CREAT, 0600));
    generations[i] = generation_of(s.files_[i].get());
  }
  s.used_ = generations[1] && (!generations[0] || *generations[1] > *generations[0]) ? 1 : 0;
  if (!generations[s.used_]) {
    s.used_ = 1;  // the other one is written first
    CHECK(s.rewrite());
    return s;
  }
  s.generation_ = *generations[s.used_];
  s.read(s.files_[s.used_].get());
  // What is behind a broken record must not come back when a new one has filled its place.
  CHECK(file::truncate(s.files_[s.used_].get(), s.end_));
  return s;
}

void StateFile::read(int fd) {
  end_ = head;
  auto there = file::size_of(fd);
  auto bytes = file::read_at(fd, there ? std::min(*there, max_bytes) : 0, 0);
  if (!bytes || bytes->size() < head) return;
  std::string_view in = *bytes;
  while (in.size() - end_ >= frame) {
    auto key_size = take<uint32_t>(in, end_ + 4), value_size = take<uint32_t>(in, end_ + 8);
    uint64_t size = uint64_t{key_size} + (value_size == removed ? 0 : value_size);
    if (size > in.size() - end_ - frame || crc32c(0, in.substr(end_ + 4, 8 + size)) != take<uint32_t>(in, end_)) break;
    std::string key(in.substr(end_ + frame, key_size));
    if (value_size == removed) table_.erase(key);
    else table_[key] = in.substr(end_ + frame + key_size, value_size);
    end_ += frame + size;
  }
  for (auto& [k, v] : table_) alive_ += frame + k.size() + v.size();
}

const std::string* StateFile::get(const std::string& key) const {
  auto i = table_.find(key);
  return i == table_.end() ? nullptr : &i->second;
}

Status StateFile::set(const std::string& key, std::string value) {
  auto [i, is_new] = table_.try_emplace(key);
  if (!is_new) alive_ -= frame + key.size() + i->second.size();
  i->second = std::move(value);
  alive_ += frame + key.size() + i->second.size();
  return append(record(key, &i->second));
}

Status StateFile::remove(const std::string& key) {
  auto i = table_.find(key);
  if (i == table_.end()) return {};
  alive_ -= frame + key.size() + i->second.size();
  table_.erase(i);
  return append(record(key, nullptr));
}

Status StateFile::append(const std::string& r) {
  if (end_ + r.size() > min_rewrite_bytes && end_ + r.size() > 2 * alive_ + head) return rewrite();
  CHECK(file::write_at(files_[used_].get(), r, end_));
  end_ += r.size();
  return {};
}

Status StateFile::rewrite() {
  int other = 1 - used_;
  int fd = files_[other].get();
  CHECK(file::truncate(fd, 0));
  std::string all;
  for (auto& [k, v] : table_) all += record(k, &v);
  CHECK(file::write_at(fd, all, head));
  CHECK(file::write_at(fd, header(generation_ + 1), 0));
  used_ = other;
  generation_++;
  end_ = head + all.size();
  return {};
}

}  // namespace jd::journal

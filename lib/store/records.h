// SPDX-License-Identifier: MIT
// records.h: a growing array of plain records that may begin as a private mapping of a file.
//
// Mapped, it costs nothing until it is looked at; what is changed is copied by the kernel, page by
// page, and never reaches the file.  Small or without a mapping it is ordinary memory.  The mapped
// file must never shrink (it is replaced by rename); a disk that fails under a mapping is a signal,
// so only processes that serve one user map.  Not copyable by accident: copy() says it.
#pragma once
#include <stdlib.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace jd::store {

template <class T>
class Records {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Records() = default;
  Records(Records&& o) noexcept { swap(o); }
  Records& operator=(Records&& o) noexcept {
    swap(o);
    return *this;
  }
  ~Records() { free_all(); }
  Records copy() const {
    Records r;
    r.assign({reinterpret_cast<const char*>(data_), size_ * sizeof(T)});
    return r;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }

  void push_back(const T& v) {
    T kept = v;  // it may lie in here
    reserve(size_ + 1);
    data_[size_++] = kept;
  }
  void insert(T* at, const T& v) {
    std::size_t i = static_cast<std::size_t>(at - data_);
    T kept = v;
    reserve(size_ + 1);
    memmove(static_cast<void*>(data_ + i + 1), data_ + i, (size_ - i) * sizeof(T));
    data_[i] = kept;
    size_++;
  }
  void erase(T* from, T* to) {
    memmove(static_cast<void*>(from), to, static_cast<std::size_t>(end() - to) * sizeof(T));
    size_ -= static_cast<std::size_t>(to - from);
  }
  template <class F>
  void erase_if(F f) {
    size_ = static_cast<std::size_t>(std::remove_if(begin(), end(), f) - begin());
  }
  // Bytes of records, as a file holds them.
  void assign(std::string_view bytes) {
    size_ = 0;
    reserve(bytes.size() / sizeof(T));
    size_ = bytes.size() / sizeof(T);
    if (size_) memcpy(static_cast<void*>(data_), bytes.data(), size_ * sizeof(T));
  }
  void append(std::span<const T> more) {
    reserve(size_ + more.size());
    memcpy(static_cast<void*>(data_ + size_), more.data(), more.size() * sizeof(T));
    size_ += more.size();
  }
  // For the bytes of `count` records, which the caller puts there.
  void* make_room(std::size_t count) {
    size_ = 0;
    reserve(count);
    size_ = count;
    return data_;
  }
  // `count` records at `offset` (a multiple of the page) of the file, with room behind them to grow.
  // false: no mapping, nothing changed.
  bool map(int fd, uint64_t offset, std::size_t count) {
    std::size_t room = count + count / 4 + 1024, bytes = room * sizeof(T);
    void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return false;
    if (::mmap(at, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd,
               static_cast<off_t>(offset)) == MAP_FAILED) {
      ::munmap(at, bytes);
      return false;
    }
    free_all();
    data_ = static_cast<T*>(at);
    size_ = count;
    room_ = room;
    mapped_ = true;
    return true;
  }

  void reserve(std::size_t n) {
    if (n > room_) move_to(std::max(n, room_ + room_ / 2 + 8));
  }
  // Much of it will be changed: to copy all at once takes less than a page at a time.
  void unmap() {
    if (mapped_) move_to(room_);
  }

 private:
  void move_to(std::size_t room) {
    auto* fresh = static_cast<T*>(mapped_ ? ::malloc(room * sizeof(T)) : ::realloc(static_cast<void*>(data_), room * sizeof(T)));
    if (!fresh) throw std::bad_alloc();
    if (mapped_) {
      memcpy(static_cast<void*>(fresh), data_, size_ * sizeof(T));
      ::munmap(data_, room_ * sizeof(T));
      mapped_ = false;
    }
    data_ = fresh;
    room_ = room;
  }
  void free_all() {
    if (mapped_) ::munmap(data_, room_ * sizeof(T));
    else ::free(static_cast<void*>(data_));
    data_ = nullptr;
    size_ = room_ = 0;
    mapped_ = false;
  }
  void swap(Records& o) {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    std::swap(room_, o.room_);
    std::swap(mapped_, o.mapped_);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0, room_ = 0;
  bool mapped_ = false;
};

}  // namespace jd::store

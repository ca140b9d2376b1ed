// SPDX-License-Identifier: MIT
// fault_disk.h: a disk that fails when told to, and remembers what a power cut would have left.
//
//   FaultDisk disk(root);              // root: an existing scratch directory; now it listens
//   disk.fail_at(k, ENOSPC, 10);       // the k-th operation from now fails, a write after 10 bytes
//   ... work on files below root through lib/base/file.h ...
//   disk.power_cut(k, Keep::some, seed, other);  // writes into the empty directory `other` what is
//                                      // on disk if the power goes after the first k operations
//
// The model is stricter than real file systems: bytes survive for sure only when the file was
// synced after the write, a name only when its directory was synced after the change.  Keep::none
// loses all else, Keep::all keeps it, Keep::some keeps random sectors of random writes, and of each
// directory's changes a random first part.
#pragma once
#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "lib/base/file.h"

namespace jd::test {

enum class Keep { none, some, all };

class FaultDisk : public file::Faults {
 public:
  explicit FaultDisk(const std::string& root) : root_(real(root)) {
    nodes_.push_back({true, ""});
    load(0, root_);
    live_ = nodes_;
    file::set_faults(this);
  }
  ~FaultDisk() override { file::set_faults(nullptr); }
  FaultDisk(const FaultDisk&) = delete;

  void fail_at(std::size_t k, int error, std::size_t written = 0) {
    fail_in_ = k;
    error_ = error;
    written_ = written;
    failed_ = false;
  }
  void fail_always(int error) { always_ = error; }  // 0: no more
  bool has_failed() const { return failed_; }
  std::size_t operations() const { return ops_.size(); }

  int before(file::Op op, int fd, std::string_view path, std::string_view data, uint64_t offset,
             std::size_t* bytes) override {
    int error = always_;
    if (fail_in_ && --fail_in_ == 0) {
      failed_ = true;
      error = error_;
    }
    if (error) {
      if (bytes) *bytes = std::min(*bytes, written_);
      if (bytes && *bytes) record(op, fd, path, data.substr(0, *bytes), offset);
      return error;
    }
    record(op, fd, path, data, offset);
    return 0;
  }

  void power_cut(std::size_t after, Keep keep, unsigned seed, const std::string& into) const {
    std::mt19937 rng(seed);
    std::vector<Node> now = nodes_;
    std::vector<Node> disk = nodes_;
    std::map<int, std::vector<const Action*>> waiting;  // by node, not yet durable
    auto settle = [&](int node) {
      for (const Action* a : waiting[node]) apply(disk, *a, a->data.size());
      waiting[node].clear();
    };
    for (std::size_t i = 0; i < after && i < ops_.size(); i++)
      for (const Action& a : ops_[i]) {
        while (disk.size() <= static_cast<std::size_t>(std::max(a.node, a.child)))
          disk.push_back({});
        if (a.child >= 0) disk[static_cast<std::size_t>(a.child)].dir |= a.child_dir;
        if (a.kind == Action::sync) settle(a.node);
        else if (a.kind == Action::sync_all) for (auto& [n, w] : waiting) settle(n);
        else waiting[a.node].push_back(&a);
      }
    if (keep != Keep::none)
      for (auto& [n, w] : waiting) {
        bool in_order = disk[static_cast<std::size_t>(n)].dir;
        std::size_t first = keep == Keep::all ? w.size() : rng() % (w.size() + 1);
        for (std::size_t i = 0; i < w.size(); i++) {
          if (in_order && i >= first) break;
          if (keep == Keep::all || in_order) apply(disk, *w[i], w[i]->data.size());
          else if (rng() % 2) apply_sectors(disk, *w[i], rng);
        }
      }
    store(disk, 0, into);
  }

 private:
  struct Node {
    bool dir = false;
    std::string bytes;
    std::map<std::string, int> names = {};
  };
  struct Action {
    enum Kind { write, size, add, remove, sync, sync_all } kind;
    int node = 0;  // the file, or the directory
    std::string name = {};
    int child = -1;
    bool child_dir = false;
    std::string data = {};
    uint64_t offset = 0;
    std::string old = {};  // add: a name that goes at the same moment
  };

  static std::string real(const std::string& p) {
    char buf[4096];
    return ::realpath(p.c_str(), buf) ? buf : p;
  }
  static std::string path_of(int fd, std::string_view name) {
    if (!name.empty() && name[0] == '/') return std::string(name);
    std::string at(4096, '\0');
    std::string link = fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/" + std::to_string(fd);
    auto n = ::readlink(link.c_str(), at.data(), at.size());
    at.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return name.empty() ? at : at + "/" + std::string(name);
  }
  void load(int node, const std::string& path) {
    auto names = file::list(AT_FDCWD, path);
    if (!names) return;
    for (auto& n : *names) {
      int child = static_cast<int>(nodes_.size());
      nodes_[static_cast<std::size_t>(node)].names[n] = child;
      struct stat st{};
      ::stat((path + "/" + n).c_str(), &st);
      nodes_.push_back({S_ISDIR(st.st_mode), ""});
      if (S_ISDIR(st.st_mode)) load(child, path + "/" + n);
      else nodes_.back().bytes = file::read_all(path + "/" + n, 1u << 30).value_or("");
    }
  }
  // Node of a path below root_, or -1.
  int find(const std::string& path) const {
    if (path.compare(0, root_.size(), root_) != 0) return -1;
    int at = 0;
    std::size_t i = root_.size();
    while (i < path.size()) {
      while (i < path.size() && path[i] == '/') i++;
      std::size_t j = std::min(path.find('/', i), path.size());
      if (j == i) break;
      auto& names = live_[static_cast<std::size_t>(at)].names;
      auto it = names.find(path.substr(i, j - i));
      if (it == names.end()) return -1;
      at = it->second;
      i = j;
    }
    return at;
  }
  static std::pair<std::string, std::string> cut(const std::string& path) {
    auto at = path.rfind('/');
    return {path.substr(0, at), path.substr(at + 1)};
  }
  void act(Action a) {
    apply(live_, a, a.data.size());
    ops_.back().push_back(std::move(a));
  }
  void add(const std::string& path, int child, bool dir) {
    auto [parent, name] = cut(path);
    int p = find(parent);
    if (p >= 0) act({Action::add, p, name, child, dir});
  }
  void remove(const std::string& path) {
    auto [parent, name] = cut(path);
    int p = find(parent);
    if (p >= 0) act({Action::remove, p, name});
  }
  void record(file::Op op, int fd, std::string_view path, std::string_view data, uint64_t offset) {
    ops_.emplace_back();
    using file::Op;
    switch (op) {
      case Op::open:
      case Op::mkdir: {
        std::string p = path_of(fd, path);
        if (find(p) >= 0) break;
        live_.push_back({op == Op::mkdir, ""});
        add(p, static_cast<int>(live_.size()) - 1, op == Op::mkdir);
        break;
      }
      case Op::write: {
        int n = find(path_of(fd, ""));
        if (n < 0) break;
        if (offset == UINT64_MAX) offset = live_[static_cast<std::size_t>(n)].bytes.size();
        act({Action::write, n, "", -1, false, std::string(data), offset});
        break;
      }
      case Op::truncate:
      case Op::allocate: {
        int n = find(path_of(fd, ""));
        if (n < 0) break;
        if (op == Op::allocate)
          offset = std::max<uint64_t>(offset, live_[static_cast<std::size_t>(n)].bytes.size());
        act({Action::size, n, "", -1, false, "", offset});
        break;
      }
      case Op::sync: {
        int n = find(path_of(fd, ""));
        if (path == "*") act({Action::sync_all});
        else if (n >= 0) act({Action::sync, n});
        break;
      }
      case Op::unlink: remove(path_of(fd, path)); break;
      case Op::rename:
      case Op::link: {
        auto zero = path.find('\0');
        std::string from = path_of(fd, path.substr(0, zero));
        std::string to = path_of(static_cast<int>(offset), path.substr(zero + 1));
        int n = find(from);
        if (n < 0 || find(cut(to).first) < 0) break;  // it will fail
        bool dir = live_[static_cast<std::size_t>(n)].dir;
        auto [from_dir, old] = cut(from);
        if (op == Op::rename && find(from_dir) == find(cut(to).first)) {
          act({Action::add, find(from_dir), cut(to).second, n, dir, "", 0, old});
          break;
        }
        add(to, n, dir);
        if (op == Op::rename) remove(from);
        break;
      }
    }
  }
  static void apply(std::vector<Node>& nodes, const Action& a, std::size_t n) {
    Node& node = nodes[static_cast<std::size_t>(a.node)];
    if (a.kind == Action::add) node.names[a.name] = a.child;
    if (!a.old.empty() && a.old != a.name) node.names.erase(a.old);
    if (a.kind == Action::remove) node.names.erase(a.name);
    if (a.kind == Action::size) node.bytes.resize(a.offset);
    if (a.kind == Action::write && n) {
      if (node.bytes.size() < a.offset + n) node.bytes.resize(a.offset + n);
      node.bytes.replace(a.offset, n, a.data, 0, n);
    }
  }
  static void apply_sectors(std::vector<Node>& nodes, const Action& a, std::mt19937& rng) {
    if (a.kind != Action::write) return apply(nodes, a, 0);
    Node& node = nodes[static_cast<std::size_t>(a.node)];
    for (std::size_t at = 0; at < a.data.size();) {
      std::size_t n = std::min<std::size_t>(512 - (a.offset + at) % 512, a.data.size() - at);
      if (rng() % 2) {
        if (node.bytes.size() < a.offset + at + n) node.bytes.resize(a.offset + at + n);
        node.bytes.replace(a.offset + at, n, a.data, at, n);
      }
      at += n;
    }
  }
  static void store(const std::vector<Node>& nodes, int node, const std::string& into) {
    for (auto& [name, child] : nodes[static_cast<std::size_t>(node)].names) {
      const Node& c = nodes[static_cast<std::size_t>(child)];
      std::string path = into + "/" + name;
      if (c.dir) {
        ::mkdir(path.c_str(), 0700);
        store(nodes, child, path);
      } else {
        int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        for (std::size_t at = 0; at < c.bytes.size();) {
          auto n = ::write(fd, c.bytes.data() + at, c.bytes.size() - at);
          if (n <= 0) break;
          at += static_cast<std::size_t>(n);
        }
        ::close(fd);
      }
    }
  }

  std::string root_;
  std::vector<Node> nodes_, live_;
  std::vector<std::vector<Action>> ops_;
  std::size_t fail_in_ = 0, written_ = 0;
  int error_ = 0, always_ = 0;
  bool failed_ = false;
};

// An empty directory of its own, removed with its content when it goes.
struct Scratch {
  std::string path;
  Scratch() {
    // In memory where possible: thousands of syncs, and the model decides what survives.
    path = file::exists("/dev/shm") ? "/dev/shm/jdtest.XXXXXX" : "/tmp/jdtest.XXXXXX";
    if (!::mkdtemp(path.data())) path.clear();
  }
  ~Scratch() { (void)file::remove_tree(path); }
  Scratch(const Scratch&) = delete;
};

}  // namespace jd::test

// SPDX-License-Identifier: MIT
#include "lib/directory/records.h"

namespace jd::directory {
namespace {
class Memory : public Records {
 public:
  Result<std::optional<std::string>> get(const std::string& key) override {
    auto i = map_.find(key);
    if (i == map_.end()) return std::optional<std::string>();
    return std::optional<std::string>(i->second);
  }
  Status apply(const std::vector<Change>& changes) override {
    for (auto& c : changes) {
      if (c.value) map_[c.key] = *c.value;
      else map_.erase(c.key);
    }
    return {};
  }
  Status scan(const std::string& prefix, const std::string& after,
              const std::function<bool(std::string_view, std::string_view)>& visit) override {
    auto i = after > prefix ? map_.upper_bound(after) : map_.lower_bound(prefix);
    for (; i != map_.end() && i->first.starts_with(prefix); ++i)
      if (!visit(i->first, i->second)) break;
    return {};
  }

 private:
  std::map<std::string, std::string> map_;
};
}  // namespace

std::unique_ptr<Records> memory_records() { return std::make_unique<Memory>(); }

}  // namespace jd::directory

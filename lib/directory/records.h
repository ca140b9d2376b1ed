// SPDX-License-Identifier: MIT
// records.h: where directory records are kept: a sorted map that survives.  The seam behind which
// Berkeley DB (bdb.h) is today; tests use the one in memory.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace jd::directory {

struct Change {
  std::string key;
  std::optional<std::string> value;  // nullopt: remove
};

struct Records {
  virtual ~Records() = default;
  virtual Result<std::optional<std::string>> get(const std::string& key) = 0;
  // All of them or none; durable on return.
  virtual Status apply(const std::vector<Change>& changes) = 0;
  // Keys that begin with prefix and are greater than `after`, in order; visit returns false to stop.
  virtual Status scan(const std::string& prefix, const std::string& after,
                      const std::function<bool(std::string_view key, std::string_view value)>& visit) = 0;
};

std::unique_ptr<Records> memory_records();

}  // namespace jd::directory

// SPDX-License-Identifier: MIT
// bdb.h: directory records in a Berkeley DB 5.3 environment of its own.
//
// One process owns the environment (directoryd; jdctl's one-shot runs of it while it is down): the
// caller holds a lock that makes this so.  Opening runs recovery; each apply() is one transaction,
// synced before it returns.  May be called from several threads of that process.
#pragma once
#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/directory/records.h"

namespace jd::directory {

// `path`: the directory of the environment; made when absent.
Result<std::unique_ptr<Records>> open_bdb(const std::string& path);

}  // namespace jd::directory

// SPDX-License-Identifier: MIT
#include "lib/directory/bdb.h"

#include <db.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mutex>

#include "lib/base/file.h"
#include "lib/base/log.h"

namespace jd::directory {
namespace {
constexpr uint32_t cache_bytes = 32 << 20;

Unexpected db_failed(int r, std::string_view what) {
  Fault fault = r == ENOSPC || r == ENOMEM || r == DB_LOCK_DEADLOCK || r == EIO ? Fault::temp : fault_of_errno(r);
  if (r == DB_RUNRECOVERY) fault = Fault::bug;
  return Unexpected(Error(fault, fmt::format("cannot {} the directory: {}", what, db_strerror(r)), r > 0 ? r : 0));
}

void on_error(const DB_ENV*, const char*, const char* text) { log::error("directory_database", {{"what", text}}); }

DBT view(std::string_view s) {
  DBT d;
  memset(&d, 0, sizeof d);
  d.data = const_cast<char*>(s.data());
  d.size = static_cast<u_int32_t>(s.size());
  return d;
}
// The library allocates, we free.
struct Owned : DBT {
  Owned() {
    memset(static_cast<DBT*>(this), 0, sizeof(DBT));
    flags = DB_DBT_REALLOC;
  }
  ~Owned() { ::free(data); }
  std::string_view text() const { return {static_cast<const char*>(data), size}; }
};

class Bdb : public Records {
 public:
  ~Bdb() override {
    if (db_) db_->close(db_, 0);
    if (env_) env_->close(env_, 0);
  }

  Status open(const std::string& path) {
    CHECK(file::make_directories(path));
    if (int r = db_env_create(&env_, 0)) return db_failed(r, "create");
    env_->set_errcall(env_, on_error);
    env_->set_cachesize(env_, 0, cache_bytes, 1);
    env_->set_lk_detect(env_, DB_LOCK_DEFAULT);
    env_->log_set_config(env_, DB_LOG_AUTO_REMOVE, 1);
    env_->set_lg_max(env_, 4 << 20);
    int r = env_->open(env_, path.c_str(),
                       DB_CREATE | DB_RECOVER | DB_INIT_TXN | DB_INIT_LOG | DB_INIT_LOCK | DB_INIT_MPOOL | DB_PRIVATE | DB_THREAD, 0600);
    if (r) return wrap(Status(db_failed(r, "open")), "{}", path);
    if ((r = db_create(&db_, env_, 0))) return db_failed(r, "create");
    r = db_->open(db_, nullptr, "records.db", nullptr, DB_BTREE, DB_CREATE | DB_AUTO_COMMIT | DB_THREAD, 0600);
    if (r) return wrap(Status(db_failed(r, "open")), "{}/records.db", path);
    return {};
  }

  Result<std::optional<std::string>> get(const std::string& key) override {
    DBT k = view(key);
    Owned v;
    int r = db_->get(db_, nullptr, &k, &v, 0);
    if (r == DB_NOTFOUND) return std::optional<std::string>();
    if (r) return db_failed(r, "read");
    return std::optional<std::string>(v.text());
  }

  Status apply(const std::vector<Change>& changes) override {
    std::lock_guard<std::mutex> one(writing_);
    DB_TXN* txn = nullptr;
    if (int r = env_->txn_begin(env_, nullptr, &txn, 0)) return db_failed(r, "change");
    for (auto& c : changes) {
      DBT k = view(c.key);
      int r;
      if (c.value) {
        DBT v = view(*c.value);
        r = db_->put(db_, txn, &k, &v, 0);
      } else {
        r = db_->del(db_, txn, &k, 0);
        if (r == DB_NOTFOUND) r = 0;
      }
      if (r) {
        txn->abort(txn);
        return db_failed(r, "change");
      }
    }
    if (int r = txn->commit(txn, 0)) return db_failed(r, "change");
    if (++changes_ % 64 == 0) env_->txn_checkpoint(env_, 0, 0, 0);  // bounds recovery and the logs
    return {};
  }

  Status scan(const std::string& prefix, const std::string& after,
              const std::function<bool(std::string_view, std::string_view)>& visit) override {
    DBC* cursor = nullptr;
    if (int r = db_->cursor(db_, nullptr, &cursor, 0)) return db_failed(r, "read");
    std::string from = after > prefix ? after : prefix;
    Owned k, v;
    k.data = ::malloc(from.size() + 1);
    memcpy(k.data, from.data(), from.size());
    k.size = static_cast<u_int32_t>(from.size());
    int r = cursor->get(cursor, &k, &v, DB_SET_RANGE);
    if (r == 0 && k.text() == after) r = cursor->get(cursor, &k, &v, DB_NEXT);
    for (; r == 0 && k.text().starts_with(prefix); r = cursor->get(cursor, &k, &v, DB_NEXT))
      if (!visit(k.text(), v.text())) break;
    cursor->close(cursor);
    if (r && r != DB_NOTFOUND) return db_failed(r, "read");
    return {};
  }

 private:
  DB_ENV* env_ = nullptr;
  DB* db_ = nullptr;
  std::mutex writing_;
  uint64_t changes_ = 0;
};
}  // namespace

Result<std::unique_ptr<Records>> open_bdb(const std::string& path) {
  auto b = std::make_unique<Bdb>();
  CHECK(b->open(path));
  return std::unique_ptr<Records>(std::move(b));
}

}  // namespace jd::directory

// SPDX-License-Identifier: MIT
// deliver.h: one delivery into a mailbox or a Maildir, exactly once.
#pragma once
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/base/config.h"
#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/queue/agent.h"
#include "lib/store/account.h"
#include "lib/store/deriver.h"
#include "lib/store/domain_usage.h"

namespace jd {

class Deliverer {
 public:
  Deliverer(std::string mail_dir, const Config& config)
      : mail_dir_(std::move(mail_dir)), config_(config), terms_{.keep_gone = config.keep_expunged()}, domains_(mail_dir_) {}
  // `message` as the queue has it.  durable: sync before returning (it comes from a queue file; a
  // journal keeps it until sync() has passed).  The result is for the request's one recipient.
  queue::RcptResult deliver(const queue::LocalDelivery& d, std::string message, bool durable);
  // The message when it is the large one that was delivered last: its other recipients get it too.
  std::optional<std::string> take_last(const queue::LocalDelivery& d);
  // Before the first delivery: the kernel tells sync() only of what failed to reach the disk since then.
  Status open();
  Status sync();  // everything delivered so far survives a power cut; any thread may call it
  // Where much was delivered since the last time: mailboxes, by their paths.
  std::vector<std::string> take_grown();
  // Brings these mailboxes' mail to the disk, one after the other, before sync() brings the rest: who waits for
  // the disk meanwhile, most of all for the journal, waits behind one of them.  Any thread may call it.
  void write_back(const std::vector<std::string>& paths) const;
  // Makes derived forms (store/deriver.h) in folders that got many messages since, while may_go_on().
  // false: nothing is left to do.  What fails is logged.
  bool derive(const std::function<bool()>& may_go_on);
  // As many mailboxes stay open as these are enough for.
  void have_descriptors(uint64_t n);

 private:
  queue::RcptResult to_account(const queue::LocalDelivery& d, std::string fields, std::string message, bool durable);
  void warn(store::Account& a, const queue::LocalDelivery& d, std::size_t size, std::string_view message);
  queue::RcptResult to_maildir(const queue::LocalDelivery& d, const std::string& bytes);
  uint64_t full_for(store::Account& a, const Quota& q);
  void keep_large(std::string message);
  store::SharedBody* share(const queue::LocalDelivery& d, const std::string& message);
  Result<store::Account*> account(const std::string& path, bool create);
  void note_arrival(const std::string& path, uint32_t folder);
  Status begin_deriving();
  void weigh_last();  // and close those that were not used for the longest time

  std::string mail_dir_;
  Fd mail_;  // the same
  Config config_;
  store::Terms terms_;
  store::DomainUsage domains_;
  // Mailboxes that stay open: to open one takes longer than to deliver to it.
  struct Open { std::string path; std::unique_ptr<store::Account> account; uint64_t bytes = 0; };
  void close(std::list<Open>::iterator i);
  std::list<Open> open_;  // the latest used first
  std::unordered_map<std::string, decltype(open_)::iterator> by_path_;
  std::size_t max_open_ = 50;
  uint64_t open_bytes_ = 0;  // of memory
  std::unordered_map<std::string, uint64_t> grown_;  // bytes delivered since take_grown(), and not synced at once
  // How much arrived in a folder since it was looked after; whose turn it is; and who is at it.
  using Place = std::pair<std::string, uint32_t>;  // path, folder
  std::map<Place, uint32_t> arrived_;
  std::deque<Place> due_;
  struct Deriving { Place place; store::Deriver deriver; };
  std::optional<Deriving> deriving_;  // its account is open
  // The large message delivered last, by its place in the queue, and where the latest ones were stored.
  struct Large { std::string qid, bytes; std::size_t size; store::SharedBody body; };
  std::optional<Large> large_;
  std::deque<std::pair<std::string, std::string>> stored_;  // queue id, file; the latest first
};

}  // namespace jd

// SPDX-License-Identifier: MIT
// deliver.h: one delivery into a mailbox or a Maildir, exactly once.
#pragma once
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/base/result.h"
#include "lib/queue/agent.h"
#include "lib/store/account.h"

namespace jd {

class Deliverer {
 public:
  Deliverer(std::string mail_dir, const store::Terms& terms) : mail_dir_(std::move(mail_dir)), terms_(terms) {}
  // `message` as the queue has it.  durable: sync before returning (it comes from a queue file; a
  // journal keeps it until sync() has passed).  The result is for the request's one recipient.
  queue::RcptResult deliver(const queue::LocalDelivery& d, std::string_view message, bool durable);
  Status sync();  // everything delivered so far survives a power cut

 private:
  queue::RcptResult to_account(const queue::LocalDelivery& d, const std::string& bytes, bool durable);
  queue::RcptResult to_maildir(const queue::LocalDelivery& d, const std::string& bytes);
  Result<store::Account*> account(const std::string& path);

  static constexpr std::size_t max_open = 200;  // mailboxes kept open; each has a few descriptors
  std::string mail_dir_;
  store::Terms terms_;
  std::list<std::pair<std::string, std::unique_ptr<store::Account>>> open_;  // the latest used first
  std::unordered_map<std::string, decltype(open_)::iterator> by_path_;
};

}  // namespace jd

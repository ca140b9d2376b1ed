// SPDX-License-Identifier: MIT
// mailbox_ops.h: jdctl mailbox stat|create|delete|rename|copy|undelete|expire|compact: one account in the
// operator's hands, while its user works in it or not.
//
// All of it is done as the mailbox's owner.  --dry-run says what would be done, and changes nothing.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cmd/jdctl/ctl.h"
#include "lib/base/args.h"
#include "lib/store/account.h"

namespace jd::store {
struct DeletedMessage;
}

namespace jd::ctl {

class MailboxCommands {
 public:
  MailboxCommands(Args& mailbox, Options& o);
  // nullopt: none of these was chosen.
  std::optional<int> run(const Options& o);

 private:
  Args& verb(const std::string& name, const std::string& about, int (MailboxCommands::*run)(const Options&), bool changes = true);
  // May_make: an account that has no mailbox yet gets one.
  Result<std::unique_ptr<store::Account>> open(const Options& o, const std::string& address, bool may_make = false);
  int told(const Options& o, Json j, const std::string& done, const std::string& would) const;

  int stat(const Options& o);
  int create(const Options& o);
  int remove(const Options& o);
  int rename(const Options& o);
  int copy(const Options& o);
  int expire(const Options& o);
  int compact(const Options& o);
  int undelete(const Options& o);  // mailbox_undelete.cc
  Result<bool> chosen(store::Account& a, const store::DeletedMessage& d, std::string& from, std::string& subject) const;
  Result<std::optional<uint32_t>> chosen_folder(store::Account& a) const;
  int list_deleted(const Options& o, store::Account& a, const std::vector<store::DeletedMessage>& all);
  int undelete_folder(const Options& o, store::Account& a, uint32_t id);

  Args& mailbox_;
  Options& options_;
  struct Verb { Args* args; int (MailboxCommands::*run)(const Options&); };
  std::vector<Verb> verbs_;
  std::string address_, folder_, target_, to_, uids_, special_;
  std::string since_, from_, subject_, older_;
  std::vector<std::string> ids_;
  bool dry_ = false, recursive_ = false, force_ = false, list_ = false, all_ = false;
  Time deleted_since_;
};

}  // namespace jd::ctl

// SPDX-License-Identifier: MIT
// transfer.h: what mailbox import and export share: rights, and telling what was done.
#pragma once
#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "cmd/jdctl/ctl.h"
#include "lib/store/portable.h"

namespace jd::ctl {

// Of an account's mailbox, which need not be there yet.
Result<std::string> mailbox_path(const Options& o, const std::string& address);

// Is the account known?  Its mailbox is made by the first who needs it.
Status check_account(const Options& o, const std::string& address);

// The owner of a mailbox in an installed system.  Whatever root does below it must be done as its
// owner, or files of root's would lock everybody else out; what the operator names is read and
// written with the operator's own rights.  As an ordinary user all of this does nothing.
class Owner {
 public:
  static Result<Owner> of(const std::string& path);
  Status become() const;  // for good
  class Hold {            // until it goes
   public:
    explicit Hold(const Owner& o);
    Hold(const Hold&) = delete;
    ~Hold();

   private:
    bool is_on_;
  };

 private:
  bool is_other_ = false;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
};

// Counts and warnings, printed at the end as a table or as JSON.
class Summary {
 public:
  Summary(bool json, std::string verb) : json_(json), verb_(std::move(verb)) {}
  void left(const std::string& where, const std::string& why);  // said at once, on standard error
  void left(const std::string& below, const std::vector<store::Left>& all);
  struct Folder {
    std::string name;
    uint64_t messages = 0, present = 0, expunged = 0, renumbered = 0, keywords_left_out = 0;
    uint64_t uidls = 0, uidls_left_out = 0;
    uint32_t uid_validity = 0;
    bool keeps_uids = true;
    std::string note;
  };
  void folder(Folder f);
  int status() const { return left_count_ ? 1 : 0; }
  // The exit status: 0, or 1 when something was left out.
  int print(const std::string& address, const std::string& format) const;

 private:
  bool json_;
  std::string verb_;
  std::vector<Folder> folders_;
  std::vector<store::Left> left_;  // the first of them
  uint64_t left_count_ = 0;
};

}  // namespace jd::ctl

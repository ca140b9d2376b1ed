// SPDX-License-Identifier: MIT
// queue.h: jdctl queue: the queue in the operator's hands.
//
// Long orders are asked for in pieces (qrun-admin.sock), so that an interrupted jdctl ends them; what
// was done until then is told.  Lists are printed page by page, however long they are.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cmd/jdctl/ctl.h"
#include "lib/base/args.h"

namespace jd::ctl {

class QueueCommands {
 public:
  explicit QueueCommands(Args& root, Options& o);
  // nullopt: none of these was chosen.
  std::optional<int> run(const Options& o);

 private:
  struct Filter {
    std::vector<std::string> ids;
    std::string sender, recipient, domain, reason, user, state, older, newer, larger, smaller;
  };
  Args& verb(const std::string& name, const std::string& about);
  Args& with_filter(Args& a, bool ids = true);
  Result<ipc::Message> request(const std::string& verb) const;
  int list(const Options& o, ipc::Message m);
  int show(const Options& o);
  int order(const Options& o, const std::string& verb, ipc::Message m);
  int terms(const Options& o, const std::string& verb);
  int plain(const Options& o, const std::string& verb);

  Args& queue_;
  Options& options_;
  struct Verb { std::string name; Args* args; };
  std::vector<Verb> verbs_;
  Filter f_;
  bool dry_ = false, all_ = false, body_ = false, refused_address_ = false;
  std::string to_, destination_, max_, rate_;
  std::vector<std::string> destinations_;
  uint64_t limit_ = 0;
};

}  // namespace jd::ctl

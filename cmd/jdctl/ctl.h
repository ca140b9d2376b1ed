// SPDX-License-Identifier: MIT
// ctl.h: what jdctl's commands share.  Each returns an exit status: 0, 1 (import and
// export: done, something was left out), 100, 101 or 111.
#pragma once
#include <string>
#include <vector>

#include "lib/base/config.h"
#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/ipc/frame.h"

namespace jd::ctl {

struct Options {
  Paths paths;
  bool json = false;
};

int failed(const Error& e);                      // prints it, returns its exit status
void print(const std::string& line);
void print_json(const Json& j);
// Rows with a heading, columns as wide as they need to be (Chinese counts two).
void print_table(const std::vector<std::string>& heading, const std::vector<std::vector<std::string>>& rows);
std::string local_time(int64_t seconds);         // "2026-11-24 16:00:00"; 0: "earlier"
Result<Time> parse_since(const std::string& text);  // "2h": so long ago; "2026-11-24", "2026-11-24 16:00": local time
struct Ran { int status; std::string out; };
Ran run(const std::vector<std::string>& argv, const std::string& input = "");  // standard output is caught

// Asks directoryd; when it is down, a one-shot run of it, so that this works before `start` too.
Result<ipc::Message> ask_directory(const Options& o, const ipc::Message& m);
// The fields of a list of directoryd's (domain-list, user-list, ...), all pages of it.
using Rows = std::vector<std::vector<std::string>>;
Result<Rows> directory_list(const Options& o, const std::string& cmd, const std::string& domain);

std::vector<std::string> service_names(const Options& o);  // the programs that this configuration runs
// s6-svstat's answer about one of them; "" while nothing supervises it (s6-svstat would complain to the terminal).
std::string service_state(const Options& o, const std::string& program, const std::string& fields);
bool is_ready(const Options& o, const std::string& program);

struct InitOptions { std::string domain, hostname; uint64_t port_base = 0; bool yes = false; };
int init(const Options& o, const InitOptions& i);
int start(const Options& o);
int stop(const Options& o);
int status(const Options& o);
int reload(const Options& o);
int endpoints(const Options& o);
int config_check(const Options& o);
int config_show(const Options& o);

int domain(const Options& o, const std::string& verb, const std::string& name);
struct UserOptions { std::string address, quota, person; bool password_stdin = false, no_login = false; std::vector<std::string> senders, shared_with; };
int user(const Options& o, const std::string& verb, const UserOptions& u);
int alias(const Options& o, const std::string& verb, const std::string& address, const std::vector<std::string>& targets);

int metrics(const Options& o);
struct TraceOptions { std::string word, since, lang; bool raw = false; };
int trace(const Options& o, const TraceOptions& t);
struct MailboxOptions { std::string address, folder, uid; bool repair = false, rebuild = false, status = false; };
int mailbox(const Options& o, const std::string& verb, const MailboxOptions& m);
struct AclOptions { std::string address, folder, identifier, rights; };
int mailbox_acl(const Options& o, const std::string& verb, const AclOptions& c);
// All folders of an account for all of these, with everything that a group's mailbox needs.
constexpr std::string_view shared_rights = "lrswipkxte";
int share_all(const Options& o, const std::string& address, const std::vector<std::string>& with);
struct TransferOptions { std::string address, format, folder, path, uidl = "list"; bool force = false; };
int mailbox_import(const Options& o, const TransferOptions& t);
int mailbox_export(const Options& o, const TransferOptions& t);

}  // namespace jd::ctl

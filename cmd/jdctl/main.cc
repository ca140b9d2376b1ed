// SPDX-License-Identifier: MIT
// jdctl: the operator's one command: jdctl <noun> <verb>.  Row "jdctl" of jdmail(7).
#include <signal.h>
#include <sodium.h>
#include <stdio.h>

#include "cmd/jdctl/ctl.h"
#include "cmd/jdctl/health.h"
#include "cmd/jdctl/mailbox_ops.h"
#include "cmd/jdctl/queue.h"
#include "cmd/jdctl/quota.h"
#include "cmd/jdctl/tls.h"
#include "lib/base/args.h"
#include "lib/base/log.h"

int main(int argc, char** argv) {
  using namespace jd;
  ::signal(SIGPIPE, SIG_IGN);
  if (sodium_init() < 0) return 101;
  std::string prefix = "/";
  ctl::Options o;
  Args a("jdctl", "operate jdmail");
  a.option("--prefix", prefix, "instance directory; / is the installed system").env("JDMAIL_PREFIX");
  a.needs_command();
  auto json = [&](Args& c) -> Args& { return c.flag("--json", o.json, "print JSON"); };

  ctl::InitOptions io;
  Args& init = a.command("init", "make an instance");
  init.option("--domain", io.domain, "the first mail domain").required();
  init.option("--hostname", io.hostname, "this host's name; default mail.<domain>");
  init.option("--port-base", io.port_base, "listen on 127.0.0.1, ports = base + well-known port");
  init.flag("--yes", io.yes, "for scripts: ask nothing; at present nothing is asked without it either");
  Args& start = a.command("start", "start every program under s6");
  Args& stop = a.command("stop", "finish what is under way and stop");
  Args& restart = a.command("restart", "stop and start");
  Args& status = json(a.command("status", "show each program and the size of the queue"));
  bool is_strict = false;
  Args& health = json(a.command("health", "tell whether this instance can do its work; exit 2 when not")).flag("--strict", is_strict, "exit 1 for a warning");
  Args& reload = a.command("reload", "take a changed configuration or certificate, keep sessions");
  Args& endpoints = json(a.command("endpoints", "show where clients connect"));
  Args& config = a.command("config", "the configuration file").needs_command();
  Args& config_check = config.command("check", "say what is wrong with it");
  Args& config_show = json(config.command("show", "every setting with its value"));

  std::string name;
  struct Verb { const char* name; Args* args; };
  std::vector<Verb> domains, users, aliases, mailboxes;
  Args& domain = a.command("domain", "mail domains").needs_command();
  for (const char* v : {"add", "del"}) {
    domains.push_back({v, &domain.command(v, v[0] == 'a' ? "take mail for a domain" : "remove one")});
    domains.back().args->positional("domain", name, "its name");
  }
  domains.push_back({"list", &json(domain.command("list", "show them"))});

  ctl::UserOptions u;
  Args& user = a.command("user", "accounts").needs_command();
  struct Row { const char* verb; const char* about; };
  for (Row r : {Row{"add", "make an account"}, {"passwd", "set its password"}, {"del", "remove it; the mailbox stays"},
                {"suspend", "no more logins; mail is still taken"}, {"resume", "logins again"}, {"quota", "set its size limit"}}) {
    Args& c = user.command(r.verb, r.about).positional("address", u.address, "the account, user@domain");
    std::string v = r.verb;
    if (v == "add" || v == "passwd") c.flag("--password-stdin", u.password_stdin, "read the password from standard input");
    if (v == "add") c.option("--quota", u.quota, "size limit, e.g. 5G").option("--name", u.person, "of the person").flag("--no-login", u.no_login, "nobody logs in: a mailbox for others, a password can be set later")
                        .option("--shared-with", u.shared_with, "all of its folders are for them: an address, anyone, @domain or group:alias; may be said again");
    if (v == "quota") c.positional("size", u.quota, "e.g. 5G; 0: none");
    users.push_back({r.verb, &c});
  }
  users.push_back({"list", &json(user.command("list", "show them").positional("domain", u.address, "of this domain only", false))});

  Args& send_as = user.command("send-as", "addresses that it may send from beside its own").needs_command();
  for (Row r : {Row{"add", "give it the right"}, {"remove", "take it back"}, {"list", "show them"}}) {
    Args& c = send_as.command(r.verb, r.about).positional("address", u.address, "the account");
    std::string v = r.verb;
    if (v == "list") json(c);
    else c.positional("senders", u.senders, "addresses, or @domain for all of one");
    users.push_back({v == "add" ? "send-as-add" : v == "remove" ? "send-as-del" : "send-as-list", &c});
  }

  std::vector<std::string> targets;
  Args& alias = a.command("alias", "addresses that lead to others").needs_command();
  for (const char* v : {"add", "del"})
    aliases.push_back({v, &alias.command(v, v[0] == 'a' ? "add targets" : "remove targets, or all of it")
                               .positional("address", name, "the alias; @domain: everything else there")
                               .positional("targets", targets, "addresses, or maildir:/path", v[0] == 'a')});
  aliases.push_back({"list", &json(alias.command("list", "show them").positional("domain", name, "of this domain only", false))});

  ctl::QueueCommands queue(a, o);
  ctl::QuotaCommands quota(a, o);

  std::string certificate;
  Args& tls = a.command("tls", "certificates").needs_command();
  Args& tls_list = json(tls.command("list", "show them, and until when they are good"));
  Args& tls_renew = tls.command("renew", "have acmed get new ones now").positional("name", certificate, "the first name of one of acme.certificates", false);

  Args& metrics = a.command("metrics", "numbers for Prometheus, in its text format");
  ctl::TraceOptions to;
  Args& trace = json(a.command("trace", "tell what became of a message").positional("word", to.word, "queue id, Message-ID or address"));
  trace.option("--since", to.since, "not what is older, e.g. 2h, 3d or 2026-11-24").option("--lang", to.lang, "en or zh; default: the environment's");
  trace.flag("--raw", to.raw, "the lines of the logs as they are");
  ctl::MailboxOptions m;
  Args& mailbox = a.command("mailbox", "what an account holds").needs_command();
  mailboxes.push_back({"list", &json(mailbox.command("list", "folders with counts")).positional("address", m.address, "the account")});
  mailboxes.push_back({"cat", &mailbox.command("cat", "print a message").positional("address", m.address, "the account").positional("folder", m.folder, "e.g. INBOX").positional("uid", m.uid, "its UID")});
  mailboxes.push_back({"check", &mailbox.command("check", "verify every checksum").positional("address", m.address, "the account").flag("--repair", m.repair, "drop what is lost, bring back what no folder shows")});
  ctl::MailboxCommands account(mailbox, o);
  mailboxes.push_back({"index", &json(mailbox.command("index", "bring the search index up to date, and tell how it stands")).positional("address", m.address, "the account").flag("--rebuild", m.rebuild, "make it anew").flag("--status", m.status, "only tell")});
  ctl::AclOptions ac;
  std::vector<Verb> acls;
  Args& acl = mailbox.command("acl", "whom its folders are for").needs_command();
  for (Row r : {Row{"list", "show them"}, {"set", "give rights, or with + and - add and take some"}, {"delete", "take all rights"}}) {
    std::string v = r.verb;
    Args& c = acl.command(r.verb, r.about).positional("address", ac.address, "the account").positional("folder", ac.folder, "e.g. Projects; * is all of them", v != "list");
    if (v == "list") json(c);
    else c.positional("identifier", ac.identifier, "an address, anyone, @domain or group:alias; with - before it: what it may not");
    if (v == "set") c.positional("rights", ac.rights, "letters of lrswipkxtea, see imapd(8)");
    acls.push_back({r.verb, &c});
  }
  ctl::TransferOptions t;
  struct Transfer { const char* verb; const char* about; int (*run)(const ctl::Options&, const ctl::TransferOptions&); Args* args; };
  Transfer transfers[] = {{"import", "take in a Maildir or mbox", ctl::mailbox_import, nullptr}, {"export", "write it as Maildir or mbox", ctl::mailbox_export, nullptr}};
  for (auto& x : transfers) {
    x.args = &json(mailbox.command(x.verb, x.about)).positional("address", t.address, "the account").positional("path", t.path, "directory or file; - is a pipe");
    x.args->option("--format", t.format, "maildir or mbox").option("--folder", t.folder, "this folder only");
  }
  transfers[0].args->option("--uidl", t.uidl, "names for POP3: list, header, file, none or a form");
  transfers[0].args->flag("--force", t.force, "take what is there already, too");

  if (auto code = a.parse(argc, argv)) return *code;
  o.paths = Paths::of(prefix);
  if (init.chosen()) return ctl::init(o, io);
  if (start.chosen()) return ctl::start(o);
  if (stop.chosen()) return ctl::stop(o);
  if (restart.chosen()) {
    int code = ctl::stop(o);
    return code ? code : ctl::start(o);
  }
  if (health.chosen()) return ctl::health(o, is_strict);
  if (status.chosen()) return ctl::status(o);
  if (reload.chosen()) return ctl::reload(o);
  if (endpoints.chosen()) return ctl::endpoints(o);
  if (config_check.chosen()) return ctl::config_check(o);
  if (config_show.chosen()) return ctl::config_show(o);
  if (tls_list.chosen()) return ctl::tls_list(o);
  if (tls_renew.chosen()) return ctl::tls_renew(o, certificate);
  if (metrics.chosen()) return ctl::metrics(o);
  if (trace.chosen()) return ctl::trace(o, to);
  for (auto& v : domains) if (v.args->chosen()) return ctl::domain(o, v.name, name);
  for (auto& v : users) if (v.args->chosen()) return ctl::user(o, v.name, u);
  for (auto& v : aliases) if (v.args->chosen()) return ctl::alias(o, v.name, name, targets);
  if (auto code = queue.run(o)) return *code;
  if (auto code = quota.run(o)) return *code;
  if (auto code = account.run(o)) return *code;
  for (auto& x : transfers) if (x.args->chosen()) return x.run(o, t);
  for (auto& v : acls) if (v.args->chosen()) return ctl::mailbox_acl(o, v.name, ac);
  for (auto& v : mailboxes) if (v.args->chosen()) return ctl::mailbox(o, v.name, m);
  return 100;
}

// SPDX-License-Identifier: MIT
// sessiond: gives one forked worker one user's directory and nothing else, and has it run the sessions
// of imapd and pop3d.  Row "sessiond" of jdmail(7).
//
//   session ticket protocol greeting trace [manner], a connection riding along, early bytes as the body
// The ticket is redeemed at directoryd, so that a front door that was taken over can name no account
// whose password it has not seen.  What becomes of a session: sessions.h; of a worker: worker.h.
#include <errno.h>
#include <signal.h>

#include "cmd/sessiond/login_delay.h"
#include "cmd/sessiond/sessions.h"
#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/directory/access.h"
#include "lib/ipc/client.h"
#include "lib/ipc/server.h"
#include "lib/mime/charset.h"
#include "lib/net/serve.h"
#include "lib/store/domain_usage.h"
#include "lib/store/format.h"

namespace jd {
namespace {
constexpr Span last_words = seconds(3);  // for the workers to leave by themselves

class Sessiond : public Service {
 public:
  Sessiond(const Context& c, sandbox::CallFilter filter)
      : config_(c.config), directory_(loop_, "directoryd", c.paths.socket("directory")),
        sessions_(loop_, config_, c.paths.mail, std::move(filter)), domains_(c.paths.mail) {
    sessions_.on_shares([this](const std::string& owner, const std::string& grantees) { tell_shares(owner, grantees); });
  }

  Status listen(const std::string& run_dir) {
    if (auto ids = user_ids("jdnet")) server_.allow({ids->uid});
    else server_.allow({});
    TRY(next_, sessions_.take_over(run_dir + "/sessiond.next"));
    return server_.listen(run_dir + "/sessiond.sock", 0666);
  }

  // What its workers would make anew, each for itself.
  Status setup() override {
    (void)mime::fold("\xE4\xB8\x80");
    return {};
  }

  int run() override {
    // A new configuration is for new sessions: this process makes room for the next, its sessions go on.
    if (auto r = loop_.on_signal(SIGHUP, [this] { keeps_sessions_ = true; loop_.stop(); }); !r) return exit_code(r.error().fault);
    if (auto r = loop_.on_signal(SIGCHLD, [this] { sessions_.reap(); }); !r) return exit_code(r.error().fault);
    loop_.post([this] { sessions_.look_at_adopted(); });
    int status = net::serve(loop_, [this] { loop_.stop(); });
    if (keeps_sessions_) sessions_.hand_over(std::move(next_));
    else end();
    return status;
  }

 private:
  void end() {
    server_.stop();
    sessions_.end_all();
    for (Time until = monotonic() + last_words; sessions_.has_workers() && monotonic() < until;) loop_.run_once(milliseconds(100));
    sessions_.kill_all();
  }

  void handle(ipc::Request r) {
    if (r.cmd() != "session" || r.message.fds.size() != 1) return r.reply(Error(Fault::usage, "sessiond knows no such request"));
    auto kept = std::make_shared<ipc::Request>(std::move(r));
    ipc::Message m("redeem");
    m.set("ticket", kept->message.get("ticket"));
    if (kept->message.get("protocol") == "imap") m.set("access", "1");
    directory_.request(std::move(m), [this, kept](Result<ipc::Message> who) {
      if (!who) return kept->reply(who.error());
      begin(*kept, *who);
    });
  }

  void begin(ipc::Request& r, const ipc::Message& who) {
    Job job;
    job.address = who.get("address");
    job.path = who.get("path");
    job.quota = domains_.within(job.path, Quota::parse(who.get("quota")));
    if (auto access = directory::Access::parse(who.get("access")); !access.identities.empty()) {
      for (auto& s : access.shared) s.quota = domains_.within(s.path, s.quota);
      job.access = access.text();
    }
    job.protocol = r.message.get("protocol");
    job.greeting = r.message.get("greeting");
    job.trace = r.message.get("trace");
    job.manner = r.message.get("manner");
    job.early = r.message.body();
    bool is_pop3 = job.protocol == "pop3";
    if (is_pop3 && delay_.is_too_soon(job.address)) return r.reply(Error(Fault::temp, "logged in by POP3 again before access.pop3_login_delay is over", EBUSY));
    auto begun = sessions_.begin(job, std::move(r.message.fds[0]));
    if (begun && is_pop3) delay_.logged_in(job.address);
    r.reply(std::move(begun));
  }

  // The owner's list has it durably: what is lost here is told again when the owner next logs in.
  void tell_shares(const std::string& owner, const std::string& grantees) {
    ipc::Message m("shares");
    m.set("owner", owner).set("grantees", grantees);
    directory_.request(std::move(m), [owner](Result<ipc::Message> r) {
      if (r) log::info("shares_changed", {{"owner", owner}});
      else log::failure("shares_not_told", r.error(), {{"owner", owner}});
    });
  }

  Config config_;
  net::Loop loop_;
  ipc::AsyncClient directory_;
  Sessions sessions_;
  store::DomainUsage domains_;
  LoginDelay delay_{config_.pop3_login_delay};
  bool keeps_sessions_ = false;
  Fd next_;  // where the next generation asks for our sessions
  ipc::Server server_{loop_, [this](ipc::Request r) { handle(std::move(r)); }};
};
}  // namespace
}  // namespace jd

int main(int argc, char** argv) {
  using namespace jd;
  return run_daemon(argc, argv, {
      .name = "sessiond",
      .about = "run POP3 and IMAP sessions, each in a process that sees one mailbox",
      .rights = [](const Context& c) -> sandbox::Rights {
        return {.user = "jdmail", .root = "", .paths = {{c.paths.mail, true}, {c.paths.run, true}},
                .calls = sandbox::files | sandbox::net | sandbox::processes | sandbox::confine, .descriptors = 65536};
      },
      .open = [](Context& c) -> Result<std::unique_ptr<Service>> {
        CHECK(file::make_directories(c.paths.mail, 0700));
        (void)store::boot_id();  // while /proc can be read: the sessions are to know it as deliveries do
        TRY(auto filter, sandbox::CallFilter::make(sandbox::files));
        auto s = std::make_unique<Sessiond>(c, std::move(filter));
        CHECK(s->listen(c.root_run));
        return std::unique_ptr<Service>(std::move(s));
      },
  });
}

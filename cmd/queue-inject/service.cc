// SPDX-License-Identifier: MIT
#include "cmd/queue-inject/service.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/daemon.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/net/serve.h"

namespace jd {
namespace {
constexpr Span nudge_pace = milliseconds(10);
constexpr std::size_t max_batch_bytes = 8 << 20;
constexpr std::size_t max_frame_bytes = 4 << 20;

// Keys that only the queue itself may say.
constexpr std::string_view own_keys[] = {"cmd", "id", "version", "fds", "header", "offset", "size",
                                         "received", "hops", "depth", "first"};
}  // namespace

InjectService::InjectService(const Config& config, const Paths& paths)
    : config_(config), paths_(paths), commit_task_(loop_, [this] { commit(); }),
      nudge_timer_(loop_, [this] { nudge(); }),
      spare_timer_(loop_, [this] {
        if (Status s = journal_->prepare_spare(); !s) log::failure("no_spare_segment", s.error());
        spare_timer_.start(seconds(5));
      }),
      server_(loop_, [this](ipc::Request r) { take(std::move(r)); }, max_frame_bytes),
      qrun_(loop_, "qrun", paths_.socket("qrun")), orders_(loop_, "qrun", paths_.socket("qrun-admin")) {}

Status InjectService::listen() {
  for (const char* user : {"jdnet", "jdqueue", "jdmail", "jdgate", "jddir"})
    if (auto ids = user_ids(user)) trusted_.push_back(ids->uid);
  trusted_.push_back(0);
  trusted_.push_back(::getuid());
  return server_.listen(paths_.socket("queue-inject"), 0666);  // anyone may send; peers are told apart
}

Status InjectService::setup() {
  TRY(store_, queue::FileStore::open(paths_.queue));
  TRY(journal_, queue::JournalWriter::open(store_->root(), {}));
  if (Status s = journal_->prepare_spare(); !s) log::failure("no_spare_segment", s.error());
  spare_timer_.start(seconds(5));
  return {};
}

int InjectService::run() {
  return net::serve(loop_, [this] { stop(); });
}

void InjectService::stop() {
  server_.stop();
  commit();
  loop_.post([this] { loop_.stop(); });  // the answers leave first
}

void InjectService::take(ipc::Request r) {
  if (r.cmd() == "position") {
    auto p = journal_->position();
    return r.reply(ipc::Message::ok().set("segment", uint64_t{p.segment}).set("offset", p.offset));
  }
  if (r.cmd() == "start") return start(std::move(r));
  if (r.cmd() != "inject") return r.reply(Error(Fault::usage, "this service knows cmd=inject"));
  ipc::Message m = std::move(r.message);
  r.message = ipc::Message();
  if (m.has("id")) r.message.set("id", m.get("id"));
  Pending p{std::move(r), "", "", "", 0, 0};
  auto id = add(m, p.request.uid(), p);
  if (!id) {
    log::failure("refused", id.error());
    return p.request.reply(id.error());
  }
  p.id = std::move(*id);
  batch_.push_back(std::move(p));
  if (journal_->batch_bytes() >= max_batch_bytes) commit();
  else commit_task_.start();
}

Result<std::string> InjectService::add(const ipc::Message& m, uint32_t uid, Pending& p) {
  queue::Pairs pairs;
  bool trusted = is_trusted(uid);
  for (auto& [k, v] : m.pairs()) {
    bool own = std::find(std::begin(own_keys), std::end(own_keys), k) != std::end(own_keys);
    if (own || (!trusted && (k == "user" || k == "double" || k == "ip"))) continue;
    pairs.emplace_back(k, v);
  }
  TRY(queue::Envelope e, queue::Envelope::from_pairs(pairs));
  if (!trusted) e.user = fmt::format("uid {}", uid);
  if (e.recipients.size() > std::max<std::size_t>(config_.max_recipients, 1))
    return fail(Fault::perm, "more than {} recipients", config_.max_recipients);
  std::string_view header = m.get("header");
  if (header.size() > max_header_bytes || (!header.empty() && header.substr(header.size() - 1) != "\n"))
    return fail(Fault::perm, "header lines are too long or not whole");
  queue::Source source{{header}};
  std::string start;
  if (!m.fds.empty()) {
    source.fd = m.fds[0].get();
    // Reading from anything else may take as long as its owner likes, and all others would wait.
    if (!trusted && ::fcntl(source.fd, F_GET_SEALS) < 0) return fail(Fault::perm, "the message's descriptor must be a memfd");
    source.offset = m.number("offset");
    source.length = m.number("size", UINT64_MAX);
    TRY(uint64_t have, file::size_of(source.fd));
    if (source.length > have || source.offset > have - source.length)
      return fail(Fault::perm, "the message is shorter than announced");
    TRY(start, file::read_at(source.fd, static_cast<std::size_t>(std::min<uint64_t>(source.length, queue::max_journal_message)), source.offset));
  } else {
    if (m.body().size() > max_body_bytes)
      return fail(Fault::perm, "a message of more than {} comes as a descriptor", size_text(max_body_bytes));
    source.pieces.push_back(m.body());
  }
  if (source.size() > config_.message_size + max_header_bytes)
    return fail(Fault::perm, "a message of {} is larger than allowed", size_text(source.size()));
  e.received = now();
  e.size = source.size();
  auto facts = queue::header_facts(m.fds.empty() ? std::string_view(m.body()) : std::string_view(start));
  e.hops = facts.received;
  p.message_id = std::move(facts.message_id);
  p.from = e.reverse_path;
  p.recipients = e.recipients.size();
  p.bytes = e.size;
  std::string id = unique_id();
  if (e.size > queue::max_journal_message) {
    CHECK(add_file(id, e, source));
    return id;
  }
  if (source.fd >= 0) source.pieces.push_back(start);
  TRY(auto ref, journal_->add(id, e, source.pieces));
  (void)ref;  // qrun reads the segment record by record
  return id;
}

Status InjectService::add_file(const std::string& id, const queue::Envelope& e, const queue::Source& s) {
  TRY(auto path, store_->add_new(id, e, s, queue::Durability::named));
  (void)path;  // qrun watches new/
  has_new_files_ = true;
  return {};
}

void InjectService::commit() {
  if (batch_.empty()) return;
  Status s = journal_->commit();
  if (has_new_files_ && s) s = store_->sync_new();
  has_new_files_ = false;
  auto batch = std::move(batch_);
  batch_.clear();
  if (!s) log::failure("commit_failed", s.error(), {{"messages", batch.size()}});
  for (auto& p : batch) {
    if (s) p.request.reply(ipc::Message::ok().set("qid", p.id));
    else p.request.reply(s.error());
  }
  server_.send_now();  // somebody waits for it; for the rest of this nobody does
  if (!s) return;
  for (auto& p : batch) {
    log::Trace trace(p.id);
    log::info("queued", {{"qid", p.id}, {"from", p.from}, {"recipients", p.recipients}, {"bytes", p.bytes}, {"msgid", p.message_id}});
  }
  nudge();
}

bool InjectService::is_trusted(uint32_t uid) const { return std::find(trusted_.begin(), trusted_.end(), uid) != trusted_.end(); }

// smtpd may not speak with qrun's admin socket, where one could do much more; this one thing it may.
void InjectService::start(ipc::Request r) {
  std::string domain(r.message.get("domain"));
  if (!is_trusted(r.uid())) return r.reply(Error(Fault::perm, "cmd=start is for jdmail's own programs"));
  // A pattern would mean more than one destination.
  bool is_plain = !domain.empty() && domain.size() <= 256 && domain.find_first_of("/*?") == domain.npos;
  if (!is_plain) return r.reply(Error(Fault::usage, "domain=<a domain>"));
  if (starting_ >= 8) return r.reply(Error(Fault::temp, "too many at once"));
  starting_++;
  go_on(std::make_shared<ipc::Request>(std::move(r)), ipc::Message("queue").set("verb", "retry").set("domain", domain));
}

// A long order is answered in parts, as long as somebody asks.
void InjectService::go_on(std::shared_ptr<ipc::Request> r, ipc::Message order) {
  orders_.request(std::move(order), [this, r](Result<ipc::Message> a) {
    if (a && a->has("more")) return go_on(r, ipc::Message("more").set("token", a->get("more")));
    starting_--;
    if (!a) return r->reply(a.error());
    r->reply(ipc::Message::ok().set("count", a->number("done")));
  });
}

// Tells qrun how far the journal may be read.  One frame at a time; nothing is lost when it is down:
// it finds the segments by itself.  Where one follows the other they go together: a wake-up of qrun
// and the agents for each costs more than the delivery; the first after a pause goes at once.
void InjectService::nudge() {
  auto p = journal_->position();
  if (is_nudging_ || p == told_ || nudge_timer_.is_running()) return;
  if (monotonic() - last_nudge_ < nudge_pace) return nudge_timer_.start(nudge_pace);
  last_nudge_ = monotonic();
  is_nudging_ = true;
  ipc::Message m("journal");
  m.set("segment", uint64_t{p.segment}).set("offset", p.offset);
  qrun_.request(std::move(m), [this, p](Result<ipc::Message> r) {
    is_nudging_ = false;
    if (r) told_ = p;
    else if (!nudge_timer_.is_running()) nudge_timer_.start(seconds(1));
    if (r) nudge();
  }, seconds(10));
}

}  // namespace jd

// SPDX-License-Identifier: MIT
#include "cmd/local-deliver/deliver.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "lib/base/file.h"
#include "lib/base/random.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/log/crc32c.h"
#include "lib/mime/imap_form.h"
#include "lib/store/quota_warning.h"
#include "lib/store/segments.h"

namespace jd {
namespace {
queue::RcptResult result(queue::Fate fate, std::string code, std::string text) {
  queue::RcptResult r;
  r.fate = fate;
  r.code = std::move(code);
  r.text = std::move(text);
  return r;
}

// Delivered-To already there: the message went in a circle (RFC 5321 §6.3's counterpart for forwards).
bool was_here(std::string_view message, std::string_view address) {
  std::string_view rest = message;
  while (!rest.empty() && rest[0] != '\r' && rest[0] != '\n') {
    auto lf = rest.find('\n');
    auto line = rest.substr(0, lf);
    if (istarts_with(line, "Delivered-To:") && iequals(trim(line.substr(13)), address)) return true;
    if (lf == rest.npos) return false;
    rest.remove_prefix(lf + 1);
  }
  return false;
}
}  // namespace

std::optional<std::string> Deliverer::take_last(const queue::LocalDelivery& d) {
  if (!large_ || large_->qid != d.qid || large_->bytes.size() != d.length) return std::nullopt;
  return std::move(large_->bytes);
}

queue::RcptResult Deliverer::deliver(const queue::LocalDelivery& d, std::string message, bool durable) {
  if (was_here(message, d.rcpt)) return result(queue::Fate::perm, "5.4.6", "mail forwarding loop for " + d.rcpt);
  std::string bytes = fmt::format("Return-Path: <{}>\r\nDelivered-To: {}\r\n", one_line(d.from), one_line(d.rcpt));
  if (!d.original.empty() && !iequals(d.original, d.rcpt)) bytes += fmt::format("X-Original-To: {}\r\n", one_line(d.original));
  if (d.kind == "maildir") return to_maildir(d, bytes + message);
  return to_account(d, std::move(bytes), std::move(message), durable);
}

// A message that begins with a header field: ours can stand before it, whoever the recipient is.
store::SharedBody* Deliverer::share(const queue::LocalDelivery& d, const std::string& message) {
  if (large_ && large_->qid == d.qid && large_->size == message.size()) {
    large_->body.bytes = message;
    return &large_->body;
  }
  large_.reset();
  auto colon = message.find_first_of(": \t\r\n");
  if (message.size() < store::big_bytes || colon == message.npos || colon == 0 || message[colon] != ':') return nullptr;
  large_.emplace();
  large_->qid = d.qid;
  large_->size = message.size();
  large_->body.bytes = message;
  large_->body.crc = journal::crc32c(0, message);
  large_->body.parsed = mime::parse_for_store(message);
  for (auto& [qid, file] : stored_)
    if (qid == d.qid) large_->body.source = file;
  return &large_->body;
}

// It may go on being delivered after others came between.
void Deliverer::keep_large(std::string message) {
  constexpr std::size_t remembered = 16;
  large_->bytes = std::move(message);
  large_->body.bytes = {};
  if (large_->body.source.empty()) return;
  std::erase_if(stored_, [&](auto& s) { return s.first == large_->qid; });
  stored_.emplace_front(large_->qid, large_->body.source);
  if (stored_.size() > remembered) stored_.pop_back();
}

void Deliverer::have_descriptors(uint64_t n) {
  constexpr uint64_t each = 8, others = 200, least = 20, most = 1000;
  max_open_ = std::clamp(n > others ? (n - others) / each : 0, least, most);
}

Result<store::Account*> Deliverer::account(const std::string& path, bool create) {
  if (auto i = by_path_.find(path); i != by_path_.end()) {
    open_.splice(open_.begin(), open_, i->second);
    return open_.front().account.get();
  }
  TRY(auto a, store::Account::open(mail_dir_ + "/" + path, create, terms_));
  open_.push_front({path, std::move(a)});
  by_path_[path] = open_.begin();
  return open_.front().account.get();
}

// A large mailbox takes megabytes.
void Deliverer::weigh_last() {
  constexpr uint64_t most_bytes = 128 << 20;
  auto& last = open_.front();
  open_bytes_ -= std::exchange(last.bytes, last.account->memory());
  open_bytes_ += last.bytes;
  while (open_.size() > 1 && (open_.size() > max_open_ || open_bytes_ > most_bytes)) close(std::prev(open_.end()));
}

void Deliverer::close(std::list<Open>::iterator i) {
  if (deriving_ && deriving_->place.first == i->path) {
    due_.push_back(std::move(deriving_->place));  // begun anew
    deriving_.reset();
  }
  open_bytes_ -= i->bytes;
  by_path_.erase(i->path);
  open_.erase(i);
}

queue::RcptResult Deliverer::to_account(const queue::LocalDelivery& d, std::string fields, std::string message, bool durable) {
  for (auto part : split(d.path, '/'))  // what qrun says is ours, and still checked
    if (part.empty() || part == "..") return result(queue::Fate::temp, "4.3.5", "the account has no usable mailbox path");
  auto a = account(d.path, true);
  if (!a) {
    log::failure("mailbox_unavailable", a.error(), {{"path", d.path}});
    return result(queue::Fate::temp, "4.2.1", "the mailbox is not available now");
  }
  store::Account::Delivery delivery;
  delivery.shared = share(d, message);
  std::size_t size = fields.size() + message.size();
  if (!delivery.shared) fields += message;
  delivery.bytes = fields;
  delivery.id = store::delivery_id(d.qid, d.rcpt);
  delivery.accepted = d.received;
  delivery.quota = d.quota;
  delivery.may_be_replay = d.replay;
  delivery.durable = durable;
  // After it was found not to have been delivered before: what is there already needs no room.
  delivery.admit = [&] { return domains_.admit(d.path, d.quota, size); };
  auto r = (*a)->deliver(delivery);
  if (r && !r->was_there) {
    domains_.add(d.path, size, 1);
    if (!durable) grown_[d.path] += size;
    note_arrival(d.path, r->folder);
    warn(**a, d, size, delivery.shared ? message : fields);
  }
  if (delivery.shared) keep_large(std::move(message));
  if (r) {
    log::info(r->was_there ? "delivered_before" : "stored", {{"qid", d.qid}, {"to", d.rcpt}, {"uid", r->uid}, {"bytes", size}});
    auto done = result(queue::Fate::delivered, "2.1.5", fmt::format("delivered to {}", d.rcpt));
    done.full_for = full_for(**a, d.quota);
    weigh_last();
    return done;
  }
  if (r.error().sys == EDQUOT) return weigh_last(), result(queue::Fate::temp, "4.2.2", r.error().what);
  log::failure("delivery_failed", r.error(), {{"qid", d.qid}, {"to", d.rcpt}});
  close(open_.begin());  // whatever state it is in: read it anew at the next attempt
  bool is_full = r.error().sys == ENOSPC;
  return result(queue::Fate::temp, is_full ? "4.3.1" : "4.2.0", is_full ? "no space left on the mail server" : "the mailbox cannot be written now");
}

// So that the next is refused at RCPT instead of waiting here.  Only when hardly any fits: every change
// of it is told to all who ask for recipients.
uint64_t Deliverer::full_for(store::Account& a, const Quota& q) {
  constexpr uint64_t smallest = 4096;
  if (!q.limits_account()) return 0;
  auto u = a.usage();
  if (!u) return 0;
  if (q.messages && u->messages >= q.messages) return 1;
  uint64_t room = !q.bytes ? smallest : q.bytes > u->bytes ? q.bytes - u->bytes : 0;
  return room < smallest ? room + 1 : 0;
}

// The delivery is done, whatever becomes of this.
void Deliverer::warn(store::Account& a, const queue::LocalDelivery& d, std::size_t size, std::string_view message) {
  auto level = store::warn_if_full(a, config_, {.address = d.account, .quota = d.quota, .bytes = size, .messages = 1, .message = message});
  if (!level) log::failure("quota_not_warned", level.error(), {{"user", d.account}});
  else if (*level) log::info("quota_warned", {{"user", d.account}, {"percent", *level}});
}

void Deliverer::note_arrival(const std::string& path, uint32_t folder) {
  constexpr uint32_t many = 32;
  constexpr std::size_t most = 10'000;
  if (arrived_.size() >= most) {  // never a rest: keeperd does it
    arrived_.clear();
    due_.clear();
  }
  Place p{path, folder};
  if (++arrived_[p] == many) due_.push_back(std::move(p));
}

Status Deliverer::begin_deriving() {
  constexpr uint64_t most_bytes = 1 << 30;  // so much is for keeperd, which is in no hurry
  Place p = std::move(due_.front());
  due_.pop_front();
  arrived_.erase(p);
  auto a = account(p.first, false);
  if (!a && a.error().sys == ENOENT) return {};  // deleted meanwhile
  if (!a) return Unexpected(a.error());
  weigh_last();
  TRY(store::Folder * f, (*a)->folder(p.second));
  deriving_.emplace(Deriving{std::move(p), store::Deriver(**a, *f, most_bytes)});
  return {};
}

bool Deliverer::derive(const std::function<bool()>& may_go_on) {
  while (may_go_on()) {
    if (!deriving_ && due_.empty()) return false;
    Status r;
    std::string path = deriving_ ? deriving_->place.first : due_.front().first;
    if (!deriving_) {
      r = begin_deriving();
    } else {
      auto done = deriving_->deriver.step(may_go_on);
      if (!done) r = Unexpected(done.error());
      if (!done || *done) deriving_.reset();
    }
    if (!r) log::failure("derived_not_kept", r.error(), {{"path", path}});
  }
  return true;
}

// One name for one delivery: a replay finds it in new/ or, renamed by a reader, in cur/.
queue::RcptResult Deliverer::to_maildir(const queue::LocalDelivery& d, const std::string& bytes) {
  std::string unique = fmt::format("{}.{}.jdmail", time_of_id(d.qid).seconds(), hex(store::delivery_id(d.qid, d.rcpt)));
  Status r = [&]() -> Status {
    for (const char* sub : {"", "/tmp", "/new", "/cur"}) CHECK(file::make_directories(d.path + sub));
    if (d.replay) {
      for (const char* sub : {"/new", "/cur"}) {
        TRY(auto names, file::list(AT_FDCWD, d.path + sub));
        for (auto& n : names)
          if (n.starts_with(unique)) return {};
      }
    }
    TRY(Fd tmp, file::open(d.path + "/tmp", O_RDONLY | O_DIRECTORY));
    TRY(Fd fresh, file::open(d.path + "/new", O_RDONLY | O_DIRECTORY));
    std::string lf;  // Maildir readers expect lines that end with LF
    lf.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); i++)
      if (bytes[i] != '\r' || i + 1 == bytes.size() || bytes[i + 1] != '\n') lf += bytes[i];
    CHECK(file::unlink(tmp.get(), unique));
    TRY(Fd out, file::open(tmp.get(), unique, O_WRONLY | O_CREAT | O_EXCL));
    CHECK(file::write_at(out.get(), lf, 0));
    CHECK(file::sync_data(out.get()));
    CHECK(file::rename(tmp.get(), unique, fresh.get(), unique));
    return file::sync_directory(fresh.get());
  }();
  if (r) {
    log::info("stored", {{"qid", d.qid}, {"to", d.rcpt}, {"maildir", d.path}, {"bytes", bytes.size()}});
    return result(queue::Fate::delivered, "2.1.5", "delivered to a Maildir");
  }
  log::failure("delivery_failed", r.error(), {{"qid", d.qid}, {"to", d.rcpt}});
  return result(queue::Fate::temp, "4.2.0", "the Maildir cannot be written now");
}

Status Deliverer::open() {
  TRY(mail_, file::open(mail_dir_, O_RDONLY | O_DIRECTORY));
  return {};
}

Status Deliverer::sync() { return file::sync_file_system(mail_.get()); }

std::vector<std::string> Deliverer::take_grown() {
  constexpr uint64_t much = 32 << 10;  // less goes along with sync(): a write of its own would cost more
  std::vector<std::string> r;
  for (auto& [path, bytes] : grown_)
    if (bytes >= much) r.push_back(path);
  grown_.clear();
  return r;
}

void Deliverer::write_back(const std::vector<std::string>& paths) const {
  for (auto& path : paths) {
    auto dir = file::open(mail_.get(), path, O_RDONLY | O_DIRECTORY);
    if (dir) (void)store::MailSegments(dir->get()).write_back();  // what fails, sync() hears of
  }
}

}  // namespace jd

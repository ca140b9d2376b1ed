// SPDX-License-Identifier: MIT
#include "lib/smtp/server.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/base/time.h"

namespace jd::smtp {
namespace {
constexpr std::size_t max_line = 2048, max_auth_line = 12'290;
constexpr unsigned first_delayed = 5;  // error: people mistype
}  // namespace

Server::Server(ServerOptions options) : o_(std::move(options)) { greet(); }

void Server::greet() {
  reply(220, "", fmt::format("{} {} jdmail", o_.hostname, o_.kind == Kind::lmtp ? "LMTP" : "ESMTP"));
}

void Server::reply(int code, std::string_view enhanced, std::string_view text) {
  output_ += format({code, std::string(enhanced), std::string(text)});
}

void Server::error(int code, std::string_view enhanced, std::string_view text) {
  if (wants_ == Wants::close) return reply(code, enhanced, text);
  bool is_late = ++errors_ >= first_delayed && o_.tarpit.ns > 0;
  bool is_last = errors_ >= o_.max_errors && errors_ > accepted_;
  std::size_t answered = output_.size();
  reply(code, enhanced, text);
  if (is_last) {
    Reply last{421, "4.7.0", "too many errors, good bye"};
    reply(last.code, last.enhanced, last.text);
    if (o_.guard) o_.guard->refused(*this, Guard::What::session, last);
    wants_ = Wants::close;
  }
  if (!is_late) return;
  // What was answered before leaves now; this waits.
  held_from_ = answered;
  close_after_delay_ = is_last;
  wants_ = Wants::delay;
}

std::string Server::take_output() {
  if (wants_ != Wants::delay) return std::exchange(output_, {});
  std::string now = output_.substr(0, held_from_);
  output_.erase(0, held_from_);
  held_from_ = 0;
  return now;
}

const std::string& Server::lookup_address() const {
  static const std::string none;
  return transaction_ ? transaction_->pending.address : none;
}

const queue::Envelope& Server::env() const {
  static const queue::Envelope none;
  return transaction_ ? transaction_->envelope : none;
}

void Server::delay_over() {
  wants_ = close_after_delay_ ? Wants::close : Wants::bytes;
}

void Server::refuse_by(Guard::What what, const Reply& r) {
  reply(r.code, r.enhanced, r.text);
  if (r.code == 421) wants_ = Wants::close;
  if (o_.guard) o_.guard->refused(*this, what, r);
}

void Server::reset() {
  senders_.clear();
  in_header_ = false;
  has_mail_ = false;
  declared_size_ = 0;
  if (transaction_) transaction_->envelope = queue::Envelope();
  reader_.reset();
  message_.clear();
  chunk_left_ = 0;
  last_chunk_ = chunk_refused_ = is_chunked_ = is_dropped_ = false;
}

void Server::dismiss(const std::string& text, std::string_view enhanced) {
  reply(421, enhanced, fmt::format("{} {}", o_.hostname, text));
  wants_ = Wants::close;
}

// RFC 4954 §4: in the middle of AUTH it ends the exchange; what follows is a command.
void Server::too_long() {
  mode_ = Mode::command;
  exchange_.reset();
  error(500, "5.5.2", "line too long");
}

std::size_t Server::feed(std::string_view in) {
  std::size_t used = 0;
  while (wants_ == Wants::bytes && used < in.size()) {
    auto rest = in.substr(used);
    if (mode_ == Mode::data) {
      used += reader_->feed(rest);
      if (reader_->is_done()) {
        mode_ = Mode::command;
        end_message();
      }
      continue;
    }
    if (mode_ == Mode::bdat) {
      auto n = static_cast<std::size_t>(std::min<uint64_t>(chunk_left_, rest.size()));
      if (!chunk_refused_ && !is_dropped_) message_.append(rest.substr(0, n));
      chunk_left_ -= n;
      used += n;
      if (chunk_left_ == 0) end_chunk();
      continue;
    }
    auto lf = rest.find('\n');
    std::size_t limit = mode_ == Mode::auth ? max_auth_line : max_line;
    if (lf == rest.npos) {
      if (rest.size() <= limit) break;
      if (!skipping_line_) too_long();
      skipping_line_ = true;
      used = in.size();
      break;
    }
    used += lf + 1;
    if (skipping_line_ || lf > limit) {
      if (!skipping_line_) too_long();
      skipping_line_ = false;
      continue;
    }
    // A bare LF ends a command line for old clients; it never ends a message.
    auto line = rest.substr(0, lf);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (mode_ == Mode::auth) {
      mode_ = Mode::command;
      auth_step(exchange_->next(line));
    } else {
      command(line);
    }
  }
  return used;
}

void Server::recipient_is(std::optional<Reply> refusal) {
  wants_ = Wants::bytes;
  if (refusal) {
    if (o_.guard) o_.guard->refused(*this, Guard::What::recipient, *refusal);
    return error(*refusal);
  }
  env().recipients.push_back(pending());
  accepted_++;
  reply(250, "2.1.5", "recipient ok");
}

void Server::recipient_is_remote() {
  wants_ = Wants::bytes;
  if (o_.kind == Kind::lmtp) return recipient_is(Reply{550, "5.1.1", "no such mailbox here"});
  if (user_.empty() && !o_.may_relay) {
    if (o_.kind == Kind::submission) return recipient_is(Reply{530, "5.7.0", "log in first"});
    return recipient_is(Reply{550, "5.7.1", "we do not relay for you: log in, or use the domain's own mail host"});
  }
  env().recipients.push_back(pending());
  accepted_++;
  reply(250, "2.1.5", "recipient ok, will be relayed");
}

void Server::auth_step(auth::Exchange::Step step) {
  switch (step.state) {
    case auth::Exchange::State::challenge:
      output_ += "334 " + step.challenge + "\r\n";
      mode_ = Mode::auth;
      return;
    case auth::Exchange::State::done: wants_ = Wants::login; return;
    case auth::Exchange::State::cancelled: exchange_.reset(); return error(501, "5.7.0", "authentication cancelled");
    case auth::Exchange::State::malformed: exchange_.reset(); return error(501, "5.5.2", "malformed authentication data");
  }
}

void Server::logged_in(const std::string& account) {
  wants_ = Wants::bytes;
  user_ = account;
  exchange_.reset();
  reply(235, "2.7.0", "welcome");
}

void Server::login_goes_on(std::string_view challenge, const std::string& exchange) {
  wants_ = Wants::bytes;
  auth_step(exchange_->go_on(challenge, exchange));
}

void Server::login_failed(const Reply& r) {
  wants_ = Wants::bytes;
  exchange_.reset();
  error(r.code, r.enhanced, r.text);
}

void Server::secured(const std::string& version, const std::string& cipher) {
  // RFC 3207 §4.2: everything known from before the handshake is forgotten.
  wants_ = Wants::bytes;
  o_.is_secured = true;
  tls_ = version + " " + cipher;
  helo_.clear();
  user_.clear();
  extended_ = false;
  forwarded_.reset();
  mode_ = Mode::command;
  reset();
}

std::string Server::take_message() { return std::move(message_); }

void Server::committed(const std::string& id) {
  wants_ = Wants::bytes;
  std::size_t times = o_.kind == Kind::lmtp ? env().recipients.size() : 1;
  for (std::size_t i = 0; i < times; i++) reply(250, "2.0.0", "queued as " + id);
  messages_++;
  idle_talk_ = 0;
  reset();
}

void Server::not_committed(const Reply& r) {
  wants_ = Wants::bytes;
  std::size_t times = o_.kind == Kind::lmtp ? std::max<std::size_t>(env().recipients.size(), 1) : 1;
  for (std::size_t i = 0; i < times; i++) reply(r.code, r.enhanced, r.text);
  errors_++;
  reset();
}

}  // namespace jd::smtp

// SPDX-License-Identifier: MIT
// A message of client.h: its transactions, from MAIL to the last answer.
#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/mime/idna.h"
#include "lib/mime/seven_bit.h"
#include "lib/smtp/client.h"
#include "lib/smtp/data.h"
#include "lib/smtp/xtext.h"

namespace jd::smtp {
namespace {
using queue::Fate;
using Event = Client::Event;

Fate fate_of(int code) { return code / 100 == 2 ? Fate::delivered : code / 100 == 5 ? Fate::perm : Fate::temp; }

// RFC 5321 §4.5.3.1.10, and what older hosts say instead.
bool is_too_many(int code, std::string_view text) {
  if (code != 452 && code != 552) return false;
  auto e = enhanced_of(code, text);
  return e.ends_with(".5.3") || (code == 452 && e == "4.0.0");
}

// Whole seconds left, never nothing: "BY=0" is no time (RFC 2852 §4).
int64_t seconds_left(Time by) {
  int64_t s = (by - now()).seconds();
  return s ? s : by < now() ? -1 : 1;
}
}  // namespace

// Those who have no answer yet get this one.
Event Client::finish_all(Fate fate, const std::string& code, const std::string& text) {
  for (std::size_t i = 0; i < results_.size(); i++) {
    if (settled_[i]) continue;
    results_[i] = {i, fate, code, options_.peer, text, false};
    settled_[i] = is_unanswered_ = true;
  }
  in_message_ = false;
  return Event::done;
}

void Client::settle(std::size_t i, const Reply& reply) {
  if (settled_[i]) return;
  auto& r = results_[i];
  r = {i, fate_of(reply.code), enhanced_of(reply.code, reply.text), options_.peer, reply.text, false};
  r.is_relayed = r.fate == Fate::delivered && (!dsn_ || d_->by_trace);
  settled_[i] = true;
  if (reply.code == 421) is_unanswered_ = true;
}

// Also those of transactions that will not be.
void Client::settle_rest(const Reply& reply) {
  for (std::size_t i = 0; i < results_.size(); i++) settle(i, reply);
  pending_.clear();
  again_.clear();
}

std::string Client::wire(const std::string& address) const {
  if (utf8_ || is_ascii(address)) return address;
  auto domain = mime::to_ascii_domain(queue::domain_of(address));
  return domain ? fmt::format("{}@{}", queue::local_part_of(address), *domain) : address;
}

std::string Client::mail_line() const {
  std::string s = "MAIL FROM:<" + wire(d_->from) + ">";
  if (has_size_) s += fmt::format(" SIZE={}", message_.size());
  if (raw_) s += " BODY=BINARYMIME";
  else if (eight_bit_ && (d_->body != queue::Body::seven_bit || !is_ascii(message_))) s += " BODY=8BITMIME";
  if (utf8_ && (d_->smtputf8 || is_wide_)) s += " SMTPUTF8";
  if (dsn_ && d_->ret != queue::Return::unset) s += d_->ret == queue::Return::full ? " RET=FULL" : " RET=HDRS";
  if (dsn_ && !d_->envid.empty()) s += " ENVID=" + encode_xtext(d_->envid);
  if (requiretls_ && d_->requiretls) s += " REQUIRETLS";
  if (by_ && d_->deliver_by.ns) s += fmt::format(" BY={};{}{}", seconds_left(d_->deliver_by), d_->by_return ? 'R' : 'N', d_->by_trace ? "T" : "");
  return s;
}

void Client::put_rcpt() {
  auto& r = d_->recipients[round_[next_rcpt_++]];
  std::string s = "RCPT TO:<" + wire(r.address) + ">";
  if (dsn_ && r.notify != queue::notify_unset) s += " NOTIFY=" + upper(queue::notify_text(r.notify));
  if (auto o = split_once(r.orcpt, ';'); dsn_ && o && is_ascii(r.orcpt)) s += fmt::format(" ORCPT={};{}", o->first, o->second);
  put(What::rcpt, std::move(s));
}

Event Client::send(const queue::RemoteDelivery& d, std::string_view message) {
  d_ = &d;
  message_ = message;
  sending_ = mail_refused_ = is_whole_ = ends_early_ = is_unanswered_ = mail_waits_ = false;
  transactions_ = 0;
  results_.assign(d.recipients.size(), {});
  settled_.assign(d.recipients.size(), false);
  for (std::size_t i = 0; i < results_.size(); i++) results_[i].n = i;
  std::string().swap(converted_);
  if (Event e = prepare(); e != Event::none) return e;
  if (Event e = prepare_body(); e != Event::none) return e;
  pending_.clear();
  again_.clear();
  for (std::size_t i = 0; i < results_.size(); i++) pending_.push_back(i);
  in_message_ = true;
  return begin_transaction();
}

// What this host does not do and this message needs.
Event Client::prepare() {
  auto cannot = [&](const std::string& a) {
    if (is_ascii(a)) return false;
    is_wide_ = true;
    return !utf8_ && (!is_ascii(queue::local_part_of(a)) || !mime::to_ascii_domain(queue::domain_of(a)));
  };
  is_wide_ = false;
  bool no = cannot(d_->from);
  for (auto& r : d_->recipients) no = cannot(r.address) || no;
  if (no) return finish_all(Fate::perm, "5.6.7", "the host does not offer SMTPUTF8, which an address needs");
  if (d_->smtputf8 && !utf8_ && !is_ascii(message_.substr(0, message_.find("\r\n\r\n"))))
    return finish_all(Fate::perm, "5.6.9", "the host does not offer SMTPUTF8, which this message's header needs");
  if (!d_->deliver_by.ns || !d_->by_return) return Event::none;
  int64_t left = seconds_left(d_->deliver_by);
  if (left < 0 || (by_ && static_cast<uint64_t>(left) < by_min_))
    return finish_all(Fate::perm, "5.4.7", "the time in which it was to be delivered has passed or is too short");
  if (!by_ && !options_.is_lmtp)  // RFC 2852 §4.1.4.2: it cannot be held to its time there
    return finish_all(Fate::perm, "5.3.3", "the host does not offer DELIVERBY, so the message cannot be returned in time");
  return Event::none;
}

Event Client::prepare_body() {
  raw_ = counted_ = false;
  if (d_->body == queue::Body::binary) {
    raw_ = binary_ && chunking_;
    if (!raw_) {
      auto c = mime::to_lines(message_);
      if (!c) return finish_all(Fate::perm, "5.6.3", "the host does not offer BINARYMIME, and the message cannot be sent in lines");
      message_ = converted_ = std::move(*c);
    }
  }
  if (!eight_bit_ && !raw_)
    if (auto c = mime::to_seven_bit(message_)) {
      converted_ = std::move(*c);
      message_ = converted_;
    }
  if (has_size_ && size_ > 0 && message_.size() > size_)
    return finish_all(Fate::perm, "5.3.4", fmt::format("the host takes at most {} bytes, this message has {}", size_, message_.size()));
  // What is not in lines DATA must make so: a lone CR or LF could hide a second message.
  counted_ = raw_ || (chunking_ && message_.ends_with("\r\n") && !line_faults(message_).bare);
  return Event::none;
}

void Client::choose_recipients() {
  round_.clear();
  accepted_.clear();
  std::set<std::string_view> domains;
  std::deque<std::size_t> later;
  while (!pending_.empty() && (!rcpt_max_ || round_.size() < rcpt_max_)) {
    std::size_t i = pending_.front();
    pending_.pop_front();
    auto domain = queue::domain_of(d_->recipients[i].address);
    bool fits = !domain_max_ || domains.count(domain) || domains.size() < domain_max_;
    if (fits) round_.push_back(i), domains.insert(domain);
    else later.push_back(i);
  }
  pending_.insert(pending_.begin(), later.begin(), later.end());
}

Event Client::begin_transaction() {
  if (mail_max_ && mails_ >= mail_max_) return finish_all(Fate::temp, "4.5.3", "the host takes no more in this session");
  choose_recipients();
  at_ = next_rcpt_ = answered_ = told_ = 0;
  last_ = '\n';
  sending_ = mail_ok_ = false;
  transactions_++;
  mail_waits_ = !pipelining_ && !expect_.empty();
  if (!mail_waits_) put_mail();
  return Event::none;
}

void Client::put_mail() {
  mails_++;
  put(What::mail, mail_line());
  if (!pipelining_) return;
  while (next_rcpt_ < round_.size()) put_rcpt();
  // On a connection that was used before the end of the session may be on its way to us: then the
  // message must not be out yet, for nobody could say whether it was taken.
  if (counted_ && mails_ == 1 && !options_.is_lmtp && message_.size() <= early_bytes) put_message();
  else if (!counted_) put(What::data, "DATA");
}

// The message itself, once it is wanted.
void Client::put_message() {
  std::size_t answers = options_.is_lmtp ? std::max<std::size_t>(accepted_.size(), 1) : 1;
  if (counted_) put(What::body, fmt::format("BDAT {} LAST", message_.size())), answers--;
  expect_.insert(expect_.end(), answers, What::body);
  sending_ = true;
}

Event Client::on_mail(const Reply& r) {
  mail_ok_ = r.code / 100 == 2;
  if (!mail_ok_) {
    mail_refused_ = transactions_ == 1;
    if (transactions_ == 1) is_whole_ = false;
    settle_rest(r);
  }
  if (pipelining_ && !broken_) return Event::none;
  if (!mail_ok_) return reset_and_done();
  put_rcpt();
  return Event::none;
}

Event Client::on_rcpt(const Reply& r) {
  std::size_t i = round_[answered_++];
  if (mail_ok_) {
    if (r.code / 100 == 2) accepted_.push_back(i);
    else if (!accepted_.empty() && is_too_many(r.code, r.text)) again_.push_back(i);
    else settle(i, r);
  }
  if (broken_) {
    if (transactions_ == 1 && accepted_.empty()) is_whole_ = false;
    return finish_all(Fate::temp, "4.4.2", r.text);
  }
  if (!pipelining_ && next_rcpt_ < round_.size()) {
    put_rcpt();
    return Event::none;
  }
  if (answered_ < round_.size() || !expect_.empty()) return Event::none;  // more answers are due
  if (accepted_.empty()) return reset_and_done();
  if (counted_) put_message();
  else put(What::data, "DATA");
  return Event::none;
}

Event Client::on_data(const Reply& r) {
  if (r.code == 354) {
    if (!accepted_.empty()) {
      put_message();
    } else {
      expect_.push_back(What::body);
      out_ += ".\r\n";  // RFC 2920 §3.1: nobody gets this empty message
    }
    return Event::none;
  }
  Reply refusal = r.code / 100 >= 4 ? r : Reply{451, r.text};
  if (accepted_.empty()) return reset_and_done();
  settle_rest(refusal);
  return reset_and_done();
}

Event Client::on_body(const Reply& r) {
  if (sending_) {  // an answer before the end: the rest cannot be taken back
    broken_ = true;
    sending_ = false;
    if (r.code / 100 < 4) return finish_all(Fate::temp, "4.5.0", "an answer before the end of the message");
    settle_rest(r);
  }
  if (options_.is_lmtp && told_ < accepted_.size()) settle(accepted_[told_++], r);  // RFC 2033 §4.2
  else for (auto i : accepted_) settle(i, r);
  if (broken_) return finish_all(Fate::temp, "4.4.2", r.text);
  if (options_.is_lmtp && told_ < accepted_.size()) return Event::none;
  if (!accepted_.empty() && !options_.is_lmtp && r.code / 100 != 2) settle_rest(r);
  // RFC 3030 §2: after a refused chunk nothing goes before RSET.
  if (counted_ && r.code / 100 != 2) return reset_and_done();
  return end_transaction();
}

// Also the next one begins here.
Event Client::end_transaction() {
  pending_.insert(pending_.begin(), again_.begin(), again_.end());
  again_.clear();
  if (!pending_.empty() && ends_early_ && !broken_)
    return finish_all(Fate::temp, "4.4.7", "no time was left for the rest of the recipients");
  if (!pending_.empty()) return begin_transaction();
  in_message_ = false;
  return Event::done;
}

// The results are known: nobody waits for the answer to RSET but the next message.
Event Client::reset_and_done() {
  if (broken_) return finish_all(Fate::temp, "4.4.2", "the host ended the session");
  put(What::rset, "RSET");
  return end_transaction();
}

// CRLF line ends whatever the message has: a lone CR or LF could hide a second message.
void Client::stuff() {
  std::size_t end = std::min(message_.size(), at_ + block);
  if (counted_) {
    out_ += message_.substr(at_, end - at_);
    at_ = end;
    if (at_ < message_.size()) return;
    sending_ = false;
    is_whole_ = true;
    return;
  }
  for (; at_ < end; at_++) {
    char c = message_[at_];
    if (last_ == '\r' && c != '\n') out_ += '\n', last_ = '\n';
    if (c == '\n' && last_ != '\r') out_ += '\r';
    if (c == '.' && last_ == '\n') out_ += '.';
    out_ += c;
    last_ = c;
  }
  if (at_ < message_.size()) return;
  if (last_ == '\r') out_ += '\n';
  else if (last_ != '\n') out_ += "\r\n";
  out_ += ".\r\n";
  sending_ = false;
  is_whole_ = true;
}

std::string Client::take_output() {
  if (sending_ && out_.size() < block) stuff();
  return std::exchange(out_, {});
}

}  // namespace jd::smtp

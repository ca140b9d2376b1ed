// SPDX-License-Identifier: MIT
#include "lib/smtp/client.h"

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/mime/seven_bit.h"

namespace jd::smtp {
namespace {
using queue::Fate;
using Event = Client::Event;

// The enhanced code that the text begins with, when its class fits; else the plain one of the class.
std::string enhanced(int code, std::string_view text) {
  auto first = text.substr(0, text.find(' '));
  auto parts = split(first, '.');
  if (parts.size() == 3 && parts[0].size() == 1 && parts[0][0] == static_cast<char>('0' + code / 100) &&
      parts[1].size() <= 3 && parts[2].size() <= 3 && to_number(parts[1]) && to_number(parts[2]))
    return std::string(first);
  return code / 100 == 2 ? "2.0.0" : code / 100 == 5 ? "5.0.0" : "4.0.0";
}

std::string after_code(std::string_view text) { return std::string(text.substr(std::min<std::size_t>(4, text.size()))); }

Fate fate_of(int code) { return code / 100 == 2 ? Fate::delivered : code / 100 == 5 ? Fate::perm : Fate::temp; }

// "250 mx.example.org greets you": does the host call itself that?
bool is_named(std::string_view reply, std::string_view name) {
  auto first = reply.substr(0, reply.find('\n'));
  auto w = words(first.size() > 4 ? first.substr(4) : std::string_view());
  return !w.empty() && iequals(w[0], name);
}

std::string xtext(std::string_view s) {
  std::string r;
  for (char c : s)
    if (c > 32 && c < 127 && c != '+' && c != '=') r += c;
    else r += fmt::format("+{:02X}", static_cast<unsigned char>(c));
  return r;
}
}  // namespace

void Client::put(What what, std::string line) {
  out_ += line;
  out_ += "\r\n";
  expect_.push_back(what);
}

Event Client::feed(std::string_view bytes) {
  in_ += bytes;
  std::size_t at = 0;
  Event e = Event::none;
  for (std::size_t end; e == Event::none && (end = in_.find('\n', at)) != std::string::npos; at = end + 1) {
    std::string_view line(in_.data() + at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    e = line.size() > max_line ? closed("a reply line is too long") : take(line);
  }
  in_.erase(0, at);
  if (e == Event::none && in_.size() > max_line) return closed("a reply line is too long");
  return e;
}

Event Client::take(std::string_view line) {
  auto code = to_number(line.substr(0, 3));
  bool more = line.size() > 3 && line[3] == '-';
  if (line.size() < 3 || !code || *code < 200 || *code > 599 || (line.size() > 3 && line[3] != ' ' && !more) ||
      (!reply_.text.empty() && reply_.code != static_cast<int>(*code)))
    return closed("a reply that is not SMTP: " + escape(line.substr(0, 80)));
  if (reply_.text.size() + line.size() > max_reply) return closed("a reply is too long");
  if (expect_.empty()) return closed(std::string(line));
  if (expect_.front() == What::ehlo && *code == 250 && line.size() > 4 && !reply_.text.empty()) extension(line.substr(4));
  reply_.code = static_cast<int>(*code);
  if (!reply_.text.empty()) reply_.text += '\n';
  reply_.text += line;
  if (more) return Event::none;
  Reply r = std::move(reply_);
  reply_ = {};
  What what = expect_.front();
  expect_.pop_front();
  if (r.code == 421) broken_ = is_lost_ = true;  // RFC 5321 §3.8: whatever it answers, the host is closing
  return handle(what, r);
}

void Client::extension(std::string_view line) {
  auto w = words(line);
  if (w.empty()) return;
  if (iequals(w[0], "STARTTLS")) tls_ = true;
  else if (iequals(w[0], "PIPELINING")) pipelining_ = true;
  else if (iequals(w[0], "SMTPUTF8")) utf8_ = true;
  else if (iequals(w[0], "8BITMIME")) eight_bit_ = true;
  else if (iequals(w[0], "DSN")) dsn_ = true;
  else if (iequals(w[0], "SIZE")) has_size_ = true, size_ = w.size() > 1 ? to_number(w[1]).value_or(0) : 0;
  else if (iequals(w[0], "AUTH"))
    for (auto& m : w) plain_ = plain_ || iequals(m, "PLAIN"), login_ = login_ || iequals(m, "LOGIN");
}

Event Client::handle(What what, const Reply& r) {
  bool ok = r.code / 100 == 2;
  auto refuse = [&] { return fail_with(fate_of(r.code), enhanced(r.code, after_code(r.text)), r.text); };
  switch (what) {
    case What::greeting:
      if (!ok) return ok ? Event::none : refuse();
      put(What::ehlo, "EHLO " + options_.hostname);
      return Event::none;
    case What::ehlo:
      if (ok && options_.must_differ && is_named(r.text, options_.hostname))
        return fail_with(Fate::perm, "5.4.6", "the host is this one: mail would go in circles");
      if (ok) return after_hello();
      if (r.code / 100 != 5 || options_.must_tls) return refuse();
      put(What::helo, "HELO " + options_.hostname);
      return Event::none;
    case What::helo: return ok ? after_hello() : refuse();
    case What::starttls:
      if (r.code == 220) {
        in_.clear();
        return Event::start_tls;
      }
      if (options_.must_tls || broken_) return refuse();
      options_.may_tls = false;
      return after_hello();
    case What::auth:
    case What::login_password:
      if (ok) return Event::ready;
      return fail_with(Fate::temp, "4.7.8", r.text);  // ours to mend: the mail waits
    case What::login_user:
      if (r.code != 334) return fail_with(Fate::temp, "4.7.8", r.text);
      if (login_) {
        login_ = false;
        put(What::login_user, base64_encode(options_.user));
      } else {
        put(What::login_password, base64_encode(options_.password.reveal()));
      }
      return Event::none;
    case What::mail: return on_mail(r);
    case What::rcpt: return on_rcpt(r);
    case What::data: return on_data(r);
    case What::body: return on_body(r);
    case What::rset:
      if (!ok) return closed("RSET was refused: " + r.text);
      if (std::exchange(mail_waits_, false)) put_mail();
      return Event::none;
    case What::quit: return Event::none;
  }
  return Event::none;
}

Event Client::after_hello() {
  if (!options_.is_secured && options_.may_tls && tls_) {
    put(What::starttls, "STARTTLS");
    return Event::none;
  }
  if (!options_.is_secured && options_.must_tls) return fail_with(Fate::temp, "4.7.4", "TLS is required and not offered");
  if (options_.user.empty()) return Event::ready;
  if (!options_.is_secured && !options_.may_login_in_clear)
    return fail_with(Fate::temp, "4.7.11", "the password is not sent without TLS, which this host does not offer or breaks");
  if (plain_) {
    std::string s = std::string(1, '\0') + options_.user + std::string(1, '\0') + std::string(options_.password.reveal());
    put(What::auth, "AUTH PLAIN " + base64_encode(s));
    wipe(s);
  } else if (login_) {
    put(What::login_user, "AUTH LOGIN");
  } else {
    return fail_with(Fate::temp, "4.7.0", "AUTH PLAIN or LOGIN is needed and not offered");
  }
  return Event::none;
}

Event Client::secured() {
  options_.is_secured = true;
  tls_ = pipelining_ = utf8_ = eight_bit_ = dsn_ = plain_ = login_ = has_size_ = false;
  in_.clear();
  put(What::ehlo, "EHLO " + options_.hostname);
  return Event::none;
}

Event Client::fail_with(Fate fate, std::string code, std::string text) {
  broken_ = true;
  failure_ = {0, fate, std::move(code), options_.peer, std::move(text), true};
  return Event::failed;
}

Event Client::closed(const std::string& why) {
  broken_ = is_lost_ = true;
  sending_ = mail_waits_ = false;
  expect_.clear();
  if (in_message_) return finish_all(Fate::temp, "4.4.2", why);
  return fail_with(Fate::temp, "4.4.2", why);
}

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

void Client::settle(queue::RcptResult& r, const Reply& reply) {
  r = {r.n, fate_of(reply.code), enhanced(reply.code, after_code(reply.text)), options_.peer, reply.text, false};
  settled_[r.n] = true;
  if (reply.code == 421) is_unanswered_ = true;
}

std::string Client::mail_line() const {
  std::string s = "MAIL FROM:<" + d_->from + ">";
  if (has_size_) s += fmt::format(" SIZE={}", message_.size());
  if (eight_bit_ && (d_->body == queue::Body::eight_bit || !is_ascii(message_))) s += " BODY=8BITMIME";
  if (d_->smtputf8 && utf8_) s += " SMTPUTF8";
  if (dsn_ && d_->ret != queue::Return::unset) s += d_->ret == queue::Return::full ? " RET=FULL" : " RET=HDRS";
  if (dsn_ && !d_->envid.empty()) s += " ENVID=" + xtext(d_->envid);
  return s;
}

void Client::put_rcpt(std::size_t i) {
  auto& r = d_->recipients[i];
  std::string s = "RCPT TO:<" + r.address + ">";
  if (dsn_ && r.notify != queue::notify_unset) s += " NOTIFY=" + upper(queue::notify_text(r.notify));
  if (auto o = split_once(r.orcpt, ';'); dsn_ && o && is_ascii(r.orcpt)) s += fmt::format(" ORCPT={};{}", o->first, o->second);
  put(What::rcpt, std::move(s));
}

Event Client::send(const queue::RemoteDelivery& d, std::string_view message) {
  d_ = &d;
  message_ = message;
  at_ = next_rcpt_ = answered_ = 0;
  last_ = '\n';
  sending_ = mail_ok_ = mail_refused_ = is_whole_ = is_unanswered_ = false;
  results_.assign(d.recipients.size(), {});
  accepted_.assign(d.recipients.size(), false);
  settled_.assign(d.recipients.size(), false);
  for (std::size_t i = 0; i < results_.size(); i++) results_[i].n = i;
  bool is_wide = d.smtputf8 && !is_ascii(d.from);
  for (auto& r : d.recipients) is_wide = is_wide || !is_ascii(r.address);
  if (d.smtputf8 && !is_wide) is_wide = !is_ascii(message.substr(0, message.find("\r\n\r\n")));
  if (is_wide && !utf8_) return finish_all(Fate::perm, "5.6.7", "the host does not offer SMTPUTF8, which this message needs");
  if (d.body == queue::Body::binary) return finish_all(Fate::perm, "5.6.3", "binary messages cannot be sent");
  std::string().swap(converted_);
  if (!eight_bit_)
    if (auto c = mime::to_seven_bit(message)) message = message_ = converted_ = std::move(*c);
  if (has_size_ && size_ > 0 && message.size() > size_)
    return finish_all(Fate::perm, "5.3.4", fmt::format("the host takes at most {} bytes, this message has {}", size_, message.size()));
  in_message_ = true;
  mail_waits_ = !pipelining_ && !expect_.empty();
  if (!mail_waits_) put_mail();
  return Event::none;
}

void Client::put_mail() {
  put(What::mail, mail_line());
  if (!pipelining_) return;
  for (; next_rcpt_ < d_->recipients.size(); next_rcpt_++) put_rcpt(next_rcpt_);
  put(What::data, "DATA");
}

Event Client::on_mail(const Reply& r) {
  mail_ok_ = r.code / 100 == 2;
  mail_refused_ = !mail_ok_;
  if (!mail_ok_)
    for (auto& result : results_) settle(result, r);
  if (pipelining_ && !broken_) return Event::none;
  if (!mail_ok_) return reset_and_done();
  put_rcpt(next_rcpt_++);
  return Event::none;
}

Event Client::on_rcpt(const Reply& r) {
  std::size_t i = answered_++;
  if (mail_ok_) {
    if (r.code / 100 == 2) accepted_[i] = true;
    else settle(results_[i], r);
  }
  if (broken_) return finish_all(Fate::temp, "4.4.2", r.text);
  if (pipelining_) return Event::none;
  if (next_rcpt_ < results_.size()) {
    put_rcpt(next_rcpt_++);
    return Event::none;
  }
  if (std::find(accepted_.begin(), accepted_.end(), true) == accepted_.end()) return reset_and_done();
  put(What::data, "DATA");
  return Event::none;
}

Event Client::on_data(const Reply& r) {
  bool any = std::find(accepted_.begin(), accepted_.end(), true) != accepted_.end();
  if (r.code == 354) {
    expect_.push_back(What::body);
    if (any) sending_ = true;
    else out_ += ".\r\n";  // RFC 2920 §3.1: nobody gets this empty message
    return Event::none;
  }
  for (std::size_t i = 0; i < results_.size(); i++)
    if (!settled_[i]) settle(results_[i], r.code / 100 >= 4 ? r : Reply{451, r.text});
  return reset_and_done();
}

Event Client::on_body(const Reply& r) {
  if (sending_) {  // an answer before the end: the rest cannot be taken back
    broken_ = true;
    sending_ = false;
    if (r.code / 100 < 4) return finish_all(Fate::temp, "4.5.0", "an answer before the end of the message");
  }
  for (std::size_t i = 0; i < results_.size(); i++)
    if (!settled_[i]) settle(results_[i], r);
  in_message_ = false;
  return Event::done;
}

// The results are known: nobody waits for the answer to RSET but the next message.
Event Client::reset_and_done() {
  if (broken_) return finish_all(Fate::temp, "4.4.2", "the host ended the session");
  put(What::rset, "RSET");
  in_message_ = false;
  return Event::done;
}

void Client::quit() {
  if (!sending_) put(What::quit, "QUIT");
}

// CRLF line ends whatever the message has: a lone CR or LF could hide a second message.
void Client::stuff() {
  std::size_t end = std::min(message_.size(), at_ + block);
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

Span Client::patience() const {
  if (sending_) return minutes(3);
  if (expect_.empty()) return seconds(5);
  if (expect_.front() == What::data) return minutes(2);
  return expect_.front() == What::body ? minutes(10) : minutes(5);
}

}  // namespace jd::smtp

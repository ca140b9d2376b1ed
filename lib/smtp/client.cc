// SPDX-License-Identifier: MIT
#include "lib/smtp/client.h"

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/base/text.h"

namespace jd::smtp {
namespace {
using queue::Fate;
using Event = Client::Event;

Fate fate_of(int code) { return code / 100 == 2 ? Fate::delivered : code / 100 == 5 ? Fate::perm : Fate::temp; }

// "250 mx.example.org greets you": does the host call itself that?
bool is_named(std::string_view reply, std::string_view name) {
  auto first = reply.substr(0, reply.find('\n'));
  auto w = words(first.size() > 4 ? first.substr(4) : std::string_view());
  return !w.empty() && iequals(w[0], name);
}

}  // namespace

std::string enhanced_of(int code, std::string_view text) {
  text = text.substr(std::min<std::size_t>(4, text.size()));
  auto first = text.substr(0, text.find(' '));
  auto parts = split(first, '.');
  if (parts.size() == 3 && parts[0].size() == 1 && parts[0][0] == static_cast<char>('0' + code / 100) &&
      parts[1].size() <= 3 && parts[2].size() <= 3 && to_number(parts[1]) && to_number(parts[2]))
    return std::string(first);
  return code / 100 == 2 ? "2.0.0" : code / 100 == 5 ? "5.0.0" : "4.0.0";
}

void Client::hello() { put(What::ehlo, (options_.is_lmtp ? "LHLO " : "EHLO ") + options_.hostname); }

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
  else if (iequals(w[0], "CHUNKING")) chunking_ = true;
  else if (iequals(w[0], "BINARYMIME")) binary_ = true;
  else if (iequals(w[0], "REQUIRETLS")) requiretls_ = true;
  else if (iequals(w[0], "DELIVERBY")) by_ = true, by_min_ = w.size() > 1 ? to_number(w[1]).value_or(0) : 0;
  else if (iequals(w[0], "LIMITS"))
    for (auto& l : w) limit(l);
  else if (iequals(w[0], "AUTH"))
    for (auto& m : w) plain_ = plain_ || iequals(m, "PLAIN"), login_ = login_ || iequals(m, "LOGIN");
}

// RFC 9422 §4: name=value; what is not known does not count.
void Client::limit(std::string_view word) {
  auto pair = split_once(word, '=');
  auto n = pair ? to_number(pair->second) : std::nullopt;
  if (!n || *n == 0) return;
  if (iequals(pair->first, "RCPTMAX")) rcpt_max_ = *n;
  else if (iequals(pair->first, "MAILMAX")) mail_max_ = *n;
  else if (iequals(pair->first, "RCPTDOMAINMAX")) domain_max_ = *n;
}

Event Client::handle(What what, const Reply& r) {
  bool ok = r.code / 100 == 2;
  auto refuse = [&] { return fail_with(fate_of(r.code), enhanced_of(r.code, r.text), r.text); };
  switch (what) {
    case What::greeting:
      if (!ok) return ok ? Event::none : refuse();
      hello();
      return Event::none;
    case What::ehlo:
      if (ok && options_.must_differ && is_named(r.text, options_.hostname))
        return fail_with(Fate::perm, "5.4.6", "the host is this one: mail would go in circles");
      if (ok) return after_hello();
      if (r.code / 100 != 5 || options_.must_tls || options_.is_lmtp) return refuse();
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
  return options_.user.empty() ? Event::ready : login();
}

Event Client::login() {
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
  chunking_ = binary_ = requiretls_ = by_ = false;
  size_ = by_min_ = rcpt_max_ = domain_max_ = mail_max_ = 0;
  in_.clear();
  hello();
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

void Client::quit() {
  if (!sending_) put(What::quit, "QUIT");
}

Span Client::patience() const {
  if (sending_) return minutes(3);
  if (expect_.empty()) return seconds(5);
  if (expect_.front() == What::data) return minutes(2);
  return expect_.front() == What::body ? minutes(10) : minutes(5);
}

}  // namespace jd::smtp

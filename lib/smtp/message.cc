// SPDX-License-Identifier: MIT
// A message that is complete: what is refused about it, and our Received field.
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/mime/header.h"
#include "lib/mime/seven_bit.h"
#include "lib/smtp/server.h"

namespace jd::smtp {
namespace {
constexpr std::size_t max_header = 1 << 20;
constexpr unsigned max_fields = 10'000;
}

std::string Server::with() const {
  std::string w = o_.kind == Kind::lmtp ? "LMTP" : env().smtputf8 ? "UTF8SMTP" : extended_ ? "ESMTP" : "SMTP";
  if (w == "SMTP") return w;
  if (env().smtputf8 && o_.kind == Kind::lmtp) w = "UTF8LMTP";
  if (o_.is_secured) w += 'S';
  if (!user_.empty()) w += 'A';
  return w;
}

std::string Server::received_field() const {
  bool is_hidden = o_.hide_client && o_.kind == Kind::submission && !user_.empty();
  std::string from = is_hidden ? "hidden.invalid" : helo_.empty() ? "unknown" : helo_;
  std::string ip = is_hidden ? "" : o_.client_ip.find(':') == std::string::npos ? o_.client_ip : "IPv6:" + o_.client_ip;
  std::string r = fmt::format("Received: from {}", from);
  if (!ip.empty()) r += fmt::format(" ({}[{}])", client_name_.empty() ? "" : client_name_ + " ", ip);
  if (!tls_.empty()) r += fmt::format("\r\n\t(using {})", tls_);
  r += fmt::format("\r\n\tby {} with {}", o_.hostname, with());
  // RFC 5321 §7.6: with several recipients their names would tell blind copies.
  if (env().recipients.size() == 1) r += fmt::format("\r\n\tfor <{}>", env().recipients[0].address);
  return r + ";\r\n\t" + rfc5322_date(env().received) + "\r\n";
}

void Server::begin_message() {
  env().received = now();
  env().user = user_;
  env().ip = o_.client_ip;
  env().helo = helo_;
  env().host = client_name_;
  env().with = with();
  if (!forwarded_) return;
  auto take = [](std::string& to, const std::optional<std::string>& from) { if (from) to = *from; };
  take(env().ip, forwarded_->ip);
  take(env().host, forwarded_->name);
  take(env().helo, forwarded_->helo);
  forwarded_.reset();
}

// RFC 3030 §3 lets a host that cannot keep binary data encode it: mailboxes and POP3 have lines only.
// What is binary becomes base64, and the rest of the way sees an 8-bit message.
bool Server::make_lines(bool& bare, bool& long_line) {
  env().body = queue::Body::eight_bit;
  if (!bare && !long_line && message_.find('\0') == message_.npos) return true;
  auto lines = mime::to_lines(message_);
  if (!lines) return false;
  message_ = std::move(*lines);
  bare = long_line = false;
  return true;
}

// The fields are gone through once.  Of submission (RFC 6409 §8) a message without Date or Message-ID
// gets them; one that is signed is as its signer left it.
std::optional<Reply> Server::look_at_header(std::string& added) {
  unsigned fields = 0;
  bool has_date = false, has_id = false, is_signed = false;
  mime::FieldReader reader(message_);
  for (mime::Field f; reader.next(f); fields++) {
    switch (f.name.size()) {
      case 4: has_date = has_date || iequals(f.name, "date"); break;
      case 8: env().hops += iequals(f.name, "received"); break;
      case 10: has_id = has_id || iequals(f.name, "message-id"); break;
      case 14: is_signed = is_signed || iequals(f.name, "dkim-signature"); break;
      default: break;
    }
  }
  if (reader.offset() > max_header || fields > max_fields)
    return Reply{554, "5.6.0", fmt::format("the header is larger than {} or has more than {} fields", size_text(max_header), max_fields)};
  if (env().hops >= queue::max_hops) return Reply{554, "5.4.6", "message went through too many hosts: a mail loop"};
  if (o_.kind != Kind::submission || is_signed) return std::nullopt;
  if (!has_date) added += fmt::format("Date: {}\r\n", rfc5322_date(env().received));
  if (!has_id) added += fmt::format("Message-ID: <{}@{}>\r\n", unique_id(), o_.hostname);
  return std::nullopt;
}

void Server::refuse_message(const Reply& r) {
  if (o_.guard) o_.guard->refused(*this, Guard::What::message, r);
  not_committed(r);
}

void Server::end_message() {
  bool too_big = reader_ ? reader_->is_too_big() : message_.size() > o_.max_message;
  bool bare = reader_ && reader_->has_bare(), long_line = reader_ && reader_->has_long_line();
  if (reader_) {
    message_ = std::move(reader_->message());
  } else {
    auto faults = line_faults(message_);
    bare = faults.bare;
    long_line = faults.too_long;
  }
  reader_.reset();
  auto refuse = [&](int code, std::string_view enhanced, std::string_view text) {
    refuse_message({code, std::string(enhanced), std::string(text)});
  };
  if (is_dropped_) return refuse_message(no_room());
  if (too_big) return refuse(552, "5.3.4", fmt::format("message is larger than the {} allowed", size_text(o_.max_message)));
  if (env().body == queue::Body::binary && !make_lines(bare, long_line))
    return refuse(554, "5.6.3", "a binary message with bare CR, LF or NUL outside of a part that may be encoded is not taken");
  if (bare) return refuse(554, "5.6.0", "message has a bare CR or LF: lines end with CR LF (RFC 5321 2.3.8)");
  if (long_line) return refuse(554, "5.6.0", "message has a line that is too long");
  if (env().body == queue::Body::seven_bit && !is_ascii(message_)) env().body = queue::Body::eight_bit;
  std::string added;
  if (auto refusal = look_at_header(added)) return refuse_message(*refusal);
  message_.insert(0, received_field() + added);
  env().size = message_.size();
  if (o_.check_header_from && !user_.empty()) return ask_for_header_senders();
  wants_ = Wants::commit;
}

}  // namespace jd::smtp

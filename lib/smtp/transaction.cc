// SPDX-License-Identifier: MIT
// MAIL, RCPT, DATA and BDAT: one message and whom it is for (RFC 5321 §3.3, RFC 3030).
#include <algorithm>

#include "lib/base/text.h"
#include "lib/smtp/address.h"
#include "lib/smtp/server.h"

namespace jd::smtp {

Offered Server::offered() const {
  return {.extended = extended_, .secured = o_.is_secured, .max_hold = may_hold() ? o_.max_hold : Span{}, .min_by = o_.min_by};
}

void Server::mail(std::string_view a) {
  if (helo_.empty()) return error(503, "5.5.1", o_.kind == Kind::lmtp ? "say LHLO first" : "say EHLO first");
  if (has_mail_) return error(503, "5.5.1", "one message at a time: MAIL was given already");
  if (o_.kind == Kind::submission && user_.empty() && !o_.may_relay) return error(530, "5.7.0", "log in first");
  if (!istarts_with(a, "FROM:")) return error(501, "5.5.4", "MAIL FROM:<address>");
  a = trim(a.substr(5));
  auto path = take_path(a);
  if (!path || (!a.empty() && a[0] != ' ') || path->address == "postmaster") return error(501, "5.1.7", "this is no address: MAIL FROM:<user@example.org>");
  // RFC 9422 §4.2: those that kept to what was announced never see this.
  if (o_.max_messages && messages_ >= o_.max_messages) return dismiss(fmt::format("no more than {} messages in one session", o_.max_messages), "4.5.3");
  reset();
  MailParameters p{env()};
  std::optional<Reply> refusal = read_mail_parameters(a, offered(), p);
  if (!refusal && path->needs_utf8 && !env().smtputf8) refusal = {553, "5.6.7", "an address beyond ASCII needs SMTPUTF8"};
  declared_size_ = p.declared_size;
  if (!refusal && p.declared_size > o_.max_message)
    refusal = {552, "5.3.4", fmt::format("message of {} is larger than the {} allowed", size_text(p.declared_size), size_text(o_.max_message))};
  if (refusal) {
    reset();
    return error(*refusal);
  }
  env().reverse_path = std::move(path->address);
  if (o_.guard) refusal = o_.guard->may_mail(*this);
  if (refusal) {
    refuse_by(Guard::What::sender, *refusal);
    return reset();
  }
  has_mail_ = true;
  bool is_own = user_.empty() || !o_.check_sender || env().reverse_path.empty() || iequals(env().reverse_path, user_);
  if (is_own) return reply(250, "2.1.0", "sender ok");
  senders_ = {env().reverse_path};
  wants_ = Wants::sender;
}

void Server::rcpt(std::string_view a) {
  if (!has_mail_) return error(503, "5.5.1", "say MAIL first");
  if (!istarts_with(a, "TO:")) return error(501, "5.5.4", "RCPT TO:<address>");
  if (env().recipients.size() >= o_.max_recipients)
    return error(452, "4.5.3", fmt::format("no more than {} recipients at once: send to the rest in another message", o_.max_recipients));
  a = trim(a.substr(3));
  auto path = take_path(a);
  if (!path || path->address.empty() || (!a.empty() && a[0] != ' ')) return error(501, "5.1.3", "this is no address: RCPT TO:<user@example.org>");
  if (path->needs_utf8 && !env().smtputf8) return error(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8");
  queue::Recipient r;
  r.address = std::move(path->address);
  if (auto refusal = read_rcpt_parameters(a, offered(), r)) return error(*refusal);
  pending() = std::move(r);
  if (o_.guard)
    if (auto refusal = o_.guard->may_rcpt(*this)) return refuse_by(Guard::What::recipient, *refusal);
  wants_ = Wants::lookup;
}

// RFC 2033 §4.2: LMTP's code is 503; RFC 5321 §3.3 has 554.
void Server::no_recipients() { error(o_.kind == Kind::lmtp ? 503 : 554, "5.5.1", "no valid recipients"); }

void Server::data(std::string_view a) {
  if (!a.empty()) return error(501, "5.5.4", "DATA takes no argument");
  if (!has_mail_) return error(503, "5.5.1", "say MAIL first");
  if (env().recipients.empty()) return no_recipients();
  if (is_chunked_) return error(503, "5.5.1", "BDAT has begun: go on with BDAT, or RSET");
  // RFC 3030 §3: DATA cannot carry what is not lines.
  if (env().body == queue::Body::binary) return error(503, "5.5.1", "BODY=BINARYMIME comes by BDAT");
  if (o_.guard)
    if (auto refusal = o_.guard->may_receive(*this)) return refuse_by(Guard::What::message, *refusal);
  begin_message();
  reader_ = std::make_unique<DataReader>(o_.max_message);
  mode_ = Mode::data;
  reply(354, "", "go ahead, end with a line that has only a dot");
}

void Server::bdat(std::string_view a) {
  auto w = words(a);
  std::optional<uint64_t> size;
  if (!w.empty()) size = to_number(w[0]);
  bool last = w.size() == 2 && iequals(w[1], "LAST");
  if (!size.has_value() || w.size() > 2 || (w.size() == 2 && !last)) return error(501, "5.5.4", "BDAT size [LAST]");
  bool is_first = !is_chunked_;
  is_chunked_ = true;
  chunk_left_ = *size;
  last_chunk_ = last;
  // The chunk comes whatever we answer (RFC 3030 §2): it is read and thrown away when refused.
  if (!has_mail_) refuse_chunk({503, "5.5.1", "say MAIL first"});
  else if (env().recipients.empty()) refuse_chunk({o_.kind == Kind::lmtp ? 503 : 554, "5.5.1", "no valid recipients"});
  else if (chunk_refused_) refuse_chunk({503, "5.5.1", "an earlier chunk was refused: RSET"});
  else if (*size > o_.max_message || message_.size() + *size > o_.max_message)
    refuse_chunk({552, "5.3.4", fmt::format("message is larger than the {} allowed", size_text(o_.max_message))});
  else if (auto refusal = is_first && o_.guard ? o_.guard->may_receive(*this) : std::nullopt) refuse_chunk(*refusal, false);
  else if (is_first) begin_message();
  if (wants_ == Wants::close) return;
  mode_ = Mode::bdat;
  if (chunk_left_ == 0) end_chunk();
}

// Of LMTP the last chunk has an answer for each recipient (RFC 2033 §4.2).
void Server::refuse_chunk(const Reply& r, bool is_mistake) {
  chunk_refused_ = true;
  std::string().swap(message_);
  std::size_t times = o_.kind == Kind::lmtp && last_chunk_ ? std::max<std::size_t>(env().recipients.size(), 1) : 1;
  for (std::size_t i = 1; i < times; i++) reply(r.code, r.enhanced, r.text);
  if (is_mistake) error(r);
  else refuse_by(Guard::What::message, r);
}

void Server::end_chunk() {
  mode_ = Mode::command;
  if (is_dropped_ && !chunk_refused_) {
    if (last_chunk_) return end_message();
    return refuse_chunk(no_room(), false);
  }
  if (!chunk_refused_) {
    if (last_chunk_) return end_message();
    return reply(250, "2.0.0", fmt::format("{} octets received", message_.size()));
  }
  // It was answered when it was announced.  Nothing more comes: the transaction is over.
  if (last_chunk_) reset();
}

void Server::drop_message() {
  is_dropped_ = true;
  if (reader_) reader_->drop();
  else std::string().swap(message_);
}

}  // namespace jd::smtp

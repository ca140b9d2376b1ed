// SPDX-License-Identifier: MIT
#include "lib/pop3/session.h"

#include <utility>

#include <fmt/format.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/uidl_format.h"
#include "lib/mime/downgrade.h"
#include "lib/mime/header.h"
#include "lib/pop3/texts.h"

namespace jd::pop3 {
namespace {
constexpr std::size_t max_line = 512;  // RFC 2449 §4 asks for 255
constexpr std::size_t flush_bytes = 256 << 10;

template <class... A>
std::string filled(std::string_view text, const A&... a) {
  return fmt::format(fmt::runtime(text), a...);
}

// What put_lines() makes of it, doubled dots left out.
uint64_t octets_as_lines(std::string_view text) {
  uint64_t n = text.size();
  for (auto at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1))
    if (at == 0 || text[at - 1] != '\r') n++;
  if (text.empty() || text.ends_with('\n')) return n;
  return n + (text.ends_with('\r') ? 1 : 2);
}
}  // namespace

struct Session::Row {
  std::string_view name;
  void (Session::*run)(std::string_view);
};
const Session::Row Session::rows[] = {
    {"STAT", &Session::stat}, {"LIST", &Session::list}, {"RETR", &Session::retr}, {"DELE", &Session::dele},
    {"NOOP", &Session::noop}, {"RSET", &Session::rset}, {"TOP", &Session::top},   {"UIDL", &Session::uidl},
    {"CAPA", &Session::capa}, {"UTF8", &Session::utf8}, {"LANG", &Session::lang}, {"QUIT", &Session::quit},
};

Status Session::open() {
  TRY(inbox_, account_.folder(store::inbox_id));
  CHECK(inbox_->refresh());
  return {};
}

void Session::start() {
  if (options_.spoken) *options_.spoken = manner_.language;
  if (options_.is_exclusive) {
    auto lock = file::lock(account_.path() + "/pop3.lock");
    if (!lock && lock.error().fault == Fault::perm && !lock.error().sys) {
      log::info("pop3_mailbox_in_use", {{"what", lock.error().what}});
      return end(texts::in_use, "IN-USE");  // RFC 2449 §8.1.2
    }
    if (!lock) {
      log::failure("pop3_inbox_not_opened", lock.error());
      return end(texts::not_opened, "SYS/TEMP");
    }
    exclusive_ = std::move(*lock);
  }
  if (auto r = open(); !r) {
    log::failure("pop3_inbox_not_opened", r.error());
    return end(texts::not_opened, "SYS/TEMP");
  }
  uid_validity_ = inbox_->state().uid_validity();
  messages_.reserve(inbox_->state().entries().size());
  for (auto& e : inbox_->state().entries()) messages_.push_back({e, false, 0});
  out_ += options_.greeting;
  flush();
  if (!options_.early.empty()) feed(options_.early);
}

void Session::flush() {
  if (!out_.empty() && !write_(out_)) is_over_ = true;
  out_.clear();
}

void Session::end(const Text& why, std::string_view code) {
  if (is_over_) return;
  out_ += err_line(in_words(why), code);
  flush();
  is_over_ = true;
}

void Session::feed(std::string_view in) {
  while (!in.empty() && !is_over_) {
    auto end_of_line = in.find('\n');
    std::string_view piece = in.substr(0, end_of_line);
    if (held_.size() + piece.size() > max_line) {
      is_too_long_ = true;
      held_.clear();
    } else if (!is_too_long_) {
      held_ += piece;
    }
    if (end_of_line == in.npos) break;
    in.remove_prefix(end_of_line + 1);
    if (held_.ends_with('\r')) held_.pop_back();
    std::string text = std::move(held_);
    held_.clear();
    if (std::exchange(is_too_long_, false)) bad(texts::line_too_long);
    else line(text);
    if (out_.size() >= flush_bytes) flush();
  }
  flush();
}

void Session::line(std::string_view text) {
  auto blank = text.find(' ');
  std::string name = upper(text.substr(0, blank));
  std::string_view rest = blank == text.npos ? std::string_view() : trim(text.substr(blank + 1));
  for (auto& row : rows)
    if (row.name == name) return (this->*row.run)(rest);
  bad(texts::no_such_command);
}

void Session::ok(std::string_view text) { out_ += ok_line(text); }
void Session::bad(std::string_view text, std::string_view code) {
  out_ += err_line(text, code);
  if (++bad_ >= options_.max_bad) end(texts::too_many_bad);
}

bool Session::takes_nothing(std::string_view command, std::string_view rest) {
  if (!rest.empty()) bad(filled(in_words(texts::takes_nothing), command));
  return rest.empty();
}

Session::Message* Session::find(std::string_view number) {
  auto n = to_number(number);
  if (!n || *n == 0) return bad(texts::expected_number), nullptr;
  if (*n > messages_.size()) return bad(texts::no_such_message), nullptr;
  Message& m = messages_[*n - 1];
  if (m.deleted) return bad(texts::is_deleted), nullptr;
  return &m;
}

// RFC 6856 §2.1: in ASCII form to a client that has not said UTF8.
Result<std::string> Session::shown(const Message& m) {
  TRY(std::string bytes, account_.segments().message(m.entry));
  bool may_be_wide = !(m.entry.marks & store::mark_known) || m.entry.marks & store::mark_wide_header;
  if (manner_.is_utf8 || !may_be_wide) return bytes;
  auto root = mime::parse(bytes);
  if (!mime::needs_downgrade(bytes, root)) return bytes;
  return mime::downgrade(bytes, root);
}

std::optional<std::string> Session::read(const Message& m) {
  auto bytes = shown(m);
  if (bytes) return std::move(*bytes);
  log::failure("pop3_message_unreadable", bytes.error(), {{"uid", m.entry.uid}});
  bad(texts::unreadable, bytes.error().fault == Fault::temp ? "SYS/TEMP" : "SYS/PERM");
  return {};
}

// Of nearly every message it is known without a look at it; of one that cannot be read it does not matter.
uint64_t Session::octets(Message& m) {
  if (m.octets) return m.octets;
  bool is_other = m.entry.marks & store::mark_odd_lines || (!manner_.is_utf8 && m.entry.marks & store::mark_wide_header);
  m.octets = m.entry.size;
  if (!is_other) return m.octets;
  if (auto bytes = shown(m)) m.octets = octets_as_lines(*bytes);
  return m.octets;
}

void Session::stat(std::string_view rest) {
  if (!takes_nothing("STAT", rest)) return;
  uint64_t n = 0, bytes = 0;
  for (auto& m : messages_)
    if (!m.deleted) ++n, bytes += octets(m);
  ok(fmt::format("{} {}", n, bytes));
}

void Session::list(std::string_view rest) {
  if (!rest.empty()) {
    if (Message* m = find(rest)) ok(fmt::format("{} {}", m - messages_.data() + 1, octets(*m)));
    return;
  }
  ok(texts::scan_listing);
  for (std::size_t i = 0; i < messages_.size(); ++i)
    if (!messages_[i].deleted) out_ += fmt::format("{} {}\r\n", i + 1, octets(messages_[i]));
  out_ += ".\r\n";
}

// Other names than before would let a client fetch everything again: rather none.
bool Session::learn_uidls() {
  if (uidls_) return true;
  auto all = store::read_uidls(account_.dir(), uid_validity_);
  if (!all) {
    log::failure("pop3_uidl_unreadable", all.error());
    bad(texts::uidl_unreadable, all.error().fault == Fault::temp ? "SYS/TEMP" : "SYS/PERM");
    return false;
  }
  uidls_ = std::move(*all);
  return true;
}

std::string Session::unique(const Message& m) const {
  if (auto* name = uidls_->find(m.entry.uid)) return *name;
  std::string plain = fmt::format("{}.{}", uid_validity_, m.entry.uid);
  std::string name = uidl_text(options_.uidl, uid_validity_, m.entry.uid).value_or(plain);
  // The server before may have called another message so.
  while (uidls_->has(name)) name = plain = "+" + plain;
  return name;
}

void Session::uidl(std::string_view rest) {
  if (!rest.empty()) {
    Message* m = find(rest);
    if (m && learn_uidls()) ok(fmt::format("{} {}", m - messages_.data() + 1, unique(*m)));
    return;
  }
  if (!learn_uidls()) return;
  ok(texts::unique_listing);
  for (std::size_t i = 0; i < messages_.size(); ++i)
    if (!messages_[i].deleted) out_ += fmt::format("{} {}\r\n", i + 1, unique(messages_[i]));
  out_ += ".\r\n";
}

// RFC 1939 §3: a leading dot is doubled; the last line is ended, then the dot.
void Session::put_lines(std::string_view text) {
  while (!text.empty()) {
    auto end_of_line = text.find('\n');
    std::string_view one = text.substr(0, end_of_line);
    text.remove_prefix(end_of_line == text.npos ? text.size() : end_of_line + 1);
    if (one.ends_with('\r')) one.remove_suffix(1);
    if (one.starts_with('.')) out_ += '.';
    out_ += one;
    out_ += "\r\n";
    if (out_.size() >= flush_bytes) flush();
  }
  out_ += ".\r\n";
}

void Session::retr(std::string_view rest) {
  Message* m = find(rest);
  if (!m) return;
  auto bytes = read(*m);
  if (!bytes) return;
  if (!(m->entry.flags & store::seen)) read_.add(m->entry.uid);
  // A listing that has told another number: mail of earlier releases, of which nothing was known.
  m->octets = octets_as_lines(*bytes);
  ok(filled(in_words(texts::octets), m->octets));
  put_lines(*bytes);
}

void Session::top(std::string_view rest) {
  auto both = split_once(rest, ' ');
  auto lines = both ? to_number(trim(both->second)) : std::nullopt;
  if (!lines) return bad(texts::top_takes);
  Message* m = find(both->first);
  if (!m) return;
  auto bytes = read(*m);
  if (!bytes) return;
  std::string_view text = *bytes;
  std::size_t end_of_top = mime::header_size(text);
  for (uint64_t i = 0; i < *lines && end_of_top < text.size(); ++i) {
    auto at = text.find('\n', end_of_top);
    end_of_top = at == text.npos ? text.size() : at + 1;
  }
  ok(texts::top_follows);
  put_lines(text.substr(0, end_of_top));
}

void Session::dele(std::string_view rest) {
  Message* m = find(rest);
  if (!m) return;
  m->deleted = true;
  ok(texts::will_be_deleted);
}

void Session::noop(std::string_view rest) {
  if (takes_nothing("NOOP", rest)) ok(texts::still_here);
}

void Session::rset(std::string_view rest) {
  if (!takes_nothing("RSET", rest)) return;
  for (auto& m : messages_) m.deleted = false;
  ok(texts::nothing_deleted);
}

void Session::capa(std::string_view rest) {
  if (!takes_nothing("CAPA", rest)) return;
  ok(texts::capabilities);
  out_ += capabilities(options_.offer);
  out_ += ".\r\n";
}

// Of the authorization state (RFC 6856 §2), but a widespread client says it here.
void Session::utf8(std::string_view rest) {
  if (!takes_nothing("UTF8", rest)) return;
  manner_.is_utf8 = true;
  for (auto& m : messages_) m.octets = 0;
  ok(texts::utf8_on);
}

void Session::lang(std::string_view rest) {
  bool is_good;
  out_ += answer_lang(rest, options_.offer, manner_.language, is_good);
  if (options_.spoken) *options_.spoken = manner_.language;
  if (!is_good && ++bad_ >= options_.max_bad) end(texts::too_many_bad);
}

// Once for all that was read: each would cost a sync.  What is not kept when the machine dies now is
// shown as unread again.
void Session::note_read() {
  store::UidSet read = std::exchange(read_, {});
  if (read.empty()) return;
  auto fresh = inbox_->refresh();
  if (fresh && inbox_->state().uid_validity() != uid_validity_) return;
  if (auto r = inbox_->store(store::FlagOp::add, store::seen, {}, read); !r) log::failure("pop3_flags_not_kept", r.error());
}

void Session::quit(std::string_view rest) {
  if (!takes_nothing("QUIT", rest)) return;
  note_read();
  store::UidSet gone;
  for (auto& m : messages_)
    if (m.deleted) gone.add(m.entry.uid);
  auto fresh = inbox_->refresh();
  if (fresh && inbox_->state().uid_validity() != uid_validity_) gone = {};  // those UIDs are others' since an import
  if (auto r = inbox_->expunge(gone); !r) {
    log::failure("pop3_delete_failed", r.error());
    return end(texts::not_removed, "SYS/TEMP");
  }
  ok(texts::see_you);
  flush();
  is_over_ = true;
}

}  // namespace jd::pop3

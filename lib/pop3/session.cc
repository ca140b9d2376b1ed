// SPDX-License-Identifier: MIT
#include "lib/pop3/session.h"

#include <utility>

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/uidl_format.h"
#include "lib/mime/header.h"

namespace jd::pop3 {
namespace {
constexpr std::size_t max_line = 512;  // RFC 2449 §4 asks for 255
constexpr std::size_t flush_bytes = 256 << 10;
}  // namespace

const std::string_view capabilities = "TOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nEXPIRE NEVER\r\nIMPLEMENTATION jdmail\r\n";

struct Session::Row {
  std::string_view name;
  void (Session::*run)(std::string_view);
};
const Session::Row Session::rows[] = {
    {"STAT", &Session::stat}, {"LIST", &Session::list}, {"RETR", &Session::retr}, {"DELE", &Session::dele},
    {"NOOP", &Session::noop}, {"RSET", &Session::rset}, {"TOP", &Session::top},   {"UIDL", &Session::uidl},
    {"CAPA", &Session::capa}, {"QUIT", &Session::quit},
};

void Session::start() {
  auto inbox = account_.folder(store::inbox_id);
  Status fresh;
  if (inbox) {
    auto r = (*inbox)->refresh();
    if (!r) fresh = Unexpected(r.error());
  } else {
    fresh = Unexpected(inbox.error());
  }
  if (!fresh) {
    log::failure("pop3_inbox_not_opened", fresh.error());
    return end("[SYS/TEMP] the mailbox cannot be opened, try again later");
  }
  inbox_ = *inbox;
  uid_validity_ = inbox_->state().uid_validity();
  for (auto& e : inbox_->state().entries()) messages_.push_back({e, false});
  out_ += options_.greeting;
  flush();
  if (!options_.early.empty()) feed(options_.early);
}

void Session::flush() {
  if (!out_.empty() && !write_(out_)) is_over_ = true;
  out_.clear();
}

void Session::end(std::string_view why) {
  if (is_over_) return;
  out_ += fmt::format("-ERR {}\r\n", why);
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
    if (std::exchange(is_too_long_, false)) bad("line too long");
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
  bad("no such command");
}

void Session::ok(std::string_view text) { out_ += fmt::format("+OK {}\r\n", text); }
void Session::bad(std::string_view text) {
  out_ += fmt::format("-ERR {}\r\n", text);
  if (++bad_ >= options_.max_bad) end("too many bad commands");
}

Session::Message* Session::find(std::string_view number) {
  auto n = to_number(number);
  if (!n || *n == 0) return bad("expected the number of a message"), nullptr;
  if (*n > messages_.size()) return bad("no such message"), nullptr;
  Message& m = messages_[*n - 1];
  if (m.deleted) return bad("that message is deleted"), nullptr;
  return &m;
}

void Session::stat(std::string_view rest) {
  if (!rest.empty()) return bad("STAT takes nothing");
  uint64_t n = 0, bytes = 0;
  for (auto& m : messages_)
    if (!m.deleted) ++n, bytes += m.entry.size;
  ok(fmt::format("{} {}", n, bytes));
}

void Session::list(std::string_view rest) {
  if (!rest.empty()) {
    if (Message* m = find(rest)) ok(fmt::format("{} {}", m - messages_.data() + 1, m->entry.size));
    return;
  }
  ok("numbers and sizes");
  for (std::size_t i = 0; i < messages_.size(); ++i)
    if (!messages_[i].deleted) out_ += fmt::format("{} {}\r\n", i + 1, messages_[i].entry.size);
  out_ += ".\r\n";
}

std::string Session::unique(const Message& m) const {
  return uidl_text(options_.uidl, uid_validity_, m.entry.uid).value_or(fmt::format("{}.{}", uid_validity_, m.entry.uid));
}

void Session::uidl(std::string_view rest) {
  if (!rest.empty()) {
    if (Message* m = find(rest)) ok(fmt::format("{} {}", m - messages_.data() + 1, unique(*m)));
    return;
  }
  ok("numbers and names");
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
  auto bytes = account_.segments().message(m->entry);
  if (!bytes) {
    log::failure("pop3_message_unreadable", bytes.error(), {{"uid", m->entry.uid}});
    return bad("[SYS/PERM] this message cannot be read");
  }
  if (!(m->entry.flags & store::seen)) read_.add(m->entry.uid);
  ok(fmt::format("{} octets", bytes->size()));
  put_lines(*bytes);
}

void Session::top(std::string_view rest) {
  auto both = split_once(rest, ' ');
  auto lines = both ? to_number(trim(both->second)) : std::nullopt;
  if (!lines) return bad("TOP takes a message and a number of lines");
  Message* m = find(both->first);
  if (!m) return;
  auto bytes = account_.segments().message(m->entry);
  if (!bytes) {
    log::failure("pop3_message_unreadable", bytes.error(), {{"uid", m->entry.uid}});
    return bad("[SYS/PERM] this message cannot be read");
  }
  std::string_view text = *bytes;
  std::size_t end_of_top = mime::header_size(text);
  for (uint64_t i = 0; i < *lines && end_of_top < text.size(); ++i) {
    auto at = text.find('\n', end_of_top);
    end_of_top = at == text.npos ? text.size() : at + 1;
  }
  ok("top of message follows");
  put_lines(text.substr(0, end_of_top));
}

void Session::dele(std::string_view rest) {
  Message* m = find(rest);
  if (!m) return;
  m->deleted = true;
  ok("will be deleted at QUIT");
}

void Session::noop(std::string_view rest) {
  if (!rest.empty()) return bad("NOOP takes nothing");
  ok("still here");
}

void Session::rset(std::string_view rest) {
  if (!rest.empty()) return bad("RSET takes nothing");
  for (auto& m : messages_) m.deleted = false;
  ok("nothing is deleted");
}

void Session::capa(std::string_view rest) {
  if (!rest.empty()) return bad("CAPA takes nothing");
  ok("capabilities");
  out_ += capabilities;
  out_ += ".\r\n";
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
  if (!rest.empty()) return bad("QUIT takes nothing");
  note_read();
  store::UidSet gone;
  for (auto& m : messages_)
    if (m.deleted) gone.add(m.entry.uid);
  auto fresh = inbox_->refresh();
  if (fresh && inbox_->state().uid_validity() != uid_validity_) gone = {};  // those UIDs are others' since an import
  if (auto r = inbox_->expunge(gone); !r) {
    log::failure("pop3_delete_failed", r.error());
    return end("[SYS/TEMP] the deleted messages were not removed");
  }
  ok("see you");
  flush();
  is_over_ = true;
}

}  // namespace jd::pop3

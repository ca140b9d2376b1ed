// SPDX-License-Identifier: MIT
#include "lib/imap/park.h"

#include <errno.h>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/imap/context.h"
#include "lib/imap/notify.h"

namespace jd::imap {
namespace {
constexpr std::size_t max_state = 4096, max_saved = 100;
constexpr uint64_t is_delayed_bit = 128;

// The words of a text, by key; a key that is not there is 0.
class Words {
 public:
  explicit Words(std::string_view text) : words_(words(text)) {}
  std::string_view text(std::string_view key) const {
    for (auto w : words_)
      if (w.starts_with(key) && w.size() > key.size() && w[key.size()] == '=') return w.substr(key.size() + 1);
    return {};
  }
  uint64_t number(std::string_view key) const { return to_number(text(key)).value_or(0); }

 private:
  std::vector<std::string_view> words_;
};
}  // namespace

std::optional<std::string> Session::park(Time deadline) const {
  if (selected_) return std::nullopt;  // sessiond watches the folders of one account only
  if (saved_.size() > max_saved || !contexts_->empty() || is_watching()) return std::nullopt;
  if (is_over_ || is_due_ || !out_.empty() || !reader_.is_at_start() || deflate_ || next_) return std::nullopt;
  std::string out = fmt::format("version=1 idling={:d} tag={} deadline={} bad={} enabled={}", is_idling_, tag_, deadline.ns, bad_,
                                enabled_);
  if (options_.message_limit) out += fmt::format(" limit={}", options_.message_limit);  // the client was told
  if (notify_) {
    auto& r = notify_->request();
    if (!r.items.empty() && r.items_text.empty()) return std::nullopt;
    out += fmt::format(" notify={}", r.selected | (r.is_delayed ? is_delayed_bit : 0));
    if (!r.items.empty()) out += " items=" + hex(r.items_text);
  }
  if (view_ && !saved_.empty()) {  // RFC 5182: it lives as long as the mailbox is selected
    store::UidSet uids;
    for (auto [a, b] : saved_) uids.add(a, b);
    out += " saved=" + uids.text();
  }
  if (view_) out += " view=" + view_->park();
  if (out.size() > max_state) return std::nullopt;
  return out;
}

Result<Time> Session::restore(std::string_view text) {
  auto view_at = text.find(" view=");
  Words w(text.substr(0, view_at));
  if (w.number("version") != 1) return fail(Fault::perm, "a session of another version");
  tag_ = w.text("tag");
  name_ = "IDLE";
  bad_ = static_cast<unsigned>(w.number("bad"));
  enabled_ = static_cast<unsigned>(w.number("enabled"));
  options_.message_limit = w.number("limit");
  if (view_at != text.npos) {
    auto parked = words(text.substr(view_at + 6));
    auto id = parked.size() > 1 ? to_number(parked[0]) : std::nullopt;
    if (!id || *id > UINT32_MAX) return fail(Fault::perm, "a malformed text of a session");
    CHECK(account_.tree().refresh());
    if (!account_.tree().find(static_cast<uint32_t>(*id))) return Unexpected(Error(Fault::perm, "the selected mailbox was deleted", ENOENT));
    TRY(store::Folder * f, account_.folder(static_cast<uint32_t>(*id)));
    View v(*f, parked[1] == "1");
    CHECK(v.resume(text.substr(view_at + 6)));
    if (v.is_renumbered()) return fail(Fault::perm, "the folder has other UIDs now");
    view_ = std::move(v);
    cache_.use(f, account_.segments());
  }
  if (auto saved = w.text("saved"); !saved.empty()) {
    Command c{std::string(saved), {}};
    if (!Cursor(c).set(saved_)) return fail(Fault::perm, "a malformed text of a session");
  }
  if (!w.text("notify").empty()) {
    NotifyRequest r;
    r.selected = static_cast<uint8_t>(w.number("notify")) & message_events;
    r.is_delayed = w.number("notify") & is_delayed_bit;
    if (auto items = unhex(w.text("items")); items && !items->empty()) {
      Command c{*items, {}};
      Cursor at(c);
      std::string why;
      if (!take_fetch_items(at, r.items, why)) return fail(Fault::perm, "a malformed text of a session");
      r.items_text = *items;
    }
    notify_ = std::make_unique<Notify>(std::move(r));
  }
  is_idling_ = w.number("idling") != 0;
  return Time{static_cast<int64_t>(w.number("deadline"))};
}

}  // namespace jd::imap

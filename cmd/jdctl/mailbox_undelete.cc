// SPDX-License-Identifier: MIT
// mailbox undelete: what was deleted, as a list or back in its place.
#include <stdio.h>

#include <algorithm>

#include "cmd/jdctl/mailbox_ops.h"
#include "lib/base/text.h"
#include "lib/mime/charset.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "lib/store/undelete.h"

namespace jd::ctl {
namespace {
std::string messages(uint64_t n) { return n == 1 ? "1 message" : fmt::format("{} messages", n); }
std::string id_of(const store::Entry& e) { return fmt::format("M{:016x}", e.stamp); }  // as IMAP's EMAILID

std::string field(std::string_view message, std::string_view name) {
  auto v = mime::find(message, name);
  return v ? one_line(mime::decode_words(*v)) : "";
}

bool has(const std::string& text, const std::string& part) {
  return part.empty() || mime::contains(mime::fold(text), mime::fold(mime::clean_utf8(part)));
}

// Text of at most so many columns.
std::string cut(const std::string& text, int columns) {
  if (display_width(text) <= columns) return text;
  std::string r = text;
  while (!r.empty() && display_width(r) >= columns) {
    do r.pop_back();
    while (!r.empty() && !is_utf8(r));
  }
  return r + "…";
}

// Names in any case for INBOX, else as they are.
bool is_folder(const std::string& name, const std::string& wanted) { return name == wanted || (name == "INBOX" && iequals(wanted, name)); }
}  // namespace

// Does the message match what was asked for?  Its header is read when it is needed.
Result<bool> MailboxCommands::chosen(store::Account& a, const store::DeletedMessage& d, std::string& from, std::string& subject) const {
  if (!folder_.empty() && !is_folder(d.folder_name, folder_)) return false;
  if (d.when && from_seconds(d.when) < deleted_since_) return false;
  if (!ids_.empty() && std::find(ids_.begin(), ids_.end(), id_of(d.entry)) == ids_.end()) return false;
  if (!list_ && from_.empty() && subject_.empty()) return true;
  auto bytes = a.segments().message(d.entry);
  if (!bytes && bytes.error().fault == Fault::temp) return Unexpected(bytes.error());
  if (!bytes) return false;  // its bytes are gone or damaged: it cannot come back
  from = field(*bytes, "From");
  subject = field(*bytes, "Subject");
  return has(from, from_) && has(subject, subject_);
}

// A deleted folder that is to come back whole: the last one of that name.
Result<std::optional<uint32_t>> MailboxCommands::chosen_folder(store::Account& a) const {
  bool is_whole = !folder_.empty() && since_.empty() && from_.empty() && subject_.empty() && ids_.empty();
  if (!is_whole) return std::optional<uint32_t>();
  CHECK(a.tree().refresh());
  std::optional<uint32_t> best;
  for (auto& [id, info] : a.tree().removed())
    if (info.name == folder_ && (!best || info.when >= a.tree().removed().at(*best).when)) best = id;
  if (best && a.tree().find(to_.empty() ? folder_ : to_)) return std::optional<uint32_t>();  // message by message, into the one that is there
  return best;
}

int MailboxCommands::list_deleted(const Options& o, store::Account& a, const std::vector<store::DeletedMessage>& all) {
  std::vector<std::vector<std::string>> rows;
  Json list = Json::array(), folders = Json::array();
  uint64_t count = 0, bytes = 0;
  for (auto& d : all) {
    std::string from, subject;
    auto is_chosen = chosen(a, d, from, subject);
    if (!is_chosen) return failed(is_chosen.error());
    if (!*is_chosen) continue;
    count++;
    bytes += d.entry.size;
    if (o.json)
      list.push(Json::object().set("id", id_of(d.entry)).set("deleted", d.when).set("folder", d.folder_name).set("folder_deleted", d.is_folder_deleted)
                    .set("uid", d.entry.uid).set("bytes", d.entry.size).set("date", d.entry.date).set("from", from).set("subject", subject));
    else
      rows.push_back({local_time(d.when), d.folder_name, size_text(d.entry.size), cut(from, 40), cut(subject, 60)});
  }
  std::vector<std::vector<std::string>> gone;
  for (auto& [id, info] : a.tree().removed()) {
    if (!folder_.empty() && info.name != folder_) continue;
    auto f = a.removed_folder(id);
    if (!f) return failed(f.error());
    auto n = (*f)->state().entries().size();
    gone.push_back({local_time(info.when), info.name, fmt::format("{}", n), size_text((*f)->state().bytes())});
    folders.push(Json::object().set("folder", info.name).set("deleted", info.when).set("messages", n).set("bytes", (*f)->state().bytes()));
  }
  if (o.json) {
    print_json(Json::object().set("address", lower(address_)).set("count", count).set("bytes", bytes).set("messages", std::move(list)).set("folders", std::move(folders)));
    return 0;
  }
  if (!rows.empty()) print_table({"deleted", "folder", "size", "from", "subject"}, rows);
  if (!gone.empty()) print_table({"deleted folders", "", "messages", "size"}, gone);
  print(fmt::format("{} in {} can be brought back", messages(count), size_text(bytes)));
  return 0;
}

int MailboxCommands::undelete_folder(const Options& o, store::Account& a, uint32_t id) {
  auto f = a.removed_folder(id);
  if (!f) return failed(f.error());
  auto n = (*f)->state().entries().size();
  std::string name = to_.empty() ? a.tree().removed().at(id).name : to_;
  if (!dry_) {
    if (auto r = a.tree().restore(id, name); !r) return failed(r.error());
    if (auto r = a.tree().subscribe(name, true); !r) return failed(r.error());
  }
  return told(o, Json::object().set("address", lower(address_)).set("folder", name).set("messages", n), fmt::format("folder {} is back with {}", name, messages(n)),
              fmt::format("would bring back folder {} with {}", name, messages(n)));
}

int MailboxCommands::undelete(const Options& o) {
  bool has_filter = !folder_.empty() || !since_.empty() || !from_.empty() || !subject_.empty() || !ids_.empty();
  if (!list_ && !all_ && !has_filter) return failed(Error(Fault::usage, "undelete what? --list shows what there is; choose by --folder, --since, --from, --subject or --id, or say --all"));
  if (!since_.empty()) {
    auto t = parse_since(since_);
    if (!t) return failed(t.error());
    deleted_since_ = *t;
  }
  auto a = open(o, address_);
  if (!a) return failed(a.error());
  auto all = store::deleted_messages(**a);
  if (!all) return failed(all.error());
  if (list_) return list_deleted(o, **a, *all);
  auto whole = chosen_folder(**a);
  if (!whole) return failed(whole.error());
  if (*whole) return undelete_folder(o, **a, **whole);
  std::vector<store::DeletedMessage> which;
  uint64_t bytes = 0;
  for (auto& d : *all) {
    std::string from, subject;
    auto is_chosen = chosen(**a, d, from, subject);
    if (!is_chosen) return failed(is_chosen.error());
    if (!*is_chosen) continue;
    bytes += d.entry.size;
    which.push_back(d);
  }
  uint64_t done = which.size();
  if (!dry_) {
    auto r = store::undelete_messages(**a, which, to_);
    if (!r) return failed(r.error());
    done = *r;
  }
  std::string where = to_.empty() ? "" : " into " + to_;
  return told(o, Json::object().set("address", lower(address_)).set("messages", done).set("bytes", bytes), fmt::format("brought back {}{}", messages(done), where),
              fmt::format("would bring back {} ({}){}", messages(done), size_text(bytes), where));
}

}  // namespace jd::ctl

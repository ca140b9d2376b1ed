// SPDX-License-Identifier: MIT
// mailbox: what an account holds.
#include <stdio.h>

#include <algorithm>
#include <optional>

#include "cmd/jdctl/transfer.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/store/account.h"
#include "lib/store/document_reader.h"

namespace jd::ctl {
static int index(const Options& o, const Config& config, store::Account& a, const MailboxOptions& m) {
  store::IndexOptions how;
  how.rebuild = m.rebuild;
  std::optional<store::DocumentReader> reader;
  if (!m.status && config.search_documents) {
    auto started = store::DocumentReader::start(o.paths.libexec + "/document-text", "");
    if (!started) return failed(started.error());
    reader.emplace(std::move(*started));
    how.documents = reader->reading();
  }
  auto s = m.status ? store::index_state(a) : store::index_account(a, how);
  if (!s) return failed(s.error());
  if (s->is_busy) return failed(Error(Fault::temp, fmt::format("the index of {} is being written by another process: try again later", m.address)));
  if (o.json)
    print_json(Json::object().set("messages", static_cast<int64_t>(s->messages)).set("indexed", static_cast<int64_t>(s->indexed)).set("added", static_cast<int64_t>(s->added))
                   .set("files", static_cast<int64_t>(s->files)).set("bytes", static_cast<int64_t>(s->bytes)).set("with_documents", static_cast<int64_t>(s->with_documents)));
  else
    print(fmt::format("{} of {} messages indexed, {} of them now; {} with text of documents; {} files, {}", s->indexed, s->messages, s->added, s->with_documents, s->files, size_text(s->bytes)));
  return 0;
}

int mailbox(const Options& o, const std::string& verb, const MailboxOptions& m) {
  auto found = mailbox_path(o, m.address);
  if (!found) return failed(found.error());
  const std::string& path = *found;
  if (!file::exists(path)) return failed(Error(Fault::perm, fmt::format("{} has no mailbox yet: it is made by the first message or login", m.address)));
  // A look may write (a log that is rebuilt): as root that would be root's file.
  auto owner = Owner::of(path);
  if (!owner) return failed(owner.error());
  if (auto r = owner->become(); !r) return failed(r.error());
  auto config = Config::load_or_defaults(o.paths);
  if (!config) return failed(config.error());
  auto a = store::Account::open(path, false, {.keep_gone = config->keep_expunged()});
  if (!a) return failed(a.error());
  if (verb == "check") {
    auto r = (*a)->check(m.repair);
    if (!r) return failed(r.error());
    for (auto& f : r->findings) print(f);
    print(fmt::format("{} messages, {} faults{}", r->messages, r->findings.size(), m.repair ? fmt::format(", {} repaired", r->repaired) : ""));
    return r->findings.empty() || m.repair ? 0 : 100;
  }
  if (verb == "index") return index(o, *config, **a, m);
  if (verb == "cat") {
    auto f = (*a)->folder(m.folder);
    if (!f) return failed(f.error());
    auto uid = to_number(m.uid);
    const store::Entry* e = uid ? (*f)->state().find(static_cast<uint32_t>(*uid)) : nullptr;
    if (!e) return failed(Error(Fault::perm, fmt::format("{} has no message with UID {}", m.folder, m.uid)));
    auto bytes = (*a)->segments().message(*e);
    if (!bytes) return failed(bytes.error());
    fwrite(bytes->data(), 1, bytes->size(), stdout);
    return 0;
  }
  Json all = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (auto& [id, info] : (*a)->tree().folders()) {
    auto f = (*a)->folder(id);
    if (!f) return failed(f.error());
    auto& s = (*f)->state();
    rows.push_back({info.name, fmt::format("{}", s.entries().size()), fmt::format("{}", s.unseen()), size_text(s.bytes())});
    all.push(Json::object().set("folder", info.name).set("messages", static_cast<int64_t>(s.entries().size())).set("unseen", static_cast<int64_t>(s.unseen()))
                 .set("bytes", static_cast<int64_t>(s.bytes())).set("uidvalidity", static_cast<int64_t>(s.uid_validity())).set("uidnext", static_cast<int64_t>(s.uid_next())));
  }
  if (o.json) print_json(all);
  else print_table({"folder", "messages", "unseen", "size"}, rows);
  return 0;
}

}  // namespace jd::ctl

// SPDX-License-Identifier: MIT
// trace, mailbox: where mail is and what became of it.
#include <stdio.h>

#include <algorithm>
#include <set>

#include "cmd/jdctl/transfer.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/store/account.h"

namespace jd::ctl {
// Every line of every program that belongs to the message: first those with the word, then those
// that share a queue id with them, in order of time (s6-log's stamps sort as text).
int trace(const Options& o, const std::string& given) {
  std::string word(given);
  if (word.size() > 2 && word.front() == '<' && word.back() == '>') word = word.substr(1, word.size() - 2);
  auto programs = file::list(AT_FDCWD, o.paths.log);
  if (!programs) return failed(programs.error());
  std::vector<std::string> all;
  for (auto& p : *programs) {
    auto names = file::list(AT_FDCWD, o.paths.log + "/" + p);
    if (!names) continue;
    for (auto& n : *names) {
      if (n != "current" && !n.starts_with("@") && !n.ends_with(".s")) continue;
      auto text = file::read_all(o.paths.log + "/" + p + "/" + n, 256 << 20);
      if (!text) return failed(text.error());
      for (auto l : split(*text, '\n')) if (!l.empty()) all.emplace_back(l);
    }
  }
  std::set<std::string, std::less<>> ids;
  for (auto& l : all) {
    if (ifind(l, word) == std::string::npos) continue;
    for (auto w : words(l))
      if (w.starts_with("qid=") || w.starts_with("trace=")) ids.insert(std::string(w.substr(w.find('=') + 1)));
  }
  std::vector<std::string> found;
  for (auto& l : all) {
    bool is_ours = ifind(l, word) != std::string::npos;
    for (auto w : words(l)) is_ours = is_ours || ((w.starts_with("qid=") || w.starts_with("trace=")) && ids.count(w.substr(w.find('=') + 1)));
    if (is_ours) found.push_back(l);
  }
  std::stable_sort(found.begin(), found.end());
  for (auto& l : found) print(l);
  if (found.empty()) {
    fprintf(stderr, "jdctl: no log line mentions %s\n", word.c_str());
    return 100;
  }
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
  auto a = store::Account::open(path, false);
  if (!a) return failed(a.error());
  if (verb == "check") {
    auto r = (*a)->check(m.repair);
    if (!r) return failed(r.error());
    for (auto& f : r->findings) print(f);
    print(fmt::format("{} messages, {} faults{}", r->messages, r->findings.size(), m.repair ? fmt::format(", {} repaired", r->repaired) : ""));
    return r->findings.empty() || m.repair ? 0 : 100;
  }
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

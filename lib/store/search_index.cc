// SPDX-License-Identifier: MIT
#include "lib/store/search_index.h"

#include <sys/stat.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mime/charset.h"

namespace jd::store {

bool SearchFilter::excludes(uint64_t stamp) const {
  for (auto& f : files_) {
    uint32_t d = f.file->find(stamp);
    if (d < f.file->documents()) return !f.may.empty() && !(f.may[d / 64] >> (d % 64) & 1);
  }
  return false;
}

bool SearchFilter::is_in_document(uint64_t stamp) const {
  if (!asks_documents_) return false;
  for (auto& f : files_) {
    if (!f.file->texts()) continue;
    uint32_t d = f.file->find(stamp);
    if (d == f.file->documents()) continue;
    auto all = f.file->text_of(d);
    if (!all) {
      log::failure("search_index_damaged", all.error());
      (void)file::unlink(dir_, "search/" + f.file->name());
      continue;
    }
    for (auto one : split(*all, '\0'))
      if (mime::contains(mime::fold(one), folded_)) return true;
  }
  return false;
}

// A new file in the directory changes its time.  Two changes within one tick of the kernel's clock may
// look like one: then the second is seen with the next.
void SearchIndex::refresh() {
  struct stat st;
  if (::fstatat(dir_, "search", &st, 0) < 0) {
    files_.clear();
    changed_ = -1;
    return;
  }
  int64_t changed = int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec;
  if (changed == changed_) return;
  auto names = file::list(dir_, "search");
  if (!names) return;
  changed_ = changed;
  std::vector<std::shared_ptr<GramFile>> now;
  for (auto& name : *names) {
    if (!name.ends_with(".grams")) continue;
    auto same = std::find_if(files_.begin(), files_.end(), [&](auto& f) { return f->name() == name; });
    if (same != files_.end()) now.push_back(*same);
    else if (auto f = GramFile::open(dir_, name)) now.push_back(std::move(*f));
  }
  std::sort(now.begin(), now.end(), [](auto& a, auto& b) { return a->documents() > b->documents(); });
  files_ = std::move(now);
}

Status SearchIndex::match(GramFile& f, std::string_view folded, SearchScope scope, GramFile::Bits& out) {
  for (Scope s : {Scope::body, Scope::header}) {
    if ((s == Scope::body ? SearchScope::header : SearchScope::body) == scope) continue;
    TRY(auto may, f.matching(Needle(folded, s)));
    if (out.empty()) out = std::move(may);
    else std::transform(out.begin(), out.end(), may.begin(), out.begin(), [](uint64_t a, uint64_t b) { return a | b; });
  }
  return {};
}

std::shared_ptr<const SearchFilter> SearchIndex::filter(std::string_view folded, SearchScope scope) {
  bool is_short = Needle(folded, Scope::body).is_empty();
  refresh();
  auto r = std::make_shared<SearchFilter>();
  r->dir_ = dir_;
  r->folded_ = folded;
  r->asks_documents_ = scope != SearchScope::header;
  for (auto& f : files_) {
    SearchFilter::One one{f, {}};
    if (is_short && !f->texts()) continue;
    if (is_short) {
      r->files_.push_back(std::move(one));
      continue;
    }
    if (auto done = match(*f, folded, scope, one.may); !done) {
      log::failure("search_index_damaged", done.error());
      (void)file::unlink(dir_, "search/" + f->name());  // it is made again; until then its messages are scanned
      continue;
    }
    r->files_.push_back(std::move(one));
  }
  if (r->files_.empty()) return nullptr;
  return r;
}

}  // namespace jd::store

// SPDX-License-Identifier: MIT
// index_account(): new messages into a file of grams each few thousand, then files together to fewer.
//
// Files are merged so that each has at least twice the messages of all smaller ones together: there
// are few, and a message is written anew a few times in its life.  A crash leaves whole files: one that
// was merged already holds nothing that is not elsewhere, and goes.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/mime/charset.h"
#include "lib/mime/document.h"
#include "lib/mime/text.h"
#include "lib/store/account.h"
#include "lib/store/search_index.h"

namespace jd::store {
namespace {

constexpr std::size_t max_pairs = 6 << 20;            // in memory before a file is written: 8 bytes each, twice
constexpr std::size_t max_message_pairs = 2 << 20;    // a message with more is looked at by every search
constexpr uint32_t max_documents = (1 << 24) - 1;     // of a file
constexpr std::size_t max_packed = 16 << 20;          // bytes of documents' text in memory before a file is written
constexpr Span max_unwritten = seconds(30);           // of work that a stop would lose
constexpr int max_attached = 20;                      // documents that are read of one message

using Files = std::vector<std::unique_ptr<GramFile>>;
using Stamps = std::unordered_set<uint64_t>;

constexpr std::string_view current_name = "current";

// What search/current says, but for the time: what must be the same for it to count.
std::string current_mark(uint32_t kinds) { return fmt::format("1 {} {} {}", search_text_version(), kinds, hex(boot_id())); }

int64_t in_ns(const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

bool has_documents(const mime::Part& part) {
  return mime::is_document(part) || std::any_of(part.children.begin(), part.children.end(), has_documents);
}

// Messages' grams in memory: pairs of gram and message number, sorted when the file is written.
class Batch {
 public:
  Batch() : recent_(recent_size, ~uint64_t{0}) {}
  bool is_full() const { return pairs_.size() >= max_pairs || stamps_.size() >= max_documents || packed_bytes_ >= max_packed; }
  bool is_empty() const { return stamps_.empty(); }

  // `texts`: of the documents that are attached.
  Status add(uint64_t stamp, std::string_view message, const mime::Part& root, const std::vector<std::string>& texts) {
    begin_ = pairs_.size();
    too_many_ = false;
    stamps_.push_back(stamp);
    GramReader header(Scope::header);
    auto put = [this](Gram g) { put_gram(g); };
    mime::visit_header_text(message, root, true, [&](std::string_view utf8) {
      header.feed(mime::fold(utf8), put);
      return !too_many_;
    });
    header.end(put);
    add_body(message, root);
    for (auto& t : texts) {
      GramReader reader(Scope::body);
      reader.feed(mime::fold(t), put);
      reader.end(put);
    }
    if (too_many_) unread();
    if (texts.empty()) return {};
    TRY(PackedText p, pack(static_cast<uint32_t>(stamps_.size() - 1), texts));
    packed_bytes_ += p.bytes.size();
    packed_.push_back(std::move(p));
    return {};
  }
  void add_unread(uint64_t stamp) {
    begin_ = pairs_.size();
    stamps_.push_back(stamp);
    unread();
  }

  Status write(int dir, const std::string& name, uint32_t readers) {
    sort();
    TRY(auto writer, GramFileWriter::create(dir, name, std::move(stamps_), readers));
    for (auto& p : packed_) CHECK(writer.add_text(p));
    packed_.clear();
    packed_bytes_ = 0;
    std::vector<uint32_t> documents;
    for (std::size_t i = 0; i < pairs_.size();) {
      Gram g = pairs_[i] >> 24;
      documents.clear();
      for (; i < pairs_.size() && pairs_[i] >> 24 == g; ++i) {
        auto d = static_cast<uint32_t>(pairs_[i] & 0xFFFFFF);
        if (documents.empty() || documents.back() != d) documents.push_back(d);
      }
      CHECK(writer.add(g, documents));
    }
    stamps_.clear();
    pairs_.clear();
    std::fill(recent_.begin(), recent_.end(), ~uint64_t{0});
    return writer.finish();
  }

 private:
  static constexpr std::size_t recent_size = 1 << 14;

  uint64_t with_document(Gram g) const { return g << 24 | (stamps_.size() - 1); }
  void put_gram(Gram g) {
    uint64_t p = with_document(g);
    auto& slot = recent_[(g * 0x9E3779B97F4A7C15u) >> 50];  // most grams come again and again
    if (slot == p) return;
    slot = p;
    pairs_.push_back(p);
    if (pairs_.size() - begin_ > max_message_pairs) shrink();
  }
  void shrink() {
    auto from = pairs_.begin() + static_cast<std::ptrdiff_t>(begin_);
    std::sort(from, pairs_.end());
    pairs_.erase(std::unique(from, pairs_.end()), pairs_.end());
    too_many_ = pairs_.size() - begin_ > max_message_pairs / 2;
  }
  void unread() {
    pairs_.resize(begin_);
    pairs_.push_back(with_document(gram_always));
  }
  // As a search of the body goes: what is found never goes from one leaf into the next.
  void add_body(std::string_view message, const mime::Part& part) {
    for (auto& c : part.children) add_body(message, c);
    if (!part.children.empty() || too_many_) return;
    GramReader reader(Scope::body);
    auto put = [this](Gram g) { put_gram(g); };
    mime::visit_body_text(message, part, [&](std::string_view utf8) {
      reader.feed(mime::fold(utf8), put);
      return !too_many_;
    });
    reader.end(put);
  }
  // By gram; messages came in rising order and stay so.
  void sort() {
    std::vector<uint64_t> other(pairs_.size());
    for (unsigned shift = 24; shift < 64; shift += 10) {
      std::array<std::size_t, 1024> at{};
      for (uint64_t p : pairs_) ++at[p >> shift & 1023];
      std::size_t sum = 0;
      for (auto& a : at) sum += std::exchange(a, sum);
      for (uint64_t p : pairs_) other[at[p >> shift & 1023]++] = p;
      pairs_.swap(other);
    }
  }

  std::vector<uint64_t> pairs_, stamps_, recent_;
  std::vector<PackedText> packed_;
  std::size_t packed_bytes_ = 0;
  std::size_t begin_ = 0;  // of the message that is being read
  bool too_many_ = false;
};

class Indexing {
 public:
  Indexing(Account& a, const IndexOptions& o) : account_(a), options_(o) {}
  Result<IndexState> run();
  Result<IndexState> look();

 private:
  Status open_files(bool may_delete);
  Status collect();
  Status add_new();
  Status add(const std::vector<Entry>& entries, std::vector<Entry>* with_documents);
  Status read(Batch& batch, const Entry& e, std::vector<Entry>* with_documents);
  Result<std::vector<std::string>> document_texts(std::string_view message, const mime::Part& root);
  Status read_documents(std::string_view message, const mime::Part& part, int& left, std::vector<std::string>& out);
  Status write(Batch& batch);
  Status merge();
  Status merge_these(const std::vector<std::size_t>& which);
  Status forget(const std::vector<std::size_t>& which);
  uint32_t living(const GramFile& f) const;
  std::string next_name() { return fmt::format("{:08}.grams", ++last_); }
  bool is_known(uint64_t stamp) const {
    return std::any_of(files_.begin(), files_.end(), [&](auto& f) { return f->find(stamp) < f->documents(); });
  }
  void sum_up();
  Status say_current(Time began);

  Account& account_;
  const IndexOptions& options_;
  IndexState state_;
  Files files_;      // the largest first
  Stamps living_;    // in folders
  std::vector<Entry> fresh_;
  uint64_t last_ = 0;
};

Status Indexing::open_files(bool may_delete) {
  if (!file::exists(account_.path() + "/search")) return {};
  TRY(auto names, file::list(account_.dir(), "search"));
  for (auto& name : names) {
    bool is_grams = name.ends_with(".grams");
    if (is_grams) last_ = std::max(last_, to_number(name.substr(0, name.size() - 6)).value_or(0));
    auto f = is_grams && !options_.rebuild ? GramFile::open(account_.dir(), name) : Result<std::unique_ptr<GramFile>>(fail(Fault::perm, "not wanted"));
    if (f && ~(*f)->readers() & options_.documents.kinds) f = fail(Fault::perm, "more of the documents can be read now");
    if (f) files_.push_back(std::move(*f));
    else if (f.error().fault != Fault::perm) return Unexpected(f.error());
    else if (may_delete && name != "lock" && name != current_name) CHECK(file::unlink(account_.dir(), "search/" + name));
  }
  std::sort(files_.begin(), files_.end(), [](auto& a, auto& b) { return a->documents() > b->documents(); });
  return {};
}

Status Indexing::collect() {
  CHECK(account_.tree().refresh());
  for (auto& [id, info] : account_.tree().folders()) {
    TRY(Folder * f, account_.folder(id));
    CHECK(f->refresh());
    for (auto& e : f->state().entries()) {
      if (!living_.insert(e.stamp).second) continue;
      if (is_known(e.stamp)) ++state_.indexed;
      else fresh_.push_back(e);
    }
  }
  state_.messages = living_.size();
  return {};
}

// In the order in which they stand; the first few.
Status Indexing::read_documents(std::string_view message, const mime::Part& part, int& left, std::vector<std::string>& out) {
  for (auto& c : part.children) CHECK(read_documents(message, c, left, out));
  if (!mime::is_document(part) || left == 0) return {};
  --left;
  auto text = options_.documents.text(message, part);
  if (!text && text.error().fault != Fault::perm) return Unexpected(text.error());
  if (!text) return {};
  std::erase(*text, '\0');
  std::size_t all = text->size();
  for (auto& t : out) all += t.size() + 1;
  if (!text->empty() && all <= max_message_text) out.push_back(std::move(*text));
  return {};
}

Result<std::vector<std::string>> Indexing::document_texts(std::string_view message, const mime::Part& root) {
  std::vector<std::string> out;
  int left = max_attached;
  if (options_.documents.text) CHECK(read_documents(message, root, left, out));
  return out;
}

// A message that cannot be read is one that a search says cannot be read: it is always looked at.
Status Indexing::read(Batch& batch, const Entry& e, std::vector<Entry>* with_documents) {
  if (options_.skip && options_.skip(e.stamp)) return batch.add_unread(e.stamp), Status();
  if (options_.reading) options_.reading(e.stamp);
  auto message = account_.segments().message(e);
  auto meta = message ? account_.segments().meta(e) : Result<Meta>(Unexpected(message.error()));
  auto root = meta ? mime::decode(meta->structure) : Result<mime::Part>(Unexpected(meta.error()));
  if (!root && root.error().fault != Fault::perm) return Unexpected(root.error());
  if (!root) return batch.add_unread(e.stamp), Status();
  if (with_documents && has_documents(*root)) return with_documents->push_back(e), Status();
  auto texts = document_texts(*message, *root);
  if (!texts) {
    log::failure("documents_unread", texts.error(), {{"message", fmt::format("{:016x}", e.stamp)}});
    ++state_.later;
    return {};
  }
  return batch.add(e.stamp, *message, *root, *texts);
}

Status Indexing::write(Batch& batch) {
  if (batch.is_empty()) return {};
  std::string name = next_name();
  CHECK(batch.write(account_.dir(), name, options_.documents.kinds));
  TRY(auto f, GramFile::open(account_.dir(), name));
  state_.added += f->documents();
  state_.indexed += f->documents();
  files_.push_back(std::move(f));
  return {};
}

// Documents take their time: mail that has none is indexed before any is read.
Status Indexing::add_new() {
  std::vector<Entry> with_documents;
  CHECK(add(fresh_, options_.documents.text ? &with_documents : nullptr));
  return add(with_documents, nullptr);
}

// `with_documents`: gets those that have some, for later.
Status Indexing::add(const std::vector<Entry>& entries, std::vector<Entry>* with_documents) {
  Batch batch;
  Time written = monotonic();
  for (auto& e : entries) {
    if (options_.go_on && !options_.go_on()) break;
    CHECK(read(batch, e, with_documents));
    if (!batch.is_full() && monotonic() - written < max_unwritten) continue;
    CHECK(write(batch));
    written = monotonic();
  }
  if (options_.reading) options_.reading(0);
  return write(batch);
}

uint32_t Indexing::living(const GramFile& f) const {
  uint32_t n = 0;
  for (uint32_t d = 0; d < f.documents(); ++d) n += living_.count(f.stamp(d)) != 0;
  return n;
}

Status Indexing::forget(const std::vector<std::size_t>& which) {
  for (auto i : which) CHECK(file::unlink(account_.dir(), "search/" + files_[i]->name()));
  for (auto i = which.rbegin(); i != which.rend(); ++i) files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(*i));
  return {};
}

Status Indexing::merge() {
  std::sort(files_.begin(), files_.end(), [](auto& a, auto& b) { return a->documents() > b->documents(); });
  std::vector<std::size_t> which;
  uint64_t behind = 0;
  std::size_t from = files_.size();  // from here on they are merged
  for (std::size_t i = files_.size(); i-- > 0;) {
    if (behind && files_[i]->documents() < 2 * behind && behind + files_[i]->documents() < max_documents) from = i;
    behind += files_[i]->documents();
  }
  for (std::size_t i = 0; i < files_.size(); ++i) {
    uint32_t n = files_[i]->documents(), there = living(*files_[i]);
    if (i >= from || there == 0 || there < n - n / 4) which.push_back(i);
  }
  if (which.empty()) return {};
  return merge_these(which);
}

Status Indexing::merge_these(const std::vector<std::size_t>& which) {
  constexpr uint32_t dropped = UINT32_MAX;
  Stamps taken;
  std::vector<uint64_t> stamps;
  struct Source { GramFile::Cursor cursor; std::vector<uint32_t> number; bool more; };
  std::vector<Source> sources;
  uint32_t readers = UINT32_MAX;
  for (auto i : which) {
    auto& f = *files_[i];
    readers &= f.readers();
    Source s{GramFile::Cursor(f), std::vector<uint32_t>(f.documents(), dropped), false};
    for (uint32_t d = 0; d < f.documents(); ++d) {
      if (!living_.count(f.stamp(d)) || !taken.insert(f.stamp(d)).second) continue;
      s.number[d] = static_cast<uint32_t>(stamps.size());
      stamps.push_back(f.stamp(d));
    }
    TRY(s.more, s.cursor.next());
    sources.push_back(std::move(s));
  }
  if (stamps.empty()) return forget(which);
  std::string name = next_name();
  TRY(auto writer, GramFileWriter::create(account_.dir(), name, std::move(stamps), readers));
  for (std::size_t i = 0; i < which.size(); ++i) {
    auto& f = *files_[which[i]];
    for (uint32_t t = 0; t < f.texts(); ++t) {
      TRY(PackedText p, f.packed_text(t));
      p.document = sources[i].number[p.document];
      if (p.document != dropped) CHECK(writer.add_text(p));
    }
  }
  std::vector<uint32_t> all, one;
  for (;;) {
    Gram lowest = max_gram + 1;
    for (auto& s : sources)
      if (s.more) lowest = std::min(lowest, s.cursor.gram());
    if (lowest > max_gram) break;
    all.clear();
    for (auto& s : sources) {
      if (!s.more || s.cursor.gram() != lowest) continue;
      s.cursor.documents(one);
      for (uint32_t d : one)
        if (s.number[d] != dropped) all.push_back(s.number[d]);
      TRY(s.more, s.cursor.next());
    }
    if (!all.empty()) CHECK(writer.add(lowest, all));
  }
  CHECK(writer.finish());
  CHECK(forget(which));
  TRY(auto f, GramFile::open(account_.dir(), name));
  files_.push_back(std::move(f));
  return {};
}

void Indexing::sum_up() {
  state_.files = files_.size();
  for (auto& f : files_) {
    state_.bytes += f->bytes();
    state_.with_documents += f->texts();
  }
}

// After all else that is written here: its own time is compared with the directory's.
Status Indexing::say_current(Time began) {
  TRY(Fd f, file::open(account_.dir(), fmt::format("search/{}", current_name), O_WRONLY | O_CREAT | O_TRUNC));
  return file::write_at(f.get(), fmt::format("{} {}\n", current_mark(options_.documents.kinds), began.ns), 0);
}

Result<IndexState> Indexing::run() {
  Time began = now();
  CHECK(file::make_directory(account_.dir(), "search"));
  auto lock = file::lock(account_.path() + "/search/lock");
  if (!lock && lock.error().fault == Fault::perm && lock.error().sys == 0) {
    state_.is_busy = true;
    return state_;
  }
  if (!lock) return Unexpected(lock.error());
  CHECK(open_files(true));
  CHECK(collect());
  if (!fresh_.empty() && fresh_.size() >= options_.least) CHECK(add_new());
  // A file that cannot be merged because it is damaged is as if it had not been there.
  auto merged = merge();
  if (!merged && merged.error().fault == Fault::perm) {
    log::failure("search_index_damaged", merged.error());
    while (!files_.empty()) CHECK(forget({files_.size() - 1}));
    state_.indexed = 0;
  } else if (!merged) {
    return Unexpected(merged.error());
  }
  sum_up();
  if (state_.indexed == state_.messages)
    if (Status said = say_current(began); !said) log::failure("index_state_unsaid", said.error());
  return state_;
}

Result<IndexState> Indexing::look() {
  CHECK(open_files(false));
  CHECK(collect());
  sum_up();
  return state_;
}

}  // namespace

Result<IndexState> index_account(Account& account, const IndexOptions& options) { return Indexing(account, options).run(); }
Result<IndexState> index_state(Account& account) { return Indexing(account, {}).look(); }

std::optional<Time> indexed_at(const std::string& mailbox, uint32_t kinds) {
  std::string dir = mailbox + "/search", path = fmt::format("{}/{}", dir, current_name);
  struct stat there, said;
  if (::stat(dir.c_str(), &there) < 0 || ::stat(path.c_str(), &said) < 0) return {};
  if (in_ns(there.st_mtim) > in_ns(said.st_ctim)) return {};
  auto text = file::read_all(path, 200);
  std::string mark = current_mark(kinds) + " ";
  if (!text || !text->starts_with(mark) || !text->ends_with("\n")) return {};
  auto ns = to_number(std::string_view(*text).substr(mark.size(), text->size() - mark.size() - 1));
  if (!ns || static_cast<int64_t>(*ns) > now().ns) return {};  // the clock was set back
  return Time{static_cast<int64_t>(*ns)};
}

}  // namespace jd::store

// SPDX-License-Identifier: MIT
#include "lib/imap/message_cache.h"

#include <algorithm>

namespace jd::imap {

using store::Entry;
using Form = store::Folder::Form;

namespace {
constexpr std::size_t made_room = 512 << 10;  // bytes that wait to be written
}

void MessageCache::use(store::Folder* folder, store::MailSegments& segments) {
  if (folder == folder_) return;
  keep();
  folder_ = folder;
  segments_ = &segments;
}

void MessageCache::turn_to(const Entry& e) {
  if (stamp_ == e.stamp && e.stamp) return;
  stamp_ = e.stamp;
  meta_.reset();
  message_.reset();
  root_.reset();
  digest_.clear();
}

Result<const std::string*> MessageCache::message(const Entry& e) {
  turn_to(e);
  if (!message_) {
    TRY(message_, segments_->message(e, meta_ ? nullptr : &meta_));
    if (message_->find('\0') != message_->npos) std::replace(message_->begin(), message_->end(), '\0', '\x80');
  }
  return &*message_;
}

Result<const store::Meta*> MessageCache::meta(const Entry& e) {
  turn_to(e);
  if (!meta_) {
    TRY(meta_, segments_->meta(e));
  }
  return &*meta_;
}

Result<const mime::Part*> MessageCache::root(const Entry& e) {
  turn_to(e);
  if (!root_) {
    TRY(const store::Meta* m, meta(e));
    TRY(root_, mime::decode(m->structure));
  }
  return &*root_;
}

void MessageCache::collect(Form f, const Entry& e, std::string_view bytes) {
  auto& made = made_[static_cast<int>(f)];
  if (!folder_ || made.ends_with(e.uid, e.stamp)) return;  // asked for twice in a row
  made.add(e.uid, e.stamp, bytes);
  if (made.waiting() >= made_room) folder_->write_derived(f, made);
}

Result<store::Wire> MessageCache::wire(const Entry& e) {
  if (auto kept = folder_ ? folder_->derived(Form::wire, e) : std::nullopt)
    if (auto w = store::decode_wire(*kept)) return *w;
  TRY(const store::Meta* m, meta(e));
  store::Wire w{m->envelope, m->bodystructure};
  collect(Form::wire, e, store::encode(w));
  return w;
}

Result<mime::DigestView> MessageCache::digest(const Entry& e) {
  if (auto kept = folder_ ? folder_->derived(Form::digest, e) : std::nullopt)
    if (auto d = mime::DigestView::decode(*kept)) return *d;
  turn_to(e);
  if (digest_.empty()) {
    TRY(const std::string* m, message(e));
    digest_ = mime::make_digest(*m);
    collect(Form::digest, e, digest_);
  }
  return mime::DigestView::decode(digest_);
}

void MessageCache::keep() {
  segments_->read_no_further();
  for (Form f : {Form::wire, Form::digest}) {
    auto made = std::exchange(made_[static_cast<int>(f)], {});
    if (folder_ && made.count()) folder_->keep_derived(f, std::move(made));
  }
}

}  // namespace jd::imap

// SPDX-License-Identifier: MIT
#include "lib/store/deriver.h"

#include <utility>

namespace jd::store {
using Form = Folder::Form;

namespace {
constexpr std::size_t room = 512 << 10;  // bytes that wait to be written
constexpr int most_rounds = 2;           // a file that was begun anew lacks what the old one had
}  // namespace

Result<bool> Deriver::step(const std::function<bool()>& may_go_on) {
  while (state_ != State::end && may_go_on()) {
    switch (state_) {
      case State::begin: CHECK(begin()); break;
      case State::make:
        if (make(may_go_on)) state_ = State::keep;
        break;
      case State::keep:
        keep();
        state_ = ++rounds_ < most_rounds ? State::begin : State::end;
        break;
      case State::end: break;
    }
  }
  return state_ == State::end;
}

Status Deriver::begin() {
  state_ = State::end;
  if (!folder_.is_worth(folder_.state().entries().size())) return {};
  CHECK(folder_.take_newest());
  std::size_t lacking[2] = {0, 0};
  uint64_t bytes = 0;
  for (auto& e : folder_.state().entries()) {
    bool digest = lacks_digest(e);
    lacking[0] += folder_.lacks(Form::wire, e);
    lacking[1] += digest;
    if (digest) bytes += e.size;
  }
  for (int f = 0; f < 2; f++) {
    is_wanted_[f] = folder_.is_worth(lacking[f]);
    made_[static_cast<std::size_t>(f)].expect(lacking[f]);
  }
  if ((!is_wanted_[0] && !is_wanted_[1]) || bytes > most_) return {};
  next_ = 0;
  state_ = State::make;
  return {};
}

// true: no more.
bool Deriver::make(const std::function<bool()>& may_go_on) {
  auto& all = folder_.state().entries();
  for (std::size_t i = folder_.state().first_at_least(next_); i < all.size(); i++) {
    const Entry& e = all[i];
    bool wire = is_wanted_[0] && folder_.lacks(Form::wire, e), digest = is_wanted_[1] && lacks_digest(e);
    if (!wire && !digest) continue;
    next_ = e.uid;
    if (!may_go_on()) return false;
    make_one(e, wire, digest);
  }
  return true;
}

void Deriver::make_one(const Entry& e, bool wire, bool digest) {
  std::optional<Meta> meta;
  Result<std::string> message = std::string();
  if (digest) {
    message = segments_.message(e, wire ? &meta : nullptr);
  } else if (auto m = segments_.meta(e)) {
    meta = std::move(*m);
  }
  if (!message || (wire && !meta)) return;
  if (wire) add(Form::wire, e, encode(Wire{meta->envelope, meta->bodystructure}));
  if (digest) add(Form::digest, e, derive_digest(std::move(*message)));
  made_count_++;
}

void Deriver::add(Form f, const Entry& e, std::string_view bytes) {
  auto& batch = made_[static_cast<std::size_t>(f)];
  batch.add(e.uid, e.stamp, bytes);
  if (batch.waiting() >= room) folder_.write_derived(f, batch);
}

void Deriver::keep() {
  segments_.read_no_further();
  folder_.keep_derived(std::exchange(made_, {}));
}

Result<uint64_t> derive(Account& account, Folder& folder, const std::function<bool()>& may_go_on) {
  Deriver d(account, folder);
  TRY(bool is_done, d.step(may_go_on));
  if (!is_done) d.keep();
  return d.made();
}

}  // namespace jd::store

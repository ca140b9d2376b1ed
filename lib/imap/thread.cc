// SPDX-License-Identifier: MIT
#include "lib/imap/thread.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "lib/base/log.h"
#include "lib/mime/digest.h"

namespace jd::imap {
namespace {

constexpr uint32_t none = UINT32_MAX;

// A message, or the place of one that is not here.
struct Node {
  uint32_t message = none;
  uint32_t parent = none;
  uint32_t top = none;         // towards the root, for finding it in few steps
  int64_t date = 0;            // what it is sorted by
  std::string_view subject;
  bool is_reply = false;
  std::vector<uint32_t> children;
};

class Threader {
 public:
  explicit Threader(const std::vector<ThreadMessage>& m) : m_(m), nodes_(m.size()) {
    for (uint32_t i = 0; i < m.size(); ++i) {
      Node& n = nodes_[i];
      n.message = n.top = i;
      n.date = m[i].sent;
      n.subject = m[i].subject;
      n.is_reply = m[i].is_reply;
    }
  }

  void ordered_subject() {
    std::vector<uint32_t> by(m_.size());
    for (uint32_t i = 0; i < by.size(); ++i) by[i] = i;
    std::sort(by.begin(), by.end(), [&](uint32_t a, uint32_t b) {
      int order = m_[a].subject.compare(m_[b].subject);
      return order ? order < 0 : is_earlier(a, b);
    });
    for (std::size_t i = 0; i < by.size(); ++i) {
      bool begins = i == 0 || m_[by[i]].subject != m_[by[i - 1]].subject;
      if (begins) roots_.push_back(by[i]);
      else nodes_[roots_.back()].children.push_back(by[i]);
    }
    sort(roots_);
  }

  void references(bool by_subject) {
    name_nodes();
    link();
    drop_dummies();
    if (by_subject) {
      date_dummies();
      sort(roots_);
      join_subjects();
    }
    sort_children();
    if (by_subject) {
      date_dummies();
      sort(roots_);
    } else {
      sort_by_last_arrival();
    }
  }

  // Without recursion: a conversation may be as deep as the folder is long.
  void put(std::string& out) const {
    constexpr uint32_t close = none;
    std::vector<uint32_t> todo(roots_.rbegin(), roots_.rend());
    while (!todo.empty()) {
      uint32_t at = todo.back();
      todo.pop_back();
      if (at == close) {
        out += ')';
        continue;
      }
      out += '(';
      todo.push_back(close);
      for (bool first = true;; first = false) {
        const Node& n = nodes_[at];
        if (!first) out += ' ';
        if (n.message != none) fmt::format_to(std::back_inserter(out), "{}", m_[n.message].number);
        if (n.children.size() != 1) {
          if (!n.children.empty() && n.message != none) out += ' ';
          todo.insert(todo.end(), n.children.rbegin(), n.children.rend());
          break;
        }
        at = n.children[0];
      }
    }
  }

 private:
  bool is_earlier(uint32_t a, uint32_t b) const {
    if (nodes_[a].date != nodes_[b].date) return nodes_[a].date < nodes_[b].date;
    return first_message(a) < first_message(b);
  }
  uint32_t first_message(uint32_t n) const { return nodes_[n].message != none ? nodes_[n].message : nodes_[n].children.empty() ? none : nodes_[n].children[0]; }
  void sort(std::vector<uint32_t>& list) const {
    std::sort(list.begin(), list.end(), [&](uint32_t a, uint32_t b) { return is_earlier(a, b); });
  }

  // Step 1: the first message with an id has it; another one with the same is known by none.
  void name_nodes() {
    for (uint32_t i = 0; i < m_.size(); ++i)
      if (!m_[i].id.empty()) by_id_.try_emplace(m_[i].id, i);
  }
  uint32_t node_of(std::string_view id) {
    auto [at, is_new] = by_id_.try_emplace(id, static_cast<uint32_t>(nodes_.size()));
    if (is_new) nodes_.emplace_back().top = at->second;
    return at->second;
  }
  uint32_t root_of(uint32_t n) {
    while (nodes_[n].top != n) n = nodes_[n].top = nodes_[nodes_[n].top].top;
    return n;
  }
  // A child without a parent is a root: the link is a loop when it is the root of its new parent.
  void link(uint32_t parent, uint32_t child) {
    if (nodes_[child].parent != none || root_of(parent) == child) return;
    nodes_[child].parent = parent;
    nodes_[child].top = parent;
  }

  // Step 1: a message's own last reference decides over what others say of its parent, and one that
  // was seen earlier and has none may still be given one; so the former go first.
  void link() {
    std::vector<std::vector<uint32_t>> chains(m_.size());
    for (uint32_t i = 0; i < m_.size(); ++i) {
      std::string_view all = m_[i].references;
      while (!all.empty()) {
        auto blank = all.find(' ');
        std::string_view id = all.substr(0, blank);
        if (!id.empty()) chains[i].push_back(node_of(id));
        all = blank == all.npos ? std::string_view() : all.substr(blank + 1);
      }
      if (!chains[i].empty()) link(chains[i].back(), i);
    }
    for (uint32_t i = 0; i < m_.size(); ++i)
      for (std::size_t k = 1; k < chains[i].size(); ++k) {
        uint32_t child = chains[i][k];
        bool comes_later = child < m_.size() && child > i;
        if (!comes_later) link(chains[i][k - 1], child);
      }
  }

  // Step 3: the children of one that is not here go to its parent; at the root it stays when it has
  // several.
  void drop_dummies() {
    std::vector<uint32_t> up(nodes_.size(), none);  // nearest message above, or the dummy at the root
    std::vector<bool> known(nodes_.size());
    std::vector<uint32_t> path;
    for (uint32_t i = 0; i < nodes_.size(); ++i) {
      for (uint32_t n = i; n != none && !known[n]; n = nodes_[n].parent) path.push_back(n);
      for (; !path.empty(); path.pop_back()) {
        uint32_t n = path.back(), p = nodes_[n].parent;
        known[n] = true;
        if (p != none) up[n] = nodes_[p].message != none || up[p] == none ? p : up[p];
      }
    }
    for (uint32_t i = 0; i < m_.size(); ++i)
      if (up[i] != none) nodes_[up[i]].children.push_back(i);
    for (uint32_t i = 0; i < nodes_.size(); ++i) {
      if (i < m_.size() ? up[i] == none : nodes_[i].children.size() > 1) roots_.push_back(i);
      if (i >= m_.size() && nodes_[i].children.size() == 1) roots_.push_back(nodes_[i].children[0]);
    }
  }

  // A dummy is where its first child is: in date, and in subject.
  void date_dummies() {
    for (uint32_t i = static_cast<uint32_t>(m_.size()); i < nodes_.size(); ++i) {
      Node& n = nodes_[i];
      if (n.message != none || n.children.empty()) continue;
      auto first = std::min_element(n.children.begin(), n.children.end(), [&](uint32_t a, uint32_t b) { return is_earlier(a, b); });
      std::iter_swap(n.children.begin(), first);
      const Node& c = nodes_[n.children[0]];
      n.date = c.date;
      n.subject = c.subject;
      n.is_reply = c.is_reply;
    }
  }

  // Step 5.
  void join_subjects() {
    std::unordered_map<std::string_view, uint32_t> table;
    auto is_dummy = [&](uint32_t n) { return nodes_[n].message == none; };
    for (auto r : roots_) {
      if (nodes_[r].subject.empty()) continue;
      auto [at, is_new] = table.try_emplace(nodes_[r].subject, r);
      bool better = (is_dummy(r) && !is_dummy(at->second)) ||
                    (is_dummy(r) == is_dummy(at->second) && nodes_[at->second].is_reply && !nodes_[r].is_reply);
      if (!is_new && better) at->second = r;
    }
    std::vector<uint32_t> kept;
    for (auto r : roots_) {
      auto at = nodes_[r].subject.empty() ? table.end() : table.find(nodes_[r].subject);
      if (at == table.end() || at->second == r || replaced_.contains(r)) {
        kept.push_back(r);
        continue;
      }
      uint32_t t = at->second;
      if (is_dummy(t) && is_dummy(r)) {
        auto& more = nodes_[r].children;
        nodes_[t].children.insert(nodes_[t].children.end(), more.begin(), more.end());
        more.clear();
      } else if (is_dummy(t) || (nodes_[r].is_reply && !nodes_[t].is_reply)) {
        nodes_[t].children.push_back(r);
      } else {
        at->second = static_cast<uint32_t>(nodes_.size());
        Node dummy;
        dummy.children = {t, r};
        dummy.subject = nodes_[r].subject;
        nodes_.push_back(std::move(dummy));
        replaced_.emplace(t, at->second);
      }
    }
    for (auto& r : kept)
      if (auto at = replaced_.find(r); at != replaced_.end()) r = at->second;
    roots_ = std::move(kept);
  }

  void sort_children() {
    date_dummies();
    for (auto& n : nodes_) sort(n.children);
  }

  void sort_by_last_arrival() {
    std::vector<int64_t> last(nodes_.size(), INT64_MIN);
    std::vector<uint32_t> todo;
    for (auto r : roots_) {
      todo.push_back(r);
      while (!todo.empty()) {
        const Node& n = nodes_[todo.back()];
        todo.pop_back();
        if (n.message != none) last[r] = std::max(last[r], m_[n.message].arrived);
        todo.insert(todo.end(), n.children.begin(), n.children.end());
      }
    }
    std::sort(roots_.begin(), roots_.end(), [&](uint32_t a, uint32_t b) {
      return last[a] != last[b] ? last[a] < last[b] : first_message(a) < first_message(b);
    });
  }

  const std::vector<ThreadMessage>& m_;
  std::vector<Node> nodes_;  // first the messages, then the dummies
  std::unordered_map<std::string_view, uint32_t> by_id_;
  std::vector<uint32_t> roots_;
  std::unordered_map<uint32_t, uint32_t> replaced_;  // by a dummy that holds it
};

}  // namespace

std::optional<Threading> thread_algorithm(std::string_view name) {
  if (name == "ORDEREDSUBJECT") return Threading::ordered_subject;
  if (name == "REFERENCES") return Threading::references;
  if (name == "REFS") return Threading::refs;
  return {};
}

std::vector<ThreadMessage> thread_messages(Session& s, Found& found) {
  using mime::DigestField;
  View& v = *s.view();
  std::vector<ThreadMessage> out;
  std::size_t done = 0;
  for (auto i : found.at) {
    s.progress(done++, found.at.size());
    if (v.is_gone(i)) continue;
    const store::Entry* e = v.entry(i);
    auto d = s.cache().digest(*e);
    if (!d) {
      ++found.damaged;
      log::failure("imap_message_unreadable", d.error(), {{"uid", e->uid}});
      continue;
    }
    ThreadMessage m;
    m.number = s.is_uid() ? e->uid : i + 1;
    m.sent = d->has_date() ? d->sent_utc() : e->date;
    m.arrived = e->date;
    m.is_reply = d->is_reply();
    m.subject = d->get(DigestField::base_subject);
    m.id = d->get(DigestField::message_id);
    m.references = d->get(DigestField::references);
    if (m.references.empty()) m.references = d->get(DigestField::in_reply_to);  // RFC 5256 §3
    out.push_back(std::move(m));
  }
  return out;
}

void put_threads(Threading how, const std::vector<ThreadMessage>& messages, std::string& out) {
  Threader t(messages);
  if (how == Threading::ordered_subject) t.ordered_subject();
  else t.references(how == Threading::references);
  t.put(out);
}

}  // namespace jd::imap

// SPDX-License-Identifier: MIT
// Who is logged in sends from his own addresses, by the envelope and, when asked for, by the header.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/address.h"
#include "lib/mime/header.h"
#include "lib/smtp/server.h"

namespace jd::smtp {
namespace {
constexpr std::size_t max_authors = 20, max_entries = 100;  // entries: groups and repetitions count, too
}  // namespace

// RFC 5322 §3.6.2: the authors.  A message without From claims nothing.
void Server::ask_for_header_senders() {
  const Reply too_many{550, "5.7.1", fmt::format("From has more than {} authors", max_authors)};
  std::vector<std::string> authors;
  auto header = std::string_view(message_).substr(0, mime::header_size(message_));
  std::size_t entries = 0;
  for (auto value : mime::find_all(header, "From"))
    for (auto& a : mime::parse_addresses(value, max_entries + 1)) {
      // What the parser leaves out must not be taken for nothing.
      if (++entries > max_entries || authors.size() > max_authors) return refuse_message(too_many);
      if (!a.is_mailbox()) continue;
      std::string spec = lower(a.is_complete() ? mime::address_spec(a) : a.local + a.domain);
      if (spec != user_ && std::find(authors.begin(), authors.end(), spec) == authors.end()) authors.push_back(std::move(spec));
    }
  if (authors.size() > max_authors) return refuse_message(too_many);
  senders_ = std::move(authors);
  in_header_ = true;
  wants_ = senders_.empty() ? Wants::commit : Wants::sender;
}

void Server::sender_is(bool may, std::optional<Reply> refusal) {
  std::string address = std::move(senders_.back());
  senders_.pop_back();
  wants_ = Wants::bytes;
  if (!may && !refusal)
    refusal = {in_header_ ? 550 : 553, "5.7.1", fmt::format("<{}>{} is not an address of {}: send from an address of your own, or have the right given to you",
                                                              escape(address.substr(0, 320)), in_header_ ? " in From" : "", user_)};
  if (!in_header_) {
    if (!refusal) return reply(250, "2.1.0", "sender ok");
    reset();
    return error(*refusal);
  }
  if (refusal) return refuse_message(*refusal);
  wants_ = senders_.empty() ? Wants::commit : Wants::sender;
}

}  // namespace jd::smtp

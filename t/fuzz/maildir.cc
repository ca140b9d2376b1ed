// SPDX-License-Identifier: MIT
// Any bytes as the names and lists of a Maildir.
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/store/maildir.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace jd;
  std::string_view in(reinterpret_cast<const char*>(data), size);
  auto name = store::parse_maildir_name(in);
  if (!in.starts_with(name.base) || name.seconds < 0) __builtin_trap();
  for (auto& list : {store::parse_dovecot_uidlist(in), store::parse_courier_uiddb(in)}) {
    if (!list) continue;
    for (auto& [file, uid] : list->uids)
      if (file.empty() || !uid || uid > list->numbering.uid_next) __builtin_trap();
  }
  for (auto& [file, uidl] : store::parse_courier_pop3list(in))
    if (file.empty() || uidl.empty()) __builtin_trap();
  if (store::parse_dovecot_keywords(in).size() > 26) __builtin_trap();
  store::parse_dovecot_subscriptions(in, '.');
  store::parse_courier_subscriptions(in);
  if (auto folder = store::folder_of_maildir(in)) {
    std::string directory = store::maildir_of_folder(*folder);
    if (directory.find('/') != directory.npos) __builtin_trap();
  }
  if (store::to_wire(store::to_file(store::to_wire(in))) != store::to_wire(in)) __builtin_trap();
  return 0;
}

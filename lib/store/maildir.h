// SPDX-License-Identifier: MIT
// maildir.h: Maildir and Maildir++ as Dovecot and Courier keep them: reading and writing directories.
//
// A folder is a directory with cur/ and new/, one message a file:
//   <seconds>.<unique>[,S=<size>][,W=<size>][:2,<flags>]   D draft, F flagged, P passed on ($Forwarded),
//   R answered, S seen, T deleted; a to z: the keyword of that line of dovecot-keywords
// INBOX is the top directory; the folder a/b is the directory .a.b (Maildir++) or a/b (Dovecot's
// layout "fs"), names in modified UTF-7 or UTF-8.  Beside cur/ there may be
//   dovecot-uidlist      "3 V<uid_validity> N<uid_next> G<guid>", then "<uid> [fields] :<file>" lines, of whose fields
//                        P<name> is POP3's UIDL; also version 1, "1 <uid_validity> <uid_next>", "<uid> <file>"
//   courierimapuiddb     "/1 <uid_validity> <uid_next>", then "<uid> <file>"
//   courierpop3dsizelist "/<version> ...", then "<file> <size> <n>[:<uid_validity>[:<utf8>]]" lines: POP3's UIDL was
//                        UID<n>-<uid_validity>, without uid_validity UID<n>, and the file's name when n is 0
//   dovecot-keywords     "<number> <name>"
// and at the top: subscriptions (Dovecot, both versions) or courierimapsubscribed.
//
// The INTERNALDATE is the file's time of change, as in Dovecot and Courier, unless that is more than
// an hour after the time in its name: then it was copied without its times, and the name tells.
//
// Parsers are bounded by their input and linear.  Symbolic links are never followed below the top
// directory, and only regular files are read: the reader may have more rights than the mail's owner.
// Blocking.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/store/portable.h"

namespace jd::store {

struct MaildirName {
  std::string_view base;     // up to the ':'
  int64_t seconds = 0;       // 0: the name does not begin with a time
  uint32_t micros = 0;       // of the M field
  uint8_t flags = 0;         // enum Flag
  bool is_passed = false;
  std::string_view letters;  // of keywords, within the flags
};
MaildirName parse_maildir_name(std::string_view file);

struct UidList {
  Numbering numbering;
  std::map<std::string, uint32_t, std::less<>> uids;  // by base name
  std::map<std::string, std::string, std::less<>> uidls;  // the same, for those that have one
  uint64_t bad_lines = 0;                                 // passed over
};
std::optional<UidList> parse_dovecot_uidlist(std::string_view text);  // nullopt: not one
std::optional<UidList> parse_courier_uiddb(std::string_view text);
// By base name; empty: not such a list, or nothing in it.
std::map<std::string, std::string, std::less<>> parse_courier_pop3list(std::string_view text);
std::vector<std::string> parse_dovecot_keywords(std::string_view text);  // at most 26; "" for a gap
// Folder names as the store has them.
std::vector<std::string> parse_dovecot_subscriptions(std::string_view text, char separator);
std::vector<std::string> parse_courier_subscriptions(std::string_view text);

// ".a.b" -> "a/b"; nullopt: not a folder's directory.
std::optional<std::string> folder_of_maildir(std::string_view directory);
// "a/b" -> ".a.b".  A '.' in a name would be a level: it becomes '_'.
std::string maildir_of_folder(std::string_view folder);

struct MaildirFolder {
  std::string directory;  // below the top; "." is INBOX
  std::string name;       // "INBOX", "a/b"
};
// In the order of their names, INBOX first.
Result<std::vector<MaildirFolder>> maildir_folders(int top, std::vector<Left>& left);
std::vector<std::string> maildir_subscriptions(int top);
Result<Fd> open_maildir(int top, const std::string& directory);  // of a MaildirFolder

struct MaildirItem {
  std::string file;  // "cur/..." or "new/..."
  uint32_t uid = 0;
  std::string uidl;  // as Dovecot's or Courier's list has it
};
struct MaildirListing {
  Numbering numbering;
  std::vector<std::string> keywords;
  std::vector<MaildirItem> items;  // by UID, then those without by the time in their names
};
Result<MaildirListing> list_maildir(int folder, std::vector<Left>& left);
// perm: this one cannot be read, the others may.
Result<PortableMessage> read_maildir(int folder, const MaildirListing& listing, const MaildirItem& item);

// Writes one folder; `folder` is an empty directory.  Nothing is durable before the caller's sync.
class MaildirWriter {
 public:
  static Result<MaildirWriter> create(Fd folder, Numbering numbering);
  Status add(const PortableMessage& m);
  // dovecot-uidlist, dovecot-keywords, maildirfolder (not in the top directory).
  Status finish(bool is_top);
  uint64_t keywords_left_out() const { return keywords_left_out_; }

 private:
  MaildirWriter(Fd folder, Numbering n) : folder_(std::move(folder)), numbering_(n) {}
  Fd folder_;
  Numbering numbering_;
  std::vector<std::string> keywords_;
  std::string uid_lines_;
  uint64_t keywords_left_out_ = 0;
};
// The file `subscriptions`, from the store's names.
std::string dovecot_subscriptions(const std::set<std::string>& names);

}  // namespace jd::store

// SPDX-License-Identifier: MIT
// mbox.h: mbox files (RFC 4155), read as a stream and written.
//
//   mbox    := message*
//   message := "From " sender date LF header LF body LF
// Reading.
//   - A message begins with a line "From " that has a date in one of the usual forms (asctime with or
//     without zone, RFC 5322), or is Thunderbird's "From -" after an empty line; other lines that
//     begin so belong to the text.  A date without a zone is in this machine's zone, as the programs
//     write it that do so.
//   - mboxrd: of a line ">From ", ">>From ", ... one ">" is taken off (right for mboxo, too, but for
//     lines that had ">From " from the beginning).
//   - Content-Length counts when the file can be read at any place and has a message or its end
//     there, as Dovecot does it, and then nothing was quoted; else it is ignored.
//   - Status (R seen, O old), X-Status (A answered, F flagged, T draft, D deleted), X-Keywords, X-UID,
//     X-IMAP and X-IMAPbase (UIDVALIDITY, last UID), and Thunderbird's X-Mozilla-Status and
//     X-Mozilla-Keys, and in what jdmail wrote X-UIDL, are taken and not kept as part of the message, nor is Content-Length.  A first message with X-IMAP, "DON'T DELETE THIS MESSAGE", is no message.
//   - LF and CRLF files; a message longer than the limit is passed over and reported.
// Writing: mboxrd, dates in UTC with their zone, and the fields above before the message's own:
//   "X-Jdmail-Fields: n" says that the n lines after it are all that was added, and that the message
//   ends exactly before the last line end: so any message comes back byte for byte, also one that
//   had a Status field or no last line end itself.
//
// The reader holds one message and a chunk of the file; time is linear.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/store/portable.h"

namespace jd::store {

struct FromLine {
  std::optional<int64_t> date;  // seconds
};
// `line` without its end.  nullopt: not the beginning of a message.
std::optional<FromLine> parse_from_line(std::string_view line);

class MboxReader {
 public:
  struct Source {
    virtual ~Source() = default;
    virtual Result<std::size_t> read(char* into, std::size_t size) = 0;  // 0: the end
    // Up to `size` bytes there; nullopt when only read() works.
    virtual Result<std::optional<std::string>> at(uint64_t offset, std::size_t size) = 0;
  };
  struct Message {
    uint64_t offset = 0;  // of its From line
    PortableMessage message;
    Numbering numbering;  // of the folder; in the first message only
    bool is_internal = false;  // holds nothing but the numbering, or Thunderbird deleted it
    std::string problem;  // not empty: there is no message, this is why
  };
  explicit MboxReader(Source& source, std::size_t limit = max_portable_bytes) : source_(source), limit_(limit) {}
  // nullopt at the end.  perm: not an mbox, which only the first call says.
  Result<std::optional<Message>> next();

 private:
  Status fill(std::size_t want);
  Result<std::optional<uint64_t>> end_by_length(std::string_view header, uint64_t body);
  bool is_from_line_here() const;
  void take_line(std::string& raw);
  void make_message(Message& m, std::string raw, std::size_t exact_end) const;

  Source& source_;
  std::size_t limit_;
  std::string buffer_, chunk_;
  std::size_t at_ = 0;       // in buffer_
  uint64_t base_ = 0;        // offset of buffer_'s first byte
  bool is_end_ = false, is_first_ = true;
  bool after_blank_ = false; // the line before was empty
  bool in_line_ = false;     // the piece before ended within a line
  bool is_too_long_ = false;
};

// A message as it stands in a file, From line to last line end.  The first one has the numbering, and
// the folder's keywords: Dovecot knows no others.
struct MboxBase {
  Numbering numbering;
  std::vector<std::string> keywords;
};
std::string mbox_message(const PortableMessage& m, const MboxBase* base);
// What a folder without messages has, so that its numbering is kept.
std::string mbox_internal(const Numbering& numbering, int64_t date);

// "a/b" -> "a/b.mbox", unsafe bytes %-encoded; and back, also for names of others: without a suffix,
// in modified UTF-7, below Thunderbird's "a.sbd/".
std::string mbox_of_folder(std::string_view folder);
std::string folder_of_mbox(std::string_view path);

}  // namespace jd::store

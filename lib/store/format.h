// SPDX-License-Identifier: MIT
// format.h: what the records of a mailbox say.  jdmail-store(5) repeats this for users.
//
// An account is one directory:
//   lock              flock: whoever appends to any file below holds it (short: microseconds)
//   tree              a segment (kind 'tree'): the folders and their names
//   seg/00000001.seg  segments (kind 'mail') of message records; only appended to
//   big/<stamp>       the bytes of a message of 128 KB or more; immutable
//   box/<folder>.log  a segment (kind 'box') per folder: state, then changes.  This is the truth
//                     about UIDs, flags and expunges; it is replaced as a whole (tmp, sync, rename)
//                     by one that begins with the present state when the changes outgrow it.
//   box/<folder>.index .wire .digest  derived: index.h, derived.h.  The index is the same state, to be mapped instead of read (index.h); derived
//
// message record (type message, stamp = message id, random, unique):
//   version:u16 kind:u16 folder:u32 uid:u32 flags:u32 date:i64 size:u64 delivery[16]
//   structure:u32 envelope:u32 bodystructure:u32 crc:u32   lengths of what follows
//   structure envelope bodystructure   crc = crc32c of the head before it and of these three
//   flags     bits 0-4: Flag; bit 31: promised
//   message                            kind 0: its bytes, CRLF; kind 1: crc32c:u32, the bytes are in
//                                      big/; kind 2: crc32c:u32 of what is in big/ (it may be shared
//                                      with other accounts, by hard links), then what stands before it
// box records (numbers little endian, mod_seq in the record's stamp):
//   state      uid_validity:u32 uid_next:u32 recent:u32 mod_seq:u64 entries:u32 expunged:u32
//   keywords   (length:u8 name)*        bit n of an entry's keywords is the n-th name ever listed
//   arrive     entry*                   new, or (after state) those that were there
//   gone       (entry when:i64)*        expunged, but kept for undelete and for replays
//   flags      op:u8 flags:u8 keywords:u64 uids    op: 0 set, 1 add, 2 remove
//   expunge    when:i64 uids
//   reserve    end:u32 boot[16]         UIDs below end may be in use by this boot of the machine
//   recent     uid:u32                  below it nothing is \Recent any more
//   drop       uids                     entries whose messages a power cut took before any promise
//   moved      from:u32 (offset:u64 segment:u32 to:u64)*   rising offsets: records of segment `from`
//                                       are elsewhere now (compaction); of entries and gone ones
//   arrive packed, gone packed          as arrive and gone, the items as in packed.h and gone.h
//   entry := uid:u32 flags:u8 kind:u8 marks:u16 segment:u32 length:u32 offset:u64 meta:u32 saved:u32
//            size:u64 date:i64 keywords:u64 mod_seq:u64 stamp:u64 = 72 bytes
//   marks: 1 the others are known, 2 bytes over 127 in a header (mime/downgrade.h), 4 a bare LF or a last line without
//            its end: what POP3 sends has another size
//   seg/<n>.moved     a segment (kind 'moved') with one moved record: where the records of segment n,
//                     which is no more, are: for readers that have not looked at the log since.
//                     It may be deleted as soon as there are none (compact.h: after a day)
// tree records: create, rename, remove, subscribe, unsubscribe, forget, rights (tree.h).
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lib/base/time.h"
#include "lib/log/segment.h"

namespace jd::store {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
template <class T>
void put(std::string& out, T v) {
  static_assert(std::is_integral_v<T>);
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}
template <class T>
bool take(std::string_view& in, T& v) {
  static_assert(std::is_integral_v<T>);
  if (in.size() < sizeof v) return false;
  memcpy(&v, in.data(), sizeof v);
  in.remove_prefix(sizeof v);
  return true;
}

constexpr uint32_t kind_mail = 1, kind_box = 2, kind_tree = 3, kind_moved = 4;
enum Type : uint16_t {
  type_message = 1,
  type_state = 16, type_keywords, type_arrive, type_gone, type_flags, type_expunge, type_reserve, type_recent, type_drop,
  type_moved, type_arrive_packed, type_gone_packed,
  type_create = 32, type_rename, type_remove, type_subscribe, type_unsubscribe, type_forget, type_rights,
};

// IMAP's system flags; \Recent is not stored (RFC 3501 §2.3.2).
enum Flag : uint8_t { seen = 1, answered = 2, flagged = 4, deleted = 8, draft = 16 };
constexpr uint8_t all_flags = 31;

constexpr uint64_t big_bytes = 128 << 10;         // from here on a message is a file of its own
constexpr uint64_t segment_bytes = 64u << 20;     // a segment is sealed when it has grown so far
constexpr std::size_t entry_bytes = 72;
constexpr std::size_t max_keywords = 64;          // per folder

// Where a message's bytes are; another number: written by a later release.
enum Kind : uint8_t { kind_inline = 0, kind_large = 1, kind_shared = 2 };

// What was found when the message came in.  Without mark_known (earlier releases) nothing is known.
enum Mark : uint16_t { mark_known = 1, mark_wide_header = 2, mark_odd_lines = 4 };

enum class FlagOp : uint8_t { set, add, remove };

// One message in one folder: as in memory, so in the index, and but for the last two fields in the log.
struct Entry {
  uint32_t uid = 0;
  uint8_t flags = 0;
  uint8_t kind = 0;          // Kind
  uint16_t marks = 0;        // Mark
  uint32_t segment = 0;      // of the message record
  uint32_t length = 0;
  uint64_t offset = 0;
  uint32_t meta = 0;         // bytes of the record's payload before the message
  uint32_t saved = 0;        // SAVEDATE (RFC 8514), seconds; 0: not known
  uint64_t size = 0;         // RFC822.SIZE
  int64_t date = 0;          // INTERNALDATE, seconds
  uint64_t keywords = 0;     // bits of FolderState::keywords()
  uint64_t mod_seq = 0;
  uint64_t stamp = 0;        // message id: the record at ref() must have it
  uint32_t wire = 0, digest = 0;  // places in derived files, 0: none (derived.h)

  journal::Ref ref() const { return {segment, offset, length}; }
  void set_ref(const journal::Ref& r) { segment = r.segment, offset = r.offset, length = r.length; }
};
static_assert(sizeof(Entry) == entry_bytes + 8 && std::is_trivially_copyable_v<Entry>);
void encode(std::string& out, const Entry& e);
bool decode(std::string_view& in, Entry& e);

// What stands before the message in its record.
struct Meta {
  uint16_t kind = 0;
  uint32_t folder = 0, uid = 0;
  uint8_t flags = 0;
  bool is_promised = false;  // the record alone was synced: after a power cut its folder takes it from here (Folder::check_after_boot)
  int64_t date = 0;
  uint64_t size = 0;
  std::string delivery;  // 16 bytes, or 16 zeros
  std::string structure, envelope, bodystructure;  // of lib/mime: encode(), imap envelope and bodystructure
};
std::string encode(const Meta& m);
std::optional<Meta> decode_meta(std::string_view payload);  // as much of it as `meta` says is enough

// A message record that compaction wrote again elsewhere.
struct Move {
  uint64_t offset = 0;  // in the segment that is given up
  uint32_t segment = 0;
  uint64_t to = 0;      // its offset there
};
std::string encode_moves(uint32_t from, const std::vector<Move>& rising);
struct Moves { uint32_t from = 0; std::vector<Move> all; };
std::optional<Moves> decode_moves(std::string_view payload);
const Move* find_move(const std::vector<Move>& all, uint64_t offset);  // null: not among them

// The id under which a delivery is known, so that a replay finds it: of queue id and recipient.
std::string delivery_id(std::string_view queue_id, std::string_view recipient);

// Of this start of the machine; JDMAIL_BOOT_ID overrides it, for tests of power cuts.
const std::string& boot_id();
void pretend_boot(std::string_view name);  // the same, from now on in this process

}  // namespace jd::store

// SPDX-License-Identifier: MIT
// resync.h: what a client that was away has to hear (RFC 7162, QRESYNC).  Pure.
#pragma once
#include <cstdint>

#include "lib/imap/lexer.h"
#include "lib/store/state.h"

namespace jd::imap {

// SELECT's QRESYNC (...).
struct Resync {
  uint64_t uid_validity = 0, mod_seq = 0;
  SequenceSet known;                  // empty: all
  SequenceSet match_seqs, match_uids; // pairs that the client believes in
};
// Behind "QRESYNC", with the blank.
bool take_resync(Cursor& c, Resync& out);

// Of the UIDs in `known` those that are gone, and were expunged after `since` as far as that is
// remembered: else all that are not there (§3.2.10: the client may know it already).
store::UidSet vanished(const store::FolderState& state, const SequenceSet& known, uint64_t since);
// `known` without the UIDs up to which the client's pairs agree with the folder: none of these is gone.
SequenceSet without_matched(const store::FolderState& state, const Resync& r);

}  // namespace jd::imap

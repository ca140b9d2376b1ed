// SPDX-License-Identifier: MIT
// bounce.h: tells a sender what became of a message: multipart/report with message/delivery-status
// (RFC 3461, 6522, 3464, 6533).  Pure but for ids and the time given.
//
// The text is in the sender's language: Chinese when the original says so (Content-Language,
// Accept-Language, a Chinese charset, or a Chinese subject or name), and then in English too, for
// those whom the sender shows it to; else English.
//
// A report is sent from the null reverse path, so that it is never answered by another.  Who gets it:
//   - the sender, for recipients whose NOTIFY allows it (Recipient::wants)
//   - for a message that is itself a report (null sender): failures go to the postmaster, once:
//     what is already marked so (is_double_bounce) is dropped by the caller with a log line.
// The original is attached whole for failures when RET=FULL was asked and it is at most
// max_returned_bytes, otherwise its header only (RFC 3461 §4.3).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.h"
#include "lib/queue/envelope.h"

namespace jd::queue {

constexpr std::size_t max_returned_bytes = 64 << 10;

enum class ReportLanguage : uint8_t { sender, english, chinese, both };
enum class ReportKind : uint8_t { failed, delayed, delivered, relayed };  // two bits

struct ReportedRecipient {
  std::string address;             // final
  std::string first;               // what the sender used; may equal address
  std::string orcpt;
  std::string code, host, text;    // the reason: 5.1.1, mx.example.org, its words
};

struct ReportInput {
  ReportKind kind = ReportKind::failed;
  std::string hostname;            // ours
  std::string qid;
  Time now, give_up;               // give_up: of a delayed message
  std::vector<ReportedRecipient> recipients;
  std::string_view original;       // its bytes, at least the header as far as it is kept
  bool is_whole = false;           // `original` is the whole message
  ReportLanguage language = ReportLanguage::sender;
};

struct Report {
  Envelope envelope;
  std::string message;
  std::string about;               // queue id
};

Report make_report(const ReportInput& in, const Envelope& about, const std::string& to);
bool is_double_bounce(const Envelope& e);
void mark_double_bounce(Envelope& e);

}  // namespace jd::queue

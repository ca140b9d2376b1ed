// SPDX-License-Identifier: MIT
#include "lib/queue/bounce.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "lib/mime/part.h"

using namespace jd;
using namespace jd::queue;

namespace {
const std::string original =
    "From: alice@example.org\r\nMessage-ID: <m1@example.org>\r\nSubject: hi\r\n\r\nsecret body\r\n";

struct BounceTest : ::testing::Test {
  Envelope about;
  ReportInput in;
  BounceTest() {
    about.reverse_path = "alice@example.org";
    about.envid = "QQ1";
    about.received = from_seconds(1'700'000'000);
    in.hostname = "mx.example.org";
    in.qid = "00000000000000000000";
    in.now = from_seconds(1'700'000'100);
    in.give_up = from_seconds(1'700'432'000);
    in.recipients = {{"bob@example.com", "team@example.com", "rfc822;team@example.com", "5.1.1",
                      "mx.example.com", "550 5.1.1 no such user"}};
    in.original = original;
    in.is_whole = true;
  }
  bool has(const Report& r, std::string_view text) { return r.message.find(text) != std::string::npos; }
};
}  // namespace

TEST_F(BounceTest, FailureIsAReportToTheSender) {
  auto r = make_report(in, about, about.reverse_path);
  EXPECT_TRUE(r.envelope.is_bounce());
  EXPECT_EQ(r.envelope.recipients.at(0).address, "alice@example.org");
  EXPECT_FALSE(r.envelope.recipients[0].wants(notify_failure));
  for (auto text : {"report-type=delivery-status", "Original-Envelope-Id: QQ1",
                    "Reporting-MTA: dns; mx.example.org", "Final-Recipient: rfc822; bob@example.com",
                    "Original-Recipient: rfc822; team@example.com", "Action: failed",
                    "Status: 5.1.1", "Remote-MTA: dns; mx.example.com",
                    "Diagnostic-Code: smtp; 550 5.1.1 no such user", "Auto-Submitted: auto-replied",
                    "In-Reply-To: <m1@example.org>", "text/rfc822-headers", "Subject: hi"})
    EXPECT_TRUE(has(r, text)) << text << "\n" << r.message;
  EXPECT_FALSE(has(r, "secret body"));
  auto root = mime::parse(r.message);
  EXPECT_EQ(root.children.size(), 3u);
  for (auto line : split(r.message, '\n')) EXPECT_LT(line.size(), 999u);
}

TEST_F(BounceTest, ReturnFull) {
  about.ret = Return::full;
  EXPECT_TRUE(has(make_report(in, about, "a@b"), "secret body"));
  in.is_whole = false;
  EXPECT_FALSE(has(make_report(in, about, "a@b"), "secret body"));
  in.is_whole = true;
  std::string big = original + std::string(max_returned_bytes, 'x');
  in.original = big;
  EXPECT_FALSE(has(make_report(in, about, "a@b"), "secret body"));
  in.original = original;
  in.kind = ReportKind::delayed;  // RFC 3461 §6.2: a warning returns the header only
  EXPECT_FALSE(has(make_report(in, about, "a@b"), "secret body"));
}

TEST_F(BounceTest, OfRequireTlsOnlyTheHeaderAndAsSafely) {
  about.ret = Return::full;
  about.requiretls = true;
  auto r = make_report(in, about, "a@b");
  EXPECT_TRUE(r.envelope.requiretls);
  EXPECT_FALSE(has(r, "secret body"));
}

TEST_F(BounceTest, DelayAndSuccess) {
  in.kind = ReportKind::delayed;
  in.recipients[0].code = "4.4.1";
  auto r = make_report(in, about, "a@b");
  EXPECT_TRUE(has(r, "Action: delayed"));
  EXPECT_TRUE(has(r, "Status: 4.4.1"));
  EXPECT_TRUE(has(r, "Will-Retry-Until: "));
  in.kind = ReportKind::delivered;
  in.recipients[0].code = "2.0.0";
  r = make_report(in, about, "a@b");
  EXPECT_TRUE(has(r, "Action: delivered"));
  EXPECT_TRUE(has(r, "Status: 2.0.0"));
}

TEST_F(BounceTest, NothingFromOutsideStartsAnotherField) {
  in.recipients[0].text = "550 no\r\nX-Evil: 1\r\n\r\n--boundary";
  in.recipients[0].host = "evil\r\nX-Evil: 2";
  std::string odd = "Message-ID: <x\r\n y>\r\nBroken header\r\n\r\n";
  in.original = odd;
  auto r = make_report(in, about, "a@b");
  EXPECT_FALSE(has(r, "\nX-Evil"));
  EXPECT_EQ(mime::parse(r.message).children.size(), 3u);
}

TEST_F(BounceTest, ChineseAddressesAndDoubleBounces) {
  in.recipients[0].address = "用户@例子.中国";
  auto r = make_report(in, about, "a@b");
  EXPECT_TRUE(has(r, "message/global-delivery-status") || has(r, "utf-8; ")) << r.message;
  EXPECT_FALSE(is_double_bounce(r.envelope));
  mark_double_bounce(r.envelope);
  std::string s;
  r.envelope.encode(s);
  EXPECT_TRUE(is_double_bounce(*Envelope::decode(s)));
}

TEST_F(BounceTest, TheTextIsInTheSendersLanguage) {
  auto subject = [&](std::string_view header) {
    std::string all = std::string(header) + "\r\nbody\r\n";
    in.original = all;
    auto r = make_report(in, about, "a@b");
    auto v = mime::find(r.message, "subject");
    return std::make_pair(mime::decode_words(mime::unfold(v.value_or(""))), mime::parse(r.message).children.size());
  };
  const std::string english = "Mail could not be delivered", both = "邮件无法投递 / Mail could not be delivered";
  EXPECT_EQ(subject("Subject: hi\r\n").first, english);
  for (auto header : {"Content-Language: zh-CN\r\nSubject: hi\r\n", "Accept-Language: ZH\r\n", "Content-Type: text/plain; charset=GBK\r\n",
                      "Subject: =?gb2312?B?xOO6ww==?=\r\n", "Subject: 你好\r\n", "From: =?utf-8?B?5byg5LiJ?= <a@b>\r\n"})
    EXPECT_EQ(subject(header).first, both) << header;
  for (auto header : {"Content-Language: en\r\nSubject: 你好\r\n", "Subject: 東京のメール\r\n", "Subject: Grüße\r\n", ""})
    EXPECT_EQ(subject(header).first, english) << header;
  in.language = ReportLanguage::chinese;
  EXPECT_EQ(subject("Subject: hi\r\n").first, "邮件无法投递");
  in.language = ReportLanguage::both;
  EXPECT_EQ(subject("Subject: hi\r\n"), std::make_pair(both, std::size_t{3}));
}

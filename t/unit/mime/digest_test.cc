// SPDX-License-Identifier: MIT
#include "lib/mime/digest.h"

#include <gtest/gtest.h>

#include "t/unit/cost.h"

#define LLVMFuzzerTestOneInput fuzz_digest_input
#include "t/fuzz/digest.cc"
#undef LLVMFuzzerTestOneInput

namespace jd::mime {
namespace {

using F = DigestField;

std::string base(std::string_view s, bool* reply = nullptr) {
  bool r = false;
  std::string b = base_subject(s, r);
  if (reply) *reply = r;
  return b;
}

TEST(Digest, SaysWhatTheHeaderSays) {
  std::string bytes = make_digest(
      "From: =?iso-8859-1?Q?J=FCrgen?= <Juergen@Example.test>\r\nTo: Friends: a@b.test, c@d.test;\r\nCc: Carl@x.test\r\n"
      "Bcc: one@x.test\r\nBcc: two@x.test\r\nSubject: Re: [list] =?utf-8?B?R3LDvMOfZQ==?=\r\n"
      "Date: Mon, 13 Nov 2023 23:30:00 -0500\r\nMessage-ID: <\"a b\"@x>\r\nIn-Reply-To: Yours <r@y> <s@y>\r\n"
      "References: <q@z>\r\n <r@y>\r\n\r\nFrom: body@x\r\n");
  auto d = DigestView::decode(bytes);
  ASSERT_TRUE(d);
  EXPECT_EQ(d->get(F::from), "j\xC3\xBCrgen <juergen@example.test>");
  EXPECT_EQ(d->get(F::bcc), "one@x.test\ntwo@x.test");
  EXPECT_EQ(d->get(F::subject), "re: [list] gr\xC3\xBCsse");
  EXPECT_EQ(d->get(F::base_subject), "GR\xC3\xBCSSE");
  EXPECT_TRUE(d->is_reply());
  EXPECT_EQ(d->get(F::from_key), "JUERGEN");
  EXPECT_EQ(d->get(F::from_name), "J\xC3\xBCRGEN");
  EXPECT_EQ(d->get(F::to_key), "FRIENDS");
  EXPECT_EQ(d->get(F::cc_key), "CARL");
  EXPECT_EQ(d->get(F::message_id), "ab@x");
  EXPECT_EQ(d->get(F::in_reply_to), "r@y");
  EXPECT_EQ(d->get(F::references), "q@z r@y");
  EXPECT_EQ(d->first_reference(), "q@z");
  EXPECT_TRUE(d->has_date() && d->has(F::subject) && !d->is_cut(F::subject));
  EXPECT_EQ(d->sent_utc() - d->sent_local(), 5 * 3600);
  std::string empty = make_digest("\r\nSubject: body\r\n");
  auto none = DigestView::decode(empty);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has(F::subject) || none->has(F::bcc) || none->has_date());
}

TEST(Digest, BaseSubject) {
  bool reply = false;
  EXPECT_EQ(base("Re: Re[2] : fwd: x", &reply), "x");
  EXPECT_TRUE(reply);
  EXPECT_EQ(base("[a] [b] re: [c] x  y (fwd) (FWD)"), "x y");
  EXPECT_EQ(base("[only]", &reply), "[only]");
  EXPECT_FALSE(reply);
  EXPECT_EQ(base("[list] x", &reply), "x");
  EXPECT_FALSE(reply);
  EXPECT_EQ(base("[Fwd: [Fwd: Re: x]]", &reply), "x");
  EXPECT_TRUE(reply);
  EXPECT_EQ(base("react: x"), "react: x");
  EXPECT_EQ(base("Re:"), "");
  EXPECT_EQ(base("[unclosed re: x"), "[unclosed re: x");
}

TEST(Digest, IsBoundedAndSaysWhatWasCut) {
  std::string many = "References:";
  for (int i = 0; i < 10'000; ++i) many += " <" + std::to_string(i) + "@x>\r\n";
  std::string bytes = make_digest("Subject: " + std::string(5000, 'a') + "\r\nTo: " + cost::repeat("\xC3\xBC", 9000) +
                                  "\r\nMessage-ID: <" + std::string(5000, 'i') + "@x>\r\n" + many + "\r\n");
  EXPECT_LE(bytes.size(), max_digest);
  auto d = DigestView::decode(bytes);
  ASSERT_TRUE(d);
  EXPECT_TRUE(d->is_cut(F::subject) && d->is_cut(F::to) && !d->is_cut(F::cc));
  EXPECT_EQ(d->get(F::message_id).size(), 65u);
  EXPECT_TRUE(d->get(F::references).starts_with("0@x "));
  EXPECT_TRUE(d->get(F::references).ends_with(" 9999@x"));
}

TEST(Digest, DamageIsSeen) {
  std::string bytes = make_digest("Subject: x\r\nFrom: a@b\r\n\r\n");
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(DigestView::decode(std::string_view(bytes).substr(0, n))) << n;
  EXPECT_FALSE(DigestView::decode(bytes + "x"));
  std::string other = bytes;
  other[0] = 1;  // of before
  EXPECT_FALSE(DigestView::decode(other));
  for (std::size_t n = 0; n < bytes.size(); ++n) {  // whatever is read then lies within the bytes
    other = bytes;
    other[n] = static_cast<char>(other[n] ^ 0x81);
    fuzz_digest_input(reinterpret_cast<const uint8_t*>(other.data()), other.size());
  }
}

TEST(Digest, CostsGrowWithTheHeader) {
  for (std::string_view unit : {"[a]", "re:", "(fwd)", "[fwd:", "[", "re [", "]"})
    cost::expect_linear("subject", [](const std::string& m) { (void)make_digest(m); }, "Subject: ", unit);
  for (std::string_view unit : {"<a@b>", "<", ">", "\"", "<a>\r\n "})
    cost::expect_linear("references", [](const std::string& m) { (void)make_digest(m); }, "References: ", unit);
}

}  // namespace
}  // namespace jd::mime

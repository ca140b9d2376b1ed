// SPDX-License-Identifier: MIT
#include "lib/imap/deflate.h"

#include <gtest/gtest.h>

#include "lib/base/log.h"
#include "lib/imap/session.h"
#include "t/unit/store/scratch.h"

namespace jd::imap {
namespace {

std::string plain_of(Deflate& d, std::string_view packed) {
  std::string out;
  for (;;) {
    std::size_t had = out.size(), left = packed.size();
    EXPECT_TRUE(d.inflate(packed, out));
    if (out.size() == had && packed.size() == left) return out;
  }
}

TEST(Deflate, GivesBackWhatWentInInPiecesOfAnySize) {
  auto a = Deflate::begin(), b = Deflate::begin();
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919);
  std::string packed = a->deflate("hello") + a->deflate(text), out;
  EXPECT_LT(packed.size(), text.size());
  for (char c : packed) out += plain_of(*b, std::string_view(&c, 1));
  EXPECT_EQ(out, "hello" + text);
}

TEST(Deflate, RefusesOtherBytes) {
  auto d = Deflate::begin();
  std::string_view in = "\xFF\xFF\xFF\xFF\xFF";
  std::string out;
  EXPECT_FALSE(d->inflate(in, out));
}

// COMPRESS takes effect behind its answer and behind its line, whatever else came with it.
TEST(ImapSession, SpeaksCompressedAfterCompress) {
  store::Scratch d;
  auto client = Deflate::begin();
  std::string in = "a COMPRESS LZMA\r\nb COMPRESS DEFLATE\r\n" + client->deflate("c COMPRESS DEFLATE\r\nd LIST \"\" INBOX\r\n") +
                   client->deflate("e APPEND Drafts {12+}\r\nSubject: one\r\nf LOGOUT\r\n");
  for (std::size_t size : {in.size(), std::size_t{1}, std::size_t{7}}) {
    auto account = d.open();
    auto server = Deflate::begin();
    std::string said;
    Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
    s.start();
    for (std::size_t i = 0; i < in.size(); i += size) s.feed(std::string_view(in).substr(i, size));
    const std::string clear = "a NO no other way of compressing is known: DEFLATE\r\nb OK DEFLATE begins\r\n";
    ASSERT_EQ(said.substr(0, clear.size()), clear);
    std::string rest = plain_of(*server, std::string_view(said).substr(clear.size()));
    EXPECT_TRUE(rest.starts_with("c NO [COMPRESSIONACTIVE]")) << rest;
    EXPECT_NE(rest.find("* LIST (\\HasNoChildren) \"/\" INBOX\r\nd OK"), std::string::npos) << rest;
    EXPECT_NE(rest.find("e OK [APPENDUID"), std::string::npos) << rest;
    EXPECT_NE(rest.find("f OK"), std::string::npos) << rest;
    EXPECT_TRUE(s.is_over());
  }
}

TEST(ImapSession, EndsWhenCompressedBytesMakeNoSense) {
  store::Scratch d;
  auto account = d.open();
  std::string said;
  Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
  s.feed("b COMPRESS DEFLATE\r\n\xFF\xFF\xFF\xFF");
  EXPECT_TRUE(s.is_over());
}

// A few bytes that unpack to very much: what is held stays small, and too many mistakes end it.
TEST(ImapSession, DoesNotUnpackMoreThanItTakes) {
  store::Scratch d;
  auto account = d.open();
  auto client = Deflate::begin();
  std::string said;
  Session s(*account, {}, [&](std::string_view b) { return said += b, true; });
  s.feed("b COMPRESS DEFLATE\r\n" + client->deflate(std::string(50 << 20, 'x')));
  EXPECT_LT(said.size(), 10'000u);
}

}  // namespace
}  // namespace jd::imap

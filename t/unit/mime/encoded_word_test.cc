// SPDX-License-Identifier: MIT
#include "lib/mime/encoded_word.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace jd::mime {
namespace {

const std::string ni_hao = "\xE4\xBD\xA0\xE5\xA5\xBD";

TEST(EncodedWord, Decode) {  // RFC 2047 §8, and what is broken
  struct Case {
    std::string_view raw;
    std::string want;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"plain", "plain"},
           {" folded\r\n text ", "folded text"},
           {"=?ISO-8859-1?Q?a?=", "a"},
           {"=?ISO-8859-1?Q?a?= b", "a b"},
           {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},
           {"=?ISO-8859-1?Q?a?=\r\n   =?ISO-8859-1?Q?b?=", "ab"},
           {"=?ISO-8859-1?Q?a_b?=", "a b"},
           {"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"},
           {"x =?us-ascii?q?a?=y", "x ay"},
           {"=?utf-8*en?Q?J=C3=B6rg?=", "J\xC3\xB6rg"},
           {"=?utf-8?b?5L2g5aW9?=", ni_hao},
           {"=?utf-8?B?5L2g5aW9", "=?utf-8?B?5L2g5aW9"},
           {"=?utf-8?B?5L0=?= =?utf-8?B?oOWlvQ==?=", ni_hao},    // split inside a character
           {"=?utf-8?B?5L2?= =?utf-8?B?g5aW9?=", ni_hao},        // base64 that runs on
           {"=?utf-8?Q?=E4=BD?= =?utf-8?Q?=A0=E5=A5=BD?=", ni_hao},
           {"=?utf-8?Q?=E4=BD?= =?utf-8?B?oOWlvQ==?=", ni_hao},
           {"=?gb2312?B?xOO6ww==?=", ni_hao},
           {"=?GBK?Q?=C4=E3=BA=C3?= <a@b>", ni_hao + " <a@b>"},
           {"=?utf-8?Q?a b?=", "a b"},
           {"=?utf-8?X?ab?=", "=?utf-8?X?ab?="},
           {"=?" "?Q?ab?=", "=?" "?Q?ab?="},
           {"=?", "=?"},
           {"=?a?q?", "=?a?q?"},
           {"=?a?=", "=?a?="},
           {"=?utf-8?Q?" "?=", ""},
           {"=?x?q?=?utf-8?q?a?=", "=?x?q?a"},
           {"\xC4\xE3\xBA\xC3", ni_hao},
           {"J\xF6rg", "J\xC3\xB6rg"},
           {"=?utf-8?Q?a=0D=0AX:_b?=", "a  X: b"},  // no new field from inside a word
       })
    EXPECT_EQ(decode_words(c.raw), c.want) << c.raw;
}

TEST(EncodedWord, EncodeAndBack) {
  for (std::string text : std::vector<std::string>{
           ni_hao, "J\xC3\xB6rg M\xC3\xBCller", "=?not a word", std::string(500, 'a') + "\xC3\xA4",
           [] { std::string s; for (int i = 0; i < 100; i++) s += ni_hao + " "; return s + "x"; }(),
           std::string(2000, 'x')}) {
    for (std::size_t column : {0u, 9u, 60u, 74u, 200u}) {
      std::string e = encode_text(text, column);
      EXPECT_TRUE(is_ascii(e));
      EXPECT_EQ(decode_words(e), text);
      bool first = true;
      for (std::string_view line : split(e, '\n')) {
        EXPECT_LE(trim(line).size(), 75u);
        EXPECT_TRUE(first || line.size() <= 77) << line;
        first = false;
      }
    }
  }
  EXPECT_EQ(encode_text("J\xC3\xB6rg Schneider"), "=?utf-8?Q?J=C3=B6rg_Schneider?=");
  EXPECT_EQ(encode_text(ni_hao), "=?utf-8?B?5L2g5aW9?=");
  EXPECT_EQ(encode_text("plain text"), "plain text");
}

TEST(EncodedWord, PlainTextFolds) {
  std::string text;
  for (int i = 0; i < 40; i++) text += "word" + std::to_string(i) + " ";
  text.pop_back();
  std::string e = encode_text(text, 9);
  for (std::string_view line : split(e, '\n')) EXPECT_LE(line.size(), 78u);
  EXPECT_NE(e.find("\r\n "), e.npos);
  EXPECT_EQ(decode_words(e), text);
}

TEST(EncodedWord, Phrase) {
  EXPECT_EQ(encode_phrase(""), "");
  EXPECT_EQ(encode_phrase("Ann Smith"), "Ann Smith");
  EXPECT_EQ(encode_phrase("Smith, Ann"), "\"Smith, Ann\"");
  EXPECT_EQ(encode_phrase("a \"b\" \\"), "\"a \\\"b\\\" \\\\\"");
  EXPECT_EQ(encode_phrase(ni_hao), "=?utf-8?B?5L2g5aW9?=");
  EXPECT_EQ(encode_phrase("a\r\nBcc: x").find('\n'), std::string::npos);
}

TEST(EncodedWord, Parameters) {
  auto text = [](std::string_view raw) {
    return parameter_text(parse_disposition(raw).parameters, "filename");
  };
  EXPECT_EQ(text("attachment; filename=a.txt"), "a.txt");
  EXPECT_EQ(text("attachment; filename*=utf-8''%E4%BD%A0%E5%A5%BD.txt"), ni_hao + ".txt");
  EXPECT_EQ(text("attachment; filename*0*=gb2312''%C4%E3; filename*1*=%BA%C3; filename*2=\".txt\""),
            ni_hao + ".txt");
  EXPECT_EQ(text("attachment; filename=\"=?utf-8?B?5L2g5aW9?=\""), ni_hao);
  EXPECT_EQ(text("attachment; filename=\"\xC4\xE3\xBA\xC3\""), ni_hao);
  EXPECT_EQ(text("attachment"), "");
  for (std::string name : std::vector<std::string>{"a.txt", "a b.txt", "a\"b", ni_hao + " x.txt"})
    EXPECT_EQ(text("attachment; " + format_parameter("filename", name)), name);
}

TEST(EncodedWord, HostileIsLinear) {
  for (std::string_view piece : {"=?", "=?a?q?", "=?a?q?b", "?=", "=?a?b?a", "=?a", "=?utf-8?q?a?="}) {
    std::string s;
    while (s.size() < 1 << 19) s += piece;
    decode_words(s);
    decode_words(s + "?=");
  }
}

}  // namespace
}  // namespace jd::mime

// SPDX-License-Identifier: MIT
#include "lib/mime/transfer.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace jd::mime {
namespace {

struct Case {
  Encoding encoding;
  std::string_view bytes, want;
};
const std::vector<Case> cases = {
    {Encoding::identity, "a=b\r\n", "a=b\r\n"},
    {Encoding::base64, "", ""},
    {Encoding::base64, "aGVsbG8=", "hello"},
    {Encoding::base64, "aGVs\r\nbG8=\r\n", "hello"},
    {Encoding::base64, "aGVsbG8", "hello"},
    {Encoding::base64, "aGVsbA==bG8=", "helllo"},
    {Encoding::base64, "aG!V*s bG 8=", "hello"},
    {Encoding::base64, "a", ""},
    {Encoding::base64, "====", ""},
    {Encoding::quoted_printable, "a=3Db", "a=b"},
    {Encoding::quoted_printable, "a=3db=\r\nc", "a=bc"},
    {Encoding::quoted_printable, "a=\nb", "ab"},
    {Encoding::quoted_printable, "a= \t\r\nb", "ab"},
    {Encoding::quoted_printable, "a \t\r\nb  c ", "a\r\nb  c"},
    {Encoding::quoted_printable, "a=zz=3", "a=zz=3"},
    {Encoding::quoted_printable, "a=", "a"},
    {Encoding::quoted_printable, "==41", "=A"},
    {Encoding::quoted_printable, "=4=41", "=4A"},
    {Encoding::quoted_printable, "=E4=BD=A0\xE5\xA5\xBD", "\xE4\xBD\xA0\xE5\xA5\xBD"},
    {Encoding::uuencode, "text\r\nbegin 644 x\r\n#8V%T\r\n`\r\nend\r\ntext", "cat"},
};

TEST(Transfer, Decode) {
  for (const Case& c : cases) EXPECT_EQ(decode(c.bytes, c.encoding), c.want) << c.bytes;
}

TEST(Transfer, SplitAnywhereIsTheSame) {
  for (const Case& c : cases) {
    for (std::size_t n = 0; n <= c.bytes.size(); n++) {
      TransferDecoder d(c.encoding);
      std::string out;
      d.feed(c.bytes.substr(0, n), out);
      d.feed(c.bytes.substr(n), out);
      d.finish(out);
      EXPECT_EQ(out, c.want) << c.bytes << " at " << n;
    }
    TransferDecoder d(c.encoding);
    std::string out;
    for (char b : c.bytes) d.feed({&b, 1}, out);
    d.finish(out);
    EXPECT_EQ(out, c.want) << c.bytes;
  }
}

TEST(Transfer, RoundTrip) {
  std::string bytes;
  for (int i = 0; i < 2000; i++) bytes += static_cast<char>(i * i >> 3);
  for (std::size_t n = 0; n < bytes.size(); n += n < 200 ? 1 : 97) {
    std::string_view b = std::string_view(bytes).substr(0, n);
    EXPECT_EQ(decode(encode_base64(b), Encoding::base64), b);
    for (std::string_view line : split(encode_base64(b), '\n')) EXPECT_LE(line.size(), 77u);
    std::string qp = encode_quoted_printable(b);
    EXPECT_EQ(decode(qp, Encoding::quoted_printable), b);
    EXPECT_TRUE(is_ascii(qp));
    for (std::string_view line : split(qp, '\n')) EXPECT_LE(line.size(), 77u);
  }
}

TEST(Transfer, QuotedPrintable) {
  EXPECT_EQ(encode_quoted_printable("a=b \r\n.\r\nFrom x\r\n"), "a=3Db=20\r\n=2E\r\n=46rom x\r\n");
  EXPECT_EQ(encode_quoted_printable("\xC3\xA4\n"), "=C3=A4=0A");
}

TEST(Transfer, Names) {
  EXPECT_EQ(encoding_of("BASE64"), Encoding::base64);
  EXPECT_EQ(encoding_of(" quoted-printable "), Encoding::quoted_printable);
  EXPECT_EQ(encoding_of("8bit"), Encoding::identity);
  EXPECT_TRUE(is_known_encoding(""));
  EXPECT_TRUE(is_known_encoding("Binary"));
  EXPECT_FALSE(is_known_encoding("x-rot13"));
}

}  // namespace
}  // namespace jd::mime

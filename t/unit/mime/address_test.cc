// SPDX-License-Identifier: MIT
#include "lib/mime/address.h"

#include <gtest/gtest.h>

namespace jd::mime {
namespace {

// "name|route|local|domain", groups as "name:" and ";".
std::string shown(std::string_view raw) {
  std::string r;
  for (const Address& a : parse_addresses(raw)) {
    if (!r.empty()) r += " , ";
    if (a.kind == Address::Kind::group_begin) r += a.name + ":";
    else if (a.kind == Address::Kind::group_end) r += ";";
    else r += a.name + "|" + a.route + "|" + a.local + "|" + a.domain;
  }
  return r;
}

struct Case {
  std::string_view raw, want;
};

TEST(Address, WellFormed) {  // RFC 5322 §3.4, appendix A
  for (const Case& c : std::initializer_list<Case>{
           {"", ""},
           {"a@b.example", "||a|b.example"},
           {"<a@b>", "||a|b"},
           {"Ann <a@b>", "Ann||a|b"},
           {"\"Ann, B.\" <a@b>, c@d", "Ann, B.||a|b , ||c|d"},
           {"\"a \\\"b\\\\\" <x@y>", "a \"b\\||x|y"},
           {"Joe Q. Public <john.q.public@example.com>", "Joe Q. Public||john.q.public|example.com"},
           {"\"john doe\"@x.org", "||john doe|x.org"},
           {"a@[192.0.2.1]", "||a|[192.0.2.1]"},
           {"<@a,@b:c@d>", "|@a,@b|c|d"},
           {"Group: Ann <a@b>, c@d;", "Group: , Ann||a|b , ||c|d , ;"},
           {"Undisclosed recipients:;", "Undisclosed recipients: , ;"},
           {"A: a@b;, B: c@d;", "A: , ||a|b , ; , B: , ||c|d , ;"},
           {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete||pete|silly.test"},
           {"a@b (Ann (the second))", "Ann (the second)||a|b"},
           {"(comment) a@b", "comment||a|b"},
           {"a . b @ c . d", "||a.b|c.d"},
           {"=?utf-8?Q?J=C3=B6rg?= <j@x>", "=?utf-8?Q?J=C3=B6rg?=||j|x"},
           {"\xE4\xBD\xA0 <\xE5\xA5\xBD@\xE4\xBE\x8B>", "\xE4\xBD\xA0||\xE5\xA5\xBD|\xE4\xBE\x8B"},
           {"Ann\r\n <a@b>,\r\n\tc@d", "Ann||a|b , ||c|d"},
       })
    EXPECT_EQ(shown(c.raw), c.want) << c.raw;
}

TEST(Address, Tolerated) {
  for (const Case& c : std::initializer_list<Case>{
           {"joe", "||joe|"},
           {"Joe Average", "Joe Average|||"},
           {"joe@x.com <joe@x.com>", "joe@x.com||joe|x.com"},
           {"Joe joe@x.com", "Joe||joe|x.com"},
           {"a@b c@d", "||a|b , ||c|d"},
           {"a@b; c@d", "||a|b , ||c|d"},
           {"Ann <a@b, Bob <c@d>", "Ann||a|b , Bob||c|d"},
           {"Ann <a@b> Bob <c@d>", "Ann||a|b , Bob||c|d"},
           {"Ann <a@b", "Ann||a|b"},
           {"<a@b <c@d>", "||a|b , ||c|d"},
           {"<<a@b>>", "||a|b"},
           {"a@b@c", "||a@b|c"},
           {"<a@b@c>", "||a@b|c"},
           {"\"Ann <a@b>", "\"Ann||a|b"},
           {"Ann (x <a@b>", "Ann (x||a|b"},
           {",,a@b,,", "||a|b"},
           {"Ann <>", "Ann|||"},
           {"Ann <ann>", "Ann||ann|"},
           {"<@b>", "|||b"},
           {"G: a@b", "G: , ||a|b , ;"},
           {"(only a comment)", "only a comment|||"},
           {";", ""},
           {"@", "|||"},
       })
    EXPECT_EQ(shown(c.raw), c.want) << c.raw;
}

TEST(Address, AnyPrefixAndLimit) {
  std::string_view raw = "\"A \\\" b\" (c(d)) <@r,@s:x@y.z>, G: \"q\"@[1.2], e@f (g);, h <i@j";
  for (std::size_t n = 0; n <= raw.size(); n++) {
    int open = 0;
    for (const Address& a : parse_addresses(raw.substr(0, n))) {
      if (a.kind == Address::Kind::group_begin) open++;
      if (a.kind == Address::Kind::group_end) open--;
    }
    EXPECT_EQ(open, 0);
  }
  std::string many;
  for (int i = 0; i < 1000; i++) many += "a@b,";
  EXPECT_EQ(parse_addresses(many, 10).size(), 10u);
}

// Each of these took quadratic time in one reader or another; here they must end at all.
TEST(Address, HostileIsLinear) {
  for (std::string_view piece : {"(", "\"", "<", "a ", "a@b ", "@", "[", "\\\"", "a:", "<a", ",<", "(\"",
                                 "a@b <", "\"\\"}) {
    std::string s;
    while (s.size() < 1 << 19) s += piece;
    EXPECT_LE(parse_addresses(s).size(), max_addresses + 1) << piece;
  }
}

TEST(Address, Formats) {
  EXPECT_EQ(address_spec(*first_mailbox("x, \"john doe\"@b")), "\"john doe\"@b");
  EXPECT_EQ(format_mailbox("", "a", "b"), "a@b");
  EXPECT_EQ(format_mailbox("Ann B", "a", "b"), "Ann B <a@b>");
  EXPECT_EQ(format_mailbox("B., Ann", "a", "b"), "\"B., Ann\" <a@b>");
  EXPECT_EQ(format_mailbox("J\xC3\xB6rg", "a", "b"), "=?utf-8?B?SsO2cmc=?= <a@b>");
  EXPECT_FALSE(first_mailbox("nobody"));
}

}  // namespace
}  // namespace jd::mime

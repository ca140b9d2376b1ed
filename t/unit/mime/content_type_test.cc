// SPDX-License-Identifier: MIT
#include "lib/mime/content_type.h"

#include <gtest/gtest.h>

#include "lib/mime/token.h"

namespace jd::mime {
namespace {

std::string shape(const Parameters& all) {
  std::string r;
  for (auto& [n, v] : all) r += ";" + n + "=" + v;
  return r;
}
std::string type(std::string_view v) {
  auto t = parse_content_type(v);
  return t.type + "/" + t.subtype + shape(t.parameters);
}
std::string disposition(std::string_view v) {
  auto d = parse_disposition(v);
  return d.type + shape(d.parameters);
}

TEST(ContentType, TheUsualForms) {
  EXPECT_EQ(type(" text/plain"), "text/plain");
  EXPECT_EQ(type(" Text/HTML; Charset=UTF-8"), "text/html;charset=UTF-8");
  EXPECT_EQ(type("multipart/mixed;\r\n\tboundary=\"a \\\"b\\\\\"; x=y"),
            "multipart/mixed;boundary=a \"b\\;x=y");
  EXPECT_EQ(type("text/plain (a (b) c) ; (d) charset (e) = (f) x (g)"), "text/plain;charset=x");
}

TEST(ContentType, TheBrokenForms) {
  EXPECT_EQ(type("text"), "text/plain");
  EXPECT_EQ(type("text; charset=x"), "text/plain;charset=x");
  EXPECT_EQ(type("foo"), "/");
  EXPECT_EQ(type(""), "/");
  EXPECT_EQ(type("/plain"), "/");
  EXPECT_EQ(type("text/"), "/");
  EXPECT_EQ(type("text/plain charset=x"), "text/plain;charset=x");
  EXPECT_EQ(type("text/plain;;; charset=x;"), "text/plain;charset=x");
  EXPECT_EQ(type("text/plain; charset=x format=flowed"), "text/plain;charset=x;format=flowed");
  EXPECT_EQ(type("a/b; name=my file.pdf; x=1"), "a/b;name=my file.pdf;x=1");
  EXPECT_EQ(type("a/b; name=\"open"), "a/b;name=open");
  EXPECT_EQ(type("a/b; name=\"fold\r\n ed\""), "a/b;name=fold ed");
  EXPECT_EQ(type("a/b; =x; y; z=1"), "a/b;z=1");
  EXPECT_EQ(type("a/b; x=1; X=2"), "a/b;x=1");
  EXPECT_EQ(type("text/plain/more; x=1"), "text/plain;x=1");
  EXPECT_EQ(type("a/b; name==?utf-8?B?eA==?="), "a/b;name==?utf-8?B?eA==?=");
}

TEST(ContentType, PiecesAreJoined) {
  EXPECT_EQ(type("a/b; n*1=two; n*0=one"), "a/b;n=onetwo");
  EXPECT_EQ(type("a/b; n*0*=utf-8''%e4; n*1=\"b c\"; n*2*=%41"), "a/b;n*=utf-8''%e4b%20c%41");
  EXPECT_EQ(type("a/b; n*0=one; n*2=lost"), "a/b;n=one");
  EXPECT_EQ(type("a/b; n*2=lost"), "a/b");
  EXPECT_EQ(type("a/b; n*=utf-8'en'%41"), "a/b;n*=utf-8'en'%41");
  EXPECT_EQ(type("a/b; n*x*=1; n*99999=2"), "a/b;n*x*=1;n*99999=2");
}

TEST(ContentType, ParameterUndoesTheCoding) {
  auto get = [](std::string_view v) {
    auto p = parameter(parse_disposition(v).parameters, "filename");
    return p ? p->charset + "|" + p->bytes : "none";
  };
  EXPECT_EQ(get("attachment; filename=a.txt"), "|a.txt");
  EXPECT_EQ(get("attachment; filename=a; filename*=UTF-8''%C3%A4%4"), "utf-8|\xC3\xA4%4");
  EXPECT_EQ(get("attachment; filename*=x%20y"), "|x y");
  EXPECT_EQ(get("attachment; filename*0*=gb2312'zh'%D6; filename*1=D0"), "gb2312|\xD6" "D0");
  EXPECT_EQ(get("attachment"), "none");
}

TEST(Disposition, TheUsualAndTheBroken) {
  EXPECT_EQ(disposition("INLINE"), "inline");
  EXPECT_EQ(disposition("attachment; size=3; filename=\"x\""), "attachment;size=3;filename=x");
  EXPECT_EQ(disposition("filename=x"), "attachment;filename=x");
  EXPECT_EQ(disposition(""), "");
}

TEST(ContentType, ParametersAreBoundedAndEveryPrefixIsRead) {
  std::string v = "a/b";
  for (int i = 0; i < 500; i++) v += "; p" + std::to_string(i) + "=v";
  EXPECT_EQ(parse_content_type(v).parameters.size(), max_parameters);
  std::string w = "a/b (c\\) ; x*0*=u''%41; x*1=\"q\\\"\"; y = z z";
  for (std::size_t n = 0; n <= w.size(); n++) type(std::string_view(w).substr(0, n));
}

TEST(Token, CommentsAndQuoting) {
  Lexer in(" (a (b \\) c)) x");
  std::string comment;
  in.skip_blank(&comment);
  EXPECT_EQ(comment, "a (b ) c)");
  EXPECT_EQ(in.run(""), "x");
  EXPECT_EQ(quote_if_needed("abc"), "abc");
  EXPECT_EQ(quote_if_needed(""), "\"\"");
  EXPECT_EQ(quote_if_needed("a \"b\"\r\nX: y"), "\"a \\\"b\\\"X: y\"");
}

}  // namespace
}  // namespace jd::mime

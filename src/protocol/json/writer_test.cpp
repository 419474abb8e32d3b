// SPDX-License-Identifier: Apache-2.0
#include "protocol/json/writer.h"

#include <gtest/gtest.h>

namespace postrider::json {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  escape(out, text);
  return out;
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  std::string out;
  Writer(out)
      .begin_object()
      .key("errors")
      .begin_array()
      .begin_object()
      .key("message")
      .string("bad \"from\"")
      .key("field")
      .null()
      .end_object()
      .begin_object()
      .end_object()
      .end_array()
      .key("ok")
      .boolean(false)
      .key("n")
      .number(-3)
      .key("max")
      .number(UINT64_MAX)
      .key("exact")
      .token("1.50")
      .end_object();
  EXPECT_EQ(out, R"({"errors":[{"message":"bad \"from\"","field":null},{}],"ok":false,"n":-3,)"
                 R"("max":18446744073709551615,"exact":1.50})");
}

TEST(JsonWriter, EscapesWhatMustBe) {
  EXPECT_EQ(escaped("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f"), "a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f");
  EXPECT_EQ(escaped("\xC3\xA9\xF0\x9F\x98\x80"), "\xC3\xA9\xF0\x9F\x98\x80");
}

TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(escaped("a\xFF\"\xC3\xA9\xC3"), "a\xEF\xBF\xBD\\\"\xC3\xA9\xEF\xBF\xBD");
}

TEST(JsonWriter, WritesBackWhatWasRead) {
  const std::string_view text = R"({"a":[1.0,2e5,{"\u0062":"\n"}],"c":{"d":null,"e":[]}})";
  std::string out;
  Writer(out).value(parse(text)->root());
  EXPECT_EQ(out, R"({"a":[1.0,2e5,{"b":"\n"}],"c":{"d":null,"e":[]}})");
}

TEST(JsonWriter, EveryByteSurvivesTheRoundTrip) {
  for (int c = 0; c < 0x80; ++c) {
    const std::string text(3, static_cast<char>(c));
    std::string out;
    Writer(out).string(text);
    EXPECT_EQ(parse(out)->root().as_string(), text);
  }
}

}  // namespace
}  // namespace postrider::json

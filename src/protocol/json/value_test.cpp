// SPDX-License-Identifier: Apache-2.0
#include "protocol/json/value.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "protocol/json/writer.h"
#include "testing/shared.h"

namespace postrider::json {
namespace {

using FailureKind = ParseFailure::Kind;

Document read(std::string_view text) {
  auto document = parse(text);
  EXPECT_TRUE(document) << text << ": " << document.error().error().detail;
  return document ? std::move(*document) : std::move(*parse("null"));
}

ParseFailure refusal(std::string_view text, const Limits& limits = {}) {
  const auto document = parse(text, limits);
  EXPECT_FALSE(document) << text;
  return document ? ParseFailure{} : document.error();
}

TEST(Json, ReadsATree) {
  const auto document = read(R"( {"from":{"email":"a@b.example"},"n":[1,-2.50e+3,true,null],"empty":{}} )");
  const auto root = document.root();
  EXPECT_EQ(root.size(), 3u);
  EXPECT_EQ(root["from"]["email"].as_string(), "a@b.example");
  EXPECT_EQ(root["empty"].kind(), Kind::object);
  EXPECT_EQ(root["empty"].members().begin(), root["empty"].members().end());
  std::vector<std::string> tokens;
  for (const auto element : root["n"].elements()) tokens.emplace_back(element.token());
  EXPECT_EQ(tokens, (std::vector<std::string>{"1", "-2.50e+3", "true", "null"}));
  std::vector<std::string> keys;
  for (const auto& member : root.members()) keys.emplace_back(member.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"from", "n", "empty"}));
}

TEST(Json, AnswersQuestionsAboutWhatIsNotThere) {
  const auto document = read(R"({"text":"x"})");
  const auto nothing = document.root()["a"]["b"]["c"];
  EXPECT_FALSE(nothing);
  EXPECT_EQ(name(nothing.kind()), "missing");
  EXPECT_EQ(nothing.as_string(), std::nullopt);
  EXPECT_EQ(document.root()["text"].as_int64(), std::nullopt);
  EXPECT_EQ(document.root()["text"].token(), "");
  EXPECT_EQ(document.root()["text"].elements().begin(), document.root()["text"].elements().end());
}

TEST(Json, MovesWithoutBreakingItsValues) {
  auto first = read(R"(["short"])");
  const auto element = *first.root().elements().begin();
  const auto second = std::move(first);
  EXPECT_EQ(element.as_string(), "short");
  EXPECT_EQ((*second.root().elements().begin()).as_string(), "short");
}

TEST(Json, KeepsNumbersExact) {
  const auto integer = [](std::string_view text) { return read(text).root().as_int64(); };
  EXPECT_EQ(integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(integer("1e3"), std::nullopt);
  EXPECT_EQ(integer("1.0"), std::nullopt);
  EXPECT_EQ(integer("-0"), 0);
  const std::string_view wide = "123456789012345678901234567890.12345678901234567890e-400";
  EXPECT_EQ(read(wide).root().token(), wide);
}

TEST(Json, DecodesStrings) {
  const auto text = [](std::string_view json) {
    const auto document = read(json);
    return std::string(document.root().as_string().value_or("not a string"));
  };
  EXPECT_EQ(text(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(text(R"("\u0041\u00e9\u20AC\ud83d\ude00.")"), "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80.");
  EXPECT_EQ(text(R"("\u0000")"), std::string(1, '\0'));
  EXPECT_EQ(text(R"("")"), "");
  EXPECT_EQ(read(R"({"\u0061":1})").root()["a"].as_int64(), 1);
}

TEST(Json, RefusesHalfSurrogatePairs) {
  for (const auto* text :
       {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud800x\udc00")", R"("\ud800\u0041")"})
    EXPECT_EQ(refusal(text).kind, FailureKind::lone_surrogate) << text;
}

TEST(Json, NamesWhereItRefused) {
  const auto twice = refusal(R"({"personalizations":[{"to":[]},{"to":1,"cc":2,"to":3}]})");
  EXPECT_EQ(twice.kind, FailureKind::duplicate_key);
  EXPECT_EQ(twice.path, "personalizations.1.to");
  EXPECT_EQ(twice.offset, 46u);
  const auto syntax = refusal(R"({"a":{"b":[0,1,tru]}})");
  EXPECT_EQ(syntax.kind, FailureKind::syntax);
  EXPECT_EQ(syntax.path, "a.b.2");
  EXPECT_EQ(syntax.offset, 15u);
  EXPECT_EQ(syntax.error().detail, "JSON syntax error in a.b.2 at byte 15");
}

TEST(Json, FindsARepeatedNameAmongMany) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) text += "\"k" + std::to_string(i) + "\":{},";
  EXPECT_TRUE(parse(text + "\"k\":0}"));
  // An escape does not hide it.
  const auto failure = refusal(text + "\"\\u006b500\":0}");
  EXPECT_EQ(failure.kind, FailureKind::duplicate_key);
  EXPECT_EQ(failure.path, "k500");
  EXPECT_EQ(failure.offset, text.size());
}

TEST(Json, RefusesWhatOnlyALazyReaderAccepts) {
  for (const auto* text : {R"(["a":1])",
                           R"({"a" 1})",
                           R"({"a":1,})",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{}{}",
                           "[]]",
                           "1 2",
                           "[1}",
                           "{\"a\":1]",
                           "\"a\"\"b\"",
                           "\"a\"b",
                           "a\"b\"",
                           "1\"2\"",
                           "[\"a\" \"b\"]",
                           "{1:2}",
                           "{\"a\":}",
                           "{:1}",
                           "tru",
                           "truee",
                           "nul",
                           "+1",
                           "01",
                           "1.",
                           ".5",
                           "1e",
                           "0x1",
                           "-",
                           "NaN",
                           "\"\x01\"",
                           "\"\t\"",
                           "[\f]",
                           "[1\v]",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\",
                           "\"\\\"",
                           "",
                           " ",
                           "\xEF\xBB\xBF{}",
                           "[1]\x01",
                           "'a'",
                           "[1]//",
                           "{\"a\":1 \"b\":2}"})
    EXPECT_EQ(refusal(text).kind, FailureKind::syntax) << text;
  EXPECT_EQ(refusal("\"\xFF\"").kind, FailureKind::not_utf8);
  EXPECT_EQ(refusal("[\"\xED\xA0\x80\"]").kind, FailureKind::not_utf8);
  using namespace std::string_view_literals;
  EXPECT_EQ(refusal("[1]\0"sv).kind, FailureKind::syntax);
}

TEST(Json, RefusesEveryUnfinishedText) {
  const std::string_view text = R"({"a":[1,{"b":"c\u00e9"},null,-1.5e3],"d":true})";
  EXPECT_TRUE(parse(text));
  for (std::size_t cut = 0; cut < text.size(); ++cut) EXPECT_FALSE(parse(text.substr(0, cut))) << cut;
}

TEST(Json, KeepsItsLimits) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse(nested(64)));
  EXPECT_EQ(refusal(nested(65)).kind, FailureKind::too_deep);
  EXPECT_EQ(refusal("[1,2,3]", {.bytes = 6}).kind, FailureKind::too_large);
  EXPECT_TRUE(parse("[1,2,3]", {.values = 5}));
  EXPECT_EQ(refusal("[1,2,3,4,5]", {.values = 5}).kind, FailureKind::too_large);
  EXPECT_TRUE(parse(R"({"a":1,"a":2})", {.unique_keys = false}));
  EXPECT_TRUE(parse('"' + std::string(3 << 20, 'x') + '"'));  // longer than the scanner a thread keeps
}

TEST(Json, AgreesWithTheJsonTestSuite) {
  const auto folder = testing::shared_corpus("json/test_parsing");
  if (!folder) GTEST_SKIP() << "corpora not found";
  int accepted = 0, refused = 0, either = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const auto file = entry.path().filename().string();
    const auto text = testing::read_file(entry.path().string());
    const auto document = parse(text, {.unique_keys = false});
    if (document) {  // what was read can be written and read again
      std::string written;
      Writer(written).value(document->root());
      EXPECT_TRUE(parse(written, {.unique_keys = false})) << file;
    }
    switch (file[0]) {
      case 'y':
        EXPECT_TRUE(document) << file;
        ++accepted;
        break;
      case 'n':
        EXPECT_FALSE(document) << file;
        ++refused;
        break;
      default:
        ++either;
        break;
    }
  }
  EXPECT_EQ(accepted, 95);
  EXPECT_EQ(refused, 188);
  EXPECT_EQ(either, 35);
}

}  // namespace
}  // namespace postrider::json

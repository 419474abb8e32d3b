// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/query.h"

#include <gtest/gtest.h>

namespace postrider::http {
namespace {

TEST(Query, DecodesPercentEscapes) {
  EXPECT_EQ(percent_decode("a%2Fb%c3%A9+"), "a/b\xC3\xA9+");
  EXPECT_EQ(percent_decode(""), "");
  for (const auto* text :
       {"%", "%2", "%2g", "%g2", "a%", "%-1", "%+1", "%00", "%ff", "%C3", "%ED%A0%80", "%C0%80"})
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
}

TEST(Query, ReadsParameters) {
  const auto query = Query::parse("a=1&b&&c=x+y%3D=z&a=2&=e");
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->find("a"), "1");
  EXPECT_EQ(query->find("b"), "");
  EXPECT_EQ(query->find("c"), "x y==z");
  EXPECT_EQ(query->find(""), "e");
  EXPECT_EQ(query->find("A"), std::nullopt);
  EXPECT_EQ(query->all("a"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_EQ(query->parameters().size(), 5u);
  EXPECT_TRUE(Query::parse("")->parameters().empty());
}

TEST(Query, RefusesWhatItCannotDecode) {
  for (const auto* text : {"a=%", "%zz=1", "a=%FF", "a=%00"}) {
    const auto query = Query::parse(text);
    ASSERT_FALSE(query.ok()) << text;
    EXPECT_EQ(query.error().code, Code::invalid);
  }
}

}  // namespace
}  // namespace postrider::http

// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/headers.h"

#include <gtest/gtest.h>

namespace postrider::http {
namespace {

TEST(Headers, KeepOrderAndIgnoreCase) {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("X-One", "1");
  headers.add("accept", "b");
  EXPECT_EQ(headers.find("ACCEPT"), "a");
  EXPECT_EQ(headers.find("Accep"), std::nullopt);
  std::string all;
  for (const auto header : headers) ((all += header.name) += '=') += std::string(header.value) + ' ';
  EXPECT_EQ(all, "Accept=a X-One=1 accept=b ");
  const Headers moved = std::move(headers);
  EXPECT_EQ(moved.find("x-one"), "1");
}

TEST(Headers, SetReplacesEveryOne) {
  Headers headers;
  headers.add("A", "1");
  headers.add("B", "2");
  headers.add("a", "3");
  headers.set("A", "4");
  EXPECT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers.find("a"), "4");
  headers.clear();
  EXPECT_FALSE(headers.contains("B"));
}

TEST(Headers, ListsHoldTokens) {
  EXPECT_TRUE(list_contains("Upgrade ,\tCLOSE", "close"));
  EXPECT_FALSE(list_contains("closed, x close", "close"));
  EXPECT_FALSE(list_contains("", "close"));
}

}  // namespace
}  // namespace postrider::http

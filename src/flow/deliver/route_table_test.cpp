// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/route_table.h"

#include <gtest/gtest.h>

namespace postrider {
namespace {

Route route(std::string domain, std::uint16_t port) {
  Route out;
  out.domain = std::move(domain);
  out.next_hop = {"127.0.0.1", port};
  return out;
}

TEST(RouteTable, TheMostParticularRouteWins) {
  const RouteTable table(
      {route("*", 1), route("*.example", 2), route("*.mail.example", 3), route("a.mail.example", 4)});
  const auto port = [&](std::string_view domain) { return table.find(domain)->next_hop.port; };
  EXPECT_EQ(port("other.test"), 1);
  EXPECT_EQ(port("x.example"), 2);
  EXPECT_EQ(port("b.mail.example"), 3);
  EXPECT_EQ(port("a.mail.example"), 4);
  EXPECT_EQ(port("example"), 1);  // a pattern means what is below it
  EXPECT_EQ(port("badexample"), 1);
}

TEST(RouteTable, WithoutAMatchThereIsNoRoute) {
  EXPECT_EQ(RouteTable().find("a.test"), nullptr);
  EXPECT_EQ(RouteTable({route("b.test", 1)}).find("a.test"), nullptr);
}

}  // namespace
}  // namespace postrider

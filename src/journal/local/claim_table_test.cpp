// SPDX-License-Identifier: Apache-2.0
#include "journal/local/claim_table.h"

#include <gtest/gtest.h>

namespace postrider::journal::local {
namespace {

Claim claim(std::uint64_t tenant, std::string key, std::int64_t expires_ms, std::string answer = "answer") {
  return {tenant, std::move(key), {1, 2, 3}, std::move(answer), from_millis(expires_ms)};
}

TEST(ClaimTable, FindsWhatHoldsUntilItExpires) {
  ClaimTable table;
  table.put(claim(1, "key", 100));
  ASSERT_TRUE(table.find(1, "key", from_millis(99)));
  EXPECT_EQ(table.find(1, "key", from_millis(99))->answer, "answer");
  EXPECT_FALSE(table.find(1, "key", from_millis(100)));
  EXPECT_FALSE(table.find(2, "key", from_millis(0)));
}

TEST(ClaimTable, ForgetsTheExpiredInSteps) {
  ClaimTable table;
  for (int i = 0; i < 10; ++i) table.put(claim(1, std::to_string(i), i));
  EXPECT_TRUE(table.expire(from_millis(7), 5));
  EXPECT_FALSE(table.expire(from_millis(7), 5));
  EXPECT_TRUE(table.find(1, "8", from_millis(7)));
}

TEST(ClaimTable, ALaterClaimOfAnExpiredKeyStandsOnItsOwn) {
  ClaimTable table;
  table.put(claim(1, "key", 100, "old"));
  table.put(claim(1, "key", 50, "shorter"));
  table.put(claim(1, "key", 200, "new"));
  EXPECT_FALSE(table.expire(from_millis(150), 100));
  ASSERT_TRUE(table.find(1, "key", from_millis(150)));
  EXPECT_EQ(table.find(1, "key", from_millis(150))->answer, "new");
}

TEST(ClaimTable, TheSameClaimToldTwiceIsOne) {  // by the spool and by the event log, after a crash
  ClaimTable table;
  for (int i = 0; i < 2; ++i) table.put(claim(1, "key", 100));
  EXPECT_EQ(table.size(), 1u);
  EXPECT_FALSE(table.expire(from_millis(100), 100));
  EXPECT_EQ(table.size(), 0u);
  table.put(claim(1, "key", 200));
  EXPECT_TRUE(table.find(1, "key", from_millis(150)));
}

TEST(ClaimTable, ATenantLeavesRoomForOthers) {
  ClaimTable table;
  const auto fill = [&table](std::uint64_t tenant) {
    std::size_t count = 0;
    for (; table.has_room(tenant, 100); ++count)
      table.put(claim(tenant, "key " + std::to_string(count), static_cast<std::int64_t>(count)));
    return count;
  };
  EXPECT_EQ(fill(1), 80u);
  EXPECT_EQ(fill(2), 16u);
  EXPECT_EQ(fill(3), 4u);
  EXPECT_FALSE(table.has_room(4, 100));
  EXPECT_FALSE(table.expire(from_millis(1000), 1000));
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(fill(4), 80u);
}

TEST(ClaimTable, ClaimsOnDisk) {
  const auto written = claim(300, std::string("k\0y", 3), 1'767'225'600'000, std::string(16, 'a'));
  const auto bytes = encode_claim(written);
  const auto read = decode_claim(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->tenant, 300u);
  EXPECT_EQ(read->key, written.key);
  EXPECT_EQ(read->digest, written.digest);
  EXPECT_EQ(read->answer, written.answer);
  EXPECT_EQ(read->expires, written.expires);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(decode_claim(bytes.substr(0, cut)));
}

}  // namespace
}  // namespace postrider::journal::local

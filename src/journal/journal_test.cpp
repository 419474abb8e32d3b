// SPDX-License-Identifier: Apache-2.0
#include "journal/journal.h"

#include <gtest/gtest.h>

namespace postrider::journal {
namespace {

TEST(Group, WeighsWhatItAddsToABatch) {
  const auto empty = Group{}.bytes();
  Group group;
  group.entries.push_back({{}, std::string(1000, 'x'), {}});
  group.events.push_back(std::string(200, 'e'));
  group.claim = Claim{1, std::string(30, 'k'), {}, std::string(50, 'a'), {}};
  EXPECT_GE(group.bytes(), empty + 1280);
  EXPECT_LT(group.bytes(), empty + 1500);
  Group settling;
  settling.releases.resize(100);
  settling.moves.resize(10);
  EXPECT_GE(settling.bytes(), empty + 800);
}

TEST(Group, AStagedBodyWeighsNothing) {
  Group group;
  Entry entry;
  entry.blob.size = 30'000'000;
  group.entries.push_back(entry);
  EXPECT_LT(group.bytes(), 1000u);
}

TEST(Lease, EndsAtItsInstant) {
  const Lease lease{1, Instant(std::chrono::seconds(5))};
  EXPECT_TRUE(lease.holds(Instant(std::chrono::seconds(5) - Duration(1))));
  EXPECT_FALSE(lease.holds(Instant(std::chrono::seconds(5))));
}

}  // namespace
}  // namespace postrider::journal

// SPDX-License-Identifier: Apache-2.0
#include "model/event.h"

#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"

namespace postrider {
namespace {

TEST(EventKind, HasTheNamesClientsKnow) {
  EXPECT_EQ(name(EventKind::processed), "processed");
  EXPECT_EQ(name(EventKind::deferred), "deferred");
  EXPECT_EQ(name(EventKind::delivered), "delivered");
  EXPECT_EQ(name(EventKind::bounce), "bounce");
  EXPECT_EQ(name(EventKind::dropped), "dropped");
  EXPECT_EQ(name(EventKind{99}), "unknown");
}

TEST(Refusal, HasAName) {
  EXPECT_EQ(name(Refusal::none), "");
  EXPECT_EQ(name(Refusal::bounce), "bounce");
  EXPECT_EQ(name(Refusal::blocked), "blocked");
  EXPECT_EQ(name(Refusal::invalid), "invalid");
}

TEST(EventId, IsTheSameForTheSameAndDiffersOtherwise) {
  const RecipientId one{MessageId{}, 1}, two{MessageId{}, 2};
  EXPECT_EQ(event_id(EventKind::bounce, one, 1), event_id(EventKind::bounce, one, 1));
  const std::set<std::string> all{event_id(EventKind::bounce, one, 1), event_id(EventKind::deferred, one, 1),
                                  event_id(EventKind::bounce, two, 1), event_id(EventKind::bounce, one, 2),
                                  event_id(EventKind::bounce, {MessageId{}, 11}, 1)};
  EXPECT_EQ(all.size(), 5u);
}

TEST(EventId, IsForEver) {
  EXPECT_EQ(unbase64url(event_id(EventKind::delivered, {MessageId{}, 3}, 2)),
            "delivered-3-" + std::string(22, 'A') + "-2");
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "services/sites/tls_memory.h"

#include <gtest/gtest.h>

#include "testing/stores.h"

namespace postrider::sites {
namespace {

using testing::test_time;
using namespace std::chrono_literals;

constexpr std::string_view site = "mx.example.org:25";

class TlsMemoryTest : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped() || HasFailure()) return;
    store = open({&audit::schema(), &schema()});
  }
  audit::Author author(Time now = test_time) const { return {now, "operator:test", "", ""}; }
  std::unique_ptr<store::Store> store;
};

TEST_P(TlsMemoryTest, RemembersForThirtyDaysFromTheLastOffer) {
  TlsMemory memory(*store);
  EXPECT_FALSE(memory.has_offered(site, test_time));
  memory.offered(site, test_time);
  EXPECT_TRUE(memory.has_offered(site, test_time));
  EXPECT_FALSE(memory.has_offered("other.example.org:25", test_time));
  EXPECT_TRUE(memory.has_offered(site, test_time + 28 * 24h));
  memory.offered(site, test_time + 28 * 24h);
  EXPECT_TRUE(memory.has_offered(site, test_time + 56 * 24h));
  EXPECT_FALSE(memory.has_offered(site, test_time + 59 * 24h));
}

TEST_P(TlsMemoryTest, AnotherProcessKnowsWhatWasFlushed) {
  {
    TlsMemory memory(*store);
    memory.offered(site, test_time);
    ASSERT_TRUE(memory.flush(test_time).ok());
    memory.offered("lost.example.org:25", test_time);
  }
  TlsMemory memory(*store);
  ASSERT_TRUE(memory.load(test_time + 1h).ok());
  EXPECT_TRUE(memory.has_offered(site, test_time + 1h));
  EXPECT_FALSE(memory.has_offered("lost.example.org:25", test_time + 1h));
  ASSERT_EQ(memory.all(test_time + 1h).size(), 1u);
  EXPECT_EQ(memory.all(test_time + 1h).front().name, site);
}

TEST_P(TlsMemoryTest, AnOldOfferIsDestroyed) {
  TlsMemory memory(*store);
  memory.offered(site, test_time);
  ASSERT_TRUE(memory.flush(test_time).ok());
  ASSERT_TRUE(memory.flush(test_time + 31 * 24h).ok());
  EXPECT_TRUE(memory.all(test_time).empty());
  TlsMemory other(*store);
  ASSERT_TRUE(other.load(test_time).ok());
  EXPECT_FALSE(other.has_offered(site, test_time));
}

TEST_P(TlsMemoryTest, ConnectionsOfOneDayCostOneWrite) {
  TlsMemory memory(*store);
  const auto day = std::chrono::floor<std::chrono::days>(test_time);
  memory.offered(site, day);
  ASSERT_TRUE(memory.flush(day).ok());
  memory.offered(site, day + 23h);
  EXPECT_EQ(memory.all(day + 23h).front().seen, day);
  memory.offered(site, day + 25h);
  EXPECT_EQ(memory.all(day + 25h).front().seen, day + 24h);
}

TEST_P(TlsMemoryTest, BeyondTheBoundTheOldestIsForgotten) {
  TlsMemory memory(*store, 10);
  for (int i = 0; i < 20; ++i) memory.offered("mx" + std::to_string(i) + ":25", test_time + i * 24h);
  const auto now = test_time + 20 * 24h;
  ASSERT_TRUE(memory.flush(now).ok());
  EXPECT_LE(memory.all(now).size(), 10u);
  EXPECT_FALSE(memory.has_offered("mx0:25", now));
  EXPECT_TRUE(memory.has_offered("mx19:25", now));
}

TEST_P(TlsMemoryTest, AnOperatorMakesItForget) {
  TlsMemory memory(*store);
  memory.offered(site, test_time);
  ASSERT_TRUE(memory.flush(test_time).ok());
  EXPECT_TRUE(memory.forget(site, author()).value());
  EXPECT_FALSE(memory.has_offered(site, test_time));
  EXPECT_FALSE(memory.forget(site, author()).value());
  TlsMemory other(*store);
  ASSERT_TRUE(other.load(test_time).ok());
  EXPECT_FALSE(other.has_offered(site, test_time));
  const auto log = audit::AuditLog(*store).all(0, 10).value();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log.front().entry.action, "tls.forget");
  EXPECT_EQ(log.front().entry.object, site);
}

TEST_P(TlsMemoryTest, ItsSchemaIsSound) {
  const store::Schema* schemas[] = {&audit::schema(), &schema()};
  EXPECT_TRUE(store::check(schemas).ok());
}

INSTANTIATE_TEST_SUITE_P(Engines, TlsMemoryTest, testing::engines, testing::engine_name);

}  // namespace
}  // namespace postrider::sites

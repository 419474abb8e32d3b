// SPDX-License-Identifier: Apache-2.0
#include "audit/entry.h"

#include <gtest/gtest.h>

#include "testing/stores.h"

namespace postrider::audit {
namespace {

using namespace store;
using testing::StoreTest;
using testing::test_time;

constexpr PlatformSql paint{"walls.paint", Kind::person_write, "INSERT INTO walls (colour) VALUES (?1)"};
constexpr PlatformSql walls{"walls.all", Kind::read, "SELECT colour FROM walls"};
const Schema walls_schema{
    "test",
    {{1,
      "walls",
      {CreateTable{"walls", {{"colour", Type::text, DataClass::configuration, forever}}, "colour"}}}},
    {&paint, &walls}};

AuditEntry entry(TenantId tenant, std::string object) {
  return {{test_time, "operator:root", "192.0.2.1", "r-1"},
          tenant,
          "wall.paint",
          std::move(object),
          {},
          "\x01\x02"};
}

class AuditTest : public StoreTest {};

TEST_P(AuditTest, TheEntryLiesInTheTransactionOfItsChange) {
  auto store = open({&schema(), &walls_schema});
  AuditLog log(*store);
  {
    auto tx = store->begin(Mode::write);
    ASSERT_TRUE(tx->execute(paint, "red").ok());
    ASSERT_TRUE(tx->commit(entry(TenantId{1}, "red")).ok());
  }
  {
    auto tx = store->begin(Mode::write);
    ASSERT_TRUE(tx->execute(paint, "blue").ok());
    EXPECT_FALSE(tx->commit_system("nobody").ok());
  }
  {
    auto tx = store->begin(Mode::write);
    ASSERT_TRUE(tx->execute(paint, "green").ok());
    EXPECT_EQ(tx->commit(entry(TenantId{1}, "\xff")).error().code, Code::invalid);  // cannot be recorded
  }
  EXPECT_EQ(store->begin(Mode::read)->query(walls)->size(), 1u);
  const auto entries = log.all(0, 10).value();
  ASSERT_EQ(entries.size(), 1u);
  const auto& found = entries[0].entry;
  EXPECT_EQ(found.author.now, test_time);
  EXPECT_EQ(found.author.actor, "operator:root");
  EXPECT_EQ(found.author.ip, "192.0.2.1");
  EXPECT_EQ(found.author.request_id, "r-1");
  EXPECT_EQ(found.tenant, TenantId{1});
  EXPECT_EQ(found.action, "wall.paint");
  EXPECT_EQ(found.object, "red");
  EXPECT_EQ(found.before, "");
  EXPECT_EQ(found.after, "\x01\x02");
}

TEST_P(AuditTest, ATenantSeesItsOwnNewestFirst) {
  auto store = open({&schema(), &walls_schema});
  AuditLog log(*store);
  for (int i = 0; i < 6; ++i) {
    auto tx = store->begin(Mode::write);
    const auto tenant = static_cast<std::uint64_t>(i % 2 + 1);
    ASSERT_TRUE(tx->commit(entry(TenantId{tenant}, std::to_string(i))).ok());
  }
  const auto tenant = recorded_tenant(TenantId{1});
  const auto first = log.of_tenant(tenant, 0, 2).value();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].entry.object, "4");
  EXPECT_EQ(first[1].entry.object, "2");
  const auto next = log.of_tenant(tenant, first[1].n, 2).value();
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0].entry.object, "0");
  EXPECT_EQ(log.all(0, 10)->size(), 6u);
}

INSTANTIATE_TEST_SUITE_P(Engines, AuditTest, testing::engines, testing::engine_name);

}  // namespace
}  // namespace postrider::audit

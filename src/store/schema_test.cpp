// SPDX-License-Identifier: Apache-2.0
#include "store/schema.h"

#include <gtest/gtest.h>

#include "store/control_feed.h"

namespace postrider::store {
namespace {

constexpr PlatformSql everything{"t.everything", Kind::read, "SELECT a FROM t"};
constexpr PlatformSql with_reason{"t.with_reason", Kind::read, "SELECT a FROM t", "a test"};
constexpr TenantSql of_one{"t.of_one", Kind::read, "SELECT a FROM t WHERE tenant = ?1"};
constexpr TenantSql loose{"t.loose", Kind::read, "SELECT a FROM t WHERE a = ?1"};

const CreateTable table{"t",
                        {{"tenant", Type::integer, DataClass::identifier, forever},
                         {"a", Type::text, DataClass::personal_data, days(30), true, "'x'"}},
                        "tenant"};

bool accepted(const std::vector<Migration>& migrations, const std::vector<const Sql*>& statements) {
  const Schema schema{"test", migrations, statements};
  const Schema* const all[] = {&schema};
  return check(all).ok();
}

TEST(Schema, TheTenantRuleIsChecked) {
  EXPECT_TRUE(accepted({{1, "t", {table}}}, {&with_reason, &of_one}));
  EXPECT_FALSE(accepted({{1, "t", {table}}}, {&everything}));
  EXPECT_FALSE(accepted({{1, "t", {table}}}, {&loose}));
  const CreateTable nobodys{"t", {{"a", Type::text, DataClass::operational, forever}}, "a"};
  EXPECT_TRUE(accepted({{1, "t", {nobodys}}}, {&everything}));
}

TEST(Schema, NumbersAndNamesAreChecked) {
  EXPECT_FALSE(accepted({{2, "t", {table}}}, {}));
  EXPECT_FALSE(accepted({{1, "t", {table}}, {3, "u", {}}}, {}));
  EXPECT_FALSE(accepted({{1, "t", {table}}, {2, "again", {table}}}, {}));
  EXPECT_FALSE(accepted({{1, "t", {table}}}, {&of_one, &of_one}));
}

TEST(Schema, OwnSchemaIsInOrder) {
  const Schema* const all[] = {&own_schema()};
  const auto checked = check(all);
  EXPECT_TRUE(checked.ok()) << checked.error().detail;
}

TEST(Schema, StepsBecomeTheDdlOfEachEngine) {
  EXPECT_EQ(ddl(table, Dialect::sqlite),
            "CREATE TABLE t (tenant INTEGER NOT NULL, a TEXT DEFAULT 'x', PRIMARY KEY (tenant)) STRICT");
  EXPECT_EQ(ddl(table, Dialect::postgres),
            "CREATE TABLE t (tenant BIGINT NOT NULL, a TEXT DEFAULT 'x', PRIMARY KEY (tenant))");
  EXPECT_EQ(ddl(CreateIndex{"i", "t", "a, b", true, "a > 1"}, Dialect::postgres),
            "CREATE UNIQUE INDEX i ON t (a, b) WHERE a > 1");
  EXPECT_EQ(ddl(AddColumn{"t", {"c", Type::blob, DataClass::content, days(1), true}}, Dialect::postgres),
            "ALTER TABLE t ADD COLUMN c BYTEA");
}

TEST(Schema, RetentionInWords) {
  EXPECT_EQ(to_string(days(61)), "61 days");
  EXPECT_EQ(to_string(forever), "forever");
  EXPECT_EQ(to_string(with_parent), "with its parent");
}

}  // namespace
}  // namespace postrider::store

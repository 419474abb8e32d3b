// SPDX-License-Identifier: Apache-2.0
#include "store/sql_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postrider::store {
namespace {

using ::testing::ElementsAre;

TEST(SqlText, ParametersBecomeDollarsOutsideOfQuotes) {
  EXPECT_EQ(dollars("SELECT '?1', a FROM t WHERE b = ?12 AND c = '' AND d = ?3"),
            "SELECT '?1', a FROM t WHERE b = $12 AND c = '' AND d = $3");
}

TEST(SqlText, BatchesBecomeArrays) {
  constexpr std::string_view types[] = {"bigint", "text"};
  EXPECT_EQ(unnested("INSERT INTO t (a, b) VALUES (?1, ?2) ON CONFLICT DO NOTHING", types),
            "INSERT INTO t (a, b) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING");
  EXPECT_EQ(unnested("INSERT INTO t (a, b) VALUES (?2, ?1)", types), "");
  EXPECT_EQ(unnested("INSERT INTO t (a) VALUES (?1)", types), "");
  EXPECT_EQ(unnested("DELETE FROM t", types), "");
}

TEST(SqlText, TablesOf) {
  EXPECT_THAT(tables_of("SELECT a FROM t JOIN u ON t.a = u.a WHERE b IN (SELECT b FROM v)"),
              ElementsAre("t", "u", "v"));
  EXPECT_THAT(tables_of("SELECT a FROM t, u"), ElementsAre("t", "u"));
  EXPECT_THAT(tables_of("INSERT INTO t (a) VALUES (?1) ON CONFLICT (a) DO UPDATE SET a = 1"),
              ElementsAre("t"));
  EXPECT_THAT(tables_of("UPDATE t SET a = 1"), ElementsAre("t"));
  EXPECT_THAT(tables_of("DELETE FROM t"), ElementsAre("t"));
}

TEST(SqlText, HoldsToTenant) {
  for (const auto* good : {
           "SELECT a FROM t WHERE tenant = ?1",
           "SELECT a FROM t WHERE a = ?2 AND t.tenant = ?1 AND (b = 1 OR b = 2)",
           "SELECT a FROM t WHERE tenant = ?1 AND b IN (SELECT b FROM u WHERE tenant = ?1)",
           "SELECT a FROM t WHERE tenant = ?1 UNION SELECT a FROM u WHERE tenant = ?1",
           "UPDATE t SET a = ?2 WHERE tenant = ?1",
           "DELETE FROM t WHERE tenant = ?1 AND id = ?2",
           "INSERT INTO t (tenant, a) VALUES (?1, ?2)",
           "INSERT INTO t (a, tenant) VALUES (LOWER(?2), ?1)",
           "INSERT INTO t (tenant, a) VALUES (?1, ?2) ON CONFLICT (tenant, a) DO UPDATE SET a = 1",
           "INSERT INTO t (tenant, a) VALUES (?1, ?2) ON CONFLICT (a) DO UPDATE SET b = 1 WHERE t.tenant = "
           "?1",
       })
    EXPECT_TRUE(holds_to_tenant(good)) << good;
  for (const auto* bad : {
           "SELECT a FROM t",
           "SELECT a FROM t WHERE tenant = ?2",
           "SELECT a FROM t WHERE tenant <> ?1",
           "SELECT a FROM t WHERE tenant = ?1 OR a = 1",
           "SELECT a FROM t WHERE (tenant = ?1 OR a = 1)",
           "SELECT a FROM t WHERE NOT tenant = ?1",
           "SELECT a FROM t WHERE a = 'tenant = ?1'",
           "SELECT a FROM t WHERE tenant = ?1 AND b IN (SELECT b FROM u)",
           "SELECT a FROM t WHERE a IN (SELECT a FROM u WHERE tenant = ?1)",
           "SELECT a FROM t WHERE tenant = ?1 UNION SELECT a FROM u",
           "UPDATE t SET tenant = ?1",
           "UPDATE t SET a = 1, tenant = ?1 WHERE b = 2",
           "DELETE FROM t WHERE id = ?1",
           "INSERT INTO t (tenant, a) VALUES (?2, ?1)",
           "INSERT INTO t (a) VALUES (?1)",
           "INSERT INTO t (tenant, a) VALUES (?1 + 1, ?2)",
           "INSERT INTO t (tenant, a) VALUES (?1, ?2) ON CONFLICT (a) DO UPDATE SET b = 1",
           "INSERT INTO t (tenant, a) SELECT tenant, a FROM u",
           "",
       })
    EXPECT_FALSE(holds_to_tenant(bad)) << bad;
}

}  // namespace
}  // namespace postrider::store

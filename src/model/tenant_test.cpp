// SPDX-License-Identifier: Apache-2.0
#include "model/tenant.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "testing/shared.h"

namespace postrider {
namespace {

static_assert(!std::is_constructible_v<Tenant, TenantId>);
static_assert(!std::is_default_constructible_v<Tenant>);
static_assert(!std::is_default_constructible_v<Badge<app::Operator>>);

TEST(Tenant, NoDoorMakesOneOutOfANumber) {
  for (const auto& file : std::filesystem::recursive_directory_iterator(testing::source_path("src"))) {
    const auto path = file.path().string();
    if (!path.contains("/src/edge/") || !(path.ends_with(".h") || path.ends_with(".cpp"))) continue;
    if (path.ends_with("_test.cpp")) continue;
    EXPECT_FALSE(testing::read_file(path).contains("recorded_tenant")) << path;
  }
}

}  // namespace
}  // namespace postrider

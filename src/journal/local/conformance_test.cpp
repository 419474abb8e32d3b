// SPDX-License-Identifier: Apache-2.0
#include "testing/journal_conformance.h"

#include <gtest/gtest.h>

#include <memory>

#include "journal/local/local_under_test.h"

namespace postrider::testing {
namespace {

const JournalEngine local{
    "local", [](std::uint64_t seed) { return std::make_unique<journal::local::LocalUnderTest>(seed); }};

INSTANTIATE_TEST_SUITE_P(Local, JournalConformance, ::testing::Values(local), engine_name);

}  // namespace
}  // namespace postrider::testing

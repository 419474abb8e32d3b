// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "testing/journal_under_test.h"

namespace postrider::testing {

// Drives an engine with seeded operations, crashes between and inside them, and compares all it shows with a
// model made of a map and a vector. Reports through GoogleTest; stops at the first difference.
void run_journal_model(JournalUnderTest& subject, std::uint64_t seed, int steps);

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/local_under_test.h"

#include "base/crash_point.h"

namespace postrider::journal::local {

LocalUnderTest::LocalUnderTest(std::uint64_t seed, Options with) : options(with), disk(seed), random(seed) {
  crash::set_hook(
      [](std::string_view name, void* context) { static_cast<LocalUnderTest*>(context)->named_point(name); },
      this);
}

LocalUnderTest::~LocalUnderTest() {
  crash::set_hook(nullptr, nullptr);
}

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/date.h"

#include <gtest/gtest.h>

namespace postrider::mail {
namespace {

TEST(Date, is_in_universal_time) {
  EXPECT_EQ(date(from_millis(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(date(from_millis(880106106'999)), "Fri, 21 Nov 1997 09:55:06 +0000");
  EXPECT_EQ(date(from_millis(1709251199'000)), "Thu, 29 Feb 2024 23:59:59 +0000");
  EXPECT_EQ(date(from_millis(2147483648'000)), "Tue, 19 Jan 2038 03:14:08 +0000");
}

}  // namespace
}  // namespace postrider::mail

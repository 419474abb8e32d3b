// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "base/clock.h"

namespace postrider::mail {

// "Fri, 21 Nov 1997 09:55:06 +0000" (RFC 5322 3.3), always in UTC. Years 0 to 9999.
std::string date(Time time);

}  // namespace postrider::mail

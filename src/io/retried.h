// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cerrno>

namespace postrider::io {

// Repeats a system call that a signal cut short; what it returned at last, errno as it left it.
template <class Call>
auto retried(Call call) {
  for (;;) {
    auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

// The same for those that return the error in place of setting errno.
template <class Call>
int retried_error(Call call) {
  for (;;)
    if (const int error = call(); error != EINTR) return error;
}

}  // namespace postrider::io

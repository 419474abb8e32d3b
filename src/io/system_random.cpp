// SPDX-License-Identifier: Apache-2.0
#include "io/system_random.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace postrider::io {
namespace {

// getrandom fails only when the kernel lacks it or a filter forbids it: going on without unpredictable bytes
// would be worse than stopping.
void from_kernel(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) std::abort();
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

struct Buffer {
  std::array<std::uint8_t, 256> bytes{};
  std::size_t used = sizeof bytes;
};
thread_local Buffer buffer;

}  // namespace

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
  if (bytes.size() > buffer.bytes.size() / 4) return from_kernel(bytes);
  if (bytes.size() > buffer.bytes.size() - buffer.used) {
    from_kernel(buffer.bytes);
    buffer.used = 0;
  }
  std::uint8_t* from = buffer.bytes.data() + buffer.used;
  std::copy_n(from, bytes.size(), bytes.data());
  ::explicit_bzero(from, bytes.size());
  buffer.used += bytes.size();
}

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "bench/common/options.h"
#include "bench/common/samples.h"
#include "bench/limits/limits.h"
#include "io/unique_fd.h"

namespace postrider::bench {

int sync(const Words& words) {
  const Options options(words, {"--dir", "--count"});
  auto name = options.text("--dir", ".") + "/sync-XXXXXX";
  const io::UniqueFd file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) {
    std::perror(name.c_str());
    return 1;
  }
  ::unlink(name.c_str());
  const std::string block(4096, 'x');
  Samples took;
  for (auto left = options.number("--count", 1000); left > 0; --left) {
    const auto begun = std::chrono::steady_clock::now();
    if (::write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size()) ||
        ::fdatasync(file.get()) != 0) {
      std::perror("append and sync");
      return 1;
    }
    took.add(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun)
                 .count());
  }
  fmt::print(R"({{"count":{},"p50_us":{},"p99_us":{}}})"
             "\n",
             took.size(), took.percentile(0.5), took.percentile(0.99));
  return 0;
}

}  // namespace postrider::bench

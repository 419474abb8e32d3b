// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <numeric>
#include <thread>

#include "bench/common/options.h"
#include "bench/limits/limits.h"
#include "crypto/signing_key.h"
#include "io/thread_clock.h"

namespace postrider::bench {
namespace {

struct Share {
  io::ThreadClock clock;
  std::uint64_t signatures = 0;
};

}  // namespace

// All threads sign with one parsed key, as LocalSigner's do. CPU time, not wall time: others may use the
// machine.
int sign(const Words& words) {
  const Options options(words, {"--threads", "--ms", "--type"});
  const auto key =
      SigningKey::generate(options.text("--type", "rsa") == "ed25519" ? KeyType::ed25519 : KeyType::rsa);
  const auto time = std::chrono::milliseconds(options.number("--ms", 1000));
  std::vector<Share> shares(options.number("--threads", 1));
  const auto until = std::chrono::steady_clock::now() + time;
  {
    std::vector<std::jthread> threads;
    for (auto& share : shares)
      threads.emplace_back([&share, &key, until] {
        share.clock.start("sign");
        for (Digest digest{}; std::chrono::steady_clock::now() < until; ++share.signatures) {
          digest[0] = static_cast<std::uint8_t>(share.signatures);
          if (!key.sign_digest(digest).ok()) break;
        }
        share.clock.finish();
      });
  }
  std::uint64_t signatures = 0;
  Duration cpu{0};
  for (const auto& share : shares) {
    signatures += share.signatures;
    cpu += share.clock.read();
  }
  if (signatures == 0) return 1;
  fmt::print(R"({{"threads":{},"signatures":{},"cpu_us":{:.1f}}})"
             "\n",
             shares.size(), signatures,
             std::chrono::duration<double, std::micro>(cpu).count() / static_cast<double>(signatures));
  return 0;
}

}  // namespace postrider::bench

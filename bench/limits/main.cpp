// SPDX-License-Identifier: Apache-2.0
//   bench_limits sign|sync|pump|door [--option VALUE]...
#include "bench/limits/limits.h"

#include <array>
#include <cstdio>
#include <utility>

#include "bench/common/options.h"

using namespace postrider::bench;

int main(int argc, char** argv) {
  constexpr std::array<std::pair<std::string_view, int (*)(const Words&)>, 4> limits{
      {{"sign", sign}, {"sync", sync}, {"pump", pump}, {"door", door}}};
  auto arguments = words(argc - 1, argv + 1);
  if (!arguments.empty())
    for (const auto& [name, run] : limits)
      if (arguments.front() == name) return run({arguments.begin() + 1, arguments.end()});
  std::fputs("usage: bench_limits sign|sync|pump|door [--option VALUE]...\n", stderr);
  return 2;
}

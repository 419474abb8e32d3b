// SPDX-License-Identifier: Apache-2.0
// Runs the simulated world for a range of seeds and says what it found.
//   simulate --seeds 1-20000 [--jobs 2] [--quiet]      every seed, in as many processes
//   simulate --seed 17                                  one seed, in words
// Exit status 1 = a violation; the seed stands in the output and runs the same again.
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <charconv>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "testing/world/world.h"

namespace {

using postrider::testing::describe;
using postrider::testing::draw_plan;
using postrider::testing::Plan;
using postrider::testing::SeededRandom;
using postrider::testing::Verdict;
using postrider::testing::World;

struct Range {
  std::uint64_t first = 1, last = 100;
};

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Plan plan_of(std::uint64_t seed) {
  SeededRandom random(seed ^ 0x706F7374);
  return draw_plan(random);
}

Verdict run(std::uint64_t seed) {
  return World(seed, plan_of(seed)).run();
}

// One process's share; what it found goes to stdout, one line a seed that failed, and its sums at the end.
int run_share(Range range, unsigned share, unsigned jobs, bool stop_at_first) {
  int failed = 0;
  std::uint64_t seeds = 0, recipients = 0, acknowledged = 0, duplicates = 0, crashes = 0;
  std::map<std::pair<std::string, std::string>, std::uint64_t> reached;
  for (auto seed = range.first + share; seed <= range.last; seed += jobs) {
    const auto verdict = run(seed);
    ++seeds;
    recipients += verdict.recipients;
    acknowledged += verdict.acknowledged;
    duplicates += verdict.duplicates;
    crashes += verdict.crashes;
    for (const auto& pair : verdict.reached) ++reached[pair];
    if (verdict.violations.empty()) continue;
    ++failed;
    const auto& first = verdict.violations.front();
    fmt::print("seed {}: {} violations, first {}: {}\n", seed, verdict.violations.size(), first.property,
               first.what);
    std::fflush(stdout);
    if (stop_at_first) break;
  }
  for (const auto& [pair, count] : reached)
    fmt::print("reached\t{}\t{}\t{}\n", pair.first, pair.second, count);
  fmt::print(
      "share {}: {} seeds, {} failed, {} recipients, {} acknowledged, {} duplicates excused, {} crashes\n",
      share, seeds, failed, recipients, acknowledged, duplicates, crashes);
  std::fflush(stdout);
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  Range range;
  unsigned jobs = 1;
  bool stop_at_first = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--seed") {
      fmt::print("{}\n", describe(plan_of(number(value))));
      const auto verdict = run(number(value));
      fmt::print("{} recipients, {} acknowledged, {} arrived, {} duplicates, {} crashes, {} starts, {}\n",
                 verdict.recipients, verdict.acknowledged, verdict.arrived, verdict.duplicates,
                 verdict.crashes, verdict.restarts, verdict.finished ? "at rest" : "never at rest");
      for (const auto& violation : verdict.violations)
        fmt::print("{}: {}\n", violation.property, violation.what);
      return verdict.violations.empty() ? 0 : 1;
    }
    if (word == "--seeds") {
      const auto dash = value.find('-');
      range = {number(value.substr(0, dash)),
               dash == std::string_view::npos ? number(value) : number(value.substr(dash + 1))};
      ++i;
    } else if (word == "--jobs") {
      jobs = static_cast<unsigned>(number(value));
      ++i;
    } else if (word == "--first") {
      stop_at_first = true;
    }
  }
  const auto began = std::chrono::steady_clock::now();
  std::vector<pid_t> children;
  for (unsigned share = 0; share < jobs; ++share) {
    const auto child = fork();
    if (child == 0) _exit(run_share(range, share, jobs, stop_at_first) > 0 ? 1 : 0);
    children.push_back(child);
  }
  int status = 0;
  for (std::size_t left = children.size(); left > 0; --left) {
    int ended = 0;
    std::erase(children, wait(&ended));
    if (WIFSIGNALED(ended) && WTERMSIG(ended) != SIGTERM)
      fmt::print("a share died of signal {}\n", WTERMSIG(ended));
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0) continue;
    status = 1;
    if (stop_at_first)
      for (const auto child : children) kill(child, SIGTERM);
  }
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  fmt::print("{} seeds in {:.1f} s, {}\n", range.last - range.first + 1, took,
             status == 0 ? "no violation" : "VIOLATIONS");
  return status;
}

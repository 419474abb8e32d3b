// SPDX-License-Identifier: Apache-2.0
// What the local journal costs on a real disk: CPU and bytes for each message of a life from intake to
// settlement, and the time and memory of a restart with many records waiting.
//
//   journal_bench DIR [messages] [groups per batch]
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "io/posix_disk.h"
#include "io/stderr_log.h"
#include "io/system_clock.h"
#include "io/system_random.h"
#include "journal/local/local_journal.h"

using namespace postrider;
using namespace postrider::journal;

namespace {

constexpr std::uint8_t accepted = 1, variant = 2, queued = 3, intent = 4;

struct Cost {
  double cpu_us = 0, wall_us = 0;
  std::uint64_t written = 0;
};

Cost now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  std::ifstream io("/proc/self/io");
  std::string name;
  std::uint64_t value = 0, written = 0;
  while (io >> name >> value)
    if (name == "wchar:") written = value;
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  return {us(usage.ru_utime) + us(usage.ru_stime), std::chrono::duration<double, std::micro>(wall).count(),
          written};
}

std::uint64_t resident_kb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "VmRSS:") {
      std::uint64_t kb = 0;
      status >> kb;
      return kb;
    }
  return 0;
}

class Bench {
 public:
  Bench(Disk& disk, std::size_t groups) : disk_(disk), groups_(groups) { body_.assign(3000, 'b'); }

  bool open() {
    journal_.reset();
    local::Options options;
    options.spool_limit = 1ull << 40;
    options.reserve_bytes = 0;
    options.reserve_percent = 0;
    journal_ = std::make_unique<local::LocalJournal>(disk_, random_, clock_, log_, local::Key{7}, options);
    number_ = 0;
    std::uint64_t told = 0;
    const auto before = now();
    auto recovered = journal_->recover([&](Sequence, const Label&) { ++told; });
    const auto after = now();
    if (!recovered.ok()) {
      fmt::print(stderr, "recover: {}\n", recovered.error().detail);
      return false;
    }
    fmt::print("recover: {} live in {:.0f} ms ({:.0f} ms CPU), RSS {} MB\n", told,
               (after.wall_us - before.wall_us) / 1000, (after.cpu_us - before.cpu_us) / 1000,
               resident_kb() / 1024);
    return true;
  }

  // One message each for `count` requests; what is still to be sent is left in sequences().
  bool intake(std::size_t count) {
    return measured("intake, one recipient each", count, [&](std::size_t i) {
      Group group;
      group.purpose = Purpose::intake;
      group.entries.push_back({label(accepted, i, 1, 42), body_, {}});
      group.entries.push_back({label(queued, i, 0, lane(i)), std::string(24, 'q'), {}});
      group.events.push_back(std::string(180, 'e'));
      return group;
    });
  }
  bool intake_of_100(std::size_t count) {
    return measured(
        "intake, 100 personalizations each (per recipient)", count,
        [&](std::size_t i) {
          Group group;
          group.purpose = Purpose::intake;
          group.entries.push_back({label(accepted, i, 100, 42), body_, {}});
          for (std::uint32_t n = 0; n < 100; ++n) {
            group.entries.push_back({label(variant, i, n, n), std::string(60, 'v'), {}});
            group.entries.push_back({label(queued, i, n, lane(n)), std::string(24, 'q'), {}});
            group.events.push_back(std::string(120, 'e'));
          }
          return group;
        },
        100);
  }
  bool deliver(std::size_t count) {
    std::vector<Sequence> intents;
    const bool sent = measured(
        "intents", count,
        [&](std::size_t i) {
          Group group;
          group.entries.push_back({label(intent, i, 0, 0), std::string(20, 'i'), {}});
          return group;
        },
        1, &intents);
    if (!sent) return false;
    const auto places = std::exchange(places_, {});
    return measured("settles", std::min(count, places.size()), [&](std::size_t i) {
      Group group;
      group.releases = {places[i], {places[i].value + 1}, intents[i]};
      group.events.push_back(std::string(200, 's'));
      return group;
    });
  }
  void forget() { places_.clear(); }
  local::LocalJournal& journal() { return *journal_; }

 private:
  static std::uint64_t lane(std::uint64_t i) { return (i % 50 + 1) * 0x9E3779B97F4A7C15ull; }
  Label label(std::uint8_t kind, std::uint64_t owner, std::uint32_t n, std::uint64_t of_lane) {
    Label made;
    made.kind = kind;
    for (std::size_t i = 0; i < 8; ++i)
      made.owner[i] = static_cast<std::uint8_t>(owner * 0x9E3779B97F4A7C15ull >> (8 * i));
    made.n = n;
    if (kind != variant) made.due_ms = millis(clock_.wall());
    made.lane = of_lane;
    return made;
  }

  template <class Make>
  bool measured(std::string_view what, std::size_t count, Make make, std::size_t per = 1,
                std::vector<Sequence>* into = nullptr) {
    if (!into) into = &places_;
    std::vector<Group> batch;
    double cpu = 0, wall = 0;
    const auto written = now().written;
    for (std::size_t i = 0; i < count;) {
      batch.clear();
      for (std::size_t bytes = 0; i < count && batch.size() < groups_ && bytes < (1 << 20); ++i) {
        batch.push_back(make(i));
        bytes += batch.back().bytes();
      }
      const auto before = now();
      auto receipts = journal_->commit(++number_, batch);
      bool ok = receipts.ok();
      for (bool more = true; ok && more;) {
        auto did = journal_->maintain(clock_.wall(), {});
        ok = did.ok();
        more = ok && *did;
      }
      const auto after = now();
      cpu += after.cpu_us - before.cpu_us;
      wall += after.wall_us - before.wall_us;
      if (!ok) {
        fmt::print(stderr, "{}: {}\n", what, receipts.ok() ? "maintain" : receipts.error().detail);
        return false;
      }
      for (const auto& receipt : *receipts) into->push_back(receipt.first);
    }
    const auto total = static_cast<double>(count * per);
    fmt::print("{}: {:.2f} us CPU, {:.2f} us, {:.0f} bytes each\n", what, cpu / total, wall / total,
               static_cast<double>(now().written - written) / total);
    return true;
  }

  Disk& disk_;
  std::size_t groups_;
  io::SystemClock clock_;
  io::SystemRandom random_;
  io::StderrLog log_{clock_, io::StderrLog::Format::text, Level::warning};
  std::string body_;
  std::unique_ptr<local::LocalJournal> journal_;
  std::uint64_t number_ = 0;
  std::vector<Sequence> places_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: journal_bench DIR [messages] [groups per batch]\n");
    return 2;
  }
  const auto messages = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  const auto groups = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 300;
  auto disk = io::PosixDisk::open_root(argv[1]);
  if (!disk.ok()) {
    fmt::print(stderr, "{}\n", disk.error().detail);
    return 1;
  }
  Bench bench(**disk, groups);
  if (!bench.open() || !bench.intake(messages) || !bench.deliver(messages)) return 1;
  bench.forget();
  if (!bench.intake_of_100(messages / 100)) return 1;
  const auto counters = bench.journal().counters();
  fmt::print("live {}, segments {}, free {}, batches {}, mean sync {:.0f} us\n", counters.live,
             counters.segments, counters.segments_free, counters.batches,
             static_cast<double>(counters.sync_ns) / 1000 / static_cast<double>(counters.syncs));
  bench.forget();
  if (!bench.intake(messages)) return 1;
  return bench.open() ? 0 : 1;
}

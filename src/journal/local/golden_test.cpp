// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "journal/local/local_under_test.h"
#include "journal/local/verify.h"

// tests/golden/journal-v1 was written by the first release of format 1. Every later version must read it. It
// is never written again; POSTRIDER_WRITE_GOLDEN=1 made it, and would make the next format's.
namespace postrider::journal::local {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Key golden_key{'g', 'o', 'l', 'd'};

std::optional<fs::path> golden_directory() {
  const char* source = std::getenv("POSTRIDER_SOURCE");
  if (!source) return std::nullopt;
  return fs::path(source) / "tests/golden/journal-v1";
}

std::string body() {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

Options options() {
  auto small = LocalUnderTest::small();
  small.segment_bytes = 8 << 10;
  small.event_segment_bytes = 4 << 10;
  return small;
}

Label label(std::uint8_t kind, std::uint32_t n) {
  Label made;
  made.kind = kind;
  made.owner.fill(0x42);
  made.n = n;
  made.attempt = static_cast<std::uint16_t>(n * 2);
  made.due_ms = 1'767'225'600'000 + n;
  made.lane = 0x0123456789abcdefull + n;
  return made;
}

// One of everything: records, a blob, moves, releases, events, a claim; closed and open segments, hints and a
// bitmap.
void write(Disk& disk) {
  testing::SeededRandom random(1);
  testing::FakeClock clock;
  testing::MemoryLog log;
  LocalJournal journal(disk, random, clock, log, golden_key, options());
  ASSERT_TRUE(journal.recover([](Sequence, const Label&) {}).ok());
  std::uint64_t number = 0;
  const auto commit = [&](Group group) {
    auto receipts = journal.commit(++number, {&group, 1});
    EXPECT_TRUE(receipts.ok());
    for (bool more = true; more;) more = *journal.maintain(clock.wall(), {});
    return receipts->front().first.value;
  };
  Group first;
  first.entries = {{label(1, 0), "accepted", {}},
                   {label(3, 1), "queued one", {}},
                   {label(3, 2), "queued two", {}},
                   {label(3, 3), "queued three", {}}};
  first.events = {"processed one", "processed two"};
  first.claim = Claim{7, "idempotency key", {1, 2, 3}, "202", clock.wall() + 24h};
  const auto at = commit(first);
  Group big;
  big.entries = {{label(1, 9), "", *journal.stage(body())}};
  commit(big);
  for (std::uint32_t i = 0; i < 7; ++i) {
    Group filler;
    filler.entries = {{label(3, 100 + i), std::string(3000, static_cast<char>('a' + i)), {}}};
    filler.events = {"filler " + std::to_string(i)};
    const auto place = commit(filler);
    Group settle;
    settle.releases = {{place}};
    if (i == 0) settle.releases.push_back({at + 1});
    if (i == 1) settle.moves = {{{at + 2}, label(5, 2)}};
    if (i == 4) settle.releases.push_back({at + 3});
    settle.events = {"settled " + std::to_string(i)};
    commit(settle);
  }
}

void copy_out(testing::FaultyDisk& disk, const fs::path& to) {
  fs::remove_all(to);
  for (const auto& name : disk.files()) {
    fs::create_directories((to / name).parent_path());
    auto file = *disk.open(name, Open::existing);
    std::string bytes(*file->size(), '\0');
    ASSERT_TRUE(file->read(0, bytes).ok());
    std::ofstream(to / name, std::ios::binary) << bytes;
  }
}

void copy_in(const fs::path& from, Disk& disk) {
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const auto name = fs::relative(entry.path(), from).string();
    if (entry.is_directory()) {
      ASSERT_TRUE(disk.make_directory(name).ok());
      continue;
    }
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    auto file = disk.open(name, Open::create_new);
    ASSERT_TRUE(file.ok()) << name;
    ASSERT_TRUE((*file)->write(0, bytes).ok());
  }
}

TEST(Golden, Format1IsStillRead) {
  const auto directory = golden_directory();
  if (!directory) GTEST_SKIP() << "POSTRIDER_SOURCE does not say where the source tree is";
  if (std::getenv("POSTRIDER_WRITE_GOLDEN")) {
    testing::FaultyDisk made;
    write(made);
    copy_out(made, *directory);
  }
  ASSERT_TRUE(fs::exists(*directory));
  testing::FaultyDisk disk;
  for (const char* name : {"spool", "events", "blobs"}) ASSERT_TRUE(disk.make_directory(name).ok());
  copy_in(*directory, disk);

  const auto report = verify(disk, golden_key);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  EXPECT_TRUE(report->sound());
  EXPECT_EQ(report->live, 3u);

  testing::SeededRandom random(2);
  testing::FakeClock clock;
  testing::MemoryLog log;
  LocalJournal journal(disk, random, clock, log, golden_key, options());
  std::vector<std::pair<Label, std::string>> live;
  std::vector<Sequence> places;
  auto recovered = journal.recover([&](Sequence sequence, const Label& told) {
    places.push_back(sequence);
    live.emplace_back(told, "");
  });
  ASSERT_TRUE(recovered.ok()) << recovered.error().detail;
  EXPECT_THAT(recovered->quarantined, IsEmpty());
  for (std::size_t i = 0; i < places.size(); ++i) live[i].second = journal.read({&places[i], 1})->front();
  EXPECT_THAT(live,
              ElementsAre(std::pair(label(1, 0), std::string("accepted")), std::pair(label(1, 9), body()),
                          std::pair(label(5, 2), std::string("queued two"))));
  std::vector<std::string> events;
  for (auto& event : journal.read_events({}, 100)->events) events.push_back(event.bytes);
  std::vector<std::string> expected{"processed one", "processed two"};
  for (int i = 0; i < 7; ++i) {
    expected.push_back("filler " + std::to_string(i));
    expected.push_back("settled " + std::to_string(i));
  }
  EXPECT_EQ(events, expected);
  ASSERT_TRUE(journal.claim(7, "idempotency key"));
  EXPECT_EQ(journal.claim(7, "idempotency key")->answer, "202");
  Group more;
  more.entries = {{label(3, 1), "goes on", {}}};
  EXPECT_TRUE(journal.commit(1, {&more, 1}).ok());
}

}  // namespace
}  // namespace postrider::journal::local

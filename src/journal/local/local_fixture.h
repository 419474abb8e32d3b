// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "journal/local/trial.h"

// A local journal over a disk in memory, and few words for what tests do with it. Only tests include this.
namespace postrider::journal::local {

class LocalJournalTest : public ::testing::Test {
 protected:
  explicit LocalJournalTest(Options options = LocalUnderTest::small()) : subject(1, options) { start(); }

  void start() {
    subject.open();
    journal = subject.journal.get();
    number = 0;
    live.clear();
    auto recovered = journal->recover([&](Sequence sequence, const Label&) { live.push_back(sequence); });
    ASSERT_TRUE(recovered.ok()) << recovered.error().detail;
    EXPECT_THAT(recovered->quarantined, ::testing::IsEmpty());
  }
  void restart() {
    subject.crash();
    start();
  }
  Result<std::vector<Receipt>> commit(Group group) { return journal->commit(++number, {&group, 1}); }
  Sequence put(std::string bytes) {
    Group group;
    group.entries = {{{}, std::move(bytes), {}}};
    auto receipts = commit(group);
    EXPECT_TRUE(receipts.ok()) << receipts.error().detail;
    return receipts.ok() ? receipts->front().first : Sequence{};
  }
  void release(std::vector<Sequence> sequences) {
    Group group;
    group.releases = std::move(sequences);
    ASSERT_TRUE(commit(group).ok());
  }
  void tell(std::string event) {
    Group group;
    group.events = {std::move(event)};
    ASSERT_TRUE(commit(group).ok());
  }
  std::string read(Sequence sequence) {
    auto bytes = journal->read({&sequence, 1});
    return bytes.ok() ? bytes->front() : "error: " + std::string(name(bytes.error().code));
  }
  std::vector<std::string> events(Cursor after = {}) {
    std::vector<std::string> all;
    for (;;) {
      auto page = journal->read_events(after, 10);
      EXPECT_TRUE(page.ok());
      if (!page.ok() || page->events.empty()) return all;
      for (auto& event : page->events) all.push_back(std::move(event.bytes));
      after = page->next;
    }
  }
  void upkeep(Time events_before = {}) {
    for (int i = 0; i < 1000; ++i) {
      auto more = journal->maintain(subject.clock.wall(), events_before);
      ASSERT_TRUE(more.ok()) << more.error().detail;
      if (!*more) return;
    }
    FAIL() << "upkeep never ends";
  }

  LocalUnderTest subject;
  LocalJournal* journal = nullptr;
  std::vector<Sequence> live;
  std::uint64_t number = 0;
};

}  // namespace postrider::journal::local

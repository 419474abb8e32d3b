// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "journal/local/local_under_test.h"

// One thread commits and keeps house, others read and stage. What it finds is found under the thread
// sanitizer.
namespace postrider::journal::local {
namespace {

// The simulated disk is for one thread at a time; this lets many wait for it.
class SharedDisk final : public Disk {
  auto locked(auto call) {
    std::lock_guard lock(mutex_);
    return call();
  }

 public:
  explicit SharedDisk(Disk& disk) : disk_(disk) {}

  Result<std::unique_ptr<File>> open(std::string_view path, Open how) override {
    std::lock_guard lock(mutex_);
    std::unique_ptr<File> file = PR_TRY(disk_.open(path, how));
    return std::unique_ptr<File>(std::make_unique<SharedFile>(std::move(file), mutex_));
  }
  Result<void> rename(std::string_view from, std::string_view to) override {
    return locked([&] { return disk_.rename(from, to); });
  }
  Result<void> remove(std::string_view path) override {
    return locked([&] { return disk_.remove(path); });
  }
  Result<void> make_directory(std::string_view path) override {
    return locked([&] { return disk_.make_directory(path); });
  }
  Result<std::vector<std::string>> list(std::string_view path) override {
    return locked([&] { return disk_.list(path); });
  }
  Result<void> sync_directory(std::string_view path) override {
    return locked([&] { return disk_.sync_directory(path); });
  }
  Result<Space> space() override {
    return locked([&] { return disk_.space(); });
  }

 private:
  class SharedFile final : public File {
   public:
    SharedFile(std::unique_ptr<File> file, std::mutex& mutex) : file_(std::move(file)), mutex_(mutex) {}
    ~SharedFile() override {
      std::lock_guard lock(mutex_);
      file_.reset();
    }
    Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const override {
      std::lock_guard lock(mutex_);
      return file_->read(offset, into);
    }
    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
      std::lock_guard lock(mutex_);
      return file_->write(offset, bytes);
    }
    Result<void> sync() override {
      std::lock_guard lock(mutex_);
      return file_->sync();
    }
    Result<void> truncate(std::uint64_t size) override {
      std::lock_guard lock(mutex_);
      return file_->truncate(size);
    }
    Result<std::uint64_t> size() const override {
      std::lock_guard lock(mutex_);
      return file_->size();
    }
    Result<void> allocate(std::uint64_t size) override {
      std::lock_guard lock(mutex_);
      return file_->allocate(size);
    }
    Result<void> drop_cache() override {
      std::lock_guard lock(mutex_);
      return file_->drop_cache();
    }

   private:
    std::unique_ptr<File> file_;
    std::mutex& mutex_;
  };

  Disk& disk_;
  std::mutex mutex_;
};

class SharedRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    std::lock_guard lock(mutex_);
    random_.fill(bytes);
  }

 private:
  std::mutex mutex_;
  testing::SeededRandom random_{1};
};

TEST(Threads, ReadersSeeWholeRecordsWhileTheyComeAndGo) {
  testing::FaultyDisk faulty(1);
  SharedDisk disk(faulty);
  SharedRandom random;
  testing::FakeClock clock;
  testing::MemoryLog log;
  auto options = LocalUnderTest::small();
  options.segment_bytes = 64 << 10;
  options.event_segment_bytes = 16 << 10;
  options.spool_limit = 256 << 10;  // so that there is something worth moving
  LocalJournal journal(disk, random, clock, log, Key{1}, options);
  ASSERT_TRUE(journal.recover([](Sequence, const Label&) {}).ok());

  std::atomic<std::uint64_t> newest = 1;
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (std::uint64_t r = 0; r < 3; ++r) {
    readers.emplace_back([&, r] {
      testing::SeededRandom choice(r);
      Cursor seen;
      std::uint64_t last = 0;
      while (!done) {
        const Sequence sequence{choice.between(newest < 40 ? 1 : newest - 40, newest)};
        const auto bytes = journal.read({&sequence, 1});
        if (bytes.ok())
          EXPECT_TRUE(bytes->front().starts_with("record "));
        else
          EXPECT_EQ(bytes.error().code, Code::not_found) << bytes.error().detail;
        auto page = journal.read_events(seen, 5);
        ASSERT_TRUE(page.ok());
        for (const auto& event : page->events) {
          EXPECT_EQ(event.sequence, last + 1) << "none missing, none twice";
          last = event.sequence;
        }
        seen = page->next;
        for (const auto& record : journal.worth_moving(5)) EXPECT_EQ(record.label.kind, 3);
        if (choice.one_in(16)) {
          const auto staged = journal.stage("a body of some size");
          if (!staged.ok()) EXPECT_EQ(staged.error().code, Code::exhausted) << staged.error().detail;
        }
        static_cast<void>(journal.counters());
        static_cast<void>(journal.claim(7, "key"));
        static_cast<void>(journal.events_tail());
        static_cast<void>(journal.lease());
      }
    });
  }

  std::vector<Sequence> waiting;
  Label label;
  label.kind = 3;
  for (std::uint64_t i = 1; i <= 400; ++i) {
    Group group;
    group.entries = {{label, "record " + std::to_string(i) + std::string(i * 37 % 3000, '.'), {}}};
    group.events = {"event " + std::to_string(i)};
    if (waiting.size() > 20) {
      group.releases.assign(waiting.begin() + 1, waiting.begin() + 11);
      waiting.erase(waiting.begin() + 1, waiting.begin() + 11);
    }
    auto receipts = journal.commit(i, {&group, 1});
    ASSERT_TRUE(receipts.ok()) << receipts.error().detail;
    waiting.push_back(receipts->front().first);
    newest = receipts->front().first.value;
    for (int step = 0; step < 4; ++step) ASSERT_TRUE(journal.maintain(clock.wall(), {}).ok());
  }
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_FALSE(log.has("damaged"));
}

}  // namespace
}  // namespace postrider::journal::local

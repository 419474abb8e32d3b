// SPDX-License-Identifier: Apache-2.0
#include "io/crash_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

namespace postrider::io {
namespace {

using ::testing::ElementsAre;

Work some_work() {
  Work work;
  work.message.fill(9);
  work.first = 3;
  work.last = 5;
  return work;
}

void write_to_forbidden_memory() {
  void* page = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *static_cast<volatile int*>(page) = 1;
}

class CrashFileTest : public ::testing::Test {
 protected:
  CrashFileTest() {
    std::string name = ::testing::TempDir() + "crash-file-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/slots";
  }
  ~CrashFileTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<CrashFile> open() {
    auto file = CrashFile::open(path_);
    EXPECT_TRUE(file.ok()) << file.error().detail;
    return std::move(*file);
  }

  // A process that works on some_work() and then does this, which ends it.
  void in_a_process(const std::function<void()>& end) {
    const auto child = ::fork();
    if (child == 0) {
      ::dup2(::open("/dev/null", O_WRONLY), 2);  // a sanitizer's report is not for the reader of this test
      auto file = open();
      file->begin(77);
      // In this very thread: ThreadSanitizer ends a forked process that starts others.
      const WorkingOn working(file->cells(), some_work());
      end();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_NE(status, 0);
  }

  std::string folder_, path_;
};

TEST_F(CrashFileTest, ANewFileTellsOfNoDeath) {
  auto file = open();
  EXPECT_FALSE(file->death());
  file->begin(1);
  EXPECT_FALSE(open()->death());
}

TEST_F(CrashFileTest, TellsWhatAProcessDiedOfAndWhatItWasWorkingOn) {
  const std::pair<int, std::function<void()>> ends[] = {
      {SIGSEGV, write_to_forbidden_memory}, {SIGABRT, [] { std::abort(); }},
      {SIGFPE, [] { std::raise(SIGFPE); }}, {SIGILL, [] { std::raise(SIGILL); }},
      {SIGBUS, [] { std::raise(SIGBUS); }},
  };
  for (const auto& [signal, end] : ends) {
    in_a_process(end);
    const auto file = open();
    ASSERT_TRUE(file->death()) << signal;
    EXPECT_EQ(file->death()->signal, signal);
    EXPECT_EQ(file->death()->life, 77u);
    EXPECT_THAT(file->death()->works, ElementsAre(some_work()));
  }
}

// ThreadSanitizer needs some of the full stack itself before it lets a handler run.
#if !__has_feature(thread_sanitizer)
int dive(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : dive(depth + 1) + frame[0];
}

TEST_F(CrashFileTest, AFullStackIsToldFromAnother) {
  in_a_process([] { std::exit(dive(0)); });
  const auto file = open();
  ASSERT_TRUE(file->death());
  EXPECT_EQ(file->death()->signal, SIGSEGV);
  EXPECT_THAT(file->death()->works, ElementsAre(some_work()));
}
#endif

#if __has_feature(address_sanitizer)
TEST_F(CrashFileTest, ASanitizersVerdictCountsAsAnAbort) {
  in_a_process([] {
    auto memory = std::make_unique<volatile char[]>(16);
    volatile std::size_t beyond = 16;
    memory[beyond] = 1;
  });
  const auto file = open();
  ASSERT_TRUE(file->death());
  EXPECT_EQ(file->death()->signal, SIGABRT);
  EXPECT_THAT(file->death()->works, ElementsAre(some_work()));
}
#endif

TEST_F(CrashFileTest, SigkillIsNobodysFault) {
  in_a_process([] { std::raise(SIGKILL); });
  EXPECT_FALSE(open()->death());
}

TEST_F(CrashFileTest, ADeathIsToldUntilTheNextProcessBegins) {
  in_a_process([] { std::abort(); });
  EXPECT_TRUE(open()->death());
  {
    auto file = open();
    EXPECT_TRUE(file->death());
    file->begin(78);
  }
  EXPECT_FALSE(open()->death());
}

TEST_F(CrashFileTest, WhatIsNotOursIsTakenForEmpty) {
  std::ofstream(path_) << std::string(100'000, '\x7f');
  auto file = open();
  EXPECT_FALSE(file->death());
  file->begin(1);
  EXPECT_TRUE(file->cells().busy().empty());
}

TEST_F(CrashFileTest, WhereItCannotBeMadeTheReasonIsSaid) {
  const auto file = CrashFile::open(folder_ + "/missing/slots");
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(file.error().detail, ::testing::HasSubstr("missing/slots"));
}

}  // namespace
}  // namespace postrider::io

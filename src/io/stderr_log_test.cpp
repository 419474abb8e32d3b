// SPDX-License-Identifier: Apache-2.0
#include "io/stderr_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

#include "io/unique_fd.h"

namespace postrider::io {
namespace {

using testing::EndsWith;

struct FixedClock final : Clock {
  Time wall() const override { return from_millis(1'700'000'000'007); }
  Instant monotonic() const override { return {}; }
};

struct StderrLogTest : testing::Test {
  StderrLogTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  std::string written() {
    in.reset();
    std::string all;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(out.get(), buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<std::size_t>(got));
    return all;
  }
  StderrLog log(StderrLog::Format format, Level least = Level::info) {
    return {clock, format, least, in.get()};
  }

  FixedClock clock;
  UniqueFd in, out;
};

TEST_F(StderrLogTest, json) {
  log(StderrLog::Format::json).warning("door closed", {{"port", 25}, {"tls", true}, {"peer", "192.0.2.1"}});
  EXPECT_EQ(written(),
            "{\"time\":\"2023-11-14T22:13:20.007Z\",\"level\":\"warning\",\"event\":\"door closed\","
            "\"port\":25,\"tls\":true,\"peer\":\"192.0.2.1\"}\n");
}

TEST_F(StderrLogTest, text) {
  log(StderrLog::Format::text)
      .info("ready", {{"http", "127.0.0.1:80"}, {"words", "two words"}, {"none", ""}});
  EXPECT_EQ(written(),
            "2023-11-14T22:13:20.007Z info ready http=127.0.0.1:80 words=\"two words\" none=\"\"\n");
}

TEST_F(StderrLogTest, levels_below_the_least_are_dropped) {
  StderrLog quiet = log(StderrLog::Format::text, Level::warning);
  quiet.info("no");
  quiet.alarm("yes");
  EXPECT_THAT(written(), EndsWith(" alarm yes\n"));
}

// A value must not be able to end its line, colour a terminal, or break the JSON.
TEST_F(StderrLogTest, values_cannot_forge_lines) {
  log(StderrLog::Format::json)
      .info("x", {{"v", "a\r\nb\x1b[31m\"\\\x7f\xc2\x9b\xe2\x80\xa8\xff\xc3\xa9"},
                  {"nul", std::string_view("\0", 1)}});
  EXPECT_THAT(written(), EndsWith(R"("v":"a\u000d\nb\u001b[31m\"\\\u007f\u009b\u2028\ufffdé","nul":"\u0000"})"
                                  "\n"));
}

TEST_F(StderrLogTest, long_values_are_clipped) {
  log(StderrLog::Format::text).info("x", {{"v", std::string(10'000, 'a')}});
  EXPECT_THAT(written(), EndsWith(std::string(2000, 'a') + "...\"\n"));
}

TEST_F(StderrLogTest, lines_that_found_no_room_are_counted) {
  ::fcntl(in.get(), F_SETFL, O_NONBLOCK);
  const int room = ::fcntl(in.get(), F_SETPIPE_SZ, 4096);
  ASSERT_EQ(room, 4096);
  const std::string half(1900, 'a');
  StderrLog full = log(StderrLog::Format::text);
  full.info("x", {{"v", half}, {"w", half}, {"u", half}});  // a pipe takes what fits of so long a line
  full.info("lost");
  std::array<char, 4096> read{};
  ASSERT_EQ(::read(out.get(), read.data(), read.size()), room);
  full.info("again");
  EXPECT_EQ(written(),
            "\n2023-11-14T22:13:20.007Z warning log_lines_lost lines=2\n"
            "2023-11-14T22:13:20.007Z info again\n");
}

TEST_F(StderrLogTest, what_was_told_to_be_lost_is_not_told_again) {
  ::fcntl(in.get(), F_SETFL, O_NONBLOCK);
  ASSERT_EQ(::fcntl(in.get(), F_SETPIPE_SZ, 4096), 4096);
  const std::string half(1900, 'a');
  std::array<char, 4096> read{};
  StderrLog full = log(StderrLog::Format::text);
  for (int cut = 0; cut < 3; ++cut) {  // each but the first says before it that one is lost
    full.info("x", {{"v", half}, {"w", half}, {"u", half}});
    ASSERT_EQ(::read(out.get(), read.data(), read.size()), 4096);
  }
  full.info("again");
  EXPECT_THAT(written(), ::testing::HasSubstr("log_lines_lost lines=1\n"));
}

TEST_F(StderrLogTest, lines_of_threads_do_not_mix) {
  StderrLog shared = log(StderrLog::Format::text);
  std::vector<std::thread> threads;
  for (char c : {'a', 'b', 'c'})
    threads.emplace_back([&shared, c] {
      for (int i = 0; i < 50; ++i) shared.info("x", {{"v", std::string(100, c)}});
    });
  for (std::thread& thread : threads) thread.join();
  std::string all = written();
  std::size_t lines = 0;
  for (std::size_t at = 0; at < all.size(); ++lines) {
    std::size_t end = all.find('\n', at);
    std::string_view line = std::string_view(all).substr(at, end - at);
    EXPECT_EQ(line.size(), 25u + 7 + 2 + 100);
    EXPECT_EQ(line.find_last_not_of(line.back()), line.size() - 101);
    at = end + 1;
  }
  EXPECT_EQ(lines, 150u);
}

}  // namespace
}  // namespace postrider::io

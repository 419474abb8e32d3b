// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/log.h"

namespace postrider::io {

// Lines on a descriptor, one write(2) each, so that lines of different threads never mix. Values are clipped
// at 2,000 bytes; control characters (ANSI escapes, C1 and the Unicode line separators among them) and bytes
// that are not UTF-8 are escaped, so that nobody's input can forge a line. A line that cannot be written is
// lost; the next that can be says how many were (log_lines_lost) and begins on a line of its own. Any thread.
class StderrLog final : public Log {
 public:
  enum class Format { text, json };
  StderrLog(const Clock& clock, Format format, Level least, int fd = 2)
      : clock_(clock), format_(format), least_(least), fd_(fd) {}

  void write(Level level, std::string_view event, std::initializer_list<Field> fields) override;
  void set_level(Level least) { least_.store(least, std::memory_order_relaxed); }  // any thread

 private:
  const Clock& clock_;
  Format format_;
  std::atomic<Level> least_;
  int fd_;
  std::atomic<std::uint64_t> lost_ = 0;
  std::atomic<bool> cut_ = false;  // the last bytes written end in the middle of a line
};

}  // namespace postrider::io

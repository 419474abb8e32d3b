// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

#include "base/error.h"
#include "io/loop.h"
#include "io/unique_fd.h"

namespace postrider::io {

// What one try at a non-blocking operation came to.
struct Step {
  enum class Next { done, wait_in, wait_out, failed };
  Next next = Next::done;
  std::size_t bytes = 0;  // moved; 0 from a read = the peer has finished
  Error error{};          // when failed

  static Step done(std::size_t bytes) { return {.next = Next::done, .bytes = bytes}; }
  static Step wait_in() { return {.next = Next::wait_in}; }
  static Step wait_out() { return {.next = Next::wait_out}; }
  static Step failed(Error error) { return {.next = Next::failed, .error = std::move(error)}; }
};

// A connected TCP socket: every operation tries the system call first and says what to wait for otherwise.
class Socket {
 public:
  Socket(Loop& loop, UniqueFd fd) : readiness_(loop, fd.release()) {}

  Step receive(std::span<char> into);
  Step send(std::string_view bytes);
  Step peek(char& first);  // as receive, but takes nothing
  Step discard();          // as receive, of up to a megabyte nobody will see
  int take_error();        // SO_ERROR: how a connect that was under way ended
  Readiness::Wait wait(Step::Next what, Instant deadline);

  void stop_reading();
  void stop_writing();
  void close() { readiness_.close(); }
  bool is_open() const { return readiness_.fd() >= 0; }
  Loop& loop() { return readiness_.loop(); }

 private:
  Step received(std::ptrdiff_t got);

  Readiness readiness_;
  // The last read took less than it could: the kernel has nothing more, so that the next read waits at once
  // instead of asking. Sound because a wait notices what came before it began.
  bool drained_ = false;
};

}  // namespace postrider::io

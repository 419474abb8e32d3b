// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <latch>
#include <memory>

#include "io/loop.h"

namespace postrider::io {

enum class Signal { terminate, reload };  // SIGTERM and SIGINT; SIGHUP

// Signals as calls on a loop, whichever thread they hit. A second SIGINT ends the process the usual way, for
// the person at the terminal whose drain takes too long. Also ignores SIGPIPE, for good. One at a time in a
// process, made and destroyed off the loop while that runs; destruction restores the default actions.
class Signals {
 public:
  Signals(Loop& loop, std::function<void(Signal)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Watch;
  Loop& loop_;
  std::shared_ptr<std::latch> ended_ = std::make_shared<std::latch>(1);
  std::shared_ptr<Watch> watch_;  // the loop's
};

}  // namespace postrider::io

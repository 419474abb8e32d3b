// SPDX-License-Identifier: Apache-2.0
#include "app/serve.h"

#include <fmt/core.h>

#include <cstdio>
#include <future>

#include "app/control_socket.h"
#include "app/platform.h"
#include "io/signals.h"
#include "io/stderr_log.h"

namespace postrider::app {
namespace {

constexpr auto grace = std::chrono::seconds(30);

}  // namespace

Result<void> run_server(const Config& config) {
  io::SystemClock clock;
  io::SystemRandom random;
  io::StderrLog log(clock, config.log_json ? io::StderrLog::Format::json : io::StderrLog::Format::text,
                    config.log_level);
  auto data = PR_TRY(DataDirectory::open(config, clock, random));
  auto platform = PR_TRY(Platform::start(config, *data, clock, random, log));

  Operator op(clock);
  Workbench bench{config, *data, op, clock, random, log, platform.get()};
  auto control = PR_TRY(ControlSocket::open(
      config.data + "/control.sock",
      [&](const std::vector<std::string>& words) {
        auto result = run_command(bench, words);
        platform->control_changed();  // a key revoked here must be refused at once, not at the next look
        return result;
      },
      log));

  std::promise<void> asked_to_stop;
  bool stopping = false;
  io::Runtime signals_loop(1, "signals");
  io::Signals signals(signals_loop.loop(0), [&](io::Signal signal) {
    if (signal == io::Signal::reload) {
      if (auto reloaded = platform->reload(); !reloaded.ok())
        log.warning("reload", {{"why", reloaded.error().detail}});
    } else if (!std::exchange(stopping, true)) {
      asked_to_stop.set_value();
    }
  });
  fmt::print("{}\n", platform->ready_line());
  std::fflush(stdout);
  asked_to_stop.get_future().wait();
  log.info("draining");
  control.reset();
  platform->drain(grace);
  log.info("stopped");
  return {};
}

}  // namespace postrider::app

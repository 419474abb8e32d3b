// SPDX-License-Identifier: Apache-2.0
#include "app/serve.h"

#include <fmt/core.h>

#include <cstdio>
#include <future>
#include <memory>
#include <utility>

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

  for (const auto& what : config.not_supported_yet) log.warning("setting_without_effect", {{"what", what}});

  // Signals count from here on: one that comes while the journal is still recovered waits for the end of
  // that.
  std::unique_ptr<DataDirectory> data;
  std::unique_ptr<Platform> platform;
  std::promise<Platform*> started;  // null = it did not
  std::promise<void> asked_to_stop;
  io::Runtime signals_loop(1, "signals");
  io::Signals signals(signals_loop.loop(0), [&, running = started.get_future().share(),
                                             stopping = false](io::Signal signal) mutable {
    if (signal == io::Signal::terminate) {
      if (!std::exchange(stopping, true)) asked_to_stop.set_value();
    } else if (auto* serving = running.get()) {
      if (auto reloaded = serving->reload(); !reloaded.ok())
        log.warning("reload", {{"why", reloaded.error().detail}});
    }
  });
  auto start = [&]() -> Result<void> {
    data = PR_TRY(DataDirectory::open(config, clock, random));
    platform = PR_TRY(Platform::start(config, *data, clock, random, log));
    return {};
  };
  const auto began = start();
  started.set_value(platform.get());
  if (!began.ok()) return began.error();

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

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

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all.append(all.empty() ? "" : " ").append(name);
  return all;
}

// All of it or nothing: a file with a mistake in it changes nothing. `begun` is what the server was started
// with, `current` what it goes by.
Result<void> reload(Platform& platform, const Config& begun, Config& current,
                    const std::function<Result<Config>()>& reread, io::StderrLog& log) {
  auto next = PR_TRY(reread());
  PR_TRY(platform.reload(next));
  log.set_level(next.log_level);
  log.info("reloaded", {{"changed", listed(changed(current, next, Takes::reload))}});
  if (const auto waiting = changed(begun, next, Takes::restart); !waiting.empty())
    log.warning("restart_needed", {{"for", listed(waiting)}});
  current = std::move(next);
  return {};
}

}  // namespace

Result<void> run_server(const Config& config, const std::function<Result<Config>()>& reread) {
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
  io::Signals signals(signals_loop.loop(0), [&, running = started.get_future().share(), stopping = false,
                                             current = config](io::Signal signal) mutable {
    if (signal == io::Signal::terminate) {
      if (!std::exchange(stopping, true)) asked_to_stop.set_value();
    } else if (auto* serving = running.get()) {
      const auto done = reload(*serving, config, current, reread, log);
      if (!done.ok()) log.alarm("not_reloaded", {{"why", done.error().detail}});
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

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "bench/common/options.h"
#include "bench/common/own_cpu.h"
#include "bench/limits/limits.h"
#include "io/http_server.h"
#include "io/runtime.h"
#include "io/stderr_log.h"
#include "io/system_clock.h"

namespace postrider::bench {
namespace {

Task<http::Response> take(io::HttpExchange& exchange) {
  const auto body = co_await exchange.body(std::size_t{30} << 20);
  http::Response response;
  response.status = body.ok() ? 202 : 400;
  co_return response;
}

}  // namespace

int door(const Words& words) {
  const Options options(words, {"--listen"});
  const io::SystemClock clock;
  io::StderrLog log(clock, io::StderrLog::Format::text, Level::warning);
  io::Runtime runtime(1, "door");
  io::HttpOptions http;
  http.door.at = options.endpoint("--listen", "127.0.0.1:0");
  http.plaintext_allowed = [](const io::Endpoint&) { return true; };
  const auto server = io::HttpServer::open(runtime.loops(), std::move(http), take, log);
  if (!server) {
    fmt::print(stderr, "listen: {}\n", server.error().detail);
    return 1;
  }
  (*server)->start();
  fmt::print("ready {}\n", io::to_string((*server)->endpoint()));
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
  }
  fmt::print(R"({{"taken":{},"cpu_us":{}}})"
             "\n",
             (*server)->counts().answers[2], own_cpu_us());
  return 0;
}

}  // namespace postrider::bench

// SPDX-License-Identifier: Apache-2.0
// Sends mail through the API over kept connections, as fast as it is answered or at a given rate, and prints
// one line of JSON: what was accepted, and how long acceptance took.
//
//   bench_load --to ADDRESS:PORT --key KEY --messages N [--per-request N] [--connections N] [--first N]
//   [--rate N]
//              [--domains N] [--content BYTES] [--substitutions 1] [--send-after SECONDS] [--from ADDRESS]
#include <fmt/format.h>

#include <chrono>
#include <string>

#include "bench/common/mark.h"
#include "bench/common/options.h"
#include "bench/common/own_cpu.h"
#include "bench/common/samples.h"
#include "bench/load/api_client.h"
#include "bench/load/request.h"
#include "io/system_clock.h"

using namespace postrider;
using namespace postrider::bench;

namespace {

constexpr int refusals_most = 200;  // in a row, on one connection
constexpr auto after_refusal = std::chrono::milliseconds(20);

struct Plan {
  io::Endpoint to;
  std::size_t connections = 1;
  std::uint64_t requests = 0;
  std::uint32_t per_request = 1;
  std::uint32_t first = 0;
  Duration interval{0};  // between the moments two requests are due; zero = as fast as they are answered
};

class Load {
 public:
  Load(const Plan& plan, const Request& request, io::TlsClient& tls)
      : plan_(plan), request_(request), tls_(tls) {}

  int run() {
    begun_ = loop_.now();
    running_ = plan_.connections;
    for (std::size_t i = 0; i < plan_.connections; ++i)
      spawn(connection(), [this] {
        if (--running_ == 0) loop_.stop();
      });
    loop_.run();
    report();
    return why_.empty() && accepted_ == plan_.requests ? 0 : 1;
  }

 private:
  Task<void> connection() {
    if (auto done = co_await send_all(); !done.ok() && why_.empty()) why_ = done.error().detail;
  }

  Task<Result<void>> send_all() {
    auto client = PR_CO_TRY(co_await ApiClient::connect(loop_, tls_, plan_.to));
    auto request = request_;
    while (why_.empty() && next_ < plan_.requests) {
      const auto number = next_++;
      // A request is as old as its due moment, so that a server which falls behind is seen to.
      auto due = loop_.now();
      if (plan_.interval > Duration::zero()) {
        due = begun_ + plan_.interval * static_cast<std::int64_t>(number);
        if (due > loop_.now()) co_await loop_.sleep_until(due);
      }
      PR_CO_TRY(co_await send_one(client, request, static_cast<std::uint32_t>(number), due));
    }
    co_return Result<void>();
  }

  Task<Result<void>> send_one(ApiClient& client, Request& request, std::uint32_t number, Instant due) {
    const auto bytes = request.to(plan_.first + number * plan_.per_request, Mark::moment(due));
    for (int refusals = 0; refusals < refusals_most; ++refusals) {
      const auto answer = PR_CO_TRY(co_await client.ask(bytes));
      if (answer.status == 202) {
        latency_.add(Mark::moment(loop_.now()) - Mark::moment(due));
        ++accepted_;
        co_return Result<void>();
      }
      ++refused_;
      last_refusal_ = fmt::format("{} {}", answer.status, answer.body);
      if (answer.status != 429 && answer.status != 503) break;
      co_await loop_.sleep_until(loop_.now() + after_refusal);
    }
    co_return Error{Code::unavailable, "refused: " + last_refusal_};
  }

  void report() {
    const auto seconds = std::chrono::duration<double>(loop_.now() - begun_).count();
    if (!why_.empty())
      fmt::print(stderr, "{}\n", why_);
    else if (refused_ > 0)
      fmt::print(stderr, "refused at first: {}\n", last_refusal_);
    fmt::print(R"({{"accepted":{},"messages":{},"refused":{},"seconds":{:.6f},"begun_us":{},)"
               R"("accept_p50_us":{},"accept_p99_us":{},"cpu_us":{}}})"
               "\n",
               accepted_, accepted_ * plan_.per_request, refused_, seconds, Mark::moment(begun_),
               latency_.percentile(0.5), latency_.percentile(0.99), own_cpu_us());
  }

  const Plan& plan_;
  const Request& request_;
  io::TlsClient& tls_;
  io::Loop loop_{"load"};
  Instant begun_;
  std::size_t running_ = 0;
  std::uint64_t next_ = 0, accepted_ = 0, refused_ = 0;
  std::string why_, last_refusal_;
  Samples latency_;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options(words(argc - 1, argv + 1),
                        {"--to", "--key", "--messages", "--per-request", "--connections", "--first", "--rate",
                         "--domains", "--content", "--substitutions", "--send-after", "--from"});
  Plan plan;
  plan.to = options.endpoint("--to");
  plan.connections = options.number("--connections", 8);
  plan.per_request = static_cast<std::uint32_t>(options.number("--per-request", 1));
  plan.requests = options.number("--messages", 1000) / plan.per_request;
  plan.first = static_cast<std::uint32_t>(options.number("--first", 0));
  if (const auto rate = options.number("--rate", 0); rate > 0)
    plan.interval = std::chrono::nanoseconds(std::chrono::seconds(plan.per_request)) / rate;

  Request::Shape shape;
  shape.host = io::to_string(plan.to);
  shape.key = options.text("--key");
  shape.from = options.text("--from", shape.from);
  shape.personalizations = plan.per_request;
  shape.domains = options.number("--domains", shape.domains);
  shape.content = options.number("--content", shape.content);
  shape.substitutions = options.number("--substitutions", 0) != 0;
  if (const auto after = options.number("--send-after", 0); after > 0)
    shape.send_at = io::SystemClock().wall() + std::chrono::seconds(after);

  if (plan.first + plan.requests * plan.per_request > Mark::numbers) {
    fmt::print(stderr, "at most {} messages can be told apart\n", Mark::numbers);
    return 2;
  }
  const auto tls = io::TlsClient::create({.system = false, .pem = ""});
  if (!tls) {
    fmt::print(stderr, "{}\n", tls.error().detail);
    return 1;
  }
  return Load(plan, Request(shape), **tls).run();
}

// SPDX-License-Identifier: Apache-2.0
// A mail server that takes everything, over STARTTLS, and counts. Says "ready ADDRESS:PORT", then obeys lines
// on stdin, each answered by a line of JSON: count, verify (the signatures of the sample), reset, stop.
//
//   bench_sink [--listen ADDRESS:PORT] [--loops N] [--samples N] [--sample-every N] [--txt NAME=RECORD]...
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "bench/common/options.h"
#include "bench/common/own_cpu.h"
#include "bench/sink/ledger.h"
#include "bench/sink/reception.h"
#include "io/runtime.h"
#include "io/stderr_log.h"
#include "io/system_clock.h"
#include "protocol/dkim/verifier.h"

using namespace postrider;
using namespace postrider::bench;

namespace {

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string count(Ledger& ledger, const io::Listener& door) {
  const auto totals = ledger.totals();
  return fmt::format(R"({{"messages":{},"recipients":{},"distinct":{},"bytes":{},"first_us":{},"last_us":{},)"
                     R"("first_byte_p50_us":{},"first_byte_p99_us":{},"connections":{},"cpu_us":{}}})",
                     totals.messages, totals.recipients, totals.distinct, totals.bytes, totals.first_us,
                     totals.last_us, totals.first_byte_p50_us, totals.first_byte_p99_us, door.connections(),
                     own_cpu_us());
}

std::size_t signature_bytes(std::string_view message) {
  std::size_t bytes = 0;
  for (bool inside = false; !message.empty() && message != "\r\n";) {
    const auto line = message.substr(0, message.find("\r\n") + 2);
    if (line.size() <= 2) break;
    if (line[0] != ' ' && line[0] != '\t') inside = line.starts_with("DKIM-Signature:");
    if (inside) bytes += line.size();
    message.remove_prefix(line.size());
  }
  return bytes;
}

std::string verify(const Ledger& ledger, const std::vector<std::string>& records, const Clock& clock) {
  const auto lookup = [&](const std::string& name) -> Result<std::vector<std::string>> {
    for (const auto& record : records)
      if (record.size() > name.size() && record.starts_with(name) && record[name.size()] == '=')
        return std::vector{record.substr(name.size() + 1)};
    return Error{Code::not_found, "no record given for " + name};
  };
  std::size_t signatures = 0, passed = 0, bytes = 0, of_signatures = 0;
  std::string reason;
  const auto samples = ledger.samples();
  for (const auto& message : samples) {
    bytes += message.size();
    of_signatures += signature_bytes(message);
    for (const auto& verdict : dkim::verify(message, lookup, clock.wall())) {
      ++signatures;
      if (verdict.result == dkim::Status::pass)
        ++passed;
      else
        reason = verdict.reason;
    }
  }
  if (!reason.empty()) fmt::print(stderr, "signature: {}\n", reason);
  return fmt::format(R"({{"samples":{},"bytes":{},"signature_bytes":{},"signatures":{},"passed":{}}})",
                     samples.size(), bytes, of_signatures, signatures, passed);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options(words(argc - 1, argv + 1),
                        {"--listen", "--loops", "--samples", "--sample-every", "--txt"});
  const auto records = options.all("--txt");
  io::SystemClock clock;
  io::StderrLog log(clock, io::StderrLog::Format::text, Level::warning);
  Ledger ledger(options.number("--sample-every", 997), options.number("--samples", 50));

  const auto pem = io::make_self_signed({"sink.bench"});
  const auto identity = pem ? io::TlsIdentity::from_pem(pem->certificate, pem->key) : pem.error();
  if (!identity) {
    fmt::print(stderr, "certificate: {}\n", identity.error().detail);
    return 1;
  }
  io::Runtime runtime(options.number("--loops", 2), "sink");
  const auto serve = [&](io::Connection& connection) { return receive_mail(connection, *identity, ledger); };
  auto door =
      io::Listener::open(runtime.loops(), {.at = options.endpoint("--listen", "127.0.0.1:0")}, serve, log);
  if (!door) {
    fmt::print(stderr, "listen: {}\n", door.error().detail);
    return 1;
  }
  (*door)->start();
  say("ready " + io::to_string((*door)->endpoint()));

  for (std::string line; std::getline(std::cin, line) && line != "stop";) {
    if (line == "count") {
      say(count(ledger, **door));
    } else if (line == "verify") {
      say(verify(ledger, records, clock));
    } else if (line == "reset") {
      ledger.reset();
      say("{}");
    } else {
      say(R"({"error":"count, verify, reset or stop"})");
    }
  }
  return 0;
}

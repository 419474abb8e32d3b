// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "bench/common/mark.h"
#include "bench/common/options.h"
#include "bench/common/own_cpu.h"
#include "bench/limits/limits.h"
#include "io/tcp_transport.h"
#include "protocol/smtp/client_session.h"
#include "protocol/smtp/dot_stuff.h"

namespace postrider::bench {
namespace {

constexpr auto patience = std::chrono::seconds(60);

// Every connection of the pump takes its next message from here.
struct Supply {
  io::Endpoint to;
  std::uint32_t messages = 0;
  std::string stuffed{};
  std::uint32_t next = 0;
  std::uint32_t taken = 0;
  std::string why{};

  smtp::Envelope envelope(Instant now) {
    std::string address(Mark::size, '0');
    Mark{next++, Mark::moment(now)}.put(address.data());
    return {.sender = "news@bench.example",
            .recipients = {address + "@d000.bench.test"},
            .size = stuffed.size(),
            .eight_bit = false,
            .utf8 = false};
  }
};

class Hose {
 public:
  Hose(Supply& supply, io::Loop& loop, io::TlsClient& tls)
      : supply_(supply), loop_(loop), transport_(loop, tls) {}

  Task<void> run() {
    auto stream = co_await transport_.connect(supply_.to, "", deadline());
    if (!stream) {
      supply_.why = stream.error().detail;
      co_return;
    }
    stream_ = std::move(*stream);
    std::array<char, 4096> buffer;
    while (co_await grant_wishes()) {
      const auto got = co_await stream_->read(buffer, deadline());
      if (got && *got > 0)
        session_.receive({buffer.data(), *got});
      else
        session_.closed(got ? "closed by the peer" : got.error().detail);
    }
  }

 private:
  Instant deadline() const { return loop_.now() + patience; }

  Task<void> flush() {
    if (out_.empty()) co_return;
    const auto sent = co_await stream_->write(out_, deadline());
    out_.clear();
    if (!sent) session_.closed(sent.error().detail);
  }

  // False when the connection is over.
  Task<bool> grant_wishes() {
    while (auto wish = session_.next()) {
      if (auto* said = std::get_if<smtp::Say>(&*wish)) {
        out_ += said->bytes;
      } else if (std::holds_alternative<smtp::StartTls>(*wish)) {
        co_await flush();
        const auto facts = co_await stream_->start_tls({.host = "sink.bench"}, deadline());
        if (facts)
          session_.tls_started();
        else
          session_.tls_failed(facts.error().detail);
      } else if (std::holds_alternative<smtp::Ready>(*wish)) {
        if (supply_.next < supply_.messages)
          session_.send(supply_.envelope(loop_.now()));
        else
          session_.quit();
      } else if (std::holds_alternative<smtp::WantBody>(*wish)) {
        session_.body(supply_.stuffed, true);
      } else if (auto* done = std::get_if<smtp::Settled>(&*wish)) {
        if (done->recipients.front().fate == smtp::Fate::accepted) ++supply_.taken;
      } else if (auto* over = std::get_if<smtp::HangUp>(&*wish)) {
        if (over->why != smtp::HangUp::Why::quit) supply_.why = over->reason;
        co_await flush();
        co_return false;
      }
    }
    co_await flush();
    co_return true;
  }

  Supply& supply_;
  io::Loop& loop_;
  io::TcpTransport transport_;
  std::unique_ptr<io::ByteStream> stream_;
  smtp::ClientSession session_{{.helo = "pump.bench", .tls = smtp::Tls::required}};
  std::string out_;
};

std::string message(std::size_t bytes) {
  std::string text = "From: news@bench.example\r\nSubject: Your parcel\r\n\r\n";
  while (text.size() < bytes) text += "The parcel you ordered has left our house and is on its way.\r\n";
  return text;
}

}  // namespace

int pump(const Words& words) {
  const Options options(words, {"--to", "--messages", "--connections", "--bytes"});
  const auto tls = io::TlsClient::create({.system = false, .pem = ""});
  Supply supply{.to = options.endpoint("--to"),
                .messages = static_cast<std::uint32_t>(options.number("--messages", 10'000))};
  if (!tls || !smtp::append_dot_stuffed(supply.stuffed, message(options.number("--bytes", 3072)))) return 1;

  io::Loop loop("pump");
  std::vector<std::unique_ptr<Hose>> hoses;
  for (auto left = options.number("--connections", 32); left > 0; --left)
    hoses.push_back(std::make_unique<Hose>(supply, loop, **tls));
  auto running = hoses.size();
  const auto begun = loop.now();
  for (auto& hose : hoses)
    spawn(hose->run(), [&] {
      if (--running == 0) loop.stop();
    });
  loop.run();
  const auto seconds = std::chrono::duration<double>(loop.now() - begun).count();
  if (!supply.why.empty()) fmt::print(stderr, "{}\n", supply.why);
  fmt::print(R"({{"taken":{},"seconds":{:.6f},"cpu_us":{}}})"
             "\n",
             supply.taken, seconds, own_cpu_us());
  return supply.taken == supply.messages ? 0 : 1;
}

}  // namespace postrider::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/task.h"
#include "flow/deliver/intent_writer.h"
#include "flow/deliver/prepared.h"
#include "flow/deliver/site.h"
#include "io/transport.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "protocol/smtp/client_session.h"
#include "services/sites/tls_memory.h"

namespace postrider {

// What every courier of a loop shares.
struct CourierTools {
  Executor& home;
  io::Transport& transport;
  const Clock& clock;
  const AnchoredClock& wall;
  journal::Journal& journal;
  journal::Committer& committer;
  io::WorkCells& cells;
  sites::TlsMemory& tls_memory;
  Reports reports;
  std::uint64_t node = 0;  // stands in its intents
  std::string helo;
  std::string source;  // local address to send from; empty = the system's choice
  bool drain = false;  // finish what is in hand, take nothing new
};

// One connection to one destination, from connect to QUIT, carrying message after message. It drives
// ClientSession over a ByteStream and owns the commit window: the intent is durable and the lease holds
// before the final dot, or there is none. Loop's thread.
class Courier {
 public:
  Courier(CourierTools& tools, Site& site)
      : tools_(tools),
        site_(site),
        peer_(io::to_string(site.route.next_hop)),
        tls_wanted_(tls_wanted()),
        session_({.helo = tools.helo, .tls = tls_wanted_}) {}

  Task<void> run();

 private:
  using Wish = smtp::ClientSession::Wish;

  Task<bool> connect();
  Task<void> converse();
  Task<bool> flush();  // false = the stream is gone, and the session knows
  Task<void> handshake();
  Task<void> ready();
  Task<void> give_body();
  void take(std::string_view bytes);
  smtp::Tls tls_wanted() const;
  TlsPolicy tls_policy() const;
  void remember_tls();
  Time now() const { return tools_.wall.at(tools_.clock.monotonic()); }
  Task<void> settled(smtp::Settled settled);
  void hang_up(const smtp::HangUp& why);
  void fail_site(smtp::Stage stage, std::string text, const std::optional<smtp::Reply>& reply);
  Instant deadline() const;

  CourierTools& tools_;
  Site& site_;
  std::string peer_;  // as it is remembered: "192.0.2.1:25"
  smtp::Tls tls_wanted_;
  smtp::ClientSession session_;
  std::unique_ptr<io::ByteStream> stream_;
  io::TlsFacts tls_;
  std::string out_;
  bool over_ = false;
  bool was_ready_ = false;
  std::uint64_t carried_ = 0;  // transactions on this connection so far
  std::optional<Prepared> current_;
  std::optional<Intent> intent_;
  std::optional<Result<journal::Sequence>> intent_place_;
};

}  // namespace postrider

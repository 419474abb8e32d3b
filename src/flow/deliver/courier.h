// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "base/task.h"
#include "flow/deliver/hop.h"
#include "flow/deliver/intent_writer.h"
#include "flow/deliver/prepared.h"
#include "flow/deliver/site.h"
#include "io/resolver.h"
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
  std::string source;                // local address to send from; empty = the system's choice
  io::Resolver* resolver = nullptr;  // none: mail goes by routes only
  Random* random = nullptr;          // for the order of equal hosts; with a resolver
  bool drain = false;                // finish what is in hand, take nothing new
};

// Why no dialogue could be had with a machine.
struct NoDialogue {
  Report::One result;
  std::string ip;
  TlsPolicy tls_policy = TlsPolicy::none;
  bool ours = false;  // descriptors or memory were wanting here: says nothing about the machine
};

// One connection to one machine of a destination, from connect to QUIT, carrying message after message. It
// drives ClientSession over a ByteStream and owns the commit window: the intent is durable and the lease
// holds before the final dot, or there is none. Loop's thread.
class Courier {
 public:
  Courier(CourierTools& tools, IntentWriter& intents, Site& site, Hop hop)
      : tools_(tools),
        intents_(intents),
        site_(site),
        hop_(std::move(hop)),
        tls_wanted_(tls_wanted()),
        session_({.helo = tools.helo, .tls = tls_wanted_}) {}

  // nullopt = it came to the point where mail could be given.
  Task<std::optional<NoDialogue>> run();

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
  void fail(At at, std::string text, const std::optional<smtp::Reply>& reply);
  Instant deadline() const;

  CourierTools& tools_;
  IntentWriter& intents_;
  Site& site_;
  Hop hop_;
  smtp::Tls tls_wanted_;
  smtp::ClientSession session_;
  std::unique_ptr<io::ByteStream> stream_;
  io::TlsFacts tls_;
  std::string out_;
  Instant answer_by_ = never;  // when the whole reply waited for must be here (RFC 5321 4.5.3.2)
  bool over_ = false;
  bool was_ready_ = false;
  std::optional<NoDialogue> why_not_;
  std::uint64_t carried_ = 0;  // transactions on this connection so far
  std::optional<Prepared> current_;
  std::shared_ptr<IntentWriter::Answer> intent_;
  std::optional<Result<journal::Sequence>> intent_place_;
};

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/byte_stream.h"
#include "journal/journal.h"
#include "model/event.h"
#include "model/ids.h"

namespace postrider {

struct Recipient;

// One SMTP transaction to be: recipients of one personalization at one destination. The road made it; it
// crosses to preparation and delivery as a value. `handle` is the road's own and is only handed back.
struct Assignment {
  MessageId message;
  TenantId tenant;
  journal::Sequence accepted;
  journal::Sequence variant;  // 0 = it travels inside the accepted record
  std::uint32_t first =
      0;  // the personalization's first recipient: Message-ID derives from it, whoever is left
  std::uint32_t index = 0;  // which of the request's personalizations, as its recipients' records name it
  std::uint32_t lane = 0;
  struct To {
    Recipient* handle = nullptr;
    std::uint32_t n = 0;
    journal::Sequence queued;
    std::uint16_t attempt = 0;  // of this attempt; 1 = the first
  };
  std::vector<To> to;
};

// How far the dialogue with the peer came for one recipient. The difference between `before` and `unknown` is
// the whole of exactly-once: after the final dot, silence is not an answer.
enum class Fate : std::uint8_t {
  answered,  // the peer replied; `code` and `text` are its words
  before,    // it ended before the final dot: certainly not delivered
  unknown,   // the dot was sent and no answer came: perhaps delivered
  local,     // we did not try: the message cannot be made, or cannot go there
};

enum class At : std::uint8_t { connect, greeting, mail, rcpt, data, dot, none };

// What came of reading what is to be sent. Unless it is whole for every recipient, nothing was tried.
enum class Reading : std::uint8_t {
  whole,
  missing,  // a record is not where it was; it has moved, or is gone
  damaged,  // a record cannot be read, or says that another one is lost: hold it for the operator
};

struct Report {
  Assignment assignment;
  struct One {
    Reading content = Reading::whole;
    Fate fate = Fate::before;
    At at = At::none;
    int code = 0;              // the reply's, or 0
    std::string status;        // enhanced code when the peer gave one
    std::string text;          // the reply on one line, or what went wrong
    std::string email;         // the address, once it has been read from the journal
    journal::Sequence intent;  // its durable intent; the settlement releases it
  };
  std::vector<One> results;  // one per assignment.to, in order
  bool site_failed = false;  // no dialogue could be had at all: the destination's trouble, not the message's
  bool stale = false;        // nothing was tried, and may be at once: the connection had gone cold
  std::chrono::milliseconds pause{};  // with stale: we lacked the means to try, so not before this is over
  std::string ip;
  io::TlsFacts tls;
  bool tls_used = false;
  TlsPolicy tls_policy = TlsPolicy::none;
};

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/submission.h"

namespace postrider::testing {

// What a client knows of one request it made.
struct Submitted {
  Submission submission;
  std::vector<std::string> recipients;  // addresses, each used in this request only
  std::size_t tries = 0;
  std::vector<MessageId> acknowledged;  // the ids it was told, once for each positive answer
  Instant acknowledged_at{};
  bool refused = false;  // a final no: nothing of it may be delivered
  bool pending = false;
};

// A message that is in somebody's mailbox.
struct Arrived {
  std::string recipient;
  std::string data;
  Instant at{};              // the final dot
  bool answer_read = false;  // the sender's process had read the answer before it died
  std::string sender;        // which process sent it
  std::string peer;          // which server took it
  Instant connected{};       // its connection began
  bool tls = false;
};

// One restart: who was in doubt when the new process began.
struct Restart {
  Instant at{};
  std::string process;
  std::vector<RecipientId> in_doubt;
};

struct Violation {
  std::string property;  // "L", "D", "E"
  std::string what;
};

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "model/submission.h"
#include "protocol/mail/mime_builder.h"
#include "records/accepted.h"

namespace postrider {

// A body as it travels, and what DKIM needs of it. Shared by every message that has it.
struct Body {
  std::string wire;                     // dot-stuffed, ends with CRLF
  std::size_t octets = 0;               // before stuffing
  std::string mime_headers;             // that describe it
  std::array<std::uint8_t, 32> hash{};  // SHA-256 of its relaxed canonical form (RFC 6376 3.4.4)
};

// A request made ready for rendering: attachments encoded once, and the body of everybody who substitutes
// nothing.
struct Source {
  MessageId id;
  records::Accepted accepted;
  std::vector<mail::EncodedAttachment> attachments;
  std::shared_ptr<const Body> shared_body;
  std::size_t bytes = 0;  // roughly what it takes in memory
};

// A message for the recipients of one personalization, without signature and without the blank line.
struct Composed {
  std::string headers;  // each line ends with CRLF
  std::shared_ptr<const Body> body;
  std::string from_domain;  // A-labels: the domain that must sign
  std::string sender;       // envelope sender
  bool utf8 = false;        // an address in the header needs SMTPUTF8
};

// Rendering is a pure function of what was accepted: Date, Message-ID and boundaries derive from ids and
// recorded times, so an attempt a day later, or after a crash, sends the same bytes (RFC 5322, 2045-2049).
// Any thread.
Result<std::shared_ptr<const Source>> prepare_source(MessageId id, records::Accepted accepted);
Result<Composed> compose(const Source& source, const Personalization& personalization,
                         std::uint32_t first_recipient);

}  // namespace postrider

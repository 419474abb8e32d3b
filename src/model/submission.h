// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"

namespace postrider {

// Somebody's address with the name beside it. The address has been validated at the edge; names are any UTF-8
// without control characters.
struct Contact {
  std::string email;
  std::string name;
  friend bool operator==(const Contact&, const Contact&) = default;
};

using Pair = std::pair<std::string, std::string>;  // name, value; order is the sender's

struct Content {
  std::string type;  // "text/plain"
  std::string value;
  friend bool operator==(const Content&, const Content&) = default;
};

struct Attachment {
  std::string type;
  std::string filename;
  std::string content_id;
  bool is_inline = false;
  std::string bytes;  // decoded
  friend bool operator==(const Attachment&, const Attachment&) = default;
};

// One message to the people in it, who see each other (bcc apart). What is set here overrides the request.
struct Personalization {
  std::vector<Contact> to, cc, bcc;
  std::string subject;  // empty = the request's
  std::vector<Pair> headers, substitutions, custom_args;
  std::optional<Time> send_at;
  friend bool operator==(const Personalization&, const Personalization&) = default;
};

// What all personalizations of a request share.
struct Shared {
  Contact from;
  std::optional<Contact> reply_to;
  std::string subject;
  std::vector<Content> content;
  std::vector<Attachment> attachments;
  std::vector<Pair> headers, custom_args;
  std::vector<std::string> categories;
  friend bool operator==(const Shared&, const Shared&) = default;
};

// A request to send mail, whichever door it came through: valid, and its tenant taken from the credential.
struct Submission {
  TenantId tenant;
  ApiKeyId key;
  Shared shared;
  std::vector<Personalization> personalizations;  // send_at resolved: request's or its own
  struct Idempotency {
    std::string key;
    std::array<std::uint8_t, 32> digest{};  // of the request's bytes
  };
  std::optional<Idempotency> idempotency;
};

}  // namespace postrider

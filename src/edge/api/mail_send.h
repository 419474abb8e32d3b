// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>

#include "edge/api/endpoint.h"
#include "flow/intake/intake.h"

namespace postrider::api {

// POST /v3/mail/send: the request is read, handed to intake, and answered once it is durable. Beyond
// SendGrid, an Idempotency-Key makes it safe to ask again: within a day the same key and bytes get the first
// answer, other bytes 422; 429 when no further key can be remembered. Any loop; intake outlives it.
class MailSend {
 public:
  explicit MailSend(Intake& intake) : intake_(intake) {}
  static std::span<const Operation<MailSend>> operations();

 private:
  Task<http::Response> send(Call& call);
  Task<Result<Accepted>> take(const Submission& submission, Call& call);

  Intake& intake_;
};

}  // namespace postrider::api

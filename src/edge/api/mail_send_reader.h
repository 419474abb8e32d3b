// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <expected>

#include "base/clock.h"
#include "edge/api/errors.h"
#include "model/submission.h"
#include "protocol/json/value.h"

namespace postrider::api {

// The body of POST /v3/mail/send as a Submission, or everything that is wrong with it (api/rules.md 4).
// Tenant, key and idempotency are not in a body and stay empty. What is accepted can be composed: addresses
// and media types parse, and no string that reaches a header holds CR, LF or NUL. A send_at that has passed
// is `now`.
[[nodiscard]] std::expected<Submission, Problems> read_mail_send(json::Value body, Time now);

}  // namespace postrider::api

// SPDX-License-Identifier: Apache-2.0
#include "edge/api/mail_send.h"

#include <algorithm>
#include <array>
#include <optional>

#include "crypto/sha256.h"
#include "edge/api/errors.h"
#include "edge/api/mail_send_reader.h"

namespace postrider::api {
namespace {

constexpr std::string_view idempotency_header = "Idempotency-Key";
constexpr std::size_t longest_idempotency_key = 255;

bool is_idempotency_key(std::string_view key) {
  return !key.empty() && key.size() <= longest_idempotency_key &&
         std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
}

http::Response accepted(const Accepted& taken) {
  http::Response response{.status = 202};
  response.headers.add("X-Message-Id", to_string(taken.message));
  if (taken.replayed) response.headers.add("Idempotent-Replayed", "true");
  return response;
}

http::Response no_room_for_key() {
  auto response = refused(429,
                          "No further Idempotency-Key can be remembered for this account: those of the last "
                          "48 hours are too many. "
                          "Send the request without one, or wait until earlier ones are forgotten.",
                          idempotency_header);
  response.headers.add("Retry-After", "60");
  return response;
}

http::Response not_taken(const Error& error) {
  switch (error.code) {
    case Code::forbidden:
      return refused(
          403,
          "The from address does not match a verified Sender Identity. Mail cannot be sent until this "
          "error is resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ "
          "to see the Sender Identity requirements",
          "from");
    case Code::closed:
      return refused(403, "This account is deactivated. Mail cannot be sent until it is active again.");
    case Code::exists:
      return refused(
          422,
          "This Idempotency-Key was used for a different request before. Use a new key for each request, "
          "and the same key only to repeat one.",
          idempotency_header);
    default:
      return failed(error);
  }
}

}  // namespace

std::span<const Operation<MailSend>> MailSend::operations() {
  static constexpr std::array<Operation<MailSend>, 1> all{{
      {{.method = http::Method::post,
        .path = "/v3/mail/send",
        .access = Access::key,
        .scope = "mail.send",
        .rate = RateClass::mail,
        .body = Body::json,
        .body_limit = std::size_t{30} << 20},
       &MailSend::send},
  }};
  return all;
}

Task<http::Response> MailSend::send(Call& call) {
  const auto idempotency = call.request.headers.find(idempotency_header);
  if (idempotency && !is_idempotency_key(*idempotency))
    co_return refused(400, "The Idempotency-Key must be 1 to 255 visible ASCII characters.",
                      idempotency_header);

  if (idempotency && !intake_.may_promise(call.tenant.id(), *idempotency)) co_return no_room_for_key();

  std::optional<Submission::Idempotency> promise;
  auto read = co_await call.in_proportion([&] {
    if (idempotency) promise = {std::string(*idempotency), sha256(call.body)};
    return read_mail_send(call.json, call.now);
  });
  if (!read) co_return failed(read.error());
  if (!read->has_value()) co_return refused(400, read->error().list());

  Submission& submission = **read;
  submission.tenant = call.tenant.id();
  submission.key = call.key;
  submission.idempotency = std::move(promise);
  auto taken = co_await take(submission, call);
  co_return taken ? accepted(*taken) : not_taken(taken.error());
}

// Intake answers on the journal's thread, and stages large bodies on the one that calls it.
Task<Result<Accepted>> MailSend::take(const Submission& submission, Call& call) {
  OneShot<Result<Accepted>> answer;
  PR_CO_TRY(co_await call.in_proportion([&] {
    intake_.take(submission, call.now, [&answer, &home = call.home](Result<Accepted> result) {
      home.post([&answer, result = std::move(result)]() mutable { answer.set(std::move(result)); });
    });
  }));
  co_return co_await answer;
}

}  // namespace postrider::api

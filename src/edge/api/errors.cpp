// SPDX-License-Identifier: Apache-2.0
#include "edge/api/errors.h"

#include "protocol/json/writer.h"

namespace postrider::api {
namespace {

constexpr std::string_view retry_after_seconds = "5";

void write_or_null(json::Writer& out, std::string_view key, std::string_view text) {
  out.key(key);
  if (text.empty()) {
    out.null();
  } else {
    out.string(text);
  }
}

std::string_view words(Code code) {
  switch (status_of(code)) {
    case 400:
      return "Bad Request";
    case 403:
      return "access forbidden";
    case 404:
      return "not found";
    case 409:
      return "already exists";
    default:
      return "Postrider cannot take this request right now. Send it again in a few seconds.";
  }
}

}  // namespace

http::Response json(int status, std::string body) {
  http::Response response{.status = status, .headers = {}, .body = std::move(body)};
  response.headers.add("Content-Type", "application/json");
  return response;
}

http::Response refused(int status, std::span<const Problem> problems) {
  std::string body;
  json::Writer out(body);
  out.begin_object().key("errors").begin_array();
  for (const Problem& problem : problems) {
    out.begin_object().key("message").string(problem.message);
    write_or_null(out, "field", problem.field);
    write_or_null(out, "help", problem.help);
    out.end_object();
  }
  out.end_array().end_object();
  auto response = json(status, std::move(body));
  if (status == 503) response.headers.add("Retry-After", retry_after_seconds);
  return response;
}

http::Response refused(int status, std::string_view message, std::string_view field) {
  const Problem problem{std::string(message), std::string(field), {}};
  return refused(status, {&problem, 1});
}

int status_of(Code code) {
  switch (code) {
    case Code::invalid:
      return 400;
    case Code::forbidden:
      return 403;
    case Code::not_found:
      return 404;
    case Code::exists:
      return 409;
    case Code::unavailable:
    case Code::exhausted:
    case Code::timeout:
    case Code::closed:
    case Code::fenced:
    case Code::ambiguous:
    case Code::corrupt:
    case Code::io:
    case Code::internal:
      return 503;
  }
  return 503;
}

http::Response failed(const Error& error) {
  return refused(status_of(error.code), words(error.code));
}

http::Response unreadable(int status, std::string_view reason) {
  return refused(status, reason);
}

}  // namespace postrider::api

// SPDX-License-Identifier: Apache-2.0
#include "edge/api/request_body.h"

#include <string>

#include "base/text.h"
#include "edge/api/errors.h"
#include "edge/api/gzip.h"

namespace postrider::api {
namespace {

constexpr std::string_view not_json_type = "Content-Type should be application/json.";

// Whether the parameters of a media type leave its charset at UTF-8.
bool is_utf8_charset(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto end = std::min(parameters.find(';'), parameters.size());
    const auto parameter = trim(parameters.substr(0, end));
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    constexpr std::string_view charset = "charset=";
    if (!starts_ignoring_case(parameter, charset)) continue;
    auto value = parameter.substr(charset.size());
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (!same_ignoring_case(value, "utf-8") && !same_ignoring_case(value, "utf8")) return false;
  }
  return true;
}

http::Response too_large(std::size_t limit) {
  return refused(413, "The request is larger than " + std::to_string(limit >> 20) + " MB.");
}

}  // namespace

std::optional<http::Response> refuse_content_type(const http::Request& request) {
  const auto field = request.headers.find("Content-Type");
  if (!field) return refused(415, not_json_type);
  const auto end = std::min(field->find(';'), field->size());
  if (!same_ignoring_case(trim(field->substr(0, end)), "application/json"))
    return refused(415, not_json_type);
  if (!is_utf8_charset(field->substr(end))) return refused(415, "Invalid UTF8 in request");
  return std::nullopt;
}

http::Response body_failed(const Error& error, std::size_t limit) {
  switch (error.code) {
    case Code::exhausted:
      return too_large(limit);
    case Code::timeout:
      return refused(408, "The body of the request did not arrive in time.");
    default:
      return failed(error);
  }
}

Task<std::optional<http::Response>> decode_content(io::HttpExchange& exchange, Call& call,
                                                   std::size_t limit) {
  const auto coding = call.request.headers.find("Content-Encoding");
  if (!coding || same_ignoring_case(trim(*coding), "identity")) co_return std::nullopt;
  if (!same_ignoring_case(trim(*coding), "gzip"))
    co_return refused(415, "Content-Encoding should be gzip, or left out.");
  // A short body may hold a long one, so its size says nothing about the work nor about the memory.
  const Reserve reserve = [&exchange](std::size_t bytes) { return exchange.reserve(bytes); };
  auto plain =
      co_await io::run_on(call.workers, call.home, [&] { return gunzip(call.body, limit, reserve); });
  if (!plain) co_return failed(plain.error());
  if (plain->has_value()) {
    call.body = std::move(**plain);
    co_return std::nullopt;
  }
  switch (plain->error()) {
    case GunzipFailure::too_long:
      co_return too_large(limit);
    case GunzipFailure::no_memory:
      co_return failed({Code::unavailable, "too many bodies at a time"});
    case GunzipFailure::damaged:
      break;
  }
  co_return refused(400, "The body is not valid gzip.");
}

http::Response not_json(const json::ParseFailure& failure) {
  using Kind = json::ParseFailure::Kind;
  // SendGrid says only these two words; what to do about it goes where its clients do not look for a match.
  Problem problem{"Bad Request", {}, {}};
  const auto at = "The body is not JSON from byte " + std::to_string(failure.offset) + " on.";
  switch (failure.kind) {
    case Kind::not_utf8:
      return refused(415, "Invalid UTF8 in request");
    case Kind::duplicate_key:
      problem = {"The field [" + failure.path + "] is given more than once.", failure.path, {}};
      break;
    case Kind::lone_surrogate:
      problem.field = failure.path;
      problem.help = "A \\u escape is half of a surrogate pair.";
      break;
    case Kind::too_deep:
      problem.help = "The body nests more than " + std::to_string(json::max_depth) + " levels deep.";
      break;
    case Kind::too_large:
      problem.help = "The body holds too many values.";
      break;
    case Kind::syntax:
      problem.help = at;
      break;
  }
  return refused(400, {&problem, 1});
}

}  // namespace postrider::api

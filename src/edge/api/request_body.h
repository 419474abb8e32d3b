// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>

#include "base/error.h"
#include "base/task.h"
#include "edge/api/call.h"
#include "io/http_exchange.h"
#include "protocol/http/response.h"
#include "protocol/json/value.h"

// What the door says about a body before any operation sees it.
namespace postrider::api {

// 415 unless it is application/json, in UTF-8 when it says so.
std::optional<http::Response> refuse_content_type(const http::Request& request);

// A body that could not be taken in: 413, 400, 408 or 503.
http::Response body_failed(const Error& error, std::size_t limit);

// Replaces a gzip body by what it holds, at most `limit` bytes: 413 above that, 400 when it is damaged, 503
// when the server's memory for bodies is used up, 415 for any other Content-Encoding.
Task<std::optional<http::Response>> decode_content(io::HttpExchange& exchange, Call& call, std::size_t limit);

// The field in question when JSON can name one, and what is wrong with it.
http::Response not_json(const json::ParseFailure& failure);

}  // namespace postrider::api

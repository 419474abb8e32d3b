// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/http/headers.h"

namespace postrider::http {

struct Request;

struct Response {
  int status = 200;
  Headers headers{};  // Date is the caller's; Content-Length, Connection and Transfer-Encoding are ours and
                      // skipped here
  std::string body{};
  bool close = false;  // end the connection after this answer
};

// What the answer depends on besides itself. The default suits a request that could not be read.
struct Answering {
  bool head = false;  // the request was HEAD: the length is told, the body is not sent
  bool keep_alive = false;
};
Answering answering(const Request& request);

inline constexpr std::string_view continue_100 = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view reason_phrase(int status);

// Appends status line and header section. A control character in a field value becomes a space, so that no
// value can end its line.
void append_head(std::string& out, const Response& response, const Answering& to);
// Whether response.body follows the head on the wire: not for HEAD, 1xx, 204 and 304.
bool sends_body(const Response& response, const Answering& to);
// Whether the connection may serve another request after this answer.
bool stays_open(const Response& response, const Answering& to);

}  // namespace postrider::http

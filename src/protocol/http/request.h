// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/http/headers.h"

namespace postrider::http {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options };

std::string_view name(Method method);                       // "GET"
std::optional<Method> method_from(std::string_view token);  // case-sensitive, RFC 9110 9.1

// A request as it came, checked: RequestParser makes them. Owns its bytes; movable.
struct Request {
  Method method = Method::get;
  std::uint8_t minor = 1;         // HTTP/1.minor: 0 or 1
  bool keep_alive = true;         // what the client wants; an HTTP/1.0 client never gets it
  bool expects_continue = false;  // it waits for continue_100 before sending its body
  std::string target{};           // RFC 9112 3.2, every % followed by two hex digits
  Headers headers{};
  std::string body{};  // unless it was delivered to a sink

  // Both still percent-encoded, see query.h. The path of "*" is "*"; of "http://host" it is "/".
  std::string_view path() const;
  std::string_view query() const;  // without the question mark
  // The authority asked for: of the target if it has one, else of Host (RFC 9112 3.3). Empty if neither.
  std::string_view host() const;
};

}  // namespace postrider::http

// SPDX-License-Identifier: Apache-2.0
#include "bench/load/api_client.h"

#include <charconv>
#include <chrono>
#include <optional>

#include "base/text.h"

namespace postrider::bench {
namespace {

constexpr auto patience = std::chrono::seconds(60);

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return std::nullopt;
  return value;
}

// Of a head that ends in an empty line.
std::optional<std::size_t> content_length(std::string_view head) {
  constexpr std::string_view name = "\r\nContent-Length:";
  for (std::size_t at = 0; (at = head.find("\r\n", at)) != std::string_view::npos; at += 2)
    if (starts_ignoring_case(head.substr(at), name))
      return number<std::size_t>(trim(head.substr(at + name.size())));
  return std::nullopt;
}

}  // namespace

Task<Result<ApiClient>> ApiClient::connect(io::Loop& loop, io::TlsClient& tls, io::Endpoint to) {
  io::TcpTransport transport(loop, tls);
  co_return ApiClient(loop, PR_CO_TRY(co_await transport.connect(std::move(to), "", loop.now() + patience)));
}

Task<Result<void>> ApiClient::read_more() {
  std::array<char, 4096> buffer;
  const auto got = PR_CO_TRY(co_await stream_->read(buffer, loop_->now() + patience));
  if (got == 0) co_return Error{Code::closed, "the server closed the connection"};
  held_.append(buffer.data(), got);
  co_return Result<void>();
}

Task<Result<ApiClient::Answer>> ApiClient::ask(std::string_view request) {
  PR_CO_TRY(co_await stream_->write(request, loop_->now() + patience));
  std::size_t head = 0;
  while ((head = held_.find("\r\n\r\n")) == std::string::npos) PR_CO_TRY(co_await read_more());
  const std::string_view text(held_.data(), head + 4);
  const auto status = text.starts_with("HTTP/1.1 ") ? number<int>(text.substr(9)) : std::nullopt;
  const auto length = content_length(text);
  if (!status || !length) co_return Error{Code::invalid, "not an answer: " + held_.substr(0, 200)};
  const auto whole = head + 4 + *length;
  while (held_.size() < whole) PR_CO_TRY(co_await read_more());
  Answer answer{.status = *status, .body = held_.substr(head + 4, *length)};
  held_.erase(0, whole);
  co_return answer;
}

}  // namespace postrider::bench

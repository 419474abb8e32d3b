// SPDX-License-Identifier: Apache-2.0
#include "bench/load/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/common/mark.h"

namespace postrider::bench {
namespace {

constexpr std::string_view address_tail = "@d000.bench.test";
constexpr std::size_t domain_digits = 3;

// Sentences as JSON carries them, about `bytes` of them, each line between `before` and `after`.
std::string prose(std::size_t bytes, std::string_view before, std::string_view after) {
  constexpr std::string_view line = "The parcel you ordered has left our house and is on its way";
  std::string out;
  while (out.size() < bytes) out.append(before).append(line).append(after).append("\\n");
  return out;
}

std::string content(std::size_t bytes, bool substitutions) {
  const std::string_view greeting = substitutions ? "Dear customer -number-,\\n" : "Dear customer,\\n";
  return fmt::format(R"("content":[{{"type":"text/plain","value":"{0}{1}"}},)"
                     R"({{"type":"text/html","value":"<html><body>{0}{2}</body></html>"}}])",
                     greeting, prose(bytes * 2 / 5, "", "."), prose(bytes * 3 / 5, "<p>", "</p>"));
}

}  // namespace

Request::Request(const Shape& shape) : domains_(std::clamp<std::size_t>(shape.domains, 1, 1000)) {
  std::string body = fmt::format(R"({{"from":{{"email":"{}"}},"subject":"Your parcel",)", shape.from);
  if (shape.send_at) body += fmt::format(R"("send_at":{},)", seconds(*shape.send_at));
  body += R"("personalizations":[)";
  for (std::size_t i = 0; i < shape.personalizations; ++i) {
    Places places;
    body += i == 0 ? R"({"to":[{"email":")" : R"(,{"to":[{"email":")";
    places.address = body.size();
    body.append(Mark::size, '0').append(address_tail).append(R"("}])");
    if (shape.substitutions) {
      body += R"(,"substitutions":{"-number-":")";
      places.substitution = body.size();
      body.append(Mark::number_digits, '0').append(R"("})");
    }
    body += '}';
    places_.push_back(places);
  }
  body.append("],").append(content(shape.content, shape.substitutions)).append("}");

  bytes_ = fmt::format(
      "POST /v3/mail/send HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: "
      "application/json\r\n"
      "Content-Length: {}\r\n\r\n",
      shape.host, shape.key, body.size());
  for (auto& places : places_) {
    places.address += bytes_.size();
    if (places.substitution) places.substitution += bytes_.size();
  }
  bytes_ += body;
}

std::string_view Request::to(std::uint32_t first, std::int64_t us) {
  for (auto number = first; const auto& places : places_) {
    Mark{number, us}.put(bytes_.data() + places.address);
    Mark::put_digits(bytes_.data() + places.address + Mark::size + 2, domain_digits, number % domains_);
    if (places.substitution)
      Mark::put_digits(bytes_.data() + places.substitution, Mark::number_digits, number);
    ++number;
  }
  return bytes_;
}

}  // namespace postrider::bench

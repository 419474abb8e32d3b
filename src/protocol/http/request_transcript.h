// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "protocol/http/request_parser.h"

// For tests and fuzzing: what a server would see of one connection, as text, so that two ways of cutting the
// same bytes can be compared.
namespace postrider::http {

// One line per head, per body and for the end: "refused 400 …"; "closed" after a request that does not keep
// the connection, or "closed early" if bytes came after it; "idle" or "unfinished" when the bytes ran out.
inline std::string transcript(std::span<const std::string_view> pieces, const RequestLimits& limits = {}) {
  RequestParser parser(limits);
  std::string out;
  const auto tell_head = [&](const Request& request) {
    out += "head ";
    out += name(request.method);
    out += " " + request.target + " 1." + std::to_string(request.minor);
    if (request.expects_continue) out += " expects-continue";
    for (const auto header : request.headers)
      ((out += " | ") += header.name).append(": ").append(header.value);
    out += '\n';
  };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    auto in = pieces[i];
    for (bool more = false; !more;) {
      switch (parser.parse(in)) {
        case Step::need_more:
          more = true;
          break;
        case Step::head:
          tell_head(parser.request());
          break;
        case Step::complete: {
          const auto request = parser.take();
          out += "body " + request.body + '\n';
          if (request.keep_alive) break;
          const auto is_empty = [](std::string_view piece) { return piece.empty(); };
          const bool last = in.empty() && std::ranges::all_of(pieces.subspan(i + 1), is_empty);
          return out + (last ? "closed\n" : "closed early\n");
        }
        case Step::refused: {
          const auto refusal = parser.refusal();
          return ((out += "refused " + std::to_string(refusal.status) + " ") += refusal.reason) + "\n";
        }
      }
    }
  }
  return out + (parser.idle() ? "idle\n" : "unfinished\n");
}

inline std::string transcript(std::string_view whole, const RequestLimits& limits = {}) {
  return transcript(std::span(&whole, 1), limits);
}

}  // namespace postrider::http

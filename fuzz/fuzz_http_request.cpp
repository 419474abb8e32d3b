// SPDX-License-Identifier: Apache-2.0
// Whatever comes, and wherever it is cut, the request parser sees the same requests and the same refusal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include "protocol/http/query.h"
#include "protocol/http/request_transcript.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postrider::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const RequestLimits small{.line = 40, .head = 120, .headers = 3, .body = 50, .chunk_extension = 10};
  std::minstd_rand random(static_cast<unsigned>(size + (size ? data[size / 2] : 0)));
  for (const auto& limits : {RequestLimits{}, small}) {
    const auto whole = transcript(text, limits);
    for (int round = 0; round < 3; ++round) {
      std::vector<std::string_view> pieces;
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = round == 0 ? 1 : random() % 20;  // an empty piece is a piece
        pieces.push_back(text.substr(at, length));
        at += pieces.back().size();
      }
      if (transcript(pieces, limits) != whole) std::abort();
    }
  }
  (void)percent_decode(text);
  (void)Query::parse(text).ok();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Our reader and simdjson's own must accept the same texts, except for what each is known to refuse alone;
// and what was read and written must read the same.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/json/value.h"
#include "protocol/json/writer.h"

namespace {

using postrider::json::ParseFailure;

std::string written(const postrider::json::Document& document) {
  std::string out;
  postrider::json::Writer(out).value(document.root());
  return out;
}

bool only_ours(ParseFailure::Kind kind) {
  return kind == ParseFailure::Kind::lone_surrogate || kind == ParseFailure::Kind::too_deep ||
         kind == ParseFailure::Kind::duplicate_key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto ours = postrider::json::parse(text);
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element ignored;
  const auto theirs = parser.parse(simdjson::padded_string(text)).get(ignored);
  const bool number_out_of_range = theirs == simdjson::NUMBER_ERROR;
  if (ours && theirs != simdjson::SUCCESS && !number_out_of_range) std::abort();
  if (!ours && theirs == simdjson::SUCCESS && !only_ours(ours.error().kind)) std::abort();
  if (!ours) {
    (void)ours.error().error();
    return 0;
  }
  const auto once = written(*ours);
  const auto again = postrider::json::parse(once);
  if (!again || written(*again) != once) std::abort();
  return 0;
}

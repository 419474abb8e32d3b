// SPDX-License-Identifier: Apache-2.0
// The verifier fed a key record (the first line) and a message (the rest), and the body hash of the message
// cut anywhere. A verdict says why, unless it is a whole pass.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "protocol/dkim/canonical.h"
#include "protocol/dkim/verifier.h"

using namespace postrider;

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(input.find('\n'), input.size());
  const std::string record(input.substr(0, line));
  const auto message = input.substr(std::min(line + 1, input.size()));
  const auto lookup = [&record](const std::string&) -> Result<std::vector<std::string>> {
    return std::vector{record};
  };
  for (const auto& verdict : dkim::verify(message, lookup, from_millis(0)))
    require((verdict.result == dkim::Status::pass) == verdict.reason.empty() || verdict.partial);

  for (const auto form : {dkim::Canonicalization::simple, dkim::Canonicalization::relaxed}) {
    dkim::BodyHasher cut(form);
    for (std::size_t at = 0; at < message.size();) {
      const auto piece = std::size_t{1} + static_cast<unsigned char>(message[at]) % 7;
      cut.update(message.substr(at, piece));
      at += piece;
    }
    require(cut.finish() == dkim::body_hash(message, form));
  }
  return 0;
}

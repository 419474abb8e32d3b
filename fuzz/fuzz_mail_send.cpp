// SPDX-License-Identifier: Apache-2.0
// Any bytes as the body of POST /v3/mail/send: what is accepted keeps every promise, what is refused says
// why.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "edge/api/errors.h"
#include "edge/api/mail_send_invariants.h"
#include "edge/api/mail_send_reader.h"
#include "protocol/json/value.h"
#include "protocol/mail/address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postrider;
  const auto document = json::parse({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  const auto submission = api::read_mail_send(document->root(), from_millis(1'800'000'000'000));
  if (submission) {
    if (const auto broken = api::broken_invariant(*submission); !broken.empty()) {
      std::fprintf(stderr, "broken: %s\n", broken.c_str());
      std::abort();
    }
    return 0;
  }
  const auto& problems = submission.error().list();
  if (problems.empty() || problems.size() > api::Problems::most) std::abort();
  for (const auto& problem : problems)
    if (problem.message.empty()) std::abort();
  if (!json::parse(api::refused(400, problems).body)) std::abort();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "flow/outcome/outcome.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace postrider {
namespace {

// Subject codes of RFC 3463 that speak of the address itself, when the class is 5.
constexpr std::array<std::string_view, 6> about_the_address{"5.1.0", "5.1.1",  "5.1.3",
                                                            "5.1.6", "5.1.10", "5.2.1"};
constexpr std::array<std::string_view, 1> never_valid{"5.1.2"};  // bad destination system: no such domain

template <std::size_t n>
bool any(const std::array<std::string_view, n>& list, std::string_view wanted) {
  return std::ranges::find(list, wanted) != list.end();
}

Refused refused(const Report::One& result) {
  if (any(never_valid, result.status)) return {Refusal::invalid};
  if (!result.status.empty())
    return {any(about_the_address, result.status) ? Refusal::bounce : Refusal::blocked};
  // No enhanced code: only a refusal of RCPT by a code that RFC 5321 gives to mailboxes is about the address.
  const bool mailbox = result.code == 550 || result.code == 551 || result.code == 553;
  return {result.at == At::rcpt && mailbox ? Refusal::bounce : Refusal::blocked};
}

}  // namespace

Outcome classify(const Report::One& result) {
  switch (result.fate) {
    case Fate::answered:
      if (result.code >= 200 && result.code < 300) return Delivered{};
      if (result.code >= 500 && result.code < 600) return refused(result);
      return TryLater{result.code == 421 || result.status.starts_with("4.7.")};
    case Fate::local:
      // We refused it ourselves: for good when the code says so.
      if (result.code >= 500) return refused(result);
      return TryLater{};
    case Fate::before:
    case Fate::unknown:
      return TryLater{};
  }
  return TryLater{};
}

std::string status_of(const Report::One& result) {
  if (!result.status.empty()) return result.status;
  if (result.fate == Fate::before || result.fate == Fate::unknown) return "4.4.2";  // bad connection
  if (result.code >= 200 && result.code < 300) return "2.0.0";
  return result.code >= 500 ? "5.0.0" : "4.0.0";
}

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "model/event.h"

#include <unordered_map>

#include "base/encoding.h"

namespace postrider {

std::string_view name(EventKind kind) {
  switch (kind) {
    case EventKind::processed:
      return "processed";
    case EventKind::deferred:
      return "deferred";
    case EventKind::delivered:
      return "delivered";
    case EventKind::bounce:
      return "bounce";
    case EventKind::dropped:
      return "dropped";
  }
  return "unknown";
}

std::string_view name(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "";
    case Refusal::bounce:
      return "bounce";
    case Refusal::blocked:
      return "blocked";
    case Refusal::invalid:
      return "invalid";
  }
  return "";
}

std::string_view name(TlsPolicy policy) {
  switch (policy) {
    case TlsPolicy::none:
      return "";
    case TlsPolicy::cleartext:
      return "cleartext";
    case TlsPolicy::opportunistic:
      return "opportunistic";
    case TlsPolicy::remembered:
      return "remembered";
    case TlsPolicy::required:
      return "required";
  }
  return "";
}

std::vector<Pair> custom_args_of(const Processed& event, const Processed::Part& part) {
  auto all = event.custom_args;
  if (part.custom_args.empty()) return all;
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < event.custom_args.size(); ++i) places.emplace(event.custom_args[i].first, i);
  for (const auto& pair : part.custom_args) {
    const auto [place, added] = places.emplace(pair.first, all.size());
    if (added)
      all.push_back(pair);
    else
      all[place->second].second = pair.second;
  }
  return all;
}

std::string event_id(EventKind kind, const RecipientId& recipient, std::uint16_t attempt) {
  std::string text(name(kind));
  text.append("-").append(std::to_string(recipient.n));
  text.append("-").append(to_string(recipient.message));
  text.append("-").append(std::to_string(attempt));
  return base64url(text);
}

}  // namespace postrider

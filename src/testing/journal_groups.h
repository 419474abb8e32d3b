// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "journal/journal.h"

// Short words for what tests give to a journal.
namespace postrider::testing {

inline journal::Label label(std::uint32_t n, std::int64_t due_ms = 0) {
  journal::Label made;
  made.kind = 3;
  made.owner[0] = static_cast<std::uint8_t>(n);
  made.owner[15] = 0xee;
  made.n = n;
  made.attempt = 7;
  made.due_ms = due_ms;
  made.lane = 0x0123456789abcdefull;
  return made;
}

inline journal::Entry entry(std::string_view bytes, std::uint32_t n = 0) {
  return {label(n), std::string(bytes), {}};
}

inline journal::Group records(std::initializer_list<std::string_view> all) {
  journal::Group group;
  std::uint32_t n = 0;
  for (auto bytes : all) group.entries.push_back(entry(bytes, n++));
  return group;
}

inline journal::Group telling(std::initializer_list<std::string_view> events) {
  journal::Group group;
  for (auto event : events) group.events.emplace_back(event);
  return group;
}

inline journal::Group releasing(std::initializer_list<journal::Sequence> sequences) {
  journal::Group group;
  group.releases = sequences;
  return group;
}

inline journal::Claim claiming(std::string_view key, std::string_view answer, Time expires,
                               std::uint64_t tenant = 1) {
  journal::Claim claim{tenant, std::string(key), {}, std::string(answer), expires};
  claim.digest[31] = static_cast<std::uint8_t>(answer.size());
  return claim;
}

inline std::string verdict(const Error& error) {
  return "error: " + std::string(name(error.code));
}

template <class T>
std::string verdict(const Result<T>& result) {
  return result.ok() ? "ok" : verdict(result.error());
}

}  // namespace postrider::testing

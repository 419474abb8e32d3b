// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <expected>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace postrider {

// A T, or why not. Ignoring one is a compile error, which is why this is not a bare std::expected.
//
//   Result<Key> parse(std::string_view text);
//   auto key = PR_TRY(parse(text));          // in a function returning Result<…>
//   auto key = PR_CO_TRY(parse(text));       // in a coroutine returning Task<Result<…>>
template <class T>
class [[nodiscard]] Result {
 public:
  using Value = T;

  Result()
    requires std::is_void_v<T>
  {}
  template <class U = T>
    requires(!std::is_void_v<T> && std::is_constructible_v<T, U> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : state_(std::in_place, std::forward<U>(value)) {}  // NOLINT: values convert on return
  Result(Error error) : state_(std::unexpect, std::move(error)) {}      // NOLINT: errors convert on return

  bool ok() const { return state_.has_value(); }
  explicit operator bool() const { return ok(); }

  auto& value() & { return *state_; }
  const auto& value() const& { return *state_; }
  auto&& value() && { return *std::move(state_); }
  auto& operator*() & { return *state_; }
  const auto& operator*() const& { return *state_; }
  auto&& operator*() && { return *std::move(state_); }
  auto* operator->() { return &*state_; }
  const auto* operator->() const { return &*state_; }

  const Error& error() const& { return state_.error(); }
  Error&& error() && { return std::move(state_).error(); }

 private:
  std::expected<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using Value = void;
  Result() = default;
  Result(Error error) : state_(std::unexpect, std::move(error)) {}  // NOLINT: errors convert on return

  bool ok() const { return state_.has_value(); }
  explicit operator bool() const { return ok(); }
  void value() const {}
  const Error& error() const& { return state_.error(); }
  Error&& error() && { return std::move(state_).error(); }

 private:
  std::expected<void, Error> state_;
};

namespace detail {
template <class T>
decltype(auto) take(Result<T>& result) {
  if constexpr (!std::is_void_v<T>) return T(std::move(result).value());
}
}  // namespace detail

}  // namespace postrider

// The value of an expression that yields a Result, or return its error to the caller. The name is numbered
// because one may stand inside another.
#define PR_TRY(...) PR_TRY_NUMBERED(__COUNTER__, return, __VA_ARGS__)
#define PR_CO_TRY(...) PR_TRY_NUMBERED(__COUNTER__, co_return, __VA_ARGS__)
#define PR_TRY_NUMBERED(number, leave, ...) PR_TRY_NAMED(number, leave, __VA_ARGS__)
#define PR_TRY_NAMED(number, leave, ...)                                       \
  ({                                                                           \
    auto pr_result_##number = (__VA_ARGS__);                                   \
    if (!pr_result_##number.ok()) leave std::move(pr_result_##number).error(); \
    ::postrider::detail::take(pr_result_##number);                             \
  })

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct pg_result;

namespace postrider::pg {

// Type numbers of PostgreSQL's catalog that we speak, always in binary form.
enum class Oid : std::uint32_t {
  inferred = 0,
  boolean = 16,
  bytea = 17,
  int8 = 20,
  int2 = 21,
  int4 = 23,
  text = 25,
  varchar = 1043
};

// Parameters of one statement. Text and bytes are views that must live until it has run; the rest is kept
// here.
class Params {
 public:
  void integer(std::int64_t value);
  void boolean(bool value);
  void text(std::string_view value) { view(value, Oid::text); }
  void blob(std::string_view value) { view(value, Oid::bytea); }
  void null();
  // An array for unnest: each element its binary form, nullopt = NULL.
  void array(Oid element, std::span<const std::optional<std::string_view>> values);

  std::size_t size() const { return values_.size(); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }
  // What each parameter is; NULL and arrays are what their place in the statement says.
  const std::vector<unsigned>& types() const { return types_; }

 private:
  void view(std::string_view value, Oid type);
  void keep(std::string bytes, Oid type);
  std::deque<std::string> kept_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<unsigned> types_;
};

std::string binary(std::int64_t value);  // int8, as array elements are written

// What came back.
class Answer {
 public:
  explicit Answer(pg_result* result);
  int rows() const;
  int columns() const;
  bool null(int row, int column) const;
  Oid type(int column) const;
  std::string_view bytes(int row, int column) const;  // as long as the Answer lives
  // The number in a column of type boolean, int2, int4 or int8.
  std::int64_t integer(int row, int column) const;
  std::int64_t touched() const;  // rows an INSERT, UPDATE or DELETE reached
  std::string_view tag() const;  // "COMMIT", "ROLLBACK", "INSERT 0 3"

 private:
  struct Free {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Free> result_;
};

}  // namespace postrider::pg

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "model/tenant.h"

namespace postrider::store {

// Bytes that are not text.
struct Blob {
  std::string_view bytes;
};

// A value on its way into a statement. Text and bytes are views: they must live until the call returns.
class Bind {
 public:
  using Held = std::variant<std::monostate, std::int64_t, std::string_view, Blob, bool>;

  Bind(std::nullptr_t) {}                                           // NOLINT: all of these convert on purpose
  Bind(std::nullopt_t) {}                                           // NOLINT
  Bind(std::string_view text) : held_(text) {}                      // NOLINT
  Bind(const std::string& text) : held_(std::string_view(text)) {}  // NOLINT
  Bind(const char* text) : held_(std::string_view(text)) {}         // NOLINT
  Bind(Blob blob) : held_(blob) {}                                  // NOLINT
  Bind(Time time) : held_(millis(time)) {}                          // NOLINT
  Bind(const Tenant& tenant) : Bind(tenant.id()) {}                 // NOLINT
  template <class Number>
    requires std::is_integral_v<Number>
  Bind(Number value) {  // NOLINT
    if constexpr (std::is_same_v<Number, bool>)
      held_ = value;
    else
      held_ = static_cast<std::int64_t>(value);
  }
  template <class Tag>
  Bind(Id<Tag> id) : held_(static_cast<std::int64_t>(id.value)) {}  // NOLINT
  template <class Tag>
  Bind(const WideId<Tag>& id)  // NOLINT
      : held_(Blob{{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}}) {}
  template <class T>
  Bind(const std::optional<T>& value) {  // NOLINT
    if (value) *this = Bind(*value);
  }

  const Held& held() const { return held_; }

 private:
  Held held_;
};

// One row of an answer; owns its values. Columns are counted from 0 and have the types their statement
// selects: asking for another type, or a column that is not there, is our bug and ends the process.
class Row {
 public:
  using Held = std::variant<std::monostate, std::int64_t, std::string>;

  explicit Row(std::vector<Held> values) : values_(std::move(values)) {}

  bool null(std::size_t column) const { return std::holds_alternative<std::monostate>(at(column)); }
  std::int64_t integer(std::size_t column) const { return std::get<std::int64_t>(at(column)); }
  bool boolean(std::size_t column) const { return integer(column) != 0; }
  Time time(std::size_t column) const { return from_millis(integer(column)); }
  std::optional<Time> maybe_time(std::size_t column) const {
    if (null(column)) return std::nullopt;
    return time(column);
  }
  const std::string& text(std::size_t column) const { return std::get<std::string>(at(column)); }
  const std::string& blob(std::size_t column) const { return text(column); }
  template <class Identity>  // Id<Tag> or WideId<Tag>; bytes of another length give the empty id
  Identity id(std::size_t column) const {
    Identity id;
    if constexpr (requires { id.value; }) {
      id.value = static_cast<std::uint64_t>(integer(column));
    } else if (const auto& bytes = blob(column); bytes.size() == id.bytes.size()) {
      bytes.copy(reinterpret_cast<char*>(id.bytes.data()), id.bytes.size());
    }
    return id;
  }
  std::size_t size() const { return values_.size(); }

 private:
  const Held& at(std::size_t column) const { return values_[column]; }
  std::vector<Held> values_;
};
using Rows = std::vector<Row>;

// Many rows for one INSERT: a prepared loop in SQLite, arrays in PostgreSQL. The views in it must live until
// it is written. One batch must not name the same key twice when its statement says ON CONFLICT … DO UPDATE.
class Batch {
 public:
  enum class Column { integer, text, blob, boolean };
  explicit Batch(std::initializer_list<Column> columns) : columns_(columns) {}

  template <class... V>
  void add(const V&... values) {
    (cells_.push_back(Bind(values)), ...);
  }
  const std::vector<Column>& columns() const { return columns_; }
  std::size_t rows() const { return cells_.size() / columns_.size(); }
  bool empty() const { return cells_.empty(); }
  bool whole() const { return cells_.size() % columns_.size() == 0; }
  const std::vector<Bind>& cells() const { return cells_; }
  const Bind& cell(std::size_t row, std::size_t column) const {
    return cells_[row * columns_.size() + column];
  }

 private:
  std::vector<Column> columns_;
  std::vector<Bind> cells_;
};

}  // namespace postrider::store

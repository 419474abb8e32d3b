// SPDX-License-Identifier: Apache-2.0
#include "pg/values.h"

#include <libpq-fe.h>

#include <charconv>

namespace postrider::pg {
namespace {

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

std::string binary(std::int64_t value) {
  std::string out;
  append_big_endian(out, static_cast<std::uint64_t>(value), 8);
  return out;
}

void Params::integer(std::int64_t value) {
  keep(binary(value), Oid::int8);
}
void Params::boolean(bool value) {
  keep(std::string(1, value ? '\1' : '\0'), Oid::boolean);
}

void Params::null() {
  values_.push_back(nullptr);
  lengths_.push_back(0);
  formats_.push_back(1);
  types_.push_back(static_cast<unsigned>(Oid::inferred));
}

// array_recv: dimensions, has-nulls, element type, then length and lower bound of the dimension, then
// elements.
void Params::array(Oid element, std::span<const std::optional<std::string_view>> values) {
  std::string out;
  append_big_endian(out, values.empty() ? 0 : 1, 4);
  append_big_endian(out, 1, 4);
  append_big_endian(out, static_cast<std::uint32_t>(element), 4);
  if (!values.empty()) {
    append_big_endian(out, values.size(), 4);
    append_big_endian(out, 1, 4);
  }
  for (const auto& value : values) {
    append_big_endian(out, value ? value->size() : 0xFFFFFFFF, 4);
    if (value) out.append(*value);
  }
  keep(std::move(out), Oid::inferred);
}

void Params::view(std::string_view value, Oid type) {
  values_.push_back(value.data() ? value.data() : "");  // libpq takes a null pointer for NULL
  lengths_.push_back(static_cast<int>(value.size()));
  formats_.push_back(1);
  types_.push_back(static_cast<unsigned>(type));
}

void Params::keep(std::string bytes, Oid type) {
  view(kept_.emplace_back(std::move(bytes)), type);
}

Answer::Answer(pg_result* result) : result_(result) {}
void Answer::Free::operator()(pg_result* result) const {
  PQclear(result);
}
int Answer::rows() const {
  return PQntuples(result_.get());
}
int Answer::columns() const {
  return PQnfields(result_.get());
}
bool Answer::null(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}
Oid Answer::type(int column) const {
  return static_cast<Oid>(PQftype(result_.get(), column));
}

std::string_view Answer::bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t Answer::integer(int row, int column) const {
  const auto bytes = this->bytes(row, column);
  std::uint64_t value =
      !bytes.empty() && (bytes.front() & 0x80) ? ~std::uint64_t{0} : 0;  // sign of a shorter type
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return static_cast<std::int64_t>(value);
}

std::int64_t Answer::touched() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::string_view Answer::tag() const {
  return PQcmdStatus(result_.get());
}

}  // namespace postrider::pg

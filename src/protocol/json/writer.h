// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/json/value.h"

namespace postrider::json {

// Appends `text` as a JSON string without its quotes. Always valid JSON: bytes that are not UTF-8 become
// U+FFFD.
void escape(std::string& out, std::string_view text);

// Appends JSON to a string the caller owns, commas included, as it is told; nothing is kept in between. The
// caller closes what it opens and gives each key one value.
//
//   json::Writer(body).begin_object().key("id").string(id).key("count").number(3).end_object();
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  Writer& key(std::string_view name);
  Writer& string(std::string_view text);
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  Writer& number(Number value) {
    return token(std::to_string(value));
  }
  Writer& boolean(bool value) { return token(value ? "true" : "false"); }
  Writer& null() { return token("null"); }
  // Bytes that are one JSON value already: an exact number, a stored object.
  Writer& token(std::string_view json);
  // What was read, number tokens as they were; a missing value is written as null.
  Writer& value(Value value);

 private:
  Writer& open(char bracket);
  Writer& close(char bracket);
  void separate();

  std::string& out_;
  bool comma_ = false;  // a value has just ended in the open container
};

}  // namespace postrider::json

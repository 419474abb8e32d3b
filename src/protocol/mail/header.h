// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace postrider::mail {

bool is_header_name(std::string_view name);  // RFC 5322 3.6.8, at most 76 characters

// Whether the (unfolded) value may be written: well-formed UTF-8 without CR, LF, NUL or other controls save
// tab, and with a space often enough to fold below 998 bytes a line. Text from outside first goes through
// unstructured() or phrase(), whose results always pass.
bool is_header_value(std::string_view value);

// Appends "Name: value\r\n", folded before spaces so that lines keep to 76 characters where the value allows
// it. Removing each CRLF gives the value back. Name and value must be valid by the two tests above.
void append_header(std::string& out, std::string_view name, std::string_view value);

struct HeaderField {
  std::string name;
  std::string value;  // unfolded
};

// Header fields in the order they will be written. It holds nothing that cannot be written safely.
class HeaderList {
 public:
  // Code::invalid for a name or a value that must not be written.
  Result<void> add(std::string_view name, std::string_view value);
  const std::string* find(std::string_view name) const;  // the first of that name, any case; nullptr without
  void append_to(std::string& out) const;                // without the blank line that ends a header

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<HeaderField> fields_;
};

}  // namespace postrider::mail

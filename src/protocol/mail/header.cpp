// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/header.h"

#include <algorithm>

#include "base/text.h"

namespace postrider::mail {
namespace {

constexpr std::size_t most_name = 76;
constexpr std::size_t wanted_line = 76;  // RFC 5322 2.1.1 asks for 78, RFC 2047 2 for 76 beside encoded words
constexpr std::size_t most_line = 998;

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// The end of the spaces at `from` and of the word after them: what folding keeps together.
std::size_t segment_end(std::string_view value, std::size_t from) {
  while (from < value.size() && is_space(value[from])) ++from;
  while (from < value.size() && !is_space(value[from])) ++from;
  return from;
}

}  // namespace

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= most_name &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

bool is_header_value(std::string_view value) {
  for (char c : value)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f) return false;
  // A folded line of nothing but spaces would be obsolete syntax, so spaces may not end the value.
  if (!value.empty() && is_space(value.back())) return false;
  for (std::size_t from = 0; from < value.size();) {
    const auto end = segment_end(value, from);
    if (end - from > most_line - 1) return false;
    from = end;
  }
  return is_utf8(value);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).push_back(':');
  if (name.size() + 2 + value.size() <= wanted_line) {
    out.append(" ").append(value).append("\r\n");
    return;
  }
  // The first segment stays beside the name (some readers take a bare "Name:" for an empty field), unless it
  // is an encoded word, which must keep to its line, or would pass the hard limit.
  auto end = segment_end(value, 0);
  auto column = name.size() + 2 + end;
  if (column > most_line || (column > wanted_line && value.starts_with("=?"))) {
    out.append("\r\n");
    column = end + 1;
  }
  out.append(" ").append(value.substr(0, end));
  for (auto from = end; from < value.size(); from = end) {
    end = segment_end(value, from);
    if (column + (end - from) > wanted_line) {
      out.append("\r\n");
      column = 0;
    }
    out.append(value.substr(from, end - from));
    column += end - from;
  }
  out.append("\r\n");
}

Result<void> HeaderList::add(std::string_view name, std::string_view value) {
  if (!is_header_name(name)) return Error{Code::invalid, "not a header name"};
  if (!is_header_value(value)) return Error{Code::invalid, "not a value for header " + std::string(name)};
  fields_.push_back({std::string(name), std::string(value)});
  return {};
}

const std::string* HeaderList::find(std::string_view name) const {
  const auto field = std::ranges::find_if(
      fields_, [name](const HeaderField& known) { return same_ignoring_case(known.name, name); });
  return field == fields_.end() ? nullptr : &field->value;
}

void HeaderList::append_to(std::string& out) const {
  for (const HeaderField& field : fields_) append_header(out, field.name, field.value);
}

}  // namespace postrider::mail

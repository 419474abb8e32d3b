// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace postrider::mail {

// Appends ";\r\n name=value" to a Content-* field. The name must be a token; the value may be any bytes
// (UTF-8 expected): a token or quoted string where that says it, else RFC 2231 (name*=utf-8''..., in numbered
// pieces when long).
void append_parameter(std::string& out, std::string_view name, std::string_view value);

// The same for the `name` of Content-Type, which readers that do not know RFC 2231 show as the file's name:
// what is not ASCII goes as encoded words within quotes. No standard asks for it, every large sender does it.
void append_legacy_parameter(std::string& out, std::string_view name, std::string_view value);

bool is_token(std::string_view text);  // RFC 2045 5.1

}  // namespace postrider::mail

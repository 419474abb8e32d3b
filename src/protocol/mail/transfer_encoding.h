// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace postrider::mail {

// How a body travels (RFC 2045 6).
enum class TransferEncoding { seven_bit, quoted_printable, base64 };
std::string_view name(TransferEncoding encoding);  // as in Content-Transfer-Encoding

// The plainest way that is legal for this text: as it is, else whichever of the other two is shorter. Text
// with lines over 998 bytes or a line that starts with "From " (which mailbox files mangle) does not go as it
// is.
TransferEncoding best_encoding(std::string_view text);

// Appends text encoded so. LF, CR and CRLF all become CRLF first. The result ends as the text ends: with a
// line break only if it had one.
void append_encoded(std::string& out, std::string_view text, TransferEncoding encoding);

void append_lines(std::string& out, std::string_view text);             // only the line ends change
void append_quoted_printable(std::string& out, std::string_view text);  // lines of at most 76 (RFC 2045 6.7)
void append_base64_lines(std::string& out,
                         std::string_view bytes);  // lines of 76, of bytes as they are; ends with CRLF

}  // namespace postrider::mail

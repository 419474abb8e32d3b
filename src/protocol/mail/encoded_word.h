// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace postrider::mail {

// RFC 2047: text of any bytes (UTF-8 expected) as ASCII that may stand in a header. Whatever is not plain
// becomes encoded words of at most 64 characters, cut between UTF-8 characters, so CR and LF cannot pass as
// themselves.

// Appends all of `text` as encoded words, parted by single spaces.
void append_encoded_words(std::string& out, std::string_view text);

// The value of Subject, Comments or an X- field: only the words that need it are encoded. Spaces at the ends
// go.
std::string unstructured(std::string_view text);

// The display name of a mailbox: atoms, else a quoted string, else encoded words. Empty for an empty name.
std::string phrase(std::string_view name);

}  // namespace postrider::mail

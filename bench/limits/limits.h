// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>
#include <vector>

namespace postrider::bench {

// What the machine and our own tools can do by themselves. Each takes the words behind its name, prints one
// line of JSON and returns the exit status.
using Words = std::vector<std::string_view>;

int sign(const Words& words);  // signatures: --threads N --ms N --type rsa|ed25519 (RSA-2048 by default)
int sync(const Words& words);  // 4 KB appends, each made durable: --dir DIR --count N
int pump(
    const Words& words);  // mail into a server over STARTTLS: --to ADDRESS:PORT --messages N --connections N
                          // --bytes N
int door(const Words& words);  // an API that takes everything and does nothing, until stdin ends

}  // namespace postrider::bench

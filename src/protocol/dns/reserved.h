// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace postrider::dns {

// Why no mail may go to this address when only DNS says so: "loopback", "private", "reserved" …, by the
// special-purpose registries of RFC 6890. Whoever writes a domain's records must not choose a machine inside
// our network for us to talk to. Empty = it is an ordinary address. What is no address is "not an address".
std::string_view reserved(std::string_view address);

}  // namespace postrider::dns

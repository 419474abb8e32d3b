// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace postrider {

// One visitor for std::visit out of a lambda per alternative.
template <class... Ts>
struct overloaded : Ts... {
  using Ts::operator()...;
};

}  // namespace postrider

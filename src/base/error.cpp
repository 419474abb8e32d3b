// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

namespace postrider {

std::string_view name(Code code) {
  switch (code) {
    case Code::invalid:
      return "invalid";
    case Code::not_found:
      return "not_found";
    case Code::exists:
      return "exists";
    case Code::forbidden:
      return "forbidden";
    case Code::unavailable:
      return "unavailable";
    case Code::exhausted:
      return "exhausted";
    case Code::timeout:
      return "timeout";
    case Code::closed:
      return "closed";
    case Code::fenced:
      return "fenced";
    case Code::ambiguous:
      return "ambiguous";
    case Code::corrupt:
      return "corrupt";
    case Code::io:
      return "io";
    case Code::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace postrider

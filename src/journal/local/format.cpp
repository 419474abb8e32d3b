// SPDX-License-Identifier: Apache-2.0
#include "journal/local/format.h"

#include <fmt/format.h>

namespace postrider::journal::local {

const char* directory(LogKind log) {
  return log == LogKind::spool ? "spool" : "events";
}

std::string path(LogKind log, SegmentNumber number, Part part) {
  const char* suffix = part == Part::segment ? "seg" : part == Part::hint ? "hint" : "rel";
  return fmt::format("{}/{:06}.{}", directory(log), number, suffix);
}

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "protocol/smtp/dot_stuff.h"

#include "protocol/smtp/find_octet.h"

namespace postrider::smtp {

Result<bool> append_dot_stuffed(std::string& out, std::string_view message) {
  const auto before = out.size();
  const auto refuse = [&](const char* why) {
    out.resize(before);
    return Error{Code::invalid, why};
  };
  const char* const begin = message.data();
  const char* const end = begin + message.size();
  if (find_octet(begin, end, '\0') != end) return refuse("message holds a NUL");
  out.reserve(before + message.size() + message.size() / 64 + 8);

  const char* run = begin;  // first octet not yet copied
  bool changed = false;
  for (const char* line = begin; line != end;) {
    if (*line == '.') {
      out.append(run, line);
      out.push_back('.');
      run = line;
      changed = true;
    }
    const char* lf = find_octet(line, end, '\n');
    const char* cr = find_octet(line, lf, '\r');
    if (lf == end) {
      if (cr != end) return refuse("message holds a bare CR");
      break;
    }
    if (cr == lf) return refuse("message holds a bare LF");
    if (cr + 1 != lf) return refuse("message holds a bare CR");
    line = lf + 1;
  }
  out.append(run, end);
  if (!message.empty() && end[-1] != '\n') {
    out.append("\r\n");
    changed = true;
  }
  return changed;
}

}  // namespace postrider::smtp

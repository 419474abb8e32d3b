// SPDX-License-Identifier: Apache-2.0
#include "protocol/smtp/data_reader.h"

#include "protocol/smtp/find_octet.h"

namespace postrider::smtp {

void DataReader::keep(const char* from, const char* to) {
  const auto count = static_cast<std::size_t>(to - from);
  size_ += count;
  if (too_large()) {
    message_ = {};
    return;
  }
  message_.append(from, count);
}

DataReader::Found DataReader::read(std::string_view& in) {
  const char* const begin = in.data();
  const char* const end = begin + in.size();
  const char* run = begin;  // first octet neither kept nor known to be framing
  const char* at = begin;
  const auto stop = [&](const char* where, Found found) {
    in.remove_prefix(static_cast<std::size_t>(where - begin));
    return found;
  };

  while (at != end) {
    switch (at_) {
      case At::line_start:
        if (*at != '.') {
          at_ = At::line;
          break;
        }
        keep(run, at);
        run = ++at;
        at_ = At::dot;
        break;
      case At::dot:
        if (*at == '\r') {
          ++at;
          at_ = At::dot_cr;
        } else {
          at_ = At::line;
        }
        break;
      case At::dot_cr:
        if (*at != '\n') return stop(at, Found::bare_line_end);
        if (!has_nul_) has_nul_ = message_.find('\0') != std::string::npos;
        return stop(at + 1, Found::end);
      case At::line: {
        const char* const lf = find_octet(at, end, '\n');
        const char* const cr = find_octet(at, lf, '\r');
        if (cr == lf) {
          if (lf != end) return stop(lf, Found::bare_line_end);
          at = end;
        } else if (cr + 1 == end) {
          at = end;
          at_ = At::cr;
        } else if (cr + 1 == lf) {
          at = lf + 1;
          at_ = At::line_start;
        } else {
          return stop(cr, Found::bare_line_end);
        }
        break;
      }
      case At::cr:
        if (*at != '\n') return stop(at, Found::bare_line_end);
        ++at;
        at_ = At::line_start;
        break;
    }
  }
  if (at_ != At::dot && at_ != At::dot_cr) keep(run, end);
  return stop(end, Found::more);
}

}  // namespace postrider::smtp

// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/request_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/text.h"

namespace postrider::http {
namespace {

enum Class : std::uint8_t {
  token = 1,   // RFC 9110 5.6.2
  value = 2,   // RFC 9110 5.5: visible, obs-text, space and tab
  target = 4,  // RFC 3986, and what browsers leave unencoded; no fragment, no backslash
  host = 8,    // RFC 3986 3.2.2 with port, without user
};

constexpr auto classes = [] {
  std::array<std::uint8_t, 256> table{};
  const auto add = [&](std::string_view characters, unsigned in) {
    for (const char c : characters) {
      auto& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | in);
    }
  };
  for (std::size_t c = 0x20; c < 0x100; ++c)
    if (c != 0x7F) table[c] = value;
  add("\t", value);
  add("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", token | target | host);
  add("!#$%&'*+-.^_`|~", token);
  add("-._~!$&'()*+,;=:@/?%[]{}|^`", target);
  add("-._~!$&'()*+;=:%[]", host);
  return table;
}();

bool all(std::string_view text, Class in) {
  for (const char c : text)
    if ((classes[static_cast<unsigned char>(c)] & in) == 0) return false;
  return true;
}

bool escapes_are_whole(std::string_view text) {
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
    std::uint8_t byte = 0;
    if (text.size() - at < 3) return false;
    const char* const digits = text.data() + at + 1;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return false;
  }
  return true;
}

// RFC 9112 7.1.1 without the bad white space: *( ";" token [ "=" ( token / quoted-string ) ] ).
bool is_chunk_extension(std::string_view text) {
  const auto skip_token = [&] {
    std::size_t size = 0;
    while (size < text.size() && all(text.substr(size, 1), token)) ++size;
    text.remove_prefix(size);
    return size != 0;
  };
  const auto skip_quoted = [&] {
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (text[i] == '"') {
        text.remove_prefix(i + 1);
        return true;
      }
      if (text[i] == '\\') ++i;
    }
    return false;
  };
  if (!all(text, value)) return false;
  while (text.starts_with(';')) {
    text.remove_prefix(1);
    if (!skip_token()) return false;
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    if (text.starts_with('"') ? !skip_quoted() : !skip_token()) return false;
  }
  return text.empty();
}

}  // namespace

Step RequestParser::parse(std::string_view& in) {
  while (true) {
    switch (state_) {
      case State::request_line:
      case State::header:
      case State::chunk_size:
      case State::chunk_end:
      case State::trailer: {
        const auto line = next_line(in);
        if (line == Line::more) return Step::need_more;
        if (line == Line::refused || !read_line()) return Step::refused;
        held_.clear();
        if (state_ == State::body_starts) return Step::head;
        break;
      }
      case State::body_starts:
        if (!begin_body()) return Step::refused;
        break;
      case State::sized:
      case State::chunk:
        if (in.empty()) return Step::need_more;
        take_body(in);
        break;
      case State::complete:
        return Step::complete;
      case State::refused:
        return Step::refused;
    }
  }
}

Request RequestParser::take() {
  Request taken = std::move(request_);
  request_ = {};
  progress_ = {};
  sink_ = nullptr;
  state_ = State::request_line;
  return taken;
}

RequestParser::LineLimit RequestParser::line_limit() const {
  if (state_ == State::chunk_size) {
    constexpr std::size_t most_digits = 16;
    return {most_digits + limits_.chunk_extension, {400, "a chunk's size line is too long"}};
  }
  if (state_ == State::chunk_end) return {0, {400, "a chunk is not followed by CRLF"}};
  const auto used = progress_.head + 2;
  const auto room = used < limits_.head ? limits_.head - used : 0;
  if (room < limits_.line) return {room, {431, "the header section is too large"}};
  if (state_ == State::request_line) return {limits_.line, {414, "the request line is too long"}};
  return {limits_.line, {431, "a header line is too long"}};
}

// The answer depends only on where the line ends, never on where the input was cut.
RequestParser::Line RequestParser::next_line(std::string_view& in) {
  if (in.empty()) return Line::more;
  progress_.begun = true;
  const auto limit = line_limit();
  const auto longest = limit.bytes + 2 - held_.size();  // held_ never exceeds limit.bytes + 1
  const auto* const lf = static_cast<const char*>(std::memchr(in.data(), '\n', std::min(in.size(), longest)));
  if (lf == nullptr) {
    if (in.size() >= longest) {
      refuse(limit.too_long.status, limit.too_long.reason);
      return Line::refused;
    }
    held_ += in;
    in = {};
    return Line::more;
  }
  line_ = in.substr(0, static_cast<std::size_t>(lf - in.data()));
  in.remove_prefix(line_.size() + 1);
  if (!held_.empty()) line_ = held_ += line_;
  if (!line_.ends_with('\r')) {
    refuse(400, "a line ends in a bare LF");
    return Line::refused;
  }
  line_.remove_suffix(1);
  return Line::whole;
}

bool RequestParser::read_line() {
  switch (state_) {
    case State::request_line:
      if (line_.empty()) {  // RFC 9112 2.2: left by a client after its last body
        progress_.head += 2;
        progress_.begun = false;
        return true;
      }
      return read_request_line();
    case State::header: {
      if (line_.empty()) return end_head();
      const auto field = read_field();
      return field && note_field(*field);
    }
    case State::chunk_size:
      return read_chunk_size();
    case State::chunk_end:
      state_ = State::chunk_size;
      return true;
    default:  // a trailer: checked, and dropped
      if (!line_.empty()) return read_field().has_value();
      state_ = State::complete;
      return true;
  }
}

bool RequestParser::read_request_line() {
  const auto first = line_.find(' ');
  const auto last = line_.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400, "not an HTTP request line");
  const auto verb = line_.substr(0, first);
  const auto where = line_.substr(first + 1, last - first - 1);
  const auto version = line_.substr(last + 1);
  if (verb.empty() || !all(verb, token)) return refuse(400, "the method is not a token");
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7]))
    return refuse(400, "the protocol version is malformed");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken");
  request_.minor = version[7] == '1' ? 1 : 0;
  const auto method = method_from(verb);
  if (!method) return refuse(501, "the method is not implemented");
  request_.method = *method;
  if (!read_target(where)) return false;
  progress_.head += line_.size() + 2;
  state_ = State::header;
  return true;
}

// RFC 9112 3.2: origin form, absolute form, and asterisk form for OPTIONS.
bool RequestParser::read_target(std::string_view where) {
  if (!all(where, target)) return refuse(400, "the request target has an invalid character");
  if (!escapes_are_whole(where)) return refuse(400, "the request target has a broken percent escape");
  request_.target = where;
  if (where.starts_with('/')) return true;
  if (where == "*" && request_.method == Method::options) return true;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!starts_ignoring_case(where, scheme)) continue;
    where.remove_prefix(scheme.size());
    const auto authority = where.substr(0, where.find_first_of("/?"));
    if (!authority.empty() && all(authority, host)) return true;
  }
  return refuse(400, "the request target is neither a path nor a URL");
}

std::optional<Header> RequestParser::read_field() {
  progress_.head += line_.size() + 2;
  const auto fail = [&](int status, std::string_view reason) {
    refuse(status, reason);
    return std::nullopt;
  };
  if (++progress_.fields > limits_.headers) return fail(431, "too many header fields");
  if (line_.front() == ' ' || line_.front() == '\t') return fail(400, "a header field is folded");
  const auto colon = line_.find(':');
  if (colon == std::string_view::npos) return fail(400, "a header line has no colon");
  const auto name = line_.substr(0, colon);
  const auto text = line_.substr(colon + 1);
  if (name.empty() || !all(name, token)) return fail(400, "a header field's name is not a token");
  if (!all(text, value)) return fail(400, "a header field's value has a control character");
  return Header{name, trim(text)};
}

// Remembers a field, and what it says if it frames the message.
bool RequestParser::note_field(const Header& field) {
  switch (field.name.size()) {
    case 4:
      if (!same_ignoring_case(field.name, "host")) break;
      if (progress_.host) return refuse(400, "two Host fields");
      if (!all(field.value, host)) return refuse(400, "the Host field is malformed");
      progress_.host = true;
      break;
    case 6:
      if (!same_ignoring_case(field.name, "expect")) break;
      if (!same_ignoring_case(field.value, "100-continue"))
        return refuse(417, "the expectation is not known");
      request_.expects_continue = request_.minor == 1;
      break;
    case 10:
      if (!same_ignoring_case(field.name, "connection")) break;
      if (list_contains(field.value, "close")) progress_.close = true;
      break;
    case 14: {
      if (!same_ignoring_case(field.name, "content-length")) break;
      if (progress_.length) return refuse(400, "two Content-Length fields");
      progress_.length = true;
      const char* const end = field.value.data() + field.value.size();
      const auto [stop, failure] = std::from_chars(field.value.data(), end, progress_.left);
      if (stop != end || failure == std::errc::invalid_argument)
        return refuse(400, "the Content-Length is not a number");
      if (failure != std::errc() || progress_.left > limits_.body)
        return refuse(413, "the body is too large");
      break;
    }
    case 17: {
      if (!same_ignoring_case(field.name, "transfer-encoding")) break;
      if (progress_.encoding) return refuse(400, "two Transfer-Encoding fields");
      progress_.encoding = true;
      if (same_ignoring_case(field.value, "chunked")) break;
      const auto comma = field.value.rfind(',');
      if (comma == std::string_view::npos ||
          !same_ignoring_case(trim(field.value.substr(comma + 1)), "chunked"))
        return refuse(400, "the Transfer-Encoding does not end in chunked");
      return refuse(501, "no Transfer-Encoding but chunked is implemented");
    }
    default:
      break;
  }
  request_.headers.add(field.name, field.value);
  return true;
}

bool RequestParser::end_head() {
  if (request_.minor == 1 && !progress_.host) return refuse(400, "an HTTP/1.1 request without Host");
  if (progress_.encoding && progress_.length) return refuse(400, "both Transfer-Encoding and Content-Length");
  if (progress_.encoding && request_.minor == 0)
    return refuse(400, "Transfer-Encoding in an HTTP/1.0 request");
  const bool wants_body =
      request_.method == Method::post || request_.method == Method::put || request_.method == Method::patch;
  if (wants_body && request_.minor == 0 && !progress_.length)
    return refuse(411, "a body needs its Content-Length");
  const bool has_body = progress_.encoding || progress_.left != 0;
  request_.expects_continue = request_.expects_continue && has_body;
  request_.keep_alive = request_.minor == 1 && !progress_.close;
  body_limit_ = limits_.body;
  state_ = State::body_starts;
  return true;
}

bool RequestParser::begin_body() {
  progress_.head = 0;
  progress_.fields = 0;
  if (progress_.encoding) {
    state_ = State::chunk_size;
    return true;
  }
  if (progress_.left > body_limit_) return refuse(413, "the body is too large");
  constexpr std::uint64_t trusted = std::uint64_t{64}
                                    << 10;  // room given for a promise, before bytes have come
  if (!sink_) request_.body.reserve(static_cast<std::size_t>(std::min(progress_.left, trusted)));
  state_ = progress_.left == 0 ? State::complete : State::sized;
  return true;
}

bool RequestParser::read_chunk_size() {
  const char* const end = line_.data() + line_.size();
  const auto [stop, failure] = std::from_chars(line_.data(), end, progress_.left, 16);
  if (stop == line_.data() || stop - line_.data() > 16 || failure != std::errc())
    return refuse(400, "a chunk's size is not a number");
  const auto extension = line_.substr(static_cast<std::size_t>(stop - line_.data()));
  if (extension.size() > limits_.chunk_extension) return refuse(400, "a chunk's extension is too long");
  if (!is_chunk_extension(extension)) return refuse(400, "a chunk's extension is malformed");
  progress_.head += extension.size();
  if (progress_.head > limits_.head) return refuse(400, "the chunks' extensions are too long");
  if (progress_.left > body_limit_ - progress_.total) return refuse(413, "the body is too large");
  progress_.total += progress_.left;
  state_ = progress_.left == 0 ? State::trailer : State::chunk;
  return true;
}

void RequestParser::take_body(std::string_view& in) {
  const auto piece =
      in.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), progress_.left)));
  if (sink_)
    sink_(piece);
  else
    request_.body += piece;
  in.remove_prefix(piece.size());
  progress_.left -= piece.size();
  if (progress_.left == 0) state_ = state_ == State::chunk ? State::chunk_end : State::complete;
}

bool RequestParser::refuse(int status, std::string_view reason) {
  refusal_ = {status, reason};
  state_ = State::refused;
  return false;
}

}  // namespace postrider::http

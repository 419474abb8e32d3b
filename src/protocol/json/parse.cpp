// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/text.h"
#include "protocol/json/value.h"

namespace postrider::json {
namespace {

// simdjson's first stage: where each token starts, with UTF-8, closed strings and control characters in
// strings already checked. Its class sits in `internal` but its virtual functions are what libsimdjson
// exports.
using Scanner = std::unique_ptr<simdjson::internal::dom_parser_implementation>;

constexpr std::size_t kept_capacity = std::size_t{256}
                                      << 10;  // four index bytes per input byte stay with a thread

Scanner make_scanner(std::size_t capacity) {
  Scanner scanner;
  const auto failure =
      simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, max_depth, scanner);
  return failure ? nullptr : std::move(scanner);
}

// RFC 8259 6, over the whole token.
bool is_number(std::string_view token) {
  std::size_t i = 0;
  const auto digits = [&] {
    const auto first = i;
    while (i < token.size() && is_digit(token[i])) ++i;
    return i - first;
  };
  if (i < token.size() && token[i] == '-') ++i;
  const auto whole = i;
  const auto count = digits();
  if (count == 0 || (count > 1 && token[whole] == '0')) return false;
  if (i < token.size() && token[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
    ++i;
    if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == token.size();
}

std::optional<std::uint32_t> four_hex(const char* at, const char* end) {
  std::uint32_t unit = 0;
  if (end - at < 4) return std::nullopt;
  const auto [stop, failure] = std::from_chars(at, at + 4, unit, 16);
  if (failure != std::errc() || stop != at + 4) return std::nullopt;
  return unit;
}

char* put_utf8(char* out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6), put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12), put(0x80 | (point >> 6 & 0x3F)), put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18), put(0x80 | (point >> 12 & 0x3F)), put(0x80 | (point >> 6 & 0x3F)),
        put(0x80 | (point & 0x3F));
  }
  return out;
}

struct Decoded {
  char* end = nullptr;  // of the decoded bytes; null when refused
  const char* refused_at = nullptr;
  ParseFailure::Kind why = ParseFailure::Kind::syntax;
};

// Decodes the escapes of [begin, end) where they stand: an escape is never shorter than what it means.
Decoded unescape(char* begin, char* end) {
  auto* in = static_cast<char*>(std::memchr(begin, '\\', static_cast<std::size_t>(end - begin)));
  if (in == nullptr) return {.end = end};
  char* out = in;
  while (in != end) {
    const char* const escape = in++;  // at a backslash
    if (in == end) return {.refused_at = escape};
    switch (*in++) {
      case '"':
        *out++ = '"';
        break;
      case '\\':
        *out++ = '\\';
        break;
      case '/':
        *out++ = '/';
        break;
      case 'b':
        *out++ = '\b';
        break;
      case 'f':
        *out++ = '\f';
        break;
      case 'n':
        *out++ = '\n';
        break;
      case 'r':
        *out++ = '\r';
        break;
      case 't':
        *out++ = '\t';
        break;
      case 'u': {
        auto point = four_hex(in, end);
        if (!point) return {.refused_at = escape};
        in += 4;
        if (*point >= 0xD800 && *point <= 0xDFFF) {
          const auto low =
              end - in >= 6 && in[0] == '\\' && in[1] == 'u' ? four_hex(in + 2, end) : std::nullopt;
          if (*point >= 0xDC00 || !low || *low < 0xDC00 || *low > 0xDFFF)
            return {.refused_at = escape, .why = ParseFailure::Kind::lone_surrogate};
          point = 0x10000 + ((*point - 0xD800) << 10) + (*low - 0xDC00);
          in += 6;
        }
        out = put_utf8(out, *point);
        break;
      }
      default:
        return {.refused_at = escape};
    }
    auto* next = static_cast<char*>(std::memchr(in, '\\', static_cast<std::size_t>(end - in)));
    const auto plain = static_cast<std::size_t>((next ? next : end) - in);
    std::memmove(out, in, plain);
    out += plain;
    in += plain;
  }
  return {.end = out};
}

}  // namespace

// Turns the token positions into nodes. One loop and an explicit stack: every token is looked at exactly
// once, and what may follow is the state.
class Builder {
 public:
  Builder(std::string_view text, const Limits& limits) : limits_(limits), size_(text.size()) {
    document_.text_ = std::make_unique_for_overwrite<char[]>(size_ + simdjson::SIMDJSON_PADDING);
    text_ = document_.text_.get();
    std::memcpy(text_, text.data(), size_);
    std::memset(text_ + size_, ' ', simdjson::SIMDJSON_PADDING);
  }

  std::expected<Document, ParseFailure> run() {
    thread_local Scanner kept = make_scanner(kept_capacity);
    Scanner large = size_ > kept_capacity ? make_scanner(size_) : nullptr;
    auto* scanner = size_ > kept_capacity ? large.get() : kept.get();
    if (scanner == nullptr) return std::unexpected(ParseFailure{ParseFailure::Kind::too_large, {}, 0});
    switch (scanner->stage1(reinterpret_cast<const std::uint8_t*>(text_), size_,
                            simdjson::stage1_mode::regular)) {
      case simdjson::SUCCESS:
        break;
      case simdjson::UTF8_ERROR:
        return std::unexpected(ParseFailure{ParseFailure::Kind::not_utf8, {}, 0});
      default:
        return std::unexpected(ParseFailure{});
    }
    if (!build(scanner->structural_indexes.get(), scanner->n_structural_indexes))
      return std::unexpected(std::move(failure_));
    return std::move(document_);
  }

 private:
  using Node = detail::Node;
  enum class Next { value, value_or_end, key, key_or_end, colon, comma_or_end, nothing };
  struct Frame {
    std::uint32_t node = 0;  // the open container
    std::uint32_t key = 0;   // the member being read, of an object
    std::uint32_t count = 0;
  };

  // `starts` has `count` positions and then the input's size.
  bool build(const std::uint32_t* starts, std::uint32_t count) {
    auto& nodes = document_.nodes_;
    // Each value but the root is preceded by a comma, a colon or, if it is the first, paid for by its
    // container's end.
    const std::size_t most = std::size_t{count} / 2 + 1;
    if (most > limits_.values) return refuse(ParseFailure::Kind::too_large, 0);
    nodes.reserve(most);
    for (std::uint32_t i = 0; i < count; ++i) {
      char* const at = text_ + starts[i];
      char* const end = text_ + starts[i + 1];
      if (!step(at, end)) return false;
    }
    return next_ == Next::nothing || refuse(ParseFailure::Kind::syntax, size_);
  }

  bool step(char* at, char* end) {
    switch (next_) {
      case Next::colon:
        next_ = Next::value;
        return *at == ':' || syntax(at);
      case Next::comma_or_end:
        if (*at == ',') {
          next_ = in_object() ? Next::key : Next::value;
          return true;
        }
        return close(at);
      case Next::key_or_end:
        if (*at == '}') return close(at);
        [[fallthrough]];
      case Next::key:
        if (*at != '"') return syntax(at);
        if (!string(at, end)) return false;
        frames_[depth_ - 1].key = static_cast<std::uint32_t>(document_.nodes_.size() - 1);
        next_ = Next::colon;
        return true;
      case Next::value_or_end:
        if (*at == ']') return close(at);
        [[fallthrough]];
      case Next::value:
        return value(at, end);
      case Next::nothing:
        return syntax(at);
    }
    return false;
  }

  bool value(char* at, char* end) {
    switch (*at) {
      case '{':
        return open(at, Kind::object);
      case '[':
        return open(at, Kind::array);
      case '"':
        return string(at, end) && done();
      case 't':
        return word(at, end, "true", Kind::boolean);
      case 'f':
        return word(at, end, "false", Kind::boolean);
      case 'n':
        return word(at, end, "null", Kind::null);
      default: {
        const auto token = trimmed(at, end);
        if (!is_number(token)) return syntax(at);
        push(Kind::number, at, token.size());
        return done();
      }
    }
  }

  bool open(char* at, Kind kind) {
    if (depth_ == max_depth) return refuse(ParseFailure::Kind::too_deep, offset(at));
    frames_[depth_++] = {.node = static_cast<std::uint32_t>(document_.nodes_.size())};
    push(kind, at, 0);
    next_ = kind == Kind::object ? Next::key_or_end : Next::value_or_end;
    return true;
  }

  bool close(char* at) {
    if (depth_ == 0 || *at != (in_object() ? '}' : ']')) return syntax(at);
    const auto& frame = frames_[depth_ - 1];
    auto& node = document_.nodes_[frame.node];
    node.size = frame.count;
    node.span = static_cast<std::uint32_t>(document_.nodes_.size() - frame.node) & 0x1FFFFFFF;
    if (limits_.unique_keys && in_object()) {
      if (const auto* twice = repeated_key(node)) {
        frames_[depth_ - 1].key = static_cast<std::uint32_t>(twice - document_.nodes_.data());
        return refuse(ParseFailure::Kind::duplicate_key, offset(twice->text) - 1);
      }
    }
    --depth_;
    return done();
  }

  bool string(char* at, char* end) {
    const auto token = trimmed(at, end);
    if (token.size() < 2 || token.back() != '"') return syntax(at);
    const auto decoded = unescape(at + 1, at + token.size() - 1);
    if (decoded.end == nullptr) return refuse(decoded.why, offset(decoded.refused_at));
    push(Kind::string, at + 1, static_cast<std::size_t>(decoded.end - (at + 1)));
    return true;
  }

  bool word(char* at, char* end, std::string_view expected, Kind kind) {
    if (trimmed(at, end) != expected) return syntax(at);
    push(kind, at, expected.size());
    return done();
  }

  void push(Kind kind, const char* at, std::size_t size) {
    document_.nodes_.push_back(
        {at, static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(kind) & 7u, 1});
  }

  // A value is complete: its container counts it.
  bool done() {
    if (depth_ == 0) {
      next_ = Next::nothing;
    } else {
      ++frames_[depth_ - 1].count;
      next_ = Next::comma_or_end;
    }
    return true;
  }

  bool in_object() const {
    return document_.nodes_[frames_[depth_ - 1].node].kind == static_cast<unsigned>(Kind::object);
  }

  // The token without the white space that separates it from the next one.
  static std::string_view trimmed(const char* at, const char* end) {
    while (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t') --end;
    return {at, static_cast<std::size_t>(end - at)};
  }

  static bool same(const Node& a, const Node& b) {
    return a.size == b.size && std::memcmp(a.text, b.text, a.size) == 0;
  }

  // The second of two equal member names, or null. Few are compared with each other, many are sorted.
  const Node* repeated_key(const Node& object) {
    const auto next_key = [](const Node* key) { return key + 1 + key[1].span; };
    const Node* const first = &object + 1;
    const Node* const end = &object + object.span;
    if (object.size <= 16) {
      for (const Node* later = first; later != end; later = next_key(later))
        for (const Node* earlier = first; earlier != later; earlier = next_key(earlier))
          if (same(*earlier, *later)) return later;
      return nullptr;
    }
    keys_.clear();
    for (const Node* key = first; key != end; key = next_key(key)) keys_.push_back(key);
    std::ranges::sort(keys_, [](const Node* a, const Node* b) {
      const auto order = std::string_view(a->text, a->size).compare(std::string_view(b->text, b->size));
      return order != 0 ? order < 0 : a < b;
    });
    const auto found =
        std::ranges::adjacent_find(keys_, [](const Node* a, const Node* b) { return same(*a, *b); });
    return found == keys_.end() ? nullptr : found[1];
  }

  std::size_t offset(const char* at) const { return static_cast<std::size_t>(at - text_); }
  bool syntax(const char* at) { return refuse(ParseFailure::Kind::syntax, offset(at)); }

  bool refuse(ParseFailure::Kind kind, std::size_t at) {
    failure_ = {kind, path(), at};
    return false;
  }

  std::string path() const {
    std::string out;
    for (std::size_t i = 0; i < depth_; ++i) {
      const auto& frame = frames_[i];
      const bool object = document_.nodes_[frame.node].kind == static_cast<unsigned>(Kind::object);
      if (object && frame.key == 0) break;  // between the brace and the first name
      if (!out.empty()) out += '.';
      if (object)
        out.append(document_.nodes_[frame.key].text, document_.nodes_[frame.key].size);
      else
        out += std::to_string(frame.count);
    }
    return out;
  }

  const Limits& limits_;
  std::size_t size_;
  char* text_ = nullptr;
  Document document_;
  std::array<Frame, max_depth> frames_;
  std::size_t depth_ = 0;
  Next next_ = Next::value;
  std::vector<const Node*> keys_;  // scratch
  ParseFailure failure_;
};

std::expected<Document, ParseFailure> parse(std::string_view text, const Limits& limits) {
  constexpr std::size_t addressable = 0xFFFFFF00;  // positions are 32 bits wide
  if (text.size() > std::min(limits.bytes, addressable))
    return std::unexpected(ParseFailure{ParseFailure::Kind::too_large, {}, 0});
  return Builder(text, limits).run();
}

}  // namespace postrider::json

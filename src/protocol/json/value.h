// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

// Reading JSON (RFC 8259). A Document is one immutable tree; a Value is a pointer-sized handle into it and
// must not outlive it. Both may be read from any thread.
namespace postrider::json {

enum class Kind : std::uint8_t { missing, null, boolean, number, string, array, object };

// As error messages say it: "null", "boolean", "number", "string", "array", "object"; "missing" for no value.
std::string_view name(Kind kind);

namespace detail {
// One value or one member's name. The tree stands in reading order, so a container is followed by what it
// holds.
struct Node {
  const char* text;    // string: decoded bytes; otherwise the token's first byte
  std::uint32_t size;  // bytes of text; for a container, how many elements or members
  std::uint32_t kind : 3;
  std::uint32_t span : 29;  // nodes from here to the next sibling, itself included
};
}  // namespace detail

template <class Each>
class Held;
using Elements = Held<struct EachElement>;
using Members = Held<struct EachMember>;

// Every question has an answer for every kind: asking a number for its members gives none, and a missing
// member is a Value of kind `missing`, so that a path of questions needs one check at its end.
class Value {
 public:
  Value() = default;
  explicit Value(const detail::Node* node) : node_(node) {}

  Kind kind() const { return node_ ? static_cast<Kind>(node_->kind) : Kind::missing; }
  explicit operator bool() const { return node_ != nullptr; }  // present, be it null or false
  bool is_null() const { return kind() == Kind::null; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_number() const { return kind() == Kind::number; }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }

  std::optional<std::string_view> as_string() const;
  std::optional<bool> as_bool() const;
  // Only an integer written as one: "1e3", "1.0" and what does not fit are nullopt.
  std::optional<std::int64_t> as_int64() const;
  // A number, true, false or null exactly as written; empty for other kinds.
  std::string_view token() const;

  std::size_t size() const;                      // elements or members; 0 for other kinds
  Value operator[](std::string_view key) const;  // linear; the first of equal keys
  Elements elements() const;
  Members members() const;

 private:
  const detail::Node* node_ = nullptr;
};

struct Member {
  std::string_view key;
  Value value;
};

// What a container holds, as written. `Each` reads what stands at a node, and knows how many nodes it takes.
template <class Each>
class Held {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = decltype(Each::at(nullptr));
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(const detail::Node* node) : node_(node) {}
    value_type operator*() const { return Each::at(node_); }
    Iterator& operator++() {
      node_ += Each::span(node_);
      return *this;
    }
    Iterator operator++(int) {
      auto before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const detail::Node* node_ = nullptr;
  };
  Held(const detail::Node* begin, const detail::Node* end) : begin_(begin), end_(end) {}
  Iterator begin() const { return Iterator(begin_); }
  Iterator end() const { return Iterator(end_); }

 private:
  const detail::Node* begin_;
  const detail::Node* end_;
};

struct EachElement {
  static Value at(const detail::Node* node) { return Value(node); }
  static std::uint32_t span(const detail::Node* node) { return node->span; }
};

// A name, and behind it the value.
struct EachMember {
  static Member at(const detail::Node* node) { return {{node->text, node->size}, Value(node + 1)}; }
  static std::uint32_t span(const detail::Node* node) { return 1 + node[1].span; }
};

class Document {
 public:
  Value root() const { return Value(nodes_.data()); }

 private:
  friend class Builder;
  Document() = default;
  std::unique_ptr<char[]> text_;     // the input, its strings decoded in place
  std::vector<detail::Node> nodes_;  // never empty
};

struct Limits {
  std::size_t bytes = std::size_t{30} << 20;
  std::size_t values = 1'000'000;  // values and member names together: 16 bytes of memory each
  bool unique_keys = true;         // refuse an object that names a member twice
};

// Containers within containers; fixed, so that whoever walks a tree may recurse.
constexpr std::size_t max_depth = 64;

struct ParseFailure {
  enum class Kind { syntax, not_utf8, lone_surrogate, too_deep, too_large, duplicate_key };
  Kind kind = Kind::syntax;
  std::string path{};      // dotted, as in "personalizations.0.to"; empty at the root
  std::size_t offset = 0;  // byte of the input; 0 where only the whole can be blamed

  Error error() const;  // for callers that only pass it on
};

// Reads one JSON text to its last byte, in one pass and two allocations. Input is copied: `text` may go.
[[nodiscard]] std::expected<Document, ParseFailure> parse(std::string_view text, const Limits& limits = {});

}  // namespace postrider::json

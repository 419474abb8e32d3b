// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::http {

struct Header {
  std::string_view name;  // as written; compare with same_ignoring_case
  std::string_view value;
};

// Header fields in the order they came. All bytes stand in one string, so a request costs two allocations
// however many fields it has. Views live until the next add() or clear().
class Headers {
 public:
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // add, after removing every field of that name
  void remove(std::string_view name);
  void clear();

  std::optional<std::string_view> find(std::string_view name) const;  // the first of that name, in any case
  bool contains(std::string_view name) const { return find(name).has_value(); }
  std::size_t size() const { return fields_.size(); }
  Header operator[](std::size_t i) const;

  class Iterator {
   public:
    Iterator(const Headers* headers, std::size_t at) : headers_(headers), at_(at) {}
    Header operator*() const { return (*headers_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Headers* headers_;
    std::size_t at_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, fields_.size()}; }

 private:
  struct Field {
    std::uint32_t start;  // of the name in bytes_; the value follows it
    std::uint32_t name_size;
    std::uint32_t value_size;
  };
  std::string bytes_;
  std::vector<Field> fields_;
};

// Whether a comma-separated field value such as Connection's holds `token`, in any case (RFC 9110 5.6.1).
bool list_contains(std::string_view value, std::string_view token);

}  // namespace postrider::http

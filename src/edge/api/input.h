// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "edge/api/errors.h"
#include "protocol/json/value.h"

namespace postrider::api {

// A value of a request's body while an operation reads it: what it is, where it stands, and whom to tell when
// it is wrong. Steps live on the reader's stack, each pointing at the one above it, and become a path in
// words
// ("personalizations.0.to") only then.
class Input {
 public:
  // `help_page` is what an anchor is appended to; without one, help stays null.
  Input(json::Value root, Problems& problems, std::string_view help_page = {})
      : value_(root), problems_(problems), help_page_(help_page) {}
  Input at(std::string_view name, json::Value value) const { return {*this, name, 0, value}; }
  Input at(std::size_t index, json::Value value) const { return {*this, {}, index, value}; }

  json::Value value() const { return value_; }
  std::string path() const;                       // empty at the root
  bool full() const { return problems_.full(); }  // enough is wrong: reading on tells nobody anything

  void wrong(std::string message, std::string_view anchor = {}) const;
  // Whether it is of this kind; says so when not, as SendGrid does.
  bool must_be(json::Kind kind, std::string_view anchor = {}) const;
  std::optional<std::string_view> string(std::string_view anchor = {}) const;  // nullopt: told

 private:
  Input(const Input& up, std::string_view name, std::size_t index, json::Value value)
      : value_(value),
        problems_(up.problems_),
        help_page_(up.help_page_),
        up_(&up),
        name_(name),
        index_(index) {}

  json::Value value_;
  Problems& problems_;
  std::string_view help_page_;
  const Input* up_ = nullptr;
  std::string_view name_;  // has no data() for an element of an array
  std::size_t index_ = 0;
};

// One member an object may have: who reads it into `Into`, or, without a reader, what to do instead until we
// do.
template <class Into>
struct Field {
  std::string_view name;
  void (*read)(Into& into, const Input& input);
  std::string_view instead = {};
};

void tell_unsupported(const Input& member, std::string_view name, std::string_view instead,
                      std::string_view anchor);
void tell_unknown(const Input& member, std::string_view name, std::string_view anchor);

// Reads an object by its table. Nothing is passed over: a member that is not in the table is refused by name.
template <class Into>
void read_members(const Input& object, Into& into, std::span<const Field<Into>> fields,
                  std::string_view anchor = {}) {
  if (!object.must_be(json::Kind::object, anchor)) return;
  for (const auto [name, value] : object.value().members()) {
    if (object.full()) return;
    const Field<Into>* field = nullptr;
    for (const auto& candidate : fields)
      if (candidate.name == name) field = &candidate;
    const auto member = object.at(name, value);
    if (!field)
      tell_unknown(member, name, anchor);
    else if (!field->read)
      tell_unsupported(member, name, field->instead, anchor);
    else
      field->read(into, member);
  }
}

}  // namespace postrider::api

// SPDX-License-Identifier: Apache-2.0
#include "edge/api/input.h"

namespace postrider::api {

namespace {

constexpr std::size_t most_of_a_name = 200;  // a client may call a field anything, at any length

}  // namespace

std::string Input::path() const {
  if (!up_) return {};
  auto path = up_->path();
  if (!path.empty()) path.push_back('.');
  return path.append(name_.data() ? std::string(name_.substr(0, most_of_a_name)) : std::to_string(index_));
}

void Input::wrong(std::string message, std::string_view anchor) const {
  if (full()) return;
  std::string help;
  if (!help_page_.empty() && !anchor.empty()) help.append(help_page_).append(anchor);
  problems_.add({std::move(message), path(), std::move(help)});
}

bool Input::must_be(json::Kind kind, std::string_view anchor) const {
  if (value_.kind() == kind) return true;
  std::string message = "Invalid type. Expected: ";
  message.append(json::name(kind)).append(", given: ").append(json::name(value_.kind())).append(".");
  if (up_) {
    wrong(std::move(message), anchor);
  } else {  // has a name of its own there, and a place on the page
    problems_.add(
        {std::move(message), "(root)",
         help_page_.empty() ? std::string() : std::string(help_page_) + "-Request-Body-Parameters"});
  }
  return false;
}

std::optional<std::string_view> Input::string(std::string_view anchor) const {
  if (!must_be(json::Kind::string, anchor)) return std::nullopt;
  return value_.as_string();
}

void tell_unsupported(const Input& member, std::string_view name, std::string_view instead,
                      std::string_view anchor) {
  std::string message = "[";
  message.append(name).append("] is not supported by this version of Postrider yet. ").append(instead);
  member.wrong(std::move(message), anchor);
}

void tell_unknown(const Input& member, std::string_view name, std::string_view anchor) {
  std::string message = "[";
  message.append(name.substr(0, most_of_a_name))
      .append("] is not a field here. Remove it, or check its spelling.");
  member.wrong(std::move(message), anchor);
}

}  // namespace postrider::api

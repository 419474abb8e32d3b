// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Only tests include this.
namespace postrider::api {

// A mail/send body that is accepted, and what a test changes of it.
//
//   MailBody().set("subject", R"("")").text()
class MailBody {
 public:
  // `json` replaces the field, or adds it.
  MailBody& set(std::string_view field, std::string_view json) {
    for (auto& [name, value] : fields_)
      if (name == field) return value = json, *this;
    fields_.emplace_back(field, json);
    return *this;
  }
  MailBody& without(std::string_view field) {
    std::erase_if(fields_, [&](const auto& known) { return known.first == field; });
    return *this;
  }
  // Members of the only personalization besides `to`.
  MailBody& with_part(std::string_view members) {
    return set("personalizations", R"([{"to":[{"email":"to@example.org"}],)" + std::string(members) + "}]");
  }
  std::string text() const {
    std::string out = "{";
    for (const auto& [name, value] : fields_)
      out.append(out.size() > 1 ? "," : "").append("\"").append(name).append("\":").append(value);
    return out + "}";
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_{
      {"personalizations", R"([{"to":[{"email":"to@example.org"}]}])"},
      {"from", R"({"email":"from@example.com"})"},
      {"subject", R"("s")"},
      {"content", R"([{"type":"text/plain","value":"v"}])"}};
};

// `count` copies of `element`, each "#" in it replaced by its number, as an array.
inline std::string array_of(std::size_t count, std::string_view element) {
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ",";
    for (char c : element) c == '#' ? out += std::to_string(i) : out += c;
  }
  return out + "]";
}

}  // namespace postrider::api

// SPDX-License-Identifier: Apache-2.0
#include "app/toml_file.h"

#define TOML_EXCEPTIONS 0
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <toml++/toml.h>
#pragma clang diagnostic pop

#include <optional>

namespace postrider::app {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string> scalar(const toml::node& node) {
  if (auto text = node.value_exact<std::string>()) return *text;
  if (auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  return std::nullopt;
}

std::optional<std::string> route(const toml::table& table) {
  const auto field = [&](std::string_view name) {
    return table[name].node() ? scalar(*table[name].node()) : std::nullopt;
  };
  const auto domain = field("domain"), host = field("host"), port = field("port"), tls = field("tls");
  if (!domain || !host || !port) return std::nullopt;
  const bool six = host->find(':') != std::string::npos;
  return *domain + "=" + (six ? "[" + *host + "]" : *host) + ":" + *port + "/" +
         tls.value_or("opportunistic");
}

Result<void> walk(const toml::table& table, const std::string& prefix, Settings& out) {
  for (const auto& [key, node] : table) {
    const auto name = prefix + std::string(key.str());
    const auto wrong = [&](std::string_view why) {
      return Error{Code::invalid, "line " + std::to_string(node.source().begin.line) + ", " + name + ": " +
                                      std::string(why)};
    };
    if (const auto* inner = node.as_table()) {
      PR_TRY(walk(*inner, name + ".", out));
    } else if (const auto* items = node.as_array()) {
      std::string joined;
      for (const auto& item : *items) {
        const auto text = item.is_table() ? route(*item.as_table()) : scalar(item);
        if (!text) return wrong("each item must be a value, or a table with domain, host and port");
        joined.append(joined.empty() ? "" : ",").append(*text);
      }
      out.emplace_back(name, joined);
    } else if (auto value = scalar(node)) {
      out.emplace_back(name, *value);
    } else {
      return wrong("must be a text, a number, true or false");
    }
  }
  return {};
}

}  // namespace

Result<Settings> read_toml(const std::string& path) {
  const auto parsed = toml::parse_file(path);
  if (!parsed)
    return Error{Code::invalid, path + ", line " + std::to_string(parsed.error().source().begin.line) + ": " +
                                    std::string(parsed.error().description())};
  Settings out;
  PR_TRY(walk(parsed.table(), "", out));
  return out;
}

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "app/host_port.h"
#include "app/networks.h"
#include "app/toml_file.h"
#include "base/text.h"

extern char** environ;

namespace postrider::app {
namespace {

using Set = std::function<Result<void>(Config&, const std::string& value)>;

struct Key {
  Set set;
  std::string_view fallback;  // as written in the file
  std::string_view help;      // empty = not supported yet, and not in the file that `init` writes
  Takes takes = Takes::restart;
};

Error wrong(std::string_view what) {
  return {Code::invalid, std::string(what)};
}

Set text(std::string Config::* member) {
  return [member](Config& config, const std::string& value) -> Result<void> {
    config.*member = value;
    return {};
  };
}

// As text, when `fits` says that it can be meant.
Set checked(std::string Config::* member, bool (*fits)(std::string_view), std::string_view otherwise) {
  return [=](Config& config, const std::string& value) -> Result<void> {
    if (!fits(value)) return wrong(otherwise);
    config.*member = value;
    return {};
  };
}

bool is_endpoint(std::string_view text) {
  return parse_endpoint(text).ok();
}

// It is said in EHLO: letters, digits, hyphens and dots between them.
bool is_host_name(std::string_view text) {
  const auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '.'; };
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, fits) &&
         !std::string_view("-.").contains(text.front()) && !std::string_view("-.").contains(text.back()) &&
         !text.contains("..");
}

// A name that is spoken for. Taken, so that a file written for a later version serves here; and said at every
// start, so that nobody believes that it does something.
Key not_yet(std::string_view what) {
  return {[what](Config& config, const std::string&) -> Result<void> {
            config.not_supported_yet.emplace_back(what);
            return {};
          },
          {},
          {}};
}

Set boolean(bool Config::* member) {
  return [member](Config& config, const std::string& value) -> Result<void> {
    if (value != "true" && value != "false") return wrong("must be true or false");
    config.*member = value == "true";
    return {};
  };
}

Set list(std::vector<std::string> Config::* member, bool (*fits)(std::string_view),
         std::string_view otherwise) {
  return [=](Config& config, const std::string& value) -> Result<void> {
    (config.*member).clear();
    for (std::size_t from = 0; from <= value.size();) {
      const auto comma = std::min(value.find(',', from), value.size());
      const auto item = trim(std::string_view(value).substr(from, comma - from));
      from = comma + 1;
      if (item.empty()) continue;
      if (!fits(item)) return wrong("\"" + std::string(item) + "\" " + std::string(otherwise));
      (config.*member).emplace_back(item);
    }
    return {};
  };
}

// A number with an optional unit out of `units`, which maps it to a factor.
std::optional<std::uint64_t> quantity(
    std::string_view value, std::initializer_list<std::pair<std::string_view, std::uint64_t>> units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(value.data() + value.size() - end));
  for (const auto& [name, factor] : units)
    if (same_ignoring_case(name, trim(unit)) && number <= UINT64_MAX / factor) return number * factor;
  return std::nullopt;
}

std::optional<std::uint64_t> byte_size(std::string_view value) {
  return quantity(value, {{"", 1},
                          {"k", 1 << 10},
                          {"KB", 1 << 10},
                          {"m", 1 << 20},
                          {"MB", 1 << 20},
                          {"g", 1 << 30},
                          {"GB", 1 << 30}});
}

Set bytes(std::uint64_t Config::* member) {
  return [member](Config& config, const std::string& value) -> Result<void> {
    const auto parsed = byte_size(value);
    if (!parsed || *parsed < (1 << 20)) return wrong("must be a size of at least 1MB, like 512MB or 20GB");
    config.*member = *parsed;
    return {};
  };
}

Set count(std::size_t Config::* member, std::uint64_t most) {
  return [=](Config& config, const std::string& value) -> Result<void> {
    const auto parsed = quantity(value, {{"", 1}});
    if (!parsed || *parsed > most) return wrong("must be a number from 0 to " + std::to_string(most));
    config.*member = static_cast<std::size_t>(*parsed);
    return {};
  };
}

// The inventory of what is stored says how long at most; an operator may want less.
Set days(std::chrono::days Config::* member) {
  return [member](Config& config, const std::string& value) -> Result<void> {
    const auto parsed = quantity(value, {{"d", 1}, {"", 1}});
    if (!parsed || *parsed == 0 || *parsed > 30) return wrong("must be a number of days, 1d to 30d");
    config.*member = std::chrono::days(static_cast<int>(*parsed));
    return {};
  };
}

Result<void> set_max_age(Config& config, const std::string& value) {
  const auto parsed = quantity(value, {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}});
  if (!parsed || *parsed == 0 || *parsed > 30 * 86400)
    return wrong("must be a time like 72h or 3d, at most 30d");
  config.delivery_max_age = std::chrono::seconds(static_cast<std::int64_t>(*parsed));
  return {};
}

Result<void> set_sources(Config& config, const std::string& value) {
  PR_TRY(list(&Config::delivery_sources, is_address, "is no IP address")(config, value));
  if (config.delivery_sources.size() > 1) return wrong("not supported yet: more than one address");
  return {};
}

Result<void> set_mode(Config& config, const std::string& value) {
  if (value == "capture")
    config.delivery_mode = DeliveryMode::capture;
  else if (value == "mx")
    config.delivery_mode = DeliveryMode::mx;
  else if (value == "relay")
    return wrong("relay is not there yet; use mx with routes, or capture");
  else
    return wrong("must be capture or mx");
  return {};
}

Result<void> set_level(Config& config, const std::string& value) {
  constexpr std::array<std::string_view, 4> names{"debug", "info", "warning", "alarm"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (value == names[i]) return config.log_level = static_cast<Level>(i), Result<void>();
  return wrong("must be debug, info, warning or alarm");
}

Result<void> set_format(Config& config, const std::string& value) {
  if (value != "text" && value != "json") return wrong("must be text or json");
  config.log_json = value == "json";
  return {};
}

Result<smtp::Tls> tls_word(std::string_view word) {
  if (word == "none" || word == "never") return smtp::Tls::never;
  if (word == "opportunistic" || word.empty()) return smtp::Tls::opportunistic;
  if (word == "required") return smtp::Tls::required;
  return wrong("tls must be none, opportunistic or required");
}

// "DOMAIN=HOST:PORT" with an optional "/tls" word, several separated by commas: the form of --set.
Result<void> set_routes(Config& config, const std::string& value) {
  config.delivery_routes.clear();
  for (std::size_t from = 0; from < value.size();) {
    const auto comma = std::min(value.find(',', from), value.size());
    const auto item = trim(std::string_view(value).substr(from, comma - from));
    from = comma + 1;
    const auto equals = item.find('=');
    if (equals == std::string_view::npos)
      return wrong("must be DOMAIN=IP:PORT, like sink.test=127.0.0.1:2525");
    Route route;
    route.domain = lower(trim(item.substr(0, equals)));
    auto rest = trim(item.substr(equals + 1));
    if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
      route.tls = PR_TRY(tls_word(rest.substr(slash + 1)));
      rest = rest.substr(0, slash);
    }
    route.next_hop = PR_TRY(parse_endpoint(rest));
    config.delivery_routes.push_back(std::move(route));
  }
  return {};
}

const std::map<std::string, Key, std::less<>>& keys() {
  static const std::map<std::string, Key, std::less<>> all{
      {"http.listen",
       {checked(&Config::http_listen, is_endpoint, "must be IP:PORT, like 127.0.0.1:8025"), "127.0.0.1:8025",
        "where the API listens, IP:PORT; port 0 picks a free one"}},
      {"http.tls.certificate",
       {text(&Config::http_certificate), "",
        "PEM file with the certificate chain; with it the door speaks TLS", Takes::reload}},
      {"http.tls.key", {text(&Config::http_key), "", "PEM file with its private key", Takes::reload}},
      {"http.plaintext_from",
       {list(&Config::http_plaintext_from, is_network, "is no network, like 172.17.0.0/16"), "",
        "networks that may speak plain HTTP besides loopback, like 172.17.0.0/16", Takes::reload}},
      {"http.trusted_proxies", not_yet("believing a proxy's X-Forwarded-For")},
      {"http.public_url", not_yet("pages and links")},
      {"delivery.mode",
       {set_mode, "capture",
        "capture (nothing leaves this machine) or mx (needs a route for *: no DNS yet)"}},
      {"delivery.route",
       {set_routes, "",
        "DOMAIN=IP:PORT[/none|/opportunistic|/required], ...; in the file also [[delivery.route]]",
        Takes::reload}},
      {"delivery.sources", {set_sources, "", "local address to send from"}},
      {"delivery.max_age", {set_max_age, "72h", "how long delivery is tried"}},
      {"delivery.sign", {boolean(&Config::delivery_sign), "true", "DKIM-sign; false is for measuring only"}},
      {"store.url",
       {text(&Config::store_url), "sqlite:store/postrider.db", "sqlite:PATH or postgresql://..."}},
      {"journal.url", {text(&Config::journal_url), "file:journal", "file:DIR"}},
      {"node.name",
       {checked(&Config::node_name, is_host_name, "must be a host name, like mail1.example.com"), "node1",
        "this node's host name, said in EHLO"}},
      {"node.site", not_yet("more than one site")},
      {"limits.memory", not_yet("a memory budget")},
      {"limits.spool", {bytes(&Config::limits_spool), "20GB", "disk the journal may take", Takes::reload}},
      {"limits.signers", {count(&Config::limits_signers, 1024), "0", "signing threads; 0 = one per core"}},
      {"limits.loops", {count(&Config::limits_loops, 1024), "0", "event loops; 0 = one per core"}},
      {"limits.idempotency_keys",
       {count(&Config::limits_idempotency_keys, 1'000'000'000), "1000000",
        "Idempotency-Keys remembered at a time, for 48 hours each; 150 bytes of memory a key",
        Takes::reload}},
      {"log.level", {set_level, "info", "debug, info, warning or alarm", Takes::reload}},
      {"log.format", {set_format, "text", "text or json"}},
      {"retention.events", {days(&Config::retention_events), "30d", "how long events are kept"}},
      {"retention.captured",
       {days(&Config::retention_captured), "30d", "how long captured messages are kept"}},
  };
  return all;
}

Result<void> set(Config& config, const std::string& name, const std::string& value) {
  const auto key = keys().find(name);
  if (key == keys().end()) return wrong("no setting is called \"" + name + "\"");
  if (auto done = key->second.set(config, value); !done.ok()) return wrong(name + ": " + done.error().detail);
  config.given.emplace_back(name, value);
  return {};
}

std::string environment_name(std::string_view key) {
  std::string name = "POSTRIDER_";
  for (char c : key) {
    if (c == '.')
      name += "__";
    else
      name.push_back(is_alpha(c) ? static_cast<char>(c & ~0x20) : c);
  }
  return name;
}

// Every key has a dot, so whatever of ours has "__" is meant as one.
Result<void> know_environment() {
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view variable(*entry, std::string_view(*entry).find('='));
    if (!variable.starts_with("POSTRIDER_") || !variable.contains("__")) continue;
    const bool known =
        std::ranges::any_of(keys(), [&](const auto& key) { return environment_name(key.first) == variable; });
    if (!known) return wrong("no setting is called as the variable " + std::string(variable) + " says");
  }
  return {};
}

}  // namespace

Result<Setting> parse_setting(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return wrong("--set takes KEY=VALUE, not \"" + std::string(text) + "\"");
  return Setting(text.substr(0, equals), text.substr(equals + 1));
}

Result<Config> load_config(const std::string& data, const std::vector<Setting>& settings) {
  Config config;
  config.data = std::filesystem::absolute(data).string();
  const auto path = config.data + "/postrider.toml";
  if (std::filesystem::exists(path))
    for (const auto& [key, value] : PR_TRY(read_toml(path)))
      if (auto done = set(config, key, value); !done.ok())
        return wrong("postrider.toml: " + done.error().detail);
  PR_TRY(know_environment());
  for (const auto& [name, key] : keys()) {
    const auto variable = environment_name(name);
    if (const char* value = std::getenv(variable.c_str()))
      if (auto done = set(config, name, value); !done.ok())
        return wrong(variable + ": " + done.error().detail);
  }
  for (const auto& [key, value] : settings)
    if (auto done = set(config, key, value); !done.ok()) return wrong("--set " + done.error().detail);
  if (config.http_certificate.empty() != config.http_key.empty())
    return wrong("http.tls.certificate and http.tls.key come together");
  PR_TRY(check_routes(config.delivery_mode, config.delivery_routes));
  return config;
}

Result<void> check_routes(DeliveryMode mode, const std::vector<Route>& routes) {
  if (mode != DeliveryMode::mx || std::ranges::find(routes, "*", &Route::domain) != routes.end()) return {};
  return wrong(
      "delivery.mode: mx cannot ask DNS yet; it needs a delivery.route for every domain, like "
      "*=127.0.0.1:2525");
}

std::vector<std::string> changed(const Config& from, const Config& to, Takes which) {
  const auto said = [](const Config& config, std::string_view name) {
    const auto last = std::ranges::find(config.given.rbegin(), config.given.rend(), name, &Setting::first);
    return last == config.given.rend() ? std::nullopt : std::optional(last->second);
  };
  std::vector<std::string> names;
  for (const auto& [name, key] : keys())
    if (key.takes == which && said(from, name) != said(to, name)) names.push_back(name);
  return names;
}

std::string default_config_file() {
  std::string out =
      "# Postrider. Every setting with its default; remove the # to change one.\n"
      "# The same names work as --set KEY=VALUE and as POSTRIDER_KEY with __ for the dot.\n"
      "# SIGHUP makes a running server read this file again; what it cannot take over it names in its log.\n";
  for (const auto& [name, key] : keys()) {
    if (key.help.empty()) continue;
    out.append("\n# ")
        .append(key.help)
        .append("\n# ")
        .append(name)
        .append(" = \"")
        .append(key.fallback)
        .append("\"\n");
  }
  return out;
}

}  // namespace postrider::app

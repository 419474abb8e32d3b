// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "flow/deliver/route_table.h"

namespace postrider::app {

enum class DeliveryMode { capture, mx, relay };

// Everything the operator decides, read at start and again on SIGHUP. Keys are those of design 8: dotted
// paths in postrider.toml, in --set KEY=VALUE, and as POSTRIDER_KEY with "__" for ".".
struct Config {
  std::vector<std::string> not_supported_yet;  // what settings were made for, in words: without effect

  std::vector<std::pair<std::string, std::string>> given;  // what was said, KEY and VALUE, the last one last

  std::string data;  // the data directory; every relative path below is under it

  std::string http_listen = "127.0.0.1:8025";
  std::string http_certificate, http_key;  // PEM files; without them a plaintext door on loopback only
  std::vector<std::string> http_plaintext_from;

  DeliveryMode delivery_mode = DeliveryMode::capture;
  std::vector<Route> delivery_routes;
  std::vector<std::string> delivery_sources;  // one at most; none = the system's choice
  std::chrono::milliseconds delivery_max_age = std::chrono::hours(72);

  std::string store_url = "sqlite:store/postrider.db";
  std::string journal_url = "file:journal";
  std::string node_name = "node1";

  std::uint64_t limits_spool = std::uint64_t{20} << 30;
  std::size_t limits_signers = 0;  // signing threads; 0 = one per core
  std::size_t limits_loops = 0;    // event loops; 0 = one per core
  std::size_t limits_idempotency_keys = 1'000'000;
  bool delivery_sign = true;  // false only for measuring: mail goes out unsigned

  Level log_level = Level::info;
  bool log_json = false;

  std::chrono::days retention_events{30};
  std::chrono::days retention_captured{30};
};

using Setting = std::pair<std::string, std::string>;  // KEY, VALUE as given to --set

// The file DIR/postrider.toml, then the environment, then the settings; later wins. invalid names the key and
// says what would be right; an unknown key is refused, never ignored.
Result<Config> load_config(const std::string& data, const std::vector<Setting>& settings);

// Whether these routes are enough for the mode; says what is missing.
Result<void> check_routes(DeliveryMode mode, const std::vector<Route>& routes);

// The settings in which two configurations differ: those that a running server takes over, or those that a
// restart is needed for.
enum class Takes { reload, restart };
std::vector<std::string> changed(const Config& from, const Config& to, Takes which);

// A path as a setting gives it: absolute, or below the data directory.
inline std::string under(const std::string& data, const std::string& path) {
  return path.starts_with('/') ? path : data + "/" + path;
}

Result<Setting> parse_setting(std::string_view text);  // "KEY=VALUE"

// What `init` writes: every key with its default, commented out.
std::string default_config_file();

}  // namespace postrider::app

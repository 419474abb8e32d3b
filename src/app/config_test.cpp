// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "testing/stores.h"

namespace postrider::app {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  ~ConfigTest() override {
    for (const auto& variable : variables_) ::unsetenv(variable.c_str());
  }
  void file(std::string_view text) { std::ofstream(directory.path("postrider.toml")) << text; }
  void environment(const std::string& variable, const std::string& value) {
    ::setenv(variable.c_str(), value.c_str(), 1);
    variables_.push_back(variable);
  }
  Result<Config> load(const std::vector<Setting>& settings = {}) {
    return load_config(directory.path("."), settings);
  }
  std::string refusal(const std::vector<Setting>& settings = {}) {
    const auto config = load(settings);
    if (config.ok()) return "nothing was refused";
    EXPECT_EQ(config.error().code, Code::invalid);
    return config.error().detail;
  }

  testing::TemporaryDirectory directory;

 private:
  std::vector<std::string> variables_;
};

TEST_F(ConfigTest, WithoutAnythingItHasTheDefaults) {
  const auto config = load().value();
  EXPECT_EQ(config.http_listen, "127.0.0.1:8025");
  EXPECT_EQ(config.delivery_mode, DeliveryMode::capture);
  EXPECT_EQ(config.delivery_max_age, std::chrono::hours(72));
  EXPECT_TRUE(config.data.starts_with('/'));
}

TEST_F(ConfigTest, TheFileTheEnvironmentAndSetEachOverruleTheOneBefore) {
  file("[node]\nname = \"file\"\n[http]\nlisten = \"127.0.0.1:1\"\n[log]\nlevel = \"warning\"\n");
  environment("POSTRIDER_NODE__NAME", "environment");
  environment("POSTRIDER_HTTP__LISTEN", "127.0.0.1:2");
  const auto config = load({{"node.name", "first"}, {"node.name", "set"}}).value();
  EXPECT_EQ(config.node_name, "set");
  EXPECT_EQ(config.http_listen, "127.0.0.1:2");
  EXPECT_EQ(config.log_level, Level::warning);
}

TEST_F(ConfigTest, WhatChangedIsToldByWhetherARestartIsNeeded) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  file("[log]\nlevel = \"info\"\n[http]\nlisten = \"127.0.0.1:1\"\n");
  const auto before = load({{"node.name", "n"}}).value();
  file(
      "[log]\nlevel = \"debug\"\n[http]\nlisten = \"127.0.0.1:2\"\n[node]\nname = \"other\"\n"
      "[[delivery.route]]\ndomain = \"a.example\"\nhost = \"127.0.0.1\"\nport = 25\n");
  const auto after = load({{"node.name", "n"}}).value();
  EXPECT_THAT(changed(before, after, Takes::reload), ElementsAre("delivery.route", "log.level"));
  EXPECT_THAT(changed(before, after, Takes::restart), ElementsAre("http.listen"))
      << "--set overrules the file";
  EXPECT_THAT(changed(after, after, Takes::reload), IsEmpty());
}

TEST_F(ConfigTest, AKeyNobodyKnowsIsRefusedByNameWhereverItStands) {
  EXPECT_EQ(refusal({{"http.lisen", "x"}}), "--set no setting is called \"http.lisen\"");
  file("[http]\nlisen = \"x\"\n");
  EXPECT_EQ(refusal(), "postrider.toml: no setting is called \"http.lisen\"");
  file("");
  environment("POSTRIDER_HTTP__LISEN", "x");
  EXPECT_EQ(refusal(), "no setting is called as the variable POSTRIDER_HTTP__LISEN says");
}

TEST_F(ConfigTest, VariablesOfOursThatAreNoSettingsAreLeftAlone) {
  environment("POSTRIDER_SHARED_FOR_A_TEST", "x");
  EXPECT_TRUE(load().ok());
}

TEST_F(ConfigTest, AWrongValueNamesItsKeyAndSaysWhatWouldBeRight) {
  const std::pair<Setting, std::string> wrong[] = {
      {{"http.listen", "example.com:80"}, "http.listen: must be IP:PORT, like 127.0.0.1:8025"},
      {{"http.listen", "127.0.0.1:65536"}, "http.listen: must be IP:PORT, like 127.0.0.1:8025"},
      {{"http.plaintext_from", "10.0.0.0/8,10.0.0.0/33"},
       "http.plaintext_from: \"10.0.0.0/33\" is no network, like 172.17.0.0/16"},
      {{"delivery.mode", "smtp"}, "delivery.mode: must be capture or mx"},
      {{"delivery.max_age", "72"}, "delivery.max_age: must be a time like 72h or 3d, at most 30d"},
      {{"delivery.max_age", "0h"}, "delivery.max_age: must be a time like 72h or 3d, at most 30d"},
      {{"delivery.max_age", "31d"}, "delivery.max_age: must be a time like 72h or 3d, at most 30d"},
      {{"delivery.max_age", "-1h"}, "delivery.max_age: must be a time like 72h or 3d, at most 30d"},
      {{"delivery.sources", "10.0.0.1, here"}, "delivery.sources: \"here\" is no IP address"},
      {{"delivery.sign", "yes"}, "delivery.sign: must be true or false"},
      {{"limits.spool", "1023KB"}, "limits.spool: must be a size of at least 1MB, like 512MB or 20GB"},
      {{"limits.spool", "99999999999999GB"},
       "limits.spool: must be a size of at least 1MB, like 512MB or 20GB"},
      {{"limits.loops", "1025"}, "limits.loops: must be a number from 0 to 1024"},
      {{"log.level", "loud"}, "log.level: must be debug, info, warning or alarm"},
      {{"log.format", "xml"}, "log.format: must be text or json"},
      {{"node.name", "mail 1"}, "node.name: must be a host name, like mail1.example.com"},
      {{"node.name", "a\r\nMAIL"}, "node.name: must be a host name, like mail1.example.com"},
      {{"retention.events", "0d"}, "retention.events: must be a number of days, 1d to 30d"},
      {{"retention.captured", "31d"}, "retention.captured: must be a number of days, 1d to 30d"}};
  for (const auto& [setting, words] : wrong) EXPECT_EQ(refusal({setting}), "--set " + words);
}

TEST_F(ConfigTest, QuantitiesHaveUnits) {
  const auto config = load({{"delivery.max_age", "90m"},
                            {"limits.spool", "2gb"},
                            {"retention.captured", "1d"},
                            {"retention.events", "7"},
                            {"limits.signers", "1024"}})
                          .value();
  EXPECT_EQ(config.delivery_max_age, std::chrono::minutes(90));
  EXPECT_EQ(config.limits_spool, std::uint64_t{2} << 30);
  EXPECT_EQ(config.retention_captured, std::chrono::days(1));
  EXPECT_EQ(config.retention_events, std::chrono::days(7));
  EXPECT_EQ(config.limits_signers, 1024u);
}

TEST_F(ConfigTest, RoutesComeFromTheFileAndFromSet) {
  file(
      "[[delivery.route]]\ndomain = \"Sink.test\"\nhost = \"127.0.0.1\"\nport = 2525\ntls = \"required\"\n"
      "[[delivery.route]]\ndomain = \"*.example\"\nhost = \"::1\"\nport = 25\n");
  auto routes = load()->delivery_routes;
  ASSERT_EQ(routes.size(), 2u);
  EXPECT_EQ(routes[0].domain, "sink.test");
  EXPECT_EQ(routes[0].next_hop.port, 2525);
  EXPECT_EQ(routes[0].tls, smtp::Tls::required);
  EXPECT_EQ(routes[1].next_hop.address, "::1");
  EXPECT_EQ(routes[1].tls, smtp::Tls::opportunistic);
  routes = load({{"delivery.route", "a.test=127.0.0.1:25/none, b.test=[::1]:26"}})->delivery_routes;
  ASSERT_EQ(routes.size(), 2u);
  EXPECT_EQ(routes[0].tls, smtp::Tls::never);
  EXPECT_EQ(routes[1].next_hop.port, 26);
}

TEST_F(ConfigTest, ARouteThatIsNoneIsRefused) {
  EXPECT_EQ(refusal({{"delivery.route", "sink.test"}}),
            "--set delivery.route: must be DOMAIN=IP:PORT, like sink.test=127.0.0.1:2525");
  EXPECT_EQ(refusal({{"delivery.route", "a=127.0.0.1:25/maybe"}}),
            "--set delivery.route: tls must be none, opportunistic or required");
  EXPECT_EQ(refusal({{"delivery.route", "a=mx.test:25"}}),
            "--set delivery.route: \"mx.test:25\" is not IP:PORT: the host must be an IP address");
  file("[[delivery.route]]\ndomain = \"a.test\"\n");
  EXPECT_TRUE(refusal().contains("each item must be a value, or a table with domain, host and port"));
}

TEST_F(ConfigTest, WhatIsNotSupportedYetIsTakenAndSaidAndNotOffered) {
  const std::pair<Setting, std::string> early[] = {
      {{"http.trusted_proxies", "10.0.0.0/8"}, "believing a proxy's X-Forwarded-For"},
      {{"http.public_url", "https://mail.example.com"}, "pages and links"},
      {{"node.site", "east"}, "more than one site"},
      {{"limits.memory", "1GB"}, "a memory budget"}};
  for (const auto& [setting, what] : early) {
    const auto config = load({setting});
    ASSERT_TRUE(config.ok()) << config.error().detail;
    EXPECT_EQ(config->not_supported_yet, std::vector{what});
    EXPECT_FALSE(default_config_file().contains(setting.first));
  }
  EXPECT_EQ(refusal({{"delivery.sources", "127.0.0.1, 127.0.0.2"}}),
            "--set delivery.sources: not supported yet: more than one address");
}

TEST_F(ConfigTest, MxNeedsARouteForEverythingAsLongAsDnsIsNotAsked) {
  const auto words =
      "delivery.mode: mx cannot ask DNS yet; it needs a delivery.route for every domain, like "
      "*=127.0.0.1:2525";
  EXPECT_EQ(refusal({{"delivery.mode", "mx"}}), words);
  EXPECT_EQ(refusal({{"delivery.mode", "mx"}, {"delivery.route", "*.test=127.0.0.1:25"}}), words);
  EXPECT_EQ(load({{"delivery.mode", "mx"}, {"delivery.route", "a.test=127.0.0.1:25, *=127.0.0.1:26"}})
                ->delivery_mode,
            DeliveryMode::mx);
}

TEST_F(ConfigTest, TheFileIsTomlAndItsFaultsHaveALine) {
  file("\n\nhttp = [\n");
  EXPECT_TRUE(refusal().contains("postrider.toml, line")) << refusal();
  file("[http]\nlisten = 1.5\n");
  EXPECT_TRUE(refusal().contains("line 2, http.listen: must be a text, a number, true or false"))
      << refusal();
  file("[delivery]\nsign = false\nsources = [\"127.0.0.1\"]\n");
  EXPECT_FALSE(load()->delivery_sign);
  EXPECT_EQ(load()->delivery_sources.size(), 1u);
}

TEST_F(ConfigTest, ACertificateAndItsKeyComeTogether) {
  EXPECT_EQ(refusal({{"http.tls.certificate", "cert.pem"}}),
            "http.tls.certificate and http.tls.key come together");
}

TEST_F(ConfigTest, TheFileThatInitWritesIsReadAndChangesNothing) {
  file(default_config_file());
  EXPECT_TRUE(load().ok());
  auto text = default_config_file();
  for (std::size_t at = 0; (at = text.find("\n# ", at)) != std::string::npos;)  // every default, spoken out
    if (const auto end = text.find('\n', at + 1); text.substr(at, end - at).contains(" = \""))
      text.erase(at + 1, 2);
    else
      at = end;
  file(text);
  ASSERT_TRUE(load().ok()) << refusal();
  EXPECT_EQ(load()->limits_spool, Config{}.limits_spool);
  EXPECT_EQ(load()->http_listen, Config{}.http_listen);
}

TEST(ParseSetting, TakesWhatStandsBeforeTheFirstEqualsSign) {
  EXPECT_EQ(*parse_setting("a.b=c=d"), Setting("a.b", "c=d"));
  EXPECT_EQ(*parse_setting("a="), Setting("a", ""));
  EXPECT_EQ(parse_setting("a").error().detail, "--set takes KEY=VALUE, not \"a\"");
  EXPECT_FALSE(parse_setting("=b").ok());
}

}  // namespace
}  // namespace postrider::app

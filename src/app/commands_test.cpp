// SPDX-License-Identifier: Apache-2.0
// Commands on a data directory that no server runs on, and what they say to programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "app/command.h"
#include "app/journal_directory.h"
#include "protocol/json/value.h"
#include "readers/cursors.h"
#include "testing/fake_clock.h"
#include "testing/memory_log.h"
#include "testing/seeded_random.h"
#include "testing/stores.h"

namespace postrider::app {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() {
    EXPECT_TRUE(DataDirectory::create(config.data, random).ok());
    data = std::move(*DataDirectory::open(config, clock, random));
  }
  Result<Output> run(const std::vector<std::string>& words) {
    Workbench bench{config, *data, op, clock, random, log, nullptr};
    return run_command(bench, words);
  }
  // One field of what a command says to programs, as text.
  std::string said(const std::vector<std::string>& words, std::string_view field) {
    const auto output = run(words);
    if (!output.ok()) return "refused: " + output.error().detail;
    const auto document = json::parse(output->json);
    EXPECT_TRUE(document.has_value()) << output->json;
    return std::string(document->root()[field].as_string().value_or("not a text"));
  }
  std::string refusal(const std::vector<std::string>& words) {
    const auto output = run(words);
    return output.ok() ? "done" : output.error().detail;
  }
  std::string account() { return said({"account", "create", "acme"}, "id"); }

  testing::TemporaryDirectory directory;
  testing::FakeClock clock;
  testing::SeededRandom random{1};
  testing::MemoryLog log;
  Config config = [this] {
    Config made;
    made.data = directory.path("data");
    return made;
  }();
  std::unique_ptr<DataDirectory> data;
  Operator op{clock};
};

TEST_F(CommandsTest, AHeldReaderIsLetGoOn) {
  EXPECT_EQ(refusal({"reader", "resume", "activity"}), "activity is not held");
  const readers::Place place{"activity", config.node_name};
  ASSERT_TRUE(store::writing(*data->store, [&](store::Transaction& tx) -> Result<void> {
                PR_TRY(readers::begin_at_oldest(tx, place, clock.wall()));
                PR_TRY(readers::hold(tx, place, "its log is another", clock.wall()));
                return tx.commit_system("test");
              }).ok());
  EXPECT_EQ(run({"reader", "list"})->text, "activity  held: its log is another\n");
  EXPECT_THAT(refusal({"reader", "resume"}), HasSubstr("reader list"));
  EXPECT_EQ(refusal({"reader", "resume", "stats"}), "no reader is called \"stats\"");
  EXPECT_THAT(refusal({"reader", "resume", "activity", "--from", "here"}), HasSubstr("oldest or newest"));
  EXPECT_EQ(said({"reader", "resume", "activity"}, "from"), "oldest");
  EXPECT_EQ(run({"reader", "list"})->text, "activity  0 events behind\n");
  const auto entries = *audit::AuditLog(*data->store).all(0, 10);
  ASSERT_FALSE(entries.empty());
  EXPECT_EQ(entries.front().entry.action, "reader.resume");
  EXPECT_EQ(entries.front().entry.object, "activity from oldest");
}

TEST_F(CommandsTest, AccountsAndKeys) {
  const auto made = run({"account", "create", "acme"});
  EXPECT_THAT(made->json, StartsWith("{\"id\":\"1\",\"name\":\"acme\",\"api_key\":\"SG."));
  EXPECT_EQ(refusal({"account", "create"}), "say how the account is called: account create NAME");
  EXPECT_EQ(run({"account", "state", "1", "suspended"})->json, "{\"id\":\"1\",\"state\":\"suspended\"}");
  EXPECT_EQ(run({"account", "list"})->json, "[{\"id\":\"1\",\"name\":\"acme\",\"state\":\"suspended\"}]");
  EXPECT_THAT(refusal({"account", "state", "1", "gone"}), StartsWith("\"gone\" is no state; "));
  EXPECT_EQ(refusal({"account", "state", "9", "active"}), "no account is called \"9\"");

  const auto id = said({"key", "create", "--name", "web", "--scope", "mail.send"}, "api_key_id");
  EXPECT_EQ(id.size(), 22u);
  EXPECT_EQ(run({"key", "revoke", id})->json, "{\"api_key_id\":\"" + id + "\",\"revoked\":true}");
  EXPECT_THAT(run({"key", "list"})->json,
              HasSubstr("{\"api_key_id\":\"" + id +
                        "\",\"name\":\"web\",\"scopes\":[\"mail.send\"],\"revoked\":true}"));
  EXPECT_EQ(refusal({"key", "revoke", std::string(22, 'A')}), "there is no key " + std::string(22, 'A'));
  EXPECT_THAT(refusal({"key", "revoke", "x"}), StartsWith("say which key by its id"));
}

TEST_F(CommandsTest, WhichAccountIsClearOrAskedFor) {
  EXPECT_EQ(refusal({"key", "create"}),
            "there is no account yet; make one with: postrider account create NAME");
  account();
  EXPECT_EQ(refusal({"key", "create"}), "done");
  ASSERT_TRUE(run({"account", "create", "other"}).ok());
  EXPECT_EQ(refusal({"key", "create"}), "there are several accounts; say which with --account ID");
  EXPECT_EQ(refusal({"key", "create", "--account", "other"}), "done");
}

TEST_F(CommandsTest, DomainsSayWhatToPublish) {
  account();
  const auto added = run({"domain", "add", "Example.com"});
  ASSERT_TRUE(added.ok());
  const auto document = json::parse(added->json);
  const auto root = document->root();
  EXPECT_EQ(root["domain"].as_string(), "example.com");
  std::vector<std::string> names;
  for (const auto record : root["dkim"].elements()) {
    names.emplace_back(*record["name"].as_string());
    EXPECT_EQ(record["type"].as_string(), "TXT");
    EXPECT_TRUE(record["value"].as_string()->starts_with("v=DKIM1;"));
    EXPECT_EQ(*record["name"].as_string(),
              std::string(*record["selector"].as_string()) + "._domainkey.example.com");
  }
  EXPECT_THAT(names, ::testing::Contains("s1._domainkey.example.com"));
  EXPECT_EQ(run({"domain", "show", "example.com"})->json, added->json);
  EXPECT_EQ(run({"domain", "remove", "example.com"})->json, "{\"domain\":\"example.com\",\"removed\":true}");
  EXPECT_EQ(run({"domain", "list"})->json, "[]");
  EXPECT_THAT(refusal({"domain", "show", "example.com"}),
              StartsWith("example.com is nobody's sending domain"));
  EXPECT_EQ(refusal({"domain", "add"}), "say which domain: example.com");
}

TEST_F(CommandsTest, AnEmptyQueueIsListedAndOrdersWantAServer) {
  EXPECT_EQ(run({"queue", "list"})->json, "{\"waiting\":0,\"parked\":0,\"recipients\":[]}");
  const auto id = std::string(22, 'A') + ".postrider.0";
  EXPECT_EQ(refusal({"queue", "show", id}), id + " is not waiting; see `message show` for what became of it");
  EXPECT_EQ(refusal({"queue", "retry", id}), "no server runs on this data directory; start it first");
  EXPECT_EQ(refusal({"queue", "list", "--limit", "0"}), "--limit must be 1 to 10000");
}

TEST_F(CommandsTest, AnOrderIsForOneOrForAllAndNeverUnclear) {
  const auto id = std::string(22, 'A') + ".postrider.0";
  for (const auto* order : {"retry", "release", "drop"}) {
    const std::string words = "say which recipient by its id in `queue list`, or --all alone";
    EXPECT_EQ(refusal({"queue", order}), words);
    EXPECT_EQ(refusal({"queue", order, "x"}), words);
    EXPECT_EQ(refusal({"queue", order, id, id}), words);
    EXPECT_EQ(refusal({"queue", order, id, "--all"}), words);
  }
}

TEST_F(CommandsTest, NothingCapturedAndNobodysMessage) {
  EXPECT_EQ(run({"capture", "list"})->json, "[]");
  EXPECT_EQ(refusal({"capture", "show", "1"}), "no captured message has the number 1");
  EXPECT_THAT(refusal({"message", "show", std::string(22, 'A')}), HasSubstr("is not known"));
  EXPECT_EQ(refusal({"message", "show", "x"}), "say which message: its X-Message-Id, or one recipient's id");
}

TEST_F(CommandsTest, WhatIsNotUnderstoodIsRefusedInWords) {
  EXPECT_EQ(refusal({"queue"}), "there is no command \"queue\"");
  EXPECT_EQ(refusal({"queue", "list", "everything"}), "queue list takes no \"everything\"");
  EXPECT_EQ(refusal({"domain", "list", "--acount", "1"}), "unknown option --acount");
}

TEST_F(CommandsTest, EveryCommandIsNamedOnceAndExplained) {
  std::set<std::string_view> names;
  for (const auto& command : all_commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_FALSE(command.help.empty()) << command.name;
  }
  EXPECT_TRUE(names.contains("journal verify"));
}

class JournalVerifyTest : public CommandsTest {
 protected:
  JournalVerifyTest() {
    auto opened = std::move(*JournalDirectory::open(config, data->root, clock, random, log));
    auto& journal = opened->journal();
    EXPECT_TRUE(journal.recover([](journal::Sequence, const journal::Label&) {}).ok());
    journal::Group group;
    group.entries.push_back({{}, std::string(10'000, 'x'), {}});
    EXPECT_TRUE(journal.commit(1, {&group, 1}).ok());
    EXPECT_TRUE(journal.close().ok());
  }
  std::filesystem::path segment() const {
    std::filesystem::path found;
    for (const auto& file : std::filesystem::recursive_directory_iterator(config.data + "/journal"))
      if (file.path().extension() == ".seg" && file.path().string().contains("spool")) found = file.path();
    return found;
  }
};

TEST_F(JournalVerifyTest, ASoundJournalIsSaidToBe) {
  const auto before = std::filesystem::last_write_time(segment());
  const auto output = run({"journal", "verify"});
  ASSERT_TRUE(output.ok()) << output.error().detail;
  EXPECT_EQ(output->status, 0);
  EXPECT_THAT(output->json, StartsWith("{\"sound\":true,"));
  EXPECT_THAT(output->json, HasSubstr("\"live\":1,"));
  EXPECT_THAT(output->json, HasSubstr("\"damage\":[]}"));
  EXPECT_EQ(run({"journal", "verify"})->json, output->json);  // looking changes nothing, not even the epoch
  EXPECT_EQ(std::filesystem::last_write_time(segment()), before);
}

TEST_F(JournalVerifyTest, DamageIsSaidWithItsPlace) {
  {
    std::fstream file(segment(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(6000);
    file.put('\x55').put('\xAA').put('\x55');
  }
  const auto output = run({"journal", "verify"});
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(output->status, 1);
  EXPECT_THAT(output->json, StartsWith("{\"sound\":false,"));
  EXPECT_THAT(output->text, HasSubstr("damaged: "));
  EXPECT_THAT(output->text, HasSubstr(segment().filename().string()));
}

}  // namespace
}  // namespace postrider::app

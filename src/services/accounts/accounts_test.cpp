// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/entry.h"
#include "services/accounts/account.h"
#include "services/accounts/api_key.h"
#include "services/accounts/key_uses.h"
#include "services/accounts/schema.h"
#include "store/control_feed.h"
#include "testing/seeded_random.h"
#include "testing/stores.h"

namespace postrider::accounts {
namespace {

using store::Change;
using store::ChangeKind;
using ::testing::ElementsAre;
using testing::test_time;

const audit::Author author{test_time, "operator:test", "", "r-1"};

class AccountsTest : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped() || HasFailure()) return;
    store = open({&audit::schema(), &schema()});
  }
  Tenant tenant(std::string name = "acme") {
    return recorded_tenant(Accounts(*store).create(std::move(name), author).value().id);
  }
  CreatedApiKey key(const Tenant& of, std::optional<Time> expires = {}) {
    return ApiKeys(*store).create(of, {.name = "web", .expires = expires}, random, author).value();
  }
  std::optional<Code> refusal(std::string_view text, Time now = test_time) {
    const auto parsed = ApiKeyText::parse(text);
    const auto found = parsed ? ApiKeys(*store).find(parsed->id()).value() : std::nullopt;
    return found && found->admit(*parsed, now) ? std::optional<Code>() : Code::forbidden;
  }

  std::unique_ptr<store::Store> store;
  testing::SeededRandom random{1};
};

TEST_P(AccountsTest, AccountsAreMadeFoundAndChanged) {
  Accounts accounts(*store);
  const auto made = accounts.create("Acme Ltd", author).value();
  EXPECT_EQ(made.id, TenantId{1});
  EXPECT_EQ(accounts.create("Acme Ltd", author).error().code, Code::exists);
  EXPECT_EQ(accounts.create("", author).error().code, Code::invalid);
  EXPECT_EQ(accounts.create("a\nb", author).error().code, Code::invalid);
  const auto tenant = recorded_tenant(made.id);
  ASSERT_TRUE(accounts.set_state(tenant, AccountState::suspended, author).ok());
  const auto found = accounts.find(tenant).value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->name, "Acme Ltd");
  EXPECT_EQ(found->state, AccountState::suspended);
  EXPECT_EQ(found->created, test_time);
  const auto nobody = recorded_tenant(TenantId{99});
  EXPECT_FALSE(accounts.find(nobody)->has_value());
  EXPECT_EQ(accounts.set_state(nobody, AccountState::active, author).error().code, Code::not_found);
  EXPECT_EQ(accounts.all()->size(), 1u);

  const auto changes = store::ControlFeed(*store).changes_after(0).value();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[1].change, (Change{ChangeKind::tenant, made.id, ""}));
  const auto entries = audit::AuditLog(*store).of_tenant(tenant, 0, 10).value();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].entry.action, "account.set_state");
  EXPECT_EQ(entries[0].entry.before, entries[1].entry.after);
  EXPECT_NE(entries[0].entry.after, entries[0].entry.before);
}

TEST(AccountState, HasNames) {
  for (const auto* state : {"active", "warned", "throttled", "suspended", "deactivated", "banned"})
    EXPECT_EQ(name(parse_account_state(state).value()), state);
  EXPECT_FALSE(parse_account_state("asleep").has_value());
}

TEST_P(AccountsTest, AKeyAdmitsItsTenant) {
  const auto acme = tenant();
  const auto created = key(acme);
  const auto stored = ApiKeys(*store).find(created.key.id).value();
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->admit(created.text, test_time), acme);
  EXPECT_TRUE(stored->allows("mail.send"));
  EXPECT_FALSE(stored->allows("mail"));
  EXPECT_FALSE(stored->allows("api_keys.read"));
}

TEST_P(AccountsTest, WhatCannotBeAKeyIsRefusedOffline) {
  const auto text = key(tenant()).text.text();
  auto mistyped = text;
  mistyped[40] = mistyped[40] == 'a' ? 'b' : 'a';
  for (const auto& wrong :
       {mistyped, text.substr(0, 68), text + "x", std::string(), std::string("SG."), std::string(69, 'a')})
    EXPECT_FALSE(ApiKeyText::parse(wrong).has_value()) << wrong;
  EXPECT_EQ(refusal(text), std::nullopt);
}

TEST_P(AccountsTest, AnotherSecretUnderTheSameIdIsRefused) {
  const auto created = key(tenant());
  auto other = ApiKeyText::generate(random).text();
  other.replace(3, 22, to_string(created.key.id));
  ASSERT_TRUE(ApiKeyText::parse(other).has_value());
  EXPECT_EQ(refusal(other), Code::forbidden);
  EXPECT_EQ(refusal(ApiKeyText::generate(random).text()), Code::forbidden);
}

TEST_P(AccountsTest, RevokedAndExpiredKeysAdmitNobody) {
  const auto acme = tenant();
  const auto expiring = key(acme, test_time + std::chrono::seconds(10));
  EXPECT_EQ(refusal(expiring.text.text(), test_time + std::chrono::milliseconds(9999)), std::nullopt);
  EXPECT_EQ(refusal(expiring.text.text(), test_time + std::chrono::seconds(10)), Code::forbidden);

  const auto created = key(acme);
  ApiKeys keys(*store);
  const auto newest = store::ControlFeed(*store).newest().value();
  EXPECT_EQ(keys.revoke(tenant("other"), created.key.id, author).error().code, Code::not_found);
  EXPECT_EQ(refusal(created.text.text()), std::nullopt);
  ASSERT_TRUE(keys.revoke(acme, created.key.id, author).ok());
  ASSERT_TRUE(keys.revoke(acme, created.key.id, author).ok());
  EXPECT_EQ(refusal(created.text.text()), Code::forbidden);
  const auto changes =
      store::ControlFeed(*store).changes_after(newest + 1).value();  // the other account is one
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].change, (Change{ChangeKind::key, acme.id(), to_string(created.key.id)}));
  EXPECT_EQ(audit::AuditLog(*store).of_tenant(acme, 0, 1)->front().entry.action, "api_key.revoke");
}

TEST_P(AccountsTest, ListShowsOnlyTheTenantsKeysAndNoSecret) {
  const auto acme = tenant();
  const auto other = tenant("other");
  const auto created = key(acme, test_time);
  key(other);
  const auto listed = ApiKeys(*store).list(acme).value();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].id, created.key.id);
  EXPECT_EQ(listed[0].name, "web");
  EXPECT_THAT(listed[0].scopes, ElementsAre("mail.send"));
  EXPECT_EQ(listed[0].hash, created.text.digest());
  EXPECT_EQ(listed[0].expires, test_time);
  EXPECT_FALSE(listed[0].revoked.has_value());
  EXPECT_FALSE(listed[0].last_used.has_value());
}

TEST_P(AccountsTest, KeysAreOfKnownAccountsWithScopesThatAreWords) {
  ApiKeys keys(*store);
  EXPECT_EQ(keys.create(recorded_tenant(TenantId{99}), {.name = "x"}, random, author).error().code,
            Code::not_found);
  const auto acme = tenant();
  EXPECT_EQ(keys.create(acme, {.name = ""}, random, author).error().code, Code::invalid);
  EXPECT_EQ(keys.create(acme, {.name = "x", .scopes = {"mail send"}}, random, author).error().code,
            Code::invalid);
  EXPECT_THAT(keys.create(acme, {.name = "x", .scopes = {}}, random, author)->key.scopes, ElementsAre());
  const auto two =
      keys.create(acme, {.name = "x", .scopes = {"mail.send", "api_keys.read"}}, random, author).value();
  EXPECT_THAT(keys.find(two.key.id)->value().scopes, ElementsAre("mail.send", "api_keys.read"));
}

TEST_P(AccountsTest, UsesAreWrittenOnceAMinute) {
  const auto acme = tenant();
  const auto created = key(acme);
  KeyUses uses(*store);
  for (int second = 0; second < 50; ++second)
    uses.note(acme, created.key.id, test_time + std::chrono::seconds(second));
  const auto before = store->statements_run();
  ASSERT_TRUE(uses.flush().ok());
  EXPECT_EQ(store->statements_run(), before + 1);
  const Time minute = std::chrono::floor<std::chrono::minutes>(test_time + std::chrono::seconds(49));
  EXPECT_EQ(ApiKeys(*store).list(acme)->front().last_used, minute);
  uses.note(acme, created.key.id, minute);
  ASSERT_TRUE(uses.flush().ok());
  uses.note(acme, created.key.id, minute - std::chrono::hours(1));  // the clock was set back
  ASSERT_TRUE(uses.flush().ok());
  EXPECT_EQ(store->statements_run(), before + 2);  // the list
  uses.note(acme, created.key.id, minute + std::chrono::minutes(1));
  ASSERT_TRUE(uses.flush().ok());
  EXPECT_EQ(ApiKeys(*store).list(acme)->front().last_used, minute + std::chrono::minutes(1));
}

INSTANTIATE_TEST_SUITE_P(Engines, AccountsTest, testing::engines, testing::engine_name);

}  // namespace
}  // namespace postrider::accounts

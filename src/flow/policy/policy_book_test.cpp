// SPDX-License-Identifier: Apache-2.0
#include "flow/policy/policy_book.h"

#include <gmock/gmock.h>

#include <map>

#include "services/accounts/schema.h"
#include "testing/fake_clock.h"
#include "testing/memory_log.h"
#include "testing/seeded_random.h"
#include "testing/stores.h"

namespace postrider {
namespace {

using accounts::AccountState;
using testing::test_time;

const audit::Author author{test_time, "operator:test", "", "r-1"};
constexpr store::PlatformSql spoil{
    "test.spoil", store::Kind::system_write,
    "UPDATE dkim_keys SET sealed = (SELECT o.sealed FROM dkim_keys o WHERE o.domain = dkim_keys.domain AND "
    "o.selector <> dkim_keys.selector)",
    "damage"};
constexpr store::PlatformSql lose{"test.lose", store::Kind::system_write, "DELETE FROM feed_position"};
constexpr store::PlatformSql hide{"test.hide", store::Kind::system_write,
                                  "ALTER TABLE dkim_keys RENAME COLUMN sealed TO hidden", "damage"};
constexpr store::PlatformSql unhide{"test.unhide", store::Kind::system_write,
                                    "ALTER TABLE dkim_keys RENAME COLUMN hidden TO sealed", "damage"};
const store::Schema damage{"test", {}, {&spoil, &lose, &hide, &unhide}};

class PolicyBookTest : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store = open({&audit::schema(), &accounts::schema(), &domains::schema(), &damage});
    domains.emplace(*store, box);
    book.emplace(
        *store, *domains,
        PolicyBook::KeyRing{[this](SigningKeyId id, SigningKey key) { ring.emplace(id, key.type()); },
                            [this](SigningKeyId id) { ring.erase(id); }},
        clock, log);
  }
  Tenant account(std::string name = "acme") {
    return recorded_tenant(accounts::Accounts(*store).create(std::move(name), author)->id);
  }
  accounts::CreatedApiKey key(const Tenant& tenant) {
    return *accounts::ApiKeys(*store).create(tenant, {.name = "web"}, random, author);
  }
  void set_state(const Tenant& tenant, AccountState state) {
    ASSERT_TRUE(accounts::Accounts(*store).set_state(tenant, state, author).ok());
  }
  void spoil_keys() { run(spoil); }
  void spoil_feed() { run(lose); }
  void run(const store::PlatformSql& sql) {
    ASSERT_TRUE(store::writing(*store, [&](store::Transaction& tx) -> Result<void> {
                  PR_TRY(tx.execute(sql));
                  return tx.commit_system("damage");
                }).ok());
  }

  testing::SeededRandom random{1};
  testing::FakeClock clock;
  testing::MemoryLog log;
  SealedBox box{RootKey{1, 2, 3}, random};
  std::unique_ptr<store::Store> store;
  std::optional<domains::Domains> domains;
  std::map<SigningKeyId, KeyType> ring;
  std::optional<PolicyBook> book;
};

TEST(SigningKeyIds, StandForDomainSelectorAndKey) {
  const auto key = SigningKey::generate(KeyType::ed25519), other = SigningKey::generate(KeyType::ed25519);
  const auto id = signing_key_id(DomainId{1}, "e1", key);
  EXPECT_EQ(id, signing_key_id(DomainId{1}, "e1", *SigningKey::from_pkcs8_der(key.to_pkcs8_der())));
  EXPECT_NE(id, signing_key_id(DomainId{1}, "e1", other)) << "rotated in place";
  EXPECT_NE(id, signing_key_id(DomainId{1}, "e2", key));
  EXPECT_NE(id, signing_key_id(DomainId{2}, "e1", key));
}

TEST_P(PolicyBookTest, IsNotActedUponWhenItCannotFollow) {
  const auto tenant = account();
  EXPECT_FALSE(book->current()) << "nothing is known yet";
  ASSERT_TRUE(book->rebuild().ok());
  EXPECT_TRUE(book->current());
  clock.advance(PolicyBook::stale_after);
  EXPECT_TRUE(book->current());
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(book->current());
  ASSERT_TRUE(book->follow().ok());
  EXPECT_TRUE(book->current()) << "there was nothing new, and that is known";
  clock.advance(PolicyBook::stale_after);
  spoil_feed();
  EXPECT_FALSE(book->follow().ok());
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(book->current());
  EXPECT_NE(book->tenant(tenant.id()), nullptr) << "who asks is still told what was known";
}

TEST_P(PolicyBookTest, KnowsNobodyBeforeItIsBuilt) {
  const auto tenant = account();
  EXPECT_EQ(book->tenant(tenant.id()), nullptr);
  ASSERT_TRUE(book->rebuild().ok());
  EXPECT_NE(book->tenant(tenant.id()), nullptr);
  EXPECT_EQ(book->tenant(TenantId{99}), nullptr);
  EXPECT_EQ(book->key(ApiKeyId{}), nullptr);
}

TEST_P(PolicyBookTest, EachAccountStateMeansWhatItSays) {
  struct Row {
    AccountState state;
    bool submit, deliver;
  };
  const auto tenant = account();
  ASSERT_TRUE(book->rebuild().ok());
  for (const auto& row :
       {Row{AccountState::warned, true, true}, Row{AccountState::throttled, true, true},
        Row{AccountState::suspended, true, false}, Row{AccountState::deactivated, false, false},
        Row{AccountState::banned, false, false}, Row{AccountState::active, true, true}}) {
    set_state(tenant, row.state);
    EXPECT_EQ(*book->follow(), 1u);
    EXPECT_EQ(book->tenant(tenant.id())->may_submit, row.submit) << accounts::name(row.state);
    EXPECT_EQ(book->tenant(tenant.id())->may_deliver, row.deliver) << accounts::name(row.state);
  }
}

TEST_P(PolicyBookTest, OnlyVerifiedDomainsSendAndTheirKeysAreHandedOut) {
  const auto tenant = account();
  ASSERT_TRUE(domains->add(tenant, "example.com", true, author).ok());
  ASSERT_TRUE(domains->add(tenant, "unproven.example", false, author).ok());
  ASSERT_TRUE(book->rebuild().ok());
  const auto policy = book->tenant(tenant.id());
  ASSERT_EQ(policy->domains.size(), 1u);
  EXPECT_EQ(policy->domains[0].name, "example.com");
  ASSERT_EQ(policy->domains[0].keys.size(), 2u);
  for (const auto& sender : policy->domains[0].keys) EXPECT_TRUE(ring.contains(sender.id));
  EXPECT_EQ(ring.size(), 2u);

  ASSERT_TRUE(domains->remove(tenant, "example.com", author).ok());
  EXPECT_EQ(*book->follow(), 1u);
  EXPECT_TRUE(book->tenant(tenant.id())->domains.empty());
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(policy->domains.size(), 1u);  // who holds a policy holds what it said then
}

TEST_P(PolicyBookTest, FollowsNewAndRevokedKeys) {
  const auto tenant = account();
  ASSERT_TRUE(book->rebuild().ok());
  const auto made = key(tenant);
  EXPECT_EQ(book->key(made.key.id), nullptr);
  EXPECT_EQ(*book->follow(), 1u);
  ASSERT_NE(book->key(made.key.id), nullptr);
  EXPECT_TRUE(book->key(made.key.id)->admit(made.text, test_time));
  ASSERT_TRUE(accounts::ApiKeys(*store).revoke(tenant, made.key.id, author).ok());
  EXPECT_EQ(*book->follow(), 1u);
  EXPECT_FALSE(book->key(made.key.id)->admit(made.text, test_time));
  EXPECT_EQ(*book->follow(), 0u);
}

TEST_P(PolicyBookTest, ChangesForgottenMeanwhileAreReadFromTheTables) {
  const auto tenant = account();
  ASSERT_TRUE(book->rebuild().ok());
  set_state(tenant, AccountState::suspended);
  store::ControlFeed feed(*store);
  ASSERT_TRUE(feed.forget(*feed.newest()).ok());
  EXPECT_TRUE(book->follow().ok());
  EXPECT_FALSE(book->tenant(tenant.id())->may_deliver);
  EXPECT_TRUE(log.has("warning control_feed_rebuilt"));
  EXPECT_EQ(*book->follow(), 0u);
}

TEST_P(PolicyBookTest, OneDomainsDamagedKeysStopThatDomainAndNothingElse) {
  const auto harmed = account("harmed"), healthy = account("healthy");
  ASSERT_TRUE(domains->add(harmed, "harmed.example", true, author).ok());
  const auto revoked = key(healthy);
  spoil_keys();
  ASSERT_TRUE(book->rebuild().ok());
  EXPECT_TRUE(log.has("alarm domain_keys_unreadable domain=harmed.example"));
  const auto policy = book->tenant(harmed.id());
  ASSERT_EQ(policy->domains.size(), 1u) << "its mail waits, and is not refused";
  EXPECT_TRUE(policy->domains[0].keys_unreadable);
  EXPECT_TRUE(policy->domains[0].keys.empty());
  EXPECT_TRUE(ring.empty());

  set_state(harmed, AccountState::warned);
  ASSERT_TRUE(accounts::ApiKeys(*store).revoke(healthy, revoked.key.id, author).ok());
  EXPECT_EQ(*book->follow(), 2u);
  EXPECT_TRUE(book->key(revoked.key.id)->revoked);
}

TEST_P(PolicyBookTest, AStoreThatFailsOverTheKeysOfADomainTakesNothingFromIt) {
  const auto tenant = account();
  ASSERT_TRUE(domains->add(tenant, "example.com", true, author).ok());
  ASSERT_TRUE(book->rebuild().ok());
  set_state(tenant, AccountState::warned);
  run(hide);
  ASSERT_FALSE(book->follow().ok());
  ASSERT_EQ(book->tenant(tenant.id())->domains.size(), 1u);
  EXPECT_EQ(book->tenant(tenant.id())->domains[0].keys.size(), 2u);
  EXPECT_EQ(ring.size(), 2u);
  clock.advance(PolicyBook::stale_after + std::chrono::milliseconds(1));
  EXPECT_FALSE(book->current());
  run(unhide);
  EXPECT_EQ(*book->follow(), 1u) << "what failed is asked again";
  EXPECT_TRUE(book->current());
}

TEST_P(PolicyBookTest, KeysSealedUnderARootKeyThatIsNotHereStopThatDomainAndNothingElse) {
  const auto tenant = account();
  const SealedBox elsewhere{RootKey{4, 5, 6}, random};
  ASSERT_TRUE(domains::Domains(*store, elsewhere).add(tenant, "moved.example", true, author).ok());
  ASSERT_TRUE(book->rebuild().ok());
  ASSERT_EQ(book->tenant(tenant.id())->domains.size(), 1u);
  EXPECT_TRUE(book->tenant(tenant.id())->domains[0].keys_unreadable);
}

INSTANTIATE_TEST_SUITE_P(Memory, PolicyBookTest, ::testing::Values("memory"), testing::engine_name);

}  // namespace
}  // namespace postrider

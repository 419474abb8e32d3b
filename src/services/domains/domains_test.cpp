// SPDX-License-Identifier: Apache-2.0
#include "services/domains/domains.h"

#include <gtest/gtest.h>

#include "protocol/dkim/key_record.h"
#include "store/control_feed.h"
#include "testing/seeded_random.h"
#include "testing/stores.h"

namespace postrider::domains {
namespace {

using testing::test_time;

const audit::Author author{test_time, "operator:test", "", "r-1"};
const Tenant one = recorded_tenant(TenantId{1});
const Tenant two = recorded_tenant(TenantId{2});

constexpr store::PlatformSql swap_sealed{
    "test.swap", store::Kind::system_write,
    "UPDATE dkim_keys SET sealed = (SELECT o.sealed FROM dkim_keys o WHERE "
    "o.domain <> dkim_keys.domain AND o.selector = dkim_keys.selector)",
    "an attack"};
constexpr store::PlatformSql every_sealed{"test.sealed", store::Kind::read, "SELECT sealed FROM dkim_keys",
                                          "a look"};
const store::Schema attack{"test", {}, {&swap_sealed, &every_sealed}};

class DomainsTest : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped() || HasFailure()) return;
    store = open({&audit::schema(), &schema(), &attack});
    domains.emplace(*store, box);
  }

  testing::SeededRandom random{1};
  SealedBox box{RootKey{1, 2, 3}, random};
  std::unique_ptr<store::Store> store;
  std::optional<Domains> domains;
};

TEST_P(DomainsTest, ADomainHasTwoKeysWhoseRecordsMatch) {
  const auto added = domains->add(one, "Example.COM", true, author).value();
  EXPECT_EQ(added.name, "example.com");
  EXPECT_TRUE(added.verified);
  const auto found = domains->find(one, "EXAMPLE.com").value().value();
  EXPECT_EQ(found.id, added.id);
  EXPECT_EQ(found.created, test_time);
  ASSERT_EQ(found.keys.size(), 2u);
  const auto signers = domains->signers(one, found.id).value();
  ASSERT_EQ(signers.size(), 2u);
  const auto digest = sha256("message");
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(signers[i].selector, found.keys[i].selector);
    EXPECT_EQ(signers[i].key.type(), found.keys[i].type);
    const auto published = dkim::parse_key_record(found.keys[i].record);
    ASSERT_TRUE(published.ok()) << published.error().detail;
    EXPECT_TRUE(published->key.verify_digest(digest, signers[i].key.sign_digest(digest).value()));
  }
  EXPECT_EQ(found.keys[0].selector, "e1");
  EXPECT_EQ(found.keys[0].type, KeyType::ed25519);
  EXPECT_EQ(found.keys[1].selector, "s1");
  EXPECT_EQ(signers[1].key.public_key().bits(), 2048);
}

TEST_P(DomainsTest, ADomainBelongsToOneTenant) {
  const auto mine = domains->add(one, "example.com", true, author).value();
  EXPECT_EQ(domains->add(two, "example.com", true, author).error().code, Code::exists);
  EXPECT_EQ(domains->add(one, "not a domain", true, author).error().code, Code::invalid);
  EXPECT_FALSE(domains->find(two, "example.com")->has_value());
  EXPECT_TRUE(domains->list(two)->empty());
  EXPECT_TRUE(domains->signers(two, mine.id)->empty());
  EXPECT_EQ(domains->remove(two, "example.com", author).error().code, Code::not_found);
  EXPECT_TRUE(domains->find(one, "example.com")->value().verified);
}

TEST_P(DomainsTest, AddingAndRemovingIsToldAndAudited) {
  ASSERT_TRUE(domains->add(one, "b.example", false, author).ok());
  ASSERT_TRUE(domains->add(one, "a.example", true, author).ok());
  EXPECT_FALSE(domains->find(one, "b.example")->value().verified);
  const auto listed = domains->list(one).value();
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].name, "a.example");
  EXPECT_EQ(domains->all()->size(), 2u);
  const auto id = listed[0].id;
  ASSERT_TRUE(domains->remove(one, "a.example", author).ok());
  EXPECT_FALSE(domains->find(one, "a.example")->has_value());
  EXPECT_TRUE(domains->signers(one, id)->empty());

  const auto changes = store::ControlFeed(*store).changes_after(0).value();
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[2].change, (store::Change{store::ChangeKind::domain, one.id(), "a.example"}));
  const auto entries = audit::AuditLog(*store).of_tenant(one, 0, 10).value();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].entry.action, "domain.remove");
  EXPECT_EQ(entries[0].entry.after, "");
}

TEST_P(DomainsTest, ASealedKeyOpensOnlyInItsOwnRow) {
  const auto mine = domains->add(one, "mine.example", true, author).value();
  ASSERT_TRUE(domains->add(two, "theirs.example", true, author).ok());
  const auto swapped = store::writing(*store, [](store::Transaction& tx) -> Result<void> {
    PR_TRY(tx.execute(swap_sealed));
    return tx.commit_system("test");
  });
  ASSERT_TRUE(swapped.ok()) << swapped.error().detail;
  EXPECT_EQ(domains->signers(one, mine.id).error().code, Code::corrupt);
}

TEST_P(DomainsTest, NoPrivateKeyLiesInTheOpen) {
  const auto id = domains->add(one, "example.com", true, author)->id;
  std::string stored;
  const auto rows = store->begin(store::Mode::read)->query(every_sealed).value();
  for (const auto& row : rows) stored += row.blob(0);
  for (const auto& signer : domains->signers(one, id).value()) {
    const auto der = signer.key.to_pkcs8_der();
    EXPECT_FALSE(stored.contains(der.substr(der.size() - 32)));
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, DomainsTest, testing::engines, testing::engine_name);

}  // namespace
}  // namespace postrider::domains

// SPDX-License-Identifier: Apache-2.0
#include "store/control_feed.h"

#include "store/migrations.h"

namespace postrider::store {
namespace {

constexpr std::string_view feed = "the feed tells of every tenant";

// The one row of feed_position is the sequence of the feed. Updating it holds its lock until COMMIT, so
// numbers become visible in their order; a PostgreSQL sequence would let a reader pass a transaction still
// under way.
constexpr PlatformSql take_numbers{"feed.take_numbers", Kind::system_write,
                                   "UPDATE feed_position SET newest = newest + ?1 RETURNING newest"};
constexpr PlatformSql append{"feed.append", Kind::system_write,
                             "INSERT INTO changes (n, kind, tenant, id) VALUES (?1, ?2, ?3, ?4)", feed};
constexpr PlatformSql position{"feed.position", Kind::read, "SELECT newest, forgotten FROM feed_position"};
constexpr PlatformSql after{"feed.after", Kind::read,
                            "SELECT n, kind, tenant, id FROM changes WHERE n > ?1 ORDER BY n LIMIT ?2", feed};
constexpr PlatformSql drop{"feed.drop", Kind::system_write, "DELETE FROM changes WHERE n <= ?1", feed};
constexpr PlatformSql note_dropped{
    "feed.note_dropped", Kind::system_write,
    "UPDATE feed_position SET forgotten = ?1 WHERE forgotten < ?1 AND newest >= ?1"};

}  // namespace

Result<void> write_changes(Session& session, const std::vector<Change>& changes) {
  if (changes.empty()) return {};
  Rows rows;
  const auto count = static_cast<std::int64_t>(changes.size());
  const std::array<Bind, 1> binds{count};
  PR_TRY(session.run(take_numbers, binds, &rows));
  if (rows.empty()) return Error{Code::corrupt, "feed_position has no row"};
  auto n = rows.front().integer(0) - count;
  using enum Batch::Column;
  Batch batch{integer, integer, integer, text};
  for (const auto& change : changes) batch.add(++n, static_cast<int>(change.kind), change.tenant, change.id);
  return session.insert(append, batch);
}

Result<std::int64_t> ControlFeed::newest() {
  return reading(store_, [](Transaction& tx) -> Result<std::int64_t> {
    auto row = PR_TRY(tx.query_one(position));
    if (!row) return Error{Code::corrupt, "feed_position has no row"};
    return row->integer(0);
  });
}

Result<std::vector<NumberedChange>> ControlFeed::changes_after(std::int64_t n, int limit) {
  return reading(store_, [&](Transaction& tx) -> Result<std::vector<NumberedChange>> {
    // The rows first: what forget() destroys between the two statements shows in `forgotten` then.
    const auto rows = PR_TRY(tx.query(after, n, limit));
    auto row = PR_TRY(tx.query_one(position));
    if (!row) return Error{Code::corrupt, "feed_position has no row"};
    if (n < row->integer(1))
      return Error{Code::not_found, "changes after " + std::to_string(n) + " are forgotten"};
    std::vector<NumberedChange> found;
    found.reserve(rows.size());
    for (const auto& r : rows)
      found.push_back({r.integer(0), {static_cast<ChangeKind>(r.integer(1)), r.id<TenantId>(2), r.text(3)}});
    return found;
  });
}

Result<void> ControlFeed::forget(std::int64_t up_to) {
  return writing(store_, [&](Transaction& tx) -> Result<void> {
    if (PR_TRY(tx.execute(note_dropped, up_to)) == 0) return {};
    PR_TRY(tx.execute(drop, up_to));
    return tx.commit_system("control feed: old changes");
  });
}

const Schema& own_schema() {
  using enum DataClass;
  using enum Type;
  static const Schema schema{
      "store",
      {{1,
        "migrations and the control feed",
        {migrations_table(),
         CreateTable{"changes",
                     {{"n", integer, operational, days(2)},
                      {"kind", integer, operational, days(2)},
                      {"tenant", integer, identifier, days(2)},
                      {"id", text, personal_data, days(2)}},  // a suppressed address, say
                     "n"},
         CreateTable{
             "feed_position",
             {{"newest", integer, operational, forever}, {"forgotten", integer, operational, forever}},
             "newest"},
         Run{"INSERT INTO feed_position (newest, forgotten) VALUES (0, 0)"}}}},
      {&take_numbers, &append, &position, &after, &drop, &note_dropped, &applied_migrations,
       &note_migration}};
  return schema;
}

}  // namespace postrider::store

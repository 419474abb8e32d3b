// SPDX-License-Identifier: Apache-2.0
#include "services/capture/captures.h"

#include <limits>
#include <set>

namespace postrider::capture {
namespace {

using namespace store;

constexpr std::string_view of_operator = "for the operator's commands";
constexpr std::string_view by_age = "retention is the same for everybody";

// Header texts come from outside and may hold anything: they are bytes here.
constexpr PlatformSql append_many{
    "captures.append", Kind::system_write,
    "INSERT INTO captures (tenant, recipient, mail_from, rcpt, header_from, subject, captured, size, raw) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (tenant, recipient) DO NOTHING",
    "one batch holds messages of many tenants"};
constexpr TenantSql list_of{
    "captures.list", Kind::read,
    "SELECT id, tenant, recipient, mail_from, rcpt, header_from, subject, captured, size FROM captures "
    "WHERE tenant = ?1 AND id < ?2 AND captured > ?3 ORDER BY id DESC LIMIT ?4"};
constexpr TenantSql show_one{
    "captures.show", Kind::read,
    "SELECT id, tenant, recipient, mail_from, rcpt, header_from, subject, captured, size, raw FROM captures "
    "WHERE tenant = ?1 AND id = ?2 AND captured > ?3"};
constexpr PlatformSql list_everything{
    "captures.list_all", Kind::read,
    "SELECT id, tenant, recipient, mail_from, rcpt, header_from, subject, captured, size FROM captures "
    "WHERE id < ?1 AND captured > ?2 ORDER BY id DESC LIMIT ?3",
    of_operator};
constexpr PlatformSql show_anything{
    "captures.show_any", Kind::read,
    "SELECT id, tenant, recipient, mail_from, rcpt, header_from, subject, captured, size, raw FROM captures "
    "WHERE id = ?1 AND captured > ?2",
    of_operator};
constexpr PlatformSql sweep_oldest{"captures.sweep", Kind::system_write,
                                   "DELETE FROM captures WHERE id IN (SELECT id FROM captures WHERE captured "
                                   "<= ?1 ORDER BY captured LIMIT ?2)",
                                   by_age};
constexpr PlatformSql oldest{"captures.oldest", Kind::read, "SELECT MIN(captured) FROM captures", by_age};

std::int64_t upper(std::int64_t before) {
  return before > 0 ? before : std::numeric_limits<std::int64_t>::max();
}

CaptureSummary summary(const Row& row) {
  return {row.integer(0), row.id<TenantId>(1), row.text(2), row.blob(3),   row.blob(4),
          row.blob(5),    row.blob(6),         row.time(7), row.integer(8)};
}

std::vector<CaptureSummary> summaries(const Rows& rows) {
  std::vector<CaptureSummary> found;
  found.reserve(rows.size());
  for (const auto& row : rows) found.push_back(summary(row));
  return found;
}

std::optional<ShownCapture> shown(const std::optional<Row>& row) {
  if (!row) return std::nullopt;
  return ShownCapture{summary(*row), row->blob(9)};
}

}  // namespace

Result<void> Captures::append(std::span<const CapturedMessage> messages) {
  if (messages.empty()) return {};
  using enum Batch::Column;
  Batch batch{integer, text, blob, blob, blob, blob, integer, integer, blob};
  for (const auto& m : messages)
    batch.add(m.tenant, m.recipient_id, Blob{m.mail_from}, Blob{m.rcpt}, Blob{m.from}, Blob{m.subject},
              m.captured, m.raw->size(), Blob{*m.raw});
  return writing(store_, [&](Transaction& tx) -> Result<void> {
    PR_TRY(tx.insert(append_many, batch));
    return tx.commit_system("captured instead of delivered");
  });
}

Result<std::vector<CaptureSummary>> Captures::list(const Tenant& tenant, Time now, std::int64_t before,
                                                   int limit) {
  return reading(store_, [&](Transaction& tx) -> Result<std::vector<CaptureSummary>> {
    return summaries(PR_TRY(tx.query(list_of, tenant, upper(before), limit_at(now), limit)));
  });
}

Result<std::optional<ShownCapture>> Captures::show(const Tenant& tenant, std::int64_t id, Time now) {
  return reading(store_, [&](Transaction& tx) -> Result<std::optional<ShownCapture>> {
    return shown(PR_TRY(tx.query_one(show_one, tenant, id, limit_at(now))));
  });
}

Result<std::vector<CaptureSummary>> Captures::list_all(Time now, std::int64_t before, int limit) {
  return reading(store_, [&](Transaction& tx) -> Result<std::vector<CaptureSummary>> {
    return summaries(PR_TRY(tx.query(list_everything, upper(before), limit_at(now), limit)));
  });
}

Result<std::optional<ShownCapture>> Captures::show_any(std::int64_t id, Time now) {
  return reading(store_, [&](Transaction& tx) -> Result<std::optional<ShownCapture>> {
    return shown(PR_TRY(tx.query_one(show_anything, id, limit_at(now))));
  });
}

Result<std::int64_t> Captures::sweep(Time now, int limit) {
  return writing(store_, [&](Transaction& tx) -> Result<std::int64_t> {
    const auto gone = PR_TRY(tx.execute(sweep_oldest, limit_at(now), limit));
    PR_TRY(tx.commit_system("captured mail past its days"));
    return gone;
  });
}

std::vector<Probe> Captures::probes() {
  auto age = [this](Time now) -> Result<Probe::Fact> {
    const auto row = PR_TRY(
        reading(store_, [](Transaction& tx) -> Result<std::optional<Row>> { return tx.query_one(oldest); }));
    const auto captured = row ? row->maybe_time(0) : std::nullopt;
    return Probe::Fact(captured ? seconds(now) - seconds(*captured) : std::int64_t{0});
  };
  return {{"capture.oldest_age_seconds", age, std::chrono::hours(1)}};
}

const Schema& schema() {
  using enum DataClass;
  using enum Type;
  constexpr auto kept = days(kept_days);
  static const Schema schema{
      "services/capture",
      {{1,
        "captured mail",
        {CreateTable{"captures",
                     {{"id", serial, identifier, kept},
                      {"tenant", integer, identifier, kept},
                      {"recipient", text, identifier, kept},
                      {"mail_from", blob, personal_data, kept},
                      {"rcpt", blob, personal_data, kept},
                      {"header_from", blob, personal_data, kept},
                      {"subject", blob, content, kept},
                      {"captured", integer, activity, kept},
                      {"size", integer, activity, kept},
                      {"raw", blob, content, kept}},
                     {},
                     {"tenant, recipient"}},
         CreateIndex{"captures_by_tenant", "captures", "tenant, id"},
         CreateIndex{"captures_by_age", "captures", "captured"}}}},
      {&append_many, &list_of, &show_one, &list_everything, &show_anything, &sweep_oldest, &oldest}};
  return schema;
}

}  // namespace postrider::capture

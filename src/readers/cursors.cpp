// SPDX-License-Identifier: Apache-2.0
#include "readers/cursors.h"

namespace postrider::readers {
namespace {

using store::Kind;
using store::PlatformSql;

constexpr int set_aside_days = 30;

constexpr PlatformSql find{
    "reader_cursors.find", Kind::read,
    "SELECT incarnation, sequence, held FROM reader_cursors WHERE reader = ?1 AND stream = ?2"};
constexpr PlatformSql begin{"reader_cursors.begin", Kind::system_write,
                            "INSERT INTO reader_cursors (reader, stream, incarnation, sequence, held, moved) "
                            "VALUES (?1, ?2, 0, 0, '', ?3) "
                            "ON CONFLICT (reader, stream) DO NOTHING"};
constexpr PlatformSql move{"reader_cursors.move", Kind::system_write,
                           "UPDATE reader_cursors SET incarnation = ?5, sequence = ?6, moved = ?7 WHERE "
                           "reader = ?1 AND stream = ?2 AND "
                           "incarnation = ?3 AND sequence = ?4 AND held = ''"};
constexpr PlatformSql keep{
    "reader_cursors.hold", Kind::system_write,
    "UPDATE reader_cursors SET held = ?3, moved = ?4 WHERE reader = ?1 AND stream = ?2"};
constexpr PlatformSql place_at{
    "reader_cursors.resume", Kind::person_write,
    "UPDATE reader_cursors SET incarnation = ?3, sequence = ?4, held = '', moved = ?5 WHERE reader = ?1 AND "
    "stream = ?2"};
constexpr PlatformSql put_aside{"reader_set_aside.put", Kind::system_write,
                                "INSERT INTO reader_set_aside (reader, stream, incarnation, sequence, bytes, "
                                "why, at) VALUES (?1, ?2, ?3, ?4, "
                                "?5, ?6, ?7) ON CONFLICT (reader, stream, incarnation, sequence) DO NOTHING"};

constexpr PlatformSql destroy_set_aside{"reader_set_aside.destroy", Kind::system_write,
                                        "DELETE FROM reader_set_aside WHERE at <= ?1"};

// The store knows 64 bits with a sign; an incarnation has none.
std::int64_t stored(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
std::uint64_t read_back(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

}  // namespace

Result<std::optional<Progress>> progress(store::Transaction& tx, const Place& place) {
  const auto row = PR_TRY(tx.query_one(find, place.reader, place.stream));
  if (!row) return std::optional<Progress>();
  return std::optional(Progress{{read_back(row->integer(0)), read_back(row->integer(1))}, row->text(2)});
}

Result<void> begin_at_oldest(store::Transaction& tx, const Place& place, Time now) {
  PR_TRY(tx.execute(begin, place.reader, place.stream, now));
  return {};
}

Result<void> advance(store::Transaction& tx, const Place& place, journal::Cursor from, journal::Cursor to,
                     Time now) {
  const auto moved =
      PR_TRY(tx.execute(move, place.reader, place.stream, stored(from.incarnation), stored(from.sequence),
                        stored(to.incarnation), stored(to.sequence), now));
  if (moved == 1) return {};
  return Error{Code::fenced, "the cursor of " + place.reader + " was moved by somebody else"};
}

Result<void> hold(store::Transaction& tx, const Place& place, std::string_view why, Time now) {
  PR_TRY(tx.execute(keep, place.reader, place.stream, why, now));
  return {};
}

Result<void> resume_from(store::Transaction& tx, const Place& place, journal::Cursor cursor, Time now) {
  const auto rows = PR_TRY(tx.execute(place_at, place.reader, place.stream, stored(cursor.incarnation),
                                      stored(cursor.sequence), now));
  if (rows == 1) return {};
  return Error{Code::not_found, "no cursor of " + place.reader + " on " + place.stream};
}

Result<void> set_aside(store::Transaction& tx, const Place& place, std::uint64_t incarnation,
                       const journal::EventRecord& record, std::string_view why, Time now) {
  PR_TRY(tx.execute(put_aside, place.reader, place.stream, stored(incarnation), stored(record.sequence),
                    store::Blob{record.bytes}, why, now));
  return {};
}

Result<std::int64_t> sweep(store::Store& store, Time now) {
  return store::writing(store, [&](store::Transaction& tx) -> Result<std::int64_t> {
    const auto destroyed = PR_TRY(tx.execute(destroy_set_aside, now - std::chrono::days(set_aside_days)));
    PR_TRY(tx.commit_system("retention"));
    return destroyed;
  });
}

const store::Schema& schema() {
  using enum store::DataClass;
  using enum store::Type;
  constexpr auto kept = store::days(set_aside_days);
  static const store::Schema all{"readers",
                                 {{1,
                                   "cursors",
                                   {store::CreateTable{"reader_cursors",
                                                       {{"reader", text, operational, store::forever},
                                                        {"stream", text, operational, store::forever},
                                                        {"incarnation", integer, operational, store::forever},
                                                        {"sequence", integer, operational, store::forever},
                                                        {"held", text, operational, store::forever},
                                                        {"moved", integer, operational, store::forever}},
                                                       "reader, stream"},
                                    store::CreateTable{"reader_set_aside",
                                                       {{"reader", text, operational, kept},
                                                        {"stream", text, operational, kept},
                                                        {"incarnation", integer, operational, kept},
                                                        {"sequence", integer, operational, kept},
                                                        {"bytes", blob, activity, kept},
                                                        {"why", text, operational, kept},
                                                        {"at", integer, operational, kept}},
                                                       "reader, stream, incarnation, sequence"}}}},
                                 {&find, &begin, &move, &keep, &place_at, &put_aside, &destroy_set_aside}};
  return all;
}

}  // namespace postrider::readers

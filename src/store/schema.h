// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "store/sql.h"

namespace postrider::store {

// What kind of thing a column holds; decides who may read it, where it may be copied and how it is destroyed.
enum class DataClass {
  identifier,       // numbers and random names of ours
  configuration,    // what somebody chose: names, states, settings
  credential_hash,  // one-way; the secret itself is nowhere
  secret_sealed,    // SealedBox under the root key
  personal_data,    // tells of a person: addresses, IPs
  content,          // what was written to somebody
  activity,         // what happened to one message or person
  aggregate,        // counts that name nobody
  operational,      // cursors, versions, states of our own machinery
  audit,            // what people did to the platform
};
std::string_view name(DataClass data);

// How long a value may live. Past its days a row is hidden by the query at once and destroyed at most 25 h
// later.
struct Retention {
  enum class Rule { forever, until_deleted, with_parent, days } rule = Rule::forever;
  int count = 0;  // of days
  friend bool operator==(const Retention&, const Retention&) = default;
};
inline constexpr Retention forever{Retention::Rule::forever, 0};
inline constexpr Retention until_deleted{Retention::Rule::until_deleted, 0};  // by its owner
inline constexpr Retention with_parent{Retention::Rule::with_parent, 0};  // goes with the row it belongs to
constexpr Retention days(int count) {
  return {Retention::Rule::days, count};
}
std::string to_string(Retention kept);

// `serial` numbers its rows by itself, never reusing a number, and is the table's whole primary key.
enum class Type { integer, text, blob, boolean, serial };

struct Column {
  std::string_view name;
  Type type;
  DataClass data;
  Retention kept;
  bool nullable = false;
  std::string_view initial = {};  // DEFAULT, as a literal
};

// The steps of a migration. They are values, so that a column cannot be written down without its class and
// retention; the DDL of each engine is made from them.
struct CreateTable {
  std::string_view name;
  std::vector<Column> columns;
  std::string_view primary_key = {};          // "tenant, id"; empty with a serial column
  std::vector<std::string_view> unique = {};  // each a list of columns
};
struct CreateIndex {
  std::string_view name;
  std::string_view table;
  std::string_view columns;  // "tenant, created DESC"
  bool unique = false;
  std::string_view where = {};
};
struct AddColumn {
  std::string_view table;
  Column column;  // nullable or with an initial value
};
struct Run {
  std::string_view sql;  // data only, accepted by both engines, no parameters
};
using Step = std::variant<CreateTable, CreateIndex, AddColumn, Run>;

// Forward only. Numbers run from 1 without gaps within one owner; a published migration never changes.
struct Migration {
  int number;
  std::string_view name;
  std::vector<Step> steps;
};

// What one repository brings: its tables and every statement it will ever run. Lives as long as the program.
struct Schema {
  std::string_view owner;  // the folder: "services/accounts"
  std::vector<Migration> migrations;
  std::vector<const Sql*> statements;
};

// One line of the data inventory.
struct Classified {
  std::string_view owner;
  std::string_view table;
  Column column;
};
std::vector<Classified> inventory(std::span<const Schema* const> schemas);

// What the program promises of itself, checked whenever a store opens and once per repository in its test:
// migrations numbered 1, 2, 3 …; no table or statement name twice; a tenant's table (one with a column
// `tenant`) is touched only by a TenantSql that holds its tenant to ?1, or by a PlatformSql that states why
// not.
Result<void> check(std::span<const Schema* const> schemas);

// The DDL of one step. SQLite gets STRICT tables, so that both engines refuse a value of the wrong type.
enum class Dialect { sqlite, postgres };
std::string ddl(const Step& step, Dialect dialect);

}  // namespace postrider::store

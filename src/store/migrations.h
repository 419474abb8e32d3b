// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "store/schema.h"
#include "store/store.h"

namespace postrider::store {

// The table that remembers which migrations ran; the first migration of this folder makes it.
CreateTable migrations_table();
extern const PlatformSql applied_migrations;
extern const PlatformSql note_migration;

// Runs what has not run yet, inside the transaction of `session`, and holds the tables to their schemas.
Result<void> apply(Session& session, std::span<const Schema* const> schemas, Time now);

}  // namespace postrider::store

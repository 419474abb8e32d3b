// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "base/result.h"
#include "pg/connection.h"
#include "store/store.h"

namespace postrider::store {

struct PostgresOptions {
  pg::Options connection;  // search_path names the schema that holds our tables and nobody else's
  int connections = 8;
};

// Reading transactions see one snapshot. Writing ones see what others committed before each statement: a
// decision that depends on a row belongs into the statement (UPDATE … WHERE state = ?2), not between two of
// them. Connects at the first begin().
std::unique_ptr<Store> open_postgres(PostgresOptions options);

}  // namespace postrider::store

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::store {

// What the store understands of SQL texts: enough to give each engine its form and to hold statements to the
// tenant rule. Texts are ours, in a plain style: keywords in capitals, names in lower case, no comments.

// The tables a statement names after FROM, JOIN, INTO or UPDATE.
std::vector<std::string_view> tables_of(std::string_view sql);

// An INSERT that puts ?1 into the column `tenant`; or, for anything else, a WHERE that says "tenant = ?1"
// (perhaps with a table's name before it) outside of any OR, once for each SELECT, UPDATE or DELETE in the
// text.
bool holds_to_tenant(std::string_view sql);

// ?1 becomes $1, quoted strings excepted.
std::string dollars(std::string_view sql);

// "INSERT INTO t (a, b) VALUES (?1, ?2) REST" becomes "INSERT INTO t (a, b) SELECT * FROM unnest($1::T1[],
// $2::T2[]) REST". Empty when the text has not that form or another number of parameters.
std::string unnested(std::string_view sql, std::span<const std::string_view> types);

}  // namespace postrider::store

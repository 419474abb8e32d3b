// SPDX-License-Identifier: Apache-2.0
#include "store/sql_text.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace postrider::store {
namespace {

constexpr std::string_view spaces = " \t\r\n";

bool in_word(char c) {
  return is_alpha(c) || is_digit(c) || c == '_' || c == '.' || c == '?';
}

// Words, quoted strings and single signs.
std::vector<std::string_view> tokens_of(std::string_view sql) {
  std::vector<std::string_view> tokens;
  for (std::size_t at = 0; at < sql.size();) {
    std::size_t end = at + 1;
    if (spaces.contains(sql[at])) {
      at = end;
      continue;
    }
    if (sql[at] == '\'') {
      end = std::min(sql.find('\'', end), sql.size() - 1) + 1;
    } else if (in_word(sql[at])) {
      while (end < sql.size() && in_word(sql[end])) ++end;
    }
    tokens.push_back(sql.substr(at, end - at));
    at = end;
  }
  return tokens;
}

using Tokens = std::vector<std::string_view>;

std::string_view at(const Tokens& tokens, std::size_t index) {
  return index < tokens.size() ? tokens[index] : std::string_view();
}

bool is_tenant(std::string_view word) {
  return word == "tenant" || word.ends_with(".tenant");
}

bool is_predicate(const Tokens& tokens, std::size_t i) {
  return is_tenant(tokens[i]) && at(tokens, i + 1) == "=" && at(tokens, i + 2) == "?1" && i > 0 &&
         (tokens[i - 1] == "WHERE" || tokens[i - 1] == "AND");
}

// DO UPDATE and FOR UPDATE are no statements of their own.
bool is_verb(const Tokens& tokens, std::size_t i) {
  if (tokens[i] == "SELECT" || tokens[i] == "DELETE") return true;
  return tokens[i] == "UPDATE" && (i == 0 || (tokens[i - 1] != "DO" && tokens[i - 1] != "FOR"));
}

// The list in parentheses that opens at `i`; empty when it nests or is none.
Tokens list_at(const Tokens& tokens, std::size_t i) {
  Tokens list;
  if (at(tokens, i) != "(") return {};
  for (++i; i < tokens.size() && tokens[i] != ")"; ++i) {
    if (tokens[i] == "(") return {};
    if (tokens[i] != ",") list.push_back(tokens[i]);
  }
  return list;
}

// One SELECT, UPDATE or DELETE and what its own WHERE says.
struct Verb {
  int depth;
  bool open = true;
  bool names_table = false;
  bool held = false;
};

bool verbs_hold(const Tokens& tokens) {
  std::vector<Verb> verbs;
  int depth = 0;
  auto innermost = [&]() -> Verb* {
    for (auto it = verbs.rbegin(); it != verbs.rend(); ++it)
      if (it->open) return &*it;
    return nullptr;
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] == "(") ++depth;
    if (tokens[i] == ")") {
      --depth;
      for (auto& verb : verbs) verb.open &= verb.depth <= depth;
    }
    if (is_verb(tokens, i)) verbs.push_back({depth, true, tokens[i] == "UPDATE"});
    auto* verb = innermost();
    if (!verb || verb->depth != depth) continue;
    if (tokens[i] == "FROM" && at(tokens, i + 1) != "(") verb->names_table = true;
    if (tokens[i] == "OR") return false;
    if (is_predicate(tokens, i)) verb->held = true;
  }
  return std::ranges::all_of(verbs, [](const Verb& verb) { return verb.held || !verb.names_table; });
}

bool insert_holds(const Tokens& tokens) {
  const auto open = static_cast<std::size_t>(std::ranges::find(tokens, "(") - tokens.begin());
  const auto columns = list_at(tokens, open);
  const auto column = static_cast<std::size_t>(std::ranges::find(columns, "tenant") - columns.begin());
  if (column == columns.size()) return false;
  if (const auto values = std::ranges::find(tokens, "VALUES"); values != tokens.end()) {
    const auto first = static_cast<std::size_t>(values - tokens.begin()) + 1;
    int depth = 0;  // Find the value that stands where the column does.
    std::size_t nth = 0;
    std::string_view value;
    for (auto i = first; i < tokens.size() && (i == first || depth > 0); ++i) {
      if (tokens[i] == ")") --depth;
      if (depth == 1 && tokens[i] == ",") ++nth;
      if (depth == 1 && nth == column && tokens[i] != ",")
        value = value.empty() ? tokens[i] : "no single value";
      if (tokens[i] == "(") ++depth;
    }
    if (value != "?1") return false;
  } else if (!verbs_hold(tokens)) {
    return false;
  }
  // An upsert must not reach the row of another tenant.
  const auto conflict = std::ranges::find(tokens, "CONFLICT");
  if (conflict == tokens.end() || std::ranges::find(conflict, tokens.end(), "UPDATE") == tokens.end())
    return true;
  const auto target = list_at(tokens, static_cast<std::size_t>(conflict - tokens.begin()) + 1);
  if (std::ranges::find(target, "tenant") != target.end()) return true;
  for (auto i = static_cast<std::size_t>(conflict - tokens.begin()); i < tokens.size(); ++i)
    if (is_predicate(tokens, i)) return true;
  return false;
}

}  // namespace

std::vector<std::string_view> tables_of(std::string_view sql) {
  std::vector<std::string_view> tables;
  const auto tokens = tokens_of(sql);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const bool names = tokens[i] == "FROM" || tokens[i] == "JOIN" || tokens[i] == "INTO" ||
                       (tokens[i] == "UPDATE" && is_verb(tokens, i));
    if (!names) continue;
    if (in_word(tokens[i + 1].front())) tables.push_back(tokens[i + 1]);
    for (auto more = i + 2; tokens[i] == "FROM" && at(tokens, more) == "," && more + 1 < tokens.size();
         more += 2)
      tables.push_back(tokens[more + 1]);
  }
  return tables;
}

bool holds_to_tenant(std::string_view sql) {
  const auto tokens = tokens_of(sql);
  if (tokens.empty()) return false;
  if (tokens.front() == "INSERT") return insert_holds(tokens);
  const bool any = std::ranges::any_of(tokens, is_tenant);
  return any && verbs_hold(tokens);
}

std::string dollars(std::string_view sql) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == '\'') quoted = !quoted;
    const bool parameter = !quoted && sql[i] == '?' && i + 1 < sql.size() && is_digit(sql[i + 1]);
    out.push_back(parameter ? '$' : sql[i]);
  }
  return out;
}

std::string unnested(std::string_view sql, std::span<const std::string_view> types) {
  constexpr std::string_view values = "VALUES (";
  const auto start = sql.find(values);
  if (start == sql.npos) return {};
  const auto end = sql.find(')', start);
  if (end == sql.npos) return {};
  std::string plain;
  std::string arrays;
  for (std::size_t n = 1; n <= types.size(); ++n) {
    const std::string_view comma = n == 1 ? "" : ", ";
    plain.append(comma).append("?").append(std::to_string(n));
    arrays.append(comma).append("$").append(std::to_string(n)).append("::").append(types[n - 1]).append("[]");
  }
  if (sql.substr(start + values.size(), end - start - values.size()) != plain) return {};
  return dollars(sql.substr(0, start)) + "SELECT * FROM unnest(" + arrays + ")" +
         dollars(sql.substr(end + 1));
}

}  // namespace postrider::store

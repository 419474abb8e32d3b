// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "app/command.h"
#include "app/issue_key.h"
#include "base/text.h"
#include "protocol/json/writer.h"

namespace postrider::app {
namespace {

constexpr std::array create_options{
    Option{"--account", "ID", "whose key; may be left out while there is one account"},
    Option{"--name", "NAME", "what it is for"},
    Option{"--scope", "SCOPE", "what it may do; may be given several times (default mail.send)"},
};
constexpr std::array list_options{Option{"--account", "ID", "whose keys"}};

Result<Output> create(Workbench& bench, const Arguments& arguments) {
  const auto tenant = PR_TRY(bench.op.account(*bench.data.store, arguments.get("--account")));
  const auto key = PR_TRY(issue_key(bench, tenant, arguments.get("--name", "key"), arguments.all("--scope")));
  Output out;
  json::Writer(out.json)
      .begin_object()
      .key("api_key_id")
      .string(to_string(key.key.id))
      .key("name")
      .string(key.key.name)
      .key("api_key")
      .string(key.text.text())
      .end_object();
  out.text =
      "key " + to_string(key.key.id) + " (" + key.key.name + ")\nshown only now: " + key.text.text() + "\n";
  return out;
}

Result<Output> list(Workbench& bench, const Arguments& arguments) {
  const auto tenant = PR_TRY(bench.op.account(*bench.data.store, arguments.get("--account")));
  Output out;
  json::Writer writer(out.json);
  writer.begin_array();
  for (const auto& key : PR_TRY(accounts::ApiKeys(*bench.data.store).list(tenant))) {
    writer.begin_object()
        .key("api_key_id")
        .string(to_string(key.id))
        .key("name")
        .string(key.name)
        .key("scopes")
        .begin_array();
    for (const auto& scope : key.scopes) writer.string(scope);
    writer.end_array().key("revoked").boolean(key.revoked.has_value()).end_object();
    out.text += to_string(key.id) + "  " + key.name + (key.revoked ? "  revoked" : "") + "\n";
  }
  writer.end_array();
  return out;
}

Result<Output> revoke(Workbench& bench, const Arguments& arguments) {
  const auto id = arguments.plain().size() == 1 ? parse_api_key_id(arguments.plain().front()) : std::nullopt;
  if (!id)
    return Error{Code::invalid, "say which key by its id, the 22 characters in its middle: key revoke ID"};
  accounts::ApiKeys keys(*bench.data.store);
  const auto key = PR_TRY(keys.find(*id));
  if (!key) return Error{Code::not_found, "there is no key " + arguments.plain().front()};
  PR_TRY(keys.revoke(bench.op.act_for(key->tenant), *id, bench.op.author()));
  Output out;
  json::Writer(out.json)
      .begin_object()
      .key("api_key_id")
      .string(to_string(*id))
      .key("revoked")
      .boolean(true)
      .end_object();
  out.text = "key " + to_string(*id) + " is revoked\n";
  return out;
}

}  // namespace

Result<accounts::CreatedApiKey> issue_key(Workbench& bench, const Tenant& tenant, std::string name,
                                          std::vector<std::string> scopes) {
  accounts::NewApiKey wanted;
  wanted.name = std::move(name);
  if (!scopes.empty()) wanted.scopes = std::move(scopes);
  return accounts::ApiKeys(*bench.data.store).create(tenant, wanted, bench.random, bench.op.author());
}

std::vector<Command> key_commands() {
  return {
      {"key create", "", "make an API key", create_options, create},
      {"key list", "", "the API keys of an account", list_options, list},
      {"key revoke", "ID", "end an API key; what is signed in with it ends within a second", {}, revoke},
  };
}

}  // namespace postrider::app

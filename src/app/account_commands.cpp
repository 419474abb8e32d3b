// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"
#include "app/issue_key.h"
#include "protocol/json/writer.h"
#include "services/accounts/account.h"

namespace postrider::app {
namespace {

Result<Output> create(Workbench& bench, const Arguments& arguments) {
  if (arguments.plain().size() != 1)
    return Error{Code::invalid, "say how the account is called: account create NAME"};
  const auto account =
      PR_TRY(accounts::Accounts(*bench.data.store).create(arguments.plain().front(), bench.op.author()));
  const auto key = PR_TRY(issue_key(bench, bench.op.act_for(account.id), "first key", {}));
  Output out;
  const auto id = std::to_string(account.id.value);
  json::Writer(out.json)
      .begin_object()
      .key("id")
      .string(id)
      .key("name")
      .string(account.name)
      .key("api_key")
      .string(key.text.text())
      .end_object();
  out.text = "account " + id + " (" + account.name + ")\nAPI key, shown only now: " + key.text.text() + "\n";
  return out;
}

Result<Output> list(Workbench& bench, const Arguments&) {
  Output out;
  json::Writer writer(out.json);
  writer.begin_array();
  for (const auto& account : PR_TRY(accounts::Accounts(*bench.data.store).all())) {
    const auto id = std::to_string(account.id.value);
    writer.begin_object()
        .key("id")
        .string(id)
        .key("name")
        .string(account.name)
        .key("state")
        .string(accounts::name(account.state))
        .end_object();
    out.text += id + "  " + account.name + "  " + std::string(accounts::name(account.state)) + "\n";
  }
  writer.end_array();
  return out;
}

Result<Output> state(Workbench& bench, const Arguments& arguments) {
  if (arguments.plain().size() != 2)
    return Error{Code::invalid, "account state ID active|warned|throttled|suspended|deactivated|banned"};
  const auto wanted = accounts::parse_account_state(arguments.plain()[1]);
  if (!wanted)
    return Error{Code::invalid,
                 "\"" + arguments.plain()[1] +
                     "\" is no state; active, warned, throttled, suspended, deactivated and banned are"};
  const auto tenant = PR_TRY(bench.op.account(*bench.data.store, arguments.plain()[0]));
  PR_TRY(accounts::Accounts(*bench.data.store).set_state(tenant, *wanted, bench.op.author()));
  Output out;
  const auto id = std::to_string(tenant.id().value);
  json::Writer(out.json)
      .begin_object()
      .key("id")
      .string(id)
      .key("state")
      .string(arguments.plain()[1])
      .end_object();
  out.text = "account " + id + " is " + arguments.plain()[1] + " now\n";
  return out;
}

}  // namespace

std::vector<Command> account_commands() {
  return {
      {"account create", "NAME", "make an account and its first API key", {}, create},
      {"account list", "", "all accounts", {}, list},
      {"account state",
       "ID STATE",
       "suspend an account (its mail waits), or make it active again",
       {},
       state},
  };
}

}  // namespace postrider::app

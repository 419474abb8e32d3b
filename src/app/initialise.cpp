// SPDX-License-Identifier: Apache-2.0
#include "app/initialise.h"

#include <array>

#include "app/issue_key.h"
#include "io/stderr_log.h"
#include "io/system_clock.h"
#include "io/system_random.h"
#include "protocol/json/writer.h"
#include "protocol/mail/address.h"
#include "services/accounts/account.h"

namespace postrider::app {
namespace {

constexpr std::array options{
    Option{"--admin", "EMAIL", "who runs this server; the first account is named after them"}};

}  // namespace

std::span<const Option> init_options() {
  return options;
}

Result<Output> initialise(const Config& config, const Arguments& arguments) {
  const auto admin = arguments.get("--admin");
  if (!admin.empty())
    if (const auto address = mail::Address::parse(admin); !address.ok())
      return Error{Code::invalid, "--admin: \"" + admin + "\" is no e-mail address"};
  io::SystemClock clock;
  io::SystemRandom random;
  io::StderrLog log(clock, io::StderrLog::Format::text, Level::warning);
  PR_TRY(DataDirectory::create(config.data, random));
  auto data = PR_TRY(DataDirectory::open(config, clock, random));
  Operator op(clock);
  Workbench bench{config, *data, op, clock, random, log, nullptr};
  const auto account =
      PR_TRY(accounts::Accounts(*data->store).create(admin.empty() ? "first account" : admin, op.author()));
  const auto key = PR_TRY(issue_key(bench, op.act_for(account.id), "first key", {}));
  Output out;
  json::Writer writer(out.json);
  writer.begin_object()
      .key("data")
      .string(config.data)
      .key("account")
      .string(std::to_string(account.id.value));
  writer.key("api_key").string(key.text.text()).key("admin");
  if (admin.empty())
    writer.null();
  else
    writer.string(admin);
  writer.end_object();
  out.text = "made " + config.data + "\naccount " + std::to_string(account.id.value) + " (" + account.name +
             ")\nAPI key, shown only now: " + key.text.text() +
             "\nnext: postrider domain add example.com --data " + config.data +
             "\n      postrider serve --data " + config.data + "\n";
  return out;
}

}  // namespace postrider::app

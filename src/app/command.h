// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/arguments.h"
#include "app/config.h"
#include "app/data_directory.h"
#include "app/operator.h"
#include "base/random.h"
#include "base/result.h"

namespace postrider::app {

class Platform;

// What a command works on: the data directory, and the running server when the command came to it over the
// control socket (null = nothing runs, and the command has the files to itself).
struct Workbench {
  const Config& config;
  DataDirectory& data;
  const Operator& op;
  const Clock& clock;
  Random& random;
  Log& log;
  Platform* running = nullptr;
};

// What a command says: for people, and the same for programs (--json).
struct Output {
  std::string text;
  std::string json;
  int status = 0;  // exit status; 1 = the command did its work, and what it looked at is not well
};

// One thing that can be asked of Postrider: "domain add".
struct Command {
  std::string_view name;
  std::string_view usage;  // what follows the name
  std::string_view help;
  std::span<const Option> options;  // besides --data, --set, --json and --help, which all have
  std::function<Result<Output>(Workbench&, const Arguments&)> run;
};

std::vector<Command> all_commands();
// The command these words name, on a running server's workbench.
Result<Output> run_command(Workbench& bench, const std::vector<std::string>& words);

// One file per noun.
std::vector<Command> account_commands();
std::vector<Command> key_commands();
std::vector<Command> domain_commands();
std::vector<Command> queue_commands();
std::vector<Command> tls_commands();
std::vector<Command> message_commands();
std::vector<Command> capture_commands();
std::vector<Command> journal_commands();
std::vector<Command> reader_commands();

}  // namespace postrider::app

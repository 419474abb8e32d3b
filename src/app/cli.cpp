// SPDX-License-Identifier: Apache-2.0
#include "app/cli.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "app/command.h"
#include "app/control_socket.h"
#include "app/initialise.h"
#include "app/serve.h"
#include "io/stderr_log.h"
#include "io/system_clock.h"
#include "io/system_random.h"

namespace postrider::app {
namespace {

constexpr std::array common_options{
    Option{"--data", "DIR", "the data directory"},
    Option{"--set", "KEY=VALUE", "a setting, stronger than the file and the environment"},
    Option{"--json", "", "answer for programs"},
    Option{"--help", "", "this text"},
};

int complain(const Error& error) {
  fmt::print(stderr, "postrider: {}\n", error.detail);
  return error.code == Code::invalid ? 2 : 1;
}

void print_options(std::span<const Option> options) {
  for (const auto& option : options)
    fmt::print("  {:<24} {}\n", fmt::format("{} {}", option.name, option.value), option.help);
}

void print_overview(const std::vector<Command>& commands) {
  fmt::print("postrider: e-mail delivery on your own machines\n\n");
  fmt::print("  {:<36} {}\n", "init --data DIR", "make a data directory, the first account and its API key");
  fmt::print("  {:<36} {}\n", "serve --data DIR", "run");
  for (const auto& command : commands)
    fmt::print("  {:<36} {}\n", fmt::format("{} {}", command.name, command.usage), command.help);
  fmt::print("\nEvery command takes --data DIR, --json and --help.\n");
}

// "domain add x" is the command "domain add" with the words after it.
const Command* find(const std::vector<Command>& commands, std::span<const std::string> words,
                    std::size_t& used) {
  for (const auto& command : commands) {
    const auto two = words.size() >= 2 ? words[0] + " " + words[1] : std::string();
    if (command.name == two) return used = 2, &command;
    if (command.name == words[0]) return used = 1, &command;
  }
  return nullptr;
}

std::vector<Option> options_of(std::span<const Option> own) {
  std::vector<Option> all(common_options.begin(), common_options.end());
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

Result<Config> config_of(const Arguments& arguments) {
  const auto data = arguments.get("--data");
  if (data.empty()) return Error{Code::invalid, "say which data directory: --data DIR"};
  std::vector<Setting> settings;
  for (const auto& text : arguments.all("--set")) settings.push_back(PR_TRY(parse_setting(text)));
  return load_config(data, settings);
}

// What a command is asked; words that it does not take are refused, not ignored.
Result<Arguments> arguments_of(const Command& command, std::span<const std::string> words) {
  auto arguments = PR_TRY(Arguments::parse(words, options_of(command.options)));
  if (command.usage.empty() && !arguments.plain().empty() && !arguments.has("--help"))
    return Error{Code::invalid,
                 std::string(command.name) + " takes no \"" + arguments.plain().front() + "\""};
  return arguments;
}

// A command without a server has the files to itself.
Result<Output> run_alone(const Command& command, const Config& config, const Arguments& arguments) {
  io::SystemClock clock;
  io::SystemRandom random;
  io::StderrLog log(clock, io::StderrLog::Format::text, Level::warning);
  auto data = PR_TRY(DataDirectory::open(config, clock, random));
  Operator op(clock);
  Workbench bench{config, *data, op, clock, random, log, nullptr};
  return command.run(bench, arguments);
}

int print(const Result<Output>& result, bool json) {
  if (!result.ok()) return complain(result.error());
  const auto& text = json ? result->json : result->text;
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (json) std::fputc('\n', stdout);
  return result->status;
}

}  // namespace

std::vector<Command> all_commands() {
  std::vector<Command> all;
  for (auto part : {account_commands(), key_commands(), domain_commands(), queue_commands(), tls_commands(),
                    message_commands(), capture_commands(), journal_commands(), reader_commands()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

int run_cli(const std::vector<std::string>& words) {
  const auto commands = all_commands();
  if (words.empty() || words[0] == "--help" || words[0] == "help")
    return print_overview(commands), words.empty() ? 2 : 0;
  if (words[0] == "--version") return fmt::print("postrider {}\n", POSTRIDER_VERSION), 0;

  const bool init = words[0] == "init", serve = words[0] == "serve";
  std::size_t used = 1;
  const auto* command = init || serve ? nullptr : find(commands, words, used);
  if (!init && !serve && !command)
    return complain({Code::invalid, "there is no command \"" + words[0] + "\"; see postrider --help"});

  const auto options = init ? init_options() : serve ? std::span<const Option>() : command->options;
  const Command asked{words[0], "", "", options, {}};
  const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
  auto arguments = arguments_of(command ? *command : asked, rest);
  if (!arguments.ok()) return complain(arguments.error());
  if (arguments->has("--help")) {
    fmt::print("postrider {} {}\n\n",
               init    ? "init"
               : serve ? "serve"
                       : command->name,
               command ? command->usage : "");
    print_options(options_of(options));
    return 0;
  }
  auto config = config_of(*arguments);
  if (!config.ok()) return complain(config.error());
  if (init) return print(initialise(*config, *arguments), arguments->has("--json"));
  if (serve) {
    const auto served = run_server(*config, [&] { return config_of(*arguments); });
    return served.ok() ? 0 : complain(served.error());
  }
  if (auto answer = ask_server(config->data + "/control.sock", words))
    return print(*answer, arguments->has("--json"));
  return print(run_alone(*command, *config, *arguments), arguments->has("--json"));
}

Result<Output> run_command(Workbench& bench, const std::vector<std::string>& words) {
  const auto commands = all_commands();
  std::size_t used = 1;
  const auto* command = find(commands, words, used);
  if (!command) return Error{Code::invalid, "there is no command \"" + words.front() + "\""};
  const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
  return command->run(bench, PR_TRY(arguments_of(*command, rest)));
}

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/command.h"
#include "base/log.h"
#include "base/result.h"
#include "io/unique_fd.h"

namespace postrider::app {

// Where a running server takes commands: a Unix socket only its own user may open. One request per
// connection: a JSON array of words on one line; the answer is one line {"ok":true,"text":…,"json":…} or
// {"ok":false,"code":…,"error":…}. Commands run one after the other; a client that sends none holds up
// nobody.
class ControlSocket {
 public:
  using Run = std::function<Result<Output>(const std::vector<std::string>& words)>;

  static Result<std::unique_ptr<ControlSocket>> open(const std::string& path, Run run, Log& log);
  ~ControlSocket();

 private:
  ControlSocket(std::string path, io::UniqueFd socket, Run run, Log& log);
  using Steady = std::chrono::steady_clock;
  struct Client {
    io::UniqueFd socket;
    std::string command;  // what has come of it
    Steady::time_point until;
  };
  void serve();
  bool hear(Client& client);
  Result<Output> answer(const std::string& line);

  std::string path_;
  io::UniqueFd socket_;
  Run run_;
  Log& log_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// Sends a command to the server that runs on this data directory; nullopt = none does.
std::optional<Result<Output>> ask_server(const std::string& path, const std::vector<std::string>& words);

}  // namespace postrider::app

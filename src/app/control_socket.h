// SPDX-License-Identifier: Apache-2.0
#pragma once
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
// {"ok":false,"code":…,"error":…}.
class ControlSocket {
 public:
  using Run = std::function<Result<Output>(const std::vector<std::string>& words)>;

  static Result<std::unique_ptr<ControlSocket>> open(const std::string& path, Run run, Log& log);
  ~ControlSocket();

 private:
  ControlSocket(std::string path, io::UniqueFd socket, Run run, Log& log);
  void serve();
  void answer(int connection);

  std::string path_;
  io::UniqueFd socket_;
  Run run_;
  Log& log_;
  std::thread thread_;
};

// Sends a command to the server that runs on this data directory; nullopt = none does.
std::optional<Result<Output>> ask_server(const std::string& path, const std::vector<std::string>& words);

}  // namespace postrider::app

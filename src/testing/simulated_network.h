// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/transport.h"
#include "testing/sim_connection.h"
#include "testing/sim_executor.h"

namespace postrider::testing {

// A machine on the simulated network: says how each connection to it goes, and takes the server's end of
// those it accepts.
class SimHost {
 public:
  enum class Answer { accept, refuse, silence };
  struct Greeting {
    Answer answer = Answer::accept;
    SimLink link;
  };
  virtual ~SimHost() = default;
  virtual Greeting greet(const io::Endpoint& to, std::string_view source) = 0;
  virtual void accept(std::shared_ptr<SimConnection> connection) = 0;
};

// Hosts by endpoint, and a Transport for each node that calls them. An endpoint nobody listens at is refused.
class SimulatedNetwork {
 public:
  explicit SimulatedNetwork(SimExecutor& executor);
  ~SimulatedNetwork();

  void listen(const io::Endpoint& at, SimHost& host) {
    hosts_[{at.address, at.port}] = &host;
  }  // it must outlive us
  void stop_listening(const io::Endpoint& at) { hosts_.erase({at.address, at.port}); }

  io::Transport& transport(std::string_view node);
  // The node's process dies: its connections break, those waiting for bytes or to connect get `closed` soon,
  // and so does every new call until restart. Run the executor before destroying what waits.
  void crash(std::string_view node);
  void restart(std::string_view node);
  // The node's packets go nowhere: what is open never hears anything again, what is new times out.
  void isolate(std::string_view node, bool isolated);

  std::uint64_t connections() const { return connections_; }  // accepted so far

 private:
  class Node;
  Node& node(std::string_view name);

  SimExecutor& executor_;
  std::map<std::pair<std::string, std::uint16_t>, SimHost*> hosts_;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> nodes_;
  std::uint64_t connections_ = 0;
};

}  // namespace postrider::testing

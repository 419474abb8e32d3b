// SPDX-License-Identifier: Apache-2.0
#include "testing/simulated_network.h"

#include <algorithm>
#include <list>

#include "testing/sim_stream.h"

namespace postrider::testing {

class SimulatedNetwork::Node final : public io::Transport {
 public:
  explicit Node(SimulatedNetwork& network) : network_(network) {}

  Task<Result<std::unique_ptr<io::ByteStream>>> connect(io::Endpoint to, std::string source,
                                                        Instant deadline) override {
    if (down_) co_return Error{Code::closed, "the process is gone"};
    auto& executor = network_.executor_;
    const auto found = network_.hosts_.find({to.address, to.port});
    auto* host = found == network_.hosts_.end() ? nullptr : found->second;
    auto greeting = host ? host->greet(to, source) : SimHost::Greeting{SimHost::Answer::refuse, {}};
    const bool silent = isolated_ || greeting.answer == SimHost::Answer::silence;
    const auto answered = silent ? never : executor.now() + 2 * greeting.link.latency;
    const bool interrupted = co_await SimWait(executor, std::min(answered, deadline), Place(*this).get());
    if (interrupted || down_) co_return Error{Code::closed, "the process is gone"};
    if (deadline < answered) co_return Error{Code::timeout, "connect: no answer in time"};
    if (greeting.answer == SimHost::Answer::refuse) co_return Error{Code::unavailable, "connection refused"};
    auto connection = std::make_shared<SimConnection>(executor, std::move(greeting.link));
    ++network_.connections_;
    std::erase_if(open_, [](const auto& old) { return old.expired(); });
    open_.push_back(connection);
    host->accept(connection);
    co_return std::unique_ptr<io::ByteStream>(
        std::make_unique<SimStream>(std::move(connection), End::client));
  }

  void crash() {
    down_ = true;
    each_open([](SimConnection& connection) { connection.reset(); });
    for (auto* wait : connecting_) {
      if (wait) wait->wake();
    }
  }
  void restart() { down_ = false; }
  void isolate(bool isolated) {
    isolated_ = isolated;
    if (isolated) each_open([](SimConnection& connection) { connection.swallow(); });
  }

 private:
  // Where one connecting coroutine can be woken; lives in its frame.
  class Place {
   public:
    explicit Place(Node& node) : node_(node), at_(node.connecting_.insert(node.connecting_.end(), nullptr)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { node_.connecting_.erase(at_); }
    SimWait** get() { return &*at_; }

   private:
    Node& node_;
    std::list<SimWait*>::iterator at_;
  };

  template <class Do>
  void each_open(Do what) {
    for (const auto& weak : open_) {
      if (auto connection = weak.lock()) what(*connection);
    }
  }

  SimulatedNetwork& network_;
  std::vector<std::weak_ptr<SimConnection>> open_;
  std::list<SimWait*> connecting_;
  bool down_ = false;
  bool isolated_ = false;
};

SimulatedNetwork::SimulatedNetwork(SimExecutor& executor) : executor_(executor) {}
SimulatedNetwork::~SimulatedNetwork() = default;

io::Transport& SimulatedNetwork::transport(std::string_view name) {
  return node(name);
}
void SimulatedNetwork::crash(std::string_view name) {
  node(name).crash();
}
void SimulatedNetwork::restart(std::string_view name) {
  node(name).restart();
}
void SimulatedNetwork::isolate(std::string_view name, bool isolated) {
  node(name).isolate(isolated);
}

SimulatedNetwork::Node& SimulatedNetwork::node(std::string_view name) {
  const auto found = nodes_.find(name);
  if (found != nodes_.end()) return *found->second;
  return *nodes_.emplace(name, std::make_unique<Node>(*this)).first->second;
}

}  // namespace postrider::testing

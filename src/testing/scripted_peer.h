// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/smtp/envelope.h"
#include "protocol/smtp/reply.h"
#include "testing/peer_script.h"
#include "testing/seeded_random.h"
#include "testing/simulated_network.h"

namespace postrider::testing {

// One completed DATA at a scripted server, whatever was said to it.
struct ReceivedMessage {
  smtp::Envelope envelope;  // the recipients that were accepted
  std::string helo;         // what the client called itself
  std::string data;
  Instant at{};                  // the final dot arrived
  std::uint64_t connection = 0;  // numbered per peer, from 1
  Instant connected{};
  bool tls = false;
  smtp::Reply reply;  // code 0 = nothing was said so far
  Instant answered = never;

  bool taken() const { return reply.positive() || kept_silently; }  // it counts as in the mailbox
  bool kept_silently = false;
  // The client's process has read the whole reply: before that a crash may repeat the message, after it must
  // not.
  bool answer_read() const { return answered != never && line->read(End::client) >= answer_ends; }

  std::shared_ptr<const SimConnection> line;
  std::uint64_t answer_ends = 0;  // bytes of the server's, up to the end of the reply
};

// A mail server in the simulated world: a ServerSession that behaves as its script says, and remembers what
// it got.
class ScriptedPeer : public SimHost {
 public:
  ScriptedPeer(SimExecutor& executor, std::string name, PeerScript script, std::uint64_t seed = 1);
  ~ScriptedPeer() override;

  void set_script(PeerScript script) { script_ = std::move(script); }  // for what happens from now on
  const PeerScript& script() const { return script_; }
  const std::string& name() const { return name_; }
  void break_all();  // resets every connection

  const std::deque<ReceivedMessage>& received() const { return received_; }
  std::uint64_t connections() const { return connections_; }
  std::size_t open() const;

  Greeting greet(const io::Endpoint& to, std::string_view source) override;
  void accept(std::shared_ptr<SimConnection> connection) override;

 private:
  class Conversation;
  bool happens(std::uint64_t one_in) { return one_in != 0 && random_.one_in(one_in); }
  // What the script says to a question that nothing speaks against: 250, or a refusal.
  smtp::Reply draw(std::string_view what);
  smtp::Reply judge_recipient(const std::string& recipient);

  SimExecutor& executor_;
  std::string name_;
  PeerScript script_;
  SeededRandom random_;
  std::vector<std::shared_ptr<Conversation>> conversations_;
  std::deque<ReceivedMessage> received_;  // references stay good
  std::map<std::string, std::size_t, std::less<>> greylisted_;
  std::uint64_t connections_ = 0;
};

}  // namespace postrider::testing

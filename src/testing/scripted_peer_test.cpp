// SPDX-License-Identifier: Apache-2.0
#include "testing/scripted_peer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "protocol/smtp/client_session.h"
#include "protocol/smtp/dot_stuff.h"

namespace postrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string body = "Subject: hello\r\n\r\n.one dot\r\nand more\r\n";

std::string describe(const smtp::RecipientReply& recipient) {
  switch (recipient.fate) {
    case smtp::Fate::accepted:
      return "accepted";
    case smtp::Fate::refused:
      return std::to_string(recipient.reply.code);
    case smtp::Fate::refused_here:
      return "refused here";
    case smtp::Fate::lost:
      return "lost";
    case smtp::Fate::unknown:
      return "unknown";
  }
  return "?";
}

// Delivers envelopes over one connection as simply as it can be done.
class Client {
 public:
  Client(io::Transport& transport, SimExecutor& executor) : transport_(transport), executor_(executor) {}

  Task<void> deliver(std::vector<smtp::Envelope> envelopes) {
    for (auto& envelope : envelopes) waiting_.push_back(std::move(envelope));
    auto connected = co_await transport_.connect({"192.0.2.1", 25}, "", deadline(1min));
    if (!connected.ok()) {
      outcomes.push_back("no connection: " + std::string(name(connected.error().code)));
      done = true;
      co_return;
    }
    stream_ = std::move(*connected);
    char buffer[1000];
    while (!over_) {
      co_await act();
      if (over_) break;
      auto count = co_await stream_->read(buffer, deadline(10min));
      if (!count.ok() || *count == 0) {
        session_.closed("lost");
        co_await act();
        break;
      }
      session_.receive({buffer, *count});
    }
    stream_.reset();
    done = true;
  }

  std::vector<std::string> outcomes;  // "accepted 550", one per envelope
  bool done = false;

 private:
  Instant deadline(Duration patience) const { return executor_.now() + patience; }

  Task<void> act() {
    while (auto wish = session_.next()) {
      if (auto* say = std::get_if<smtp::Say>(&*wish)) {
        if (!(co_await stream_->write(say->bytes, deadline(5min))).ok()) session_.closed("lost");
      } else if (std::holds_alternative<smtp::StartTls>(*wish)) {
        auto facts = co_await stream_->start_tls({"mx", false}, deadline(1min));
        facts.ok() ? session_.tls_started() : session_.tls_failed("failed");
      } else if (std::holds_alternative<smtp::Ready>(*wish)) {
        if (waiting_.empty()) {
          session_.quit();
        } else {
          session_.send(std::move(waiting_.front()));
          waiting_.pop_front();
        }
      } else if (std::holds_alternative<smtp::WantBody>(*wish)) {
        std::string stuffed;
        EXPECT_TRUE(smtp::append_dot_stuffed(stuffed, body).ok());
        session_.body(std::move(stuffed), true);
      } else if (auto* settled = std::get_if<smtp::Settled>(&*wish)) {
        std::string outcome;
        for (const auto& recipient : settled->recipients)
          outcome += (outcome.empty() ? "" : " ") + describe(recipient);
        outcomes.push_back(outcome);
      } else {
        over_ = true;
      }
    }
  }

  io::Transport& transport_;
  SimExecutor& executor_;
  std::unique_ptr<io::ByteStream> stream_;
  smtp::ClientSession session_{{.helo = "client.example"}};
  std::deque<smtp::Envelope> waiting_;
  bool over_ = false;
};

class ScriptedPeerTest : public ::testing::Test {
 protected:
  ScriptedPeerTest() { network.listen({"192.0.2.1", 25}, peer); }

  std::vector<std::string> deliver(std::vector<std::vector<std::string>> recipients) {
    std::vector<smtp::Envelope> envelopes;
    for (auto& list : recipients) {
      envelopes.emplace_back();
      envelopes.back().sender = "sender@client.example";
      envelopes.back().recipients = std::move(list);
    }
    Client client(network.transport("a"), executor);
    spawn(client.deliver(std::move(envelopes)));
    EXPECT_TRUE(executor.run([&] { return client.done; }));
    return client.outcomes;
  }
  PeerScript script() const { return peer.script(); }

  FakeClock clock;
  SimExecutor executor{clock};
  SimulatedNetwork network{executor};
  ScriptedPeer peer{executor, "mx.example", {}};
};

TEST_F(ScriptedPeerTest, TakesMessagesAndRemembersThem) {
  EXPECT_THAT(deliver({{"a@example", "b@example"}, {"c@example"}}),
              ElementsAre("accepted accepted", "accepted"));
  ASSERT_THAT(peer.received(), SizeIs(2));
  const auto& first = peer.received()[0];
  EXPECT_EQ(first.envelope.sender, "sender@client.example");
  EXPECT_THAT(first.envelope.recipients, ElementsAre("a@example", "b@example"));
  EXPECT_EQ(first.data, body) << "dots unstuffed";
  EXPECT_EQ(first.connection, 1u);
  EXPECT_EQ(first.reply.code, 250);
  EXPECT_TRUE(first.taken());
  EXPECT_TRUE(first.answer_read());
  EXPECT_FALSE(first.tls);
  EXPECT_LT(first.at, peer.received()[1].at);
  EXPECT_EQ(peer.connections(), 1u);
  executor.run();
  EXPECT_EQ(peer.open(), 0u);
}

TEST_F(ScriptedPeerTest, RefusesPerRecipient) {
  auto changed = script();
  changed.refusals = {{"no", {550, {}, "unknown"}}, {"full", {452, {}, "full"}}};
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"no@example", "a@example", "full@example"}}), ElementsAre("550 accepted 452"));
  EXPECT_THAT(peer.received()[0].envelope.recipients, ElementsAre("a@example"));
}

TEST_F(ScriptedPeerTest, RefusesAtEachQuestion) {
  auto changed = script();
  changed.permanent_one_in = 1;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre("550"));
  changed.permanent_one_in = 0;
  changed.temporary_one_in = 1;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre("451"));
  changed.temporary_one_in = 3;
  peer.set_script(changed);
  for (int i = 0; i < 60; ++i) deliver({{"a@example"}});
  int refused = 0;
  for (const auto& message : peer.received()) refused += message.reply.code == 451;
  EXPECT_GT(refused, 0) << "also after the dot";
  EXPECT_LT(refused, 60);
}

TEST_F(ScriptedPeerTest, Greylists) {
  auto changed = script();
  changed.greylist = 2;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre("451"));
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre("451"));
  EXPECT_THAT(deliver({{"a@example", "b@example"}}), ElementsAre("accepted 451"));
}

TEST_F(ScriptedPeerTest, IsBusyOrAway) {
  auto changed = script();
  changed.busy_one_in = 1;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre()) << "never ready";
  changed.busy_one_in = 0;
  changed.refused_one_in = 1;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre("no connection: unavailable"));
  changed.silent_one_in = 1;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre("no connection: timeout"));
}

TEST_F(ScriptedPeerTest, HangsUpAfterSomeMessages) {
  auto changed = script();
  changed.messages_per_connection = 1;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}, {"b@example"}}),
              ElementsAre("accepted", ::testing::AnyOf("421", "lost")));
  EXPECT_THAT(peer.received(), SizeIs(1));
}

TEST_F(ScriptedPeerTest, OffersTls) {
  auto changed = script();
  changed.offer_tls = true;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre("accepted"));
  EXPECT_TRUE(peer.received().back().tls);
  changed.link.tls_succeeds = false;
  peer.set_script(changed);
  deliver({{"a@example"}});
  EXPECT_THAT(peer.received(), SizeIs(1)) << "the connection ended with the handshake";
}

TEST_F(ScriptedPeerTest, WorksWithoutPipeliningAndWithBytesCutAnywhere) {
  auto changed = script();
  changed.pipelining = false;
  changed.link.cut_seed = 9;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example", "b@example"}}), ElementsAre("accepted accepted"));
  EXPECT_EQ(peer.received()[0].data, body);
}

TEST_F(ScriptedPeerTest, KeepsAMessageAndNeverSaysSo) {
  auto changed = script();
  changed.mute_one_in = 1;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre("unknown"));
  ASSERT_THAT(peer.received(), SizeIs(1));
  EXPECT_TRUE(peer.received()[0].taken());
  EXPECT_FALSE(peer.received()[0].answer_read());
  EXPECT_EQ(peer.received()[0].reply.code, 0);
}

TEST_F(ScriptedPeerTest, TakesNineMinutesAfterTheDot) {
  auto changed = script();
  changed.slow_one_in = 1;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre("accepted"));
  const auto& message = peer.received().front();
  EXPECT_EQ(message.answered - message.at, 9min);
  EXPECT_TRUE(message.answer_read());
  changed.slow = 11min;
  peer.set_script(changed);
  EXPECT_THAT(deliver({{"a@example"}}), ElementsAre("unknown"));
  executor.run();
  EXPECT_FALSE(peer.received().back().answer_read());
  EXPECT_TRUE(peer.received().back().taken());
}

// Wherever the line breaks, the peer's book and the client's agree as far as they can: the client is sure of
// what it has read, in doubt only about a message whose answer it did not read, and never sure of a message
// that is not there.
TEST_F(ScriptedPeerTest, BooksAgreeWhereverTheLineBreaks) {
  int unknown = 0;
  for (int direction = 0; direction < 2; ++direction) {
    for (std::uint64_t n = 0;; ++n) {
      SCOPED_TRACE(::testing::Message() << "byte " << n);
      auto changed = script();
      changed.link.to_server.drop_at = direction == 0 ? n : nowhere;
      changed.link.to_client.drop_at = direction == 1 ? n : nowhere;
      peer.set_script(changed);
      const auto before = peer.received().size();
      const auto outcomes = deliver({{"a@example"}});
      const auto outcome = outcomes.empty() ? "lost" : outcomes[0];
      const bool there = peer.received().size() > before;
      const bool answer_read = there && peer.received().back().answer_read();
      if (outcome == "accepted") EXPECT_TRUE(answer_read);
      if (outcome == "lost") EXPECT_FALSE(there);
      if (outcome == "unknown") EXPECT_FALSE(answer_read);
      unknown += outcome == "unknown" ? 1 : 0;
      ASSERT_LT(n, 5000u);
      if (HasFailure()) return;
      if (outcome == "accepted" && n > 600) break;
    }
  }
  EXPECT_GT(unknown, 10);
}

TEST(PeerScript, SeedsGiveGoodAndBadServers) {
  std::size_t good = 0, dropping = 0, mute = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SeededRandom random(seed);
    const auto script = peer_script(random);
    good += script.drop_one_in + script.stall_one_in + script.temporary_one_in + script.mute_one_in == 0;
    dropping += script.drop_one_in != 0;
    mute += script.mute_one_in != 0;
  }
  EXPECT_GT(good, 60u);
  EXPECT_GT(dropping, 10u);
  EXPECT_GT(mute, 10u);
}

}  // namespace
}  // namespace postrider::testing

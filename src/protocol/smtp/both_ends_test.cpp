// SPDX-License-Identifier: Apache-2.0
// ClientSession against ServerSession in memory: random envelopes, refusals, cuts and broken connections.
// What the client believes of each recipient must be what the server did.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "protocol/smtp/client_session.h"
#include "protocol/smtp/dot_stuff.h"
#include "protocol/smtp/server_session.h"

namespace postrider::smtp {
namespace {

class Conversation {
 public:
  explicit Conversation(unsigned seed)
      : random_(seed), client_(client_options()), server_(server_options()), messages_left_(1 + below(4)) {}

  void run() {
    for (int steps = 0; !client_over_; ++steps) {
      ASSERT_LT(steps, 100000) << "the conversation does not end";
      serve();
      act();
      // Either direction moves some octets, or the line breaks, on some seeds.
      if (breaks_ && below(60) == 0) {
        client_.closed("broken");
        act();
        break;
      }
      const bool to_server = below(2) == 0;
      std::string& line = to_server ? up_ : down_;
      if (to_server && under_tls_on_client_ != server_.tls() && !line.empty()) continue;
      const auto piece = line.substr(0, below(line.size() + 1));
      line.erase(0, piece.size());
      if (to_server)
        server_.receive(piece);
      else if (!piece.empty())
        client_.receive(piece);
      if (server_over_ && down_.empty() && !client_over_) client_.closed("peer closed");
    }
    EXPECT_EQ(pending_.size(), 0u) << "an envelope was never settled";
  }

  int accepted() const { return accepted_; }
  int refused() const { return refused_; }
  int lost() const { return lost_; }
  int unknown() const { return unknown_; }

 private:
  unsigned below(std::size_t bound) { return static_cast<unsigned>(random_() % bound); }

  ClientSession::Options client_options() {
    ClientSession::Options options;
    options.helo = "client.test";
    options.pipeline = 1 + below(6);
    options.tls = below(2) ? Tls::opportunistic : Tls::never;
    breaks_ = below(3) == 0;
    return options;
  }
  ServerSession::Options server_options() {
    ServerSession::Options options;
    options.pipelining = below(3) != 0;
    options.offer_tls = below(2) == 0;
    options.size_max = below(4) == 0 ? 40 : 1000;
    options.recipients_max = 1 + below(8);
    options.smtputf8 = below(2) == 0;
    return options;
  }

  Reply refusal() {
    static const Reply replies[] = {{450, EnhancedCode{4, 2, 1}, "later"},
                                    {550, EnhancedCode{5, 1, 1}, "no such user"},
                                    {552, {}, "two\nlines"},
                                    {421, EnhancedCode{4, 3, 2}, "going down"}};
    return replies[below(40) == 0 ? 3 : below(3)];
  }

  // The server and its owner.
  void serve() {
    while (auto wish = server_.next()) {
      if (auto* said = std::get_if<Say>(&*wish)) {
        down_ += said->bytes;
      } else if (std::get_if<StartTls>(&*wish)) {
        server_.tls_started();
      } else if (std::get_if<ServerSession::HangUp>(&*wish)) {
        server_over_ = true;
      } else {
        const auto* mail = std::get_if<ServerSession::HandOver>(&*wish);
        if (below(5) == 0) {
          server_.refuse(refusal());
          continue;
        }
        if (mail) {
          EXPECT_EQ(mail->data, message_);
          for (const auto& recipient : mail->envelope.recipients) ++taken_[recipient];
        }
        server_.accept();
      }
    }
  }

  // The client and its owner.
  void act() {
    while (auto wish = client_.next()) {
      ASSERT_FALSE(client_over_) << "a wish after the last";
      if (auto* said = std::get_if<Say>(&*wish)) up_ += said->bytes;
      if (std::get_if<StartTls>(&*wish)) {
        under_tls_on_client_ = true;
        client_.tls_started();
      }
      if (std::get_if<Ready>(&*wish)) send_or_quit();
      if (std::get_if<WantBody>(&*wish)) give_body();
      if (auto* settled = std::get_if<Settled>(&*wish)) check(*settled);
      if (std::get_if<HangUp>(&*wish)) client_over_ = true;
    }
  }

  void send_or_quit() {
    ASSERT_TRUE(pending_.empty());
    if (messages_left_-- == 0) return client_.quit();
    Envelope envelope;
    envelope.sender = "sender@client.test";
    for (auto left = 1 + below(6); left > 0; --left)
      envelope.recipients.push_back("r" + std::to_string(next_recipient_++) + "@server.test");
    if (below(10) == 0) envelope.recipients.back() = "\xc3\xbc" + envelope.recipients.back();
    message_.clear();
    for (auto left = below(8); left > 0; --left) message_ += below(2) ? ".line\r\n" : "text\r\n";
    envelope.size = below(2) ? message_.size() : 0;
    pending_ = envelope.recipients;
    client_.send(std::move(envelope));
  }

  void give_body() {
    std::string stuffed;
    ASSERT_TRUE(append_dot_stuffed(stuffed, message_).ok());
    if (below(30) == 0) return client_.abort_body("the owner changed its mind");
    const auto first = stuffed.find('\n');
    if (first != std::string::npos && below(2)) {
      client_.body(stuffed.substr(0, first + 1), false);
      stuffed.erase(0, first + 1);
    }
    client_.body(std::move(stuffed), true);
  }

  void check(const Settled& settled) {
    ASSERT_EQ(settled.recipients.size(), pending_.size());
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      const auto& one = settled.recipients[i];
      const int taken = taken_[pending_[i]];
      EXPECT_LE(taken, 1);
      switch (one.fate) {
        case Fate::accepted:
          ++accepted_;
          EXPECT_EQ(taken, 1);
          EXPECT_TRUE(settled.sent_dot);
          EXPECT_EQ(one.stage, Stage::dot);
          EXPECT_TRUE(one.reply.positive());
          break;
        case Fate::refused:
        case Fate::refused_here:
          ++refused_;
          EXPECT_EQ(taken, 0);
          EXPECT_TRUE(one.reply.temporary() || one.reply.permanent());
          break;
        case Fate::lost:
          ++lost_;
          EXPECT_EQ(taken, 0);
          EXPECT_EQ(one.reply.code, 0);
          EXPECT_FALSE(settled.sent_dot);
          break;
        case Fate::unknown:
          ++unknown_;
          EXPECT_TRUE(settled.sent_dot);
          EXPECT_EQ(one.stage, Stage::dot);
          break;
      }
    }
    pending_.clear();
  }

  std::mt19937 random_;
  bool breaks_ = false;
  ClientSession client_;
  ServerSession server_;
  unsigned messages_left_;
  std::string up_, down_;  // octets on the way
  bool under_tls_on_client_ = false;
  bool client_over_ = false, server_over_ = false;
  std::string message_;
  int next_recipient_ = 0;
  std::vector<std::string> pending_;  // recipients of the envelope being sent
  std::map<std::string, int> taken_;  // by the server's owner
  int accepted_ = 0, refused_ = 0, lost_ = 0, unknown_ = 0;
};

TEST(BothEnds, agree_on_every_recipient) {
  int accepted = 0, refused = 0, lost = 0, unknown = 0;
  for (unsigned seed = 1; seed <= 5000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Conversation conversation(seed);
    conversation.run();
    if (HasFailure()) return;
    accepted += conversation.accepted();
    refused += conversation.refused();
    lost += conversation.lost();
    unknown += conversation.unknown();
  }
  // Each fate was met often enough to mean something.
  EXPECT_GT(accepted, 1000);
  EXPECT_GT(refused, 1000);
  EXPECT_GT(lost, 100);
  EXPECT_GT(unknown, 20);
}

}  // namespace
}  // namespace postrider::smtp

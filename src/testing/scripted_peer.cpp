// SPDX-License-Identifier: Apache-2.0
#include "testing/scripted_peer.h"

#include <algorithm>
#include <utility>

#include "protocol/smtp/server_session.h"

namespace postrider::testing {
namespace {

using smtp::Reply;
using smtp::ServerSession;

const Reply busy{421, smtp::EnhancedCode{4, 3, 2}, "too busy, try later"};

}  // namespace

class ScriptedPeer::Conversation final : public SimReceiver,
                                         public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(ScriptedPeer& peer, std::shared_ptr<SimConnection> connection, std::uint64_t number,
               ServerSession::Options options)
      : peer_(peer),
        connection_(std::move(connection)),
        number_(number),
        since_(peer.executor_.now()),
        session_(std::move(options)) {}
  ~Conversation() override { connection_->detach(End::server); }

  void begin() {
    connection_->attach(End::server, *this);
    act();
  }
  void on_bytes(std::string_view bytes) override {
    session_.receive(bytes);
    act();
  }
  void on_end() override { over_ = true; }
  bool over() const { return over_; }
  void reset() { connection_->reset(); }

 private:
  void act() {
    while (!over_) {
      auto wish = session_.next();
      if (!wish) return;
      std::visit([this](auto& wanted) { grant(wanted); }, *wish);
    }
  }

  void grant(const smtp::Say& say) { connection_->write(End::server, say.bytes); }
  void grant(const smtp::StartTls&) { session_.tls_started(); }
  void grant(const ServerSession::CheckAuth&) { session_.accept(); }
  void grant(const ServerSession::CheckSender&) {
    if (messages_ >= peer_.script_.messages_per_connection) return session_.shut_down(busy);
    answer(peer_.draw("sender"));
  }
  void grant(const ServerSession::CheckRecipient& question) {
    answer(peer_.judge_recipient(question.recipient));
  }
  void grant(ServerSession::HandOver& handed) {
    ++messages_;
    auto& message = peer_.received_.emplace_back();
    message.helo = session_.helo();
    message.envelope = std::move(handed.envelope);
    message.data = std::move(handed.data);
    message.at = peer_.executor_.now();
    message.connection = number_;
    message.connected = since_;
    message.tls = session_.tls();
    message.line = connection_;
    auto reply = peer_.draw("message");
    if (!reply.positive()) return answer(message, std::move(reply));
    if (peer_.happens(peer_.script_.mute_one_in)) {
      message.kept_silently = true;
    } else if (peer_.happens(peer_.script_.slow_one_in)) {
      message.kept_silently = true;
      peer_.executor_.after(peer_.script_.slow, [self = weak_from_this(), &message, reply] {
        const auto alive = self.lock();
        if (!alive || alive->over_) return;
        alive->answer(message, reply);
        alive->act();
      });
    } else {
      answer(message, std::move(reply));
    }
  }
  void grant(const ServerSession::HangUp&) {
    over_ = true;
    connection_->close(End::server);
  }

  void answer(const Reply& reply) { reply.positive() ? session_.accept(reply) : session_.refuse(reply); }
  void answer(ReceivedMessage& message, Reply reply) {
    message.reply = std::move(reply);
    const auto before = connection_->written(End::server);
    answer(message.reply);
    act();
    if (connection_->written(End::server) == before) return;  // the line broke this very moment
    message.answered = peer_.executor_.now();
    message.answer_ends = connection_->written(End::server);
  }

  ScriptedPeer& peer_;
  std::shared_ptr<SimConnection> connection_;
  std::uint64_t number_;
  Instant since_;
  ServerSession session_;
  std::size_t messages_ = 0;
  bool over_ = false;
};

ScriptedPeer::ScriptedPeer(SimExecutor& executor, std::string name, PeerScript script, std::uint64_t seed)
    : executor_(executor), name_(std::move(name)), script_(std::move(script)), random_(seed) {}

ScriptedPeer::~ScriptedPeer() = default;

void ScriptedPeer::break_all() {
  for (auto& conversation : conversations_) conversation->reset();
}

std::size_t ScriptedPeer::open() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(conversations_, [](const auto& conversation) { return !conversation->over(); }));
}

SimHost::Greeting ScriptedPeer::greet(const io::Endpoint&, std::string_view) {
  Greeting greeting{script_.answer, script_.link};
  if (happens(script_.refused_one_in)) greeting.answer = Answer::refuse;
  if (happens(script_.silent_one_in)) greeting.answer = Answer::silence;
  if (greeting.link.cut_seed != 0) greeting.link.cut_seed = random_.word() | 1;
  auto& way = random_.one_in(2) ? greeting.link.to_server : greeting.link.to_client;
  if (happens(script_.drop_one_in)) way.drop_at = random_.between(0, script_.fault_bytes);
  if (happens(script_.stall_one_in)) way.stall_at = random_.between(0, script_.fault_bytes);
  return greeting;
}

void ScriptedPeer::accept(std::shared_ptr<SimConnection> connection) {
  std::erase_if(conversations_, [](const auto& conversation) { return conversation->over(); });
  ServerSession::Options options;
  options.name = name_;
  options.offer_tls = script_.offer_tls && !happens(script_.strip_one_in);
  options.pipelining = script_.pipelining;
  options.smtputf8 = script_.smtputf8;
  if (happens(script_.busy_one_in)) options.refusal = busy;
  conversations_.push_back(
      std::make_shared<Conversation>(*this, std::move(connection), ++connections_, std::move(options)));
  conversations_.back()->begin();
}

Reply ScriptedPeer::draw(std::string_view what) {
  if (happens(script_.temporary_one_in)) {
    return {451, smtp::EnhancedCode{4, 3, 0}, "not now, says the script about the " + std::string(what)};
  }
  if (happens(script_.permanent_one_in)) {
    return {550, smtp::EnhancedCode{5, 7, 1}, "never, says the script about the " + std::string(what)};
  }
  return {250, smtp::EnhancedCode{2, 0, 0}, "ok"};
}

Reply ScriptedPeer::judge_recipient(const std::string& recipient) {
  for (const auto& refusal : script_.refusals) {
    if (recipient.starts_with(refusal.prefix)) return refusal.reply;
  }
  if (script_.greylist > 0 && greylisted_[recipient]++ < script_.greylist) {
    return {451, smtp::EnhancedCode{4, 7, 1}, "greylisted, try again in five minutes"};
  }
  return draw("recipient");
}

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "edge/api/door.h"
#include "edge/api/mail_send.h"
#include "protocol/json/value.h"
#include "testing/fake_clock.h"
#include "testing/memory_log.h"
#include "testing/reference_journal.h"
#include "testing/seeded_random.h"

// The door with a journal in memory behind it, one request at a time. Only tests include this.
namespace postrider::api {

// Stands for a loop: the test's thread runs what is posted.
class TestLoop final : public Executor {
 public:
  void post(Work work) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    arrived_.notify_one();
  }
  bool run_one(Duration most) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      if (!arrived_.wait_for(lock, most, [this] { return !queue_.empty(); })) return false;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Work> queue_;
};

class TestExchange final : public io::HttpExchange {
 public:
  TestExchange(http::Request request, std::string body, Executor& home)
      : home_(home), request_(std::move(request)), body_(std::move(body)) {}
  const http::Request& request() const override { return request_; }
  const io::Endpoint& peer() const override { return peer_; }
  bool is_encrypted() const override { return true; }
  Executor& home() override { return home_; }
  Task<Result<std::string>> body(std::size_t most) override {
    body_taken = true;
    if (body_fails) co_return *body_fails;
    if (body_.size() > most) co_return Error{Code::exhausted, "too long"};
    co_return std::move(body_);
  }
  bool reserve(std::size_t bytes) override {
    if (bytes > memory) return false;
    memory -= bytes;
    return true;
  }

  bool body_taken = false;
  std::optional<Error> body_fails;
  std::size_t memory = SIZE_MAX;
  io::Endpoint peer_{"192.0.2.1", 4711};

 private:
  Executor& home_;
  http::Request request_;
  std::string body_;
};

class DoorFixture {
 public:
  explicit DoorFixture(testing::ReferenceJournal::Options engine = {}) : journal(database, clock, engine) {
    recovered_ = journal.recover([](journal::Sequence, const journal::Label&) {}).ok();
    router.add(mail_send);
    const auto text = accounts::ApiKeyText::generate(random);
    key_text = text.text();
    key = {text.id(), TenantId{7}, "test", {"mail.send"}, text.digest(), clock.wall(), {}, {}, {}};
  }

  struct Ask {
    http::Method method = http::Method::post;
    std::string target = "/v3/mail/send";
    std::string body = {};
    std::vector<Pair> headers = {};  // besides the key and the content type; an empty value takes one away
    std::string peer = "192.0.2.1";
    std::optional<Error> body_fails = {};
    std::size_t memory = SIZE_MAX;  // for what the body becomes
  };

  http::Response ask(const Ask& ask) {
    http::Request request;
    request.method = ask.method;
    request.target = ask.target;
    request.headers.add("Authorization", "Bearer " + key_text);
    request.headers.add("Content-Type", "application/json");
    for (const auto& [name, value] : ask.headers) {
      request.headers.remove(name);
      if (!value.empty()) request.headers.add(name, value);
    }
    TestExchange exchange(std::move(request), ask.body, loop);
    exchange.peer_.address = ask.peer;
    exchange.body_fails = ask.body_fails;
    exchange.memory = ask.memory;
    std::optional<http::Response> response;
    spawn(answer(exchange, response));
    for (int turns = 0; !response && turns < 1000; ++turns) {
      while (committer.commit_once() == journal::Committer::Step::worked) {
      }
      loop.run_one(std::chrono::milliseconds(20));
    }
    body_taken = exchange.body_taken;
    return response.value_or(http::Response{.status = 0, .headers = {}, .body = "no answer"});
  }
  http::Response send(std::string body, std::vector<Pair> headers = {}) {
    return ask({.body = std::move(body), .headers = std::move(headers)});
  }

  struct Keys final : KeyBook {
    explicit Keys(DoorFixture& fixture) : of(fixture) {}
    std::shared_ptr<const accounts::ApiKey> find(const ApiKeyId& id) const override {
      return id == of.key.id ? std::make_shared<const accounts::ApiKey>(of.key) : nullptr;
    }
    DoorFixture& of;
  };
  struct OnePolicy final : Policies {
    std::shared_ptr<const TenantPolicy> tenant(TenantId id) const override {
      if (id != TenantId{7}) return nullptr;
      return std::make_shared<const TenantPolicy>(
          TenantPolicy{.id = id, .may_submit = may_submit, .domains = {{"example.com", {}}}});
    }
    bool may_submit = true;
  };

  testing::FakeClock clock;
  testing::SeededRandom random{1};
  testing::MemoryLog log;
  testing::ReferenceDatabase database{1};
  testing::ReferenceJournal journal;
  journal::Committer committer{journal, {}, log};
  OnePolicy policies;
  std::vector<Admission> admitted;
  Intake intake{journal, committer, policies, random,
                [this](Admission one) { admitted.push_back(std::move(one)); }};
  TestLoop loop;
  io::WorkerPool workers{"test", 1, 16};

  accounts::ApiKey key;
  std::string key_text;
  Keys keys{*this};
  Authenticator authenticator{keys};
  MailSend mail_send{intake};
  Router router;
  Door door{{router, authenticator, clock, random, workers, log, [this]() -> Executor& { return loop; }}};
  bool body_taken = false;  // by the last answer

 private:
  Task<void> answer(TestExchange& exchange, std::optional<http::Response>& out) {
    auto response = co_await door.answer(exchange);
    out = std::move(response);
  }
  bool recovered_ = false;
};

// What an error answer says: "field: message", in order.
inline std::vector<std::string> said(const http::Response& response) {
  std::vector<std::string> out;
  const auto document = json::parse(response.body);
  if (!document) return {"not JSON: " + response.body};
  for (const auto error : document->root()["errors"].elements())
    out.push_back(std::string(error["field"].as_string().value_or("null")) + ": " +
                  std::string(error["message"].as_string().value_or("null")));
  return out;
}

}  // namespace postrider::api

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flow/deliver/deliverer.h"
#include "journal/committer.h"
#include "testing/fake_clock.h"
#include "testing/fake_resolver.h"
#include "testing/memory_log.h"
#include "testing/reference_database.h"
#include "testing/reference_journal.h"
#include "testing/scripted_peer.h"
#include "testing/sim_executor.h"
#include "testing/simulated_network.h"
#include "testing/stores.h"

namespace postrider {

// The outbound side of one loop in the simulated world: scripted servers, a journal, and what was reported.
class DeliveryTest : public ::testing::Test {
 protected:
  DeliveryTest() {
    static_cast<void>(store_->migrate(std::array{&audit::schema(), &sites::schema()}, clock_.wall()));
    EXPECT_TRUE(journal_.recover([](journal::Sequence, const journal::Label&) {}).ok());
  }
  // Coroutines still out would outlive what they refer to.
  ~DeliveryTest() override {
    if (!deliverer_) return;
    network_.crash("node");
    deliverer_->drain();
    run_for(std::chrono::minutes(1));
    EXPECT_EQ(deliverer_->connections(), 0u);
  }

  testing::ScriptedPeer& peer(std::string address, testing::PeerScript script = {}) {
    peers_.push_back(std::make_unique<testing::ScriptedPeer>(executor_, "mx." + address, script));
    network_.listen({address, 25}, *peers_.back());
    return *peers_.back();
  }
  Route route(std::string domain, std::string address, smtp::Tls tls = smtp::Tls::opportunistic) {
    Route out;
    out.domain = std::move(domain);
    out.next_hop = {std::move(address), 25};
    out.tls = tls;
    return out;
  }
  CourierTools tools() {
    return {.home = executor_,
            .transport = transport_ ? *transport_ : network_.transport("node"),
            .clock = clock_,
            .wall = wall_,
            .journal = journal_,
            .committer = *committer_,
            .cells = cells_,
            .tls_memory = tls_memory_,
            .reports = [this](Report report) { reports_.push_back(std::move(report)); },
            .helo = "node.test",
            .source = "",
            .resolver = by_dns_ ? &resolver_ : nullptr,
            .random = &random_};
  }
  void start(std::vector<Route> routes, Deliverer::Options options = {}) {
    routes_ = RouteTable(std::move(routes));
    deliverer_ = std::make_unique<Deliverer>(tools(), routes_, options);
  }

  // A message to these, ready for the wire.
  Prepared message(std::vector<std::string> emails, std::uint16_t attempt = 1) {
    Prepared out;
    out.assignment.message.bytes.fill(++made_);
    const auto domain = emails.front().substr(emails.front().find('@') + 1);
    out.assignment.lane = static_cast<std::uint32_t>(std::hash<std::string>()(domain) % 1000);
    for (std::uint32_t n = 0; n < emails.size(); ++n) out.assignment.to.push_back({nullptr, n, {}, attempt});
    out.emails = std::move(emails);
    out.domain = domain;
    out.sender = "from@sender.test";
    out.head = "Subject: " + std::to_string(made_) + "\r\n\r\n";
    auto body = std::make_shared<Body>();
    body->wire = "Hello\r\n";
    out.body = std::move(body);
    return out;
  }
  void send(std::vector<std::string> emails, std::uint16_t attempt = 1) {
    deliverer_->take(message(std::move(emails), attempt));
  }

  // Everything that happens until then, with a commit whenever there is something to commit.
  template <class Done>
  bool run_until(Done done) {
    return executor_.run([&] {
      if (committing_) commit();
      return done();
    });
  }
  void run_for(Duration span) {
    bool over = false;
    executor_.after(span, [&] { over = true; });
    run_until([&] { return over; });
  }
  bool run_until_reported(std::size_t reports) {
    return run_until([&] { return reports_.size() >= reports; });
  }
  // The report of one message sent and run to its end.
  Report::One send_one(std::string email, std::uint16_t attempt = 1) {
    const auto before = reports_.size();
    send({std::move(email)}, attempt);
    if (!run_until_reported(before + 1)) {
      ADD_FAILURE() << "nothing was reported";
      return {};
    }
    return reports_[before].results.front();
  }
  void commit() {
    while (committer_->commit_once() == journal::Committer::Step::worked) {
    }
  }
  // Another node takes the stream: nothing can be recorded here any more.
  void lose_the_stream() {
    testing::ReferenceJournal rival(database_, clock_, {.node = "rival"});
    while (!rival.recover([](journal::Sequence, const journal::Label&) {}).ok())
      clock_.advance(std::chrono::seconds(1));
  }

  testing::FakeClock clock_;
  testing::SimExecutor executor_{clock_};
  testing::SimulatedNetwork network_{executor_};
  testing::MemoryLog log_;
  testing::ReferenceDatabase database_{1};
  testing::ReferenceJournal journal_{database_, clock_, {}};
  std::unique_ptr<journal::Committer> committer_ =
      std::make_unique<journal::Committer>(journal_, journal::Committer::Options{}, log_);
  bool committing_ = true;
  AnchoredClock wall_{clock_};
  std::array<io::WorkCells::Cell, 1> cell_{};
  io::WorkCells cells_{cell_};
  std::unique_ptr<testing::StoreEngine> engine_ = testing::make_engine("memory");
  std::unique_ptr<store::Store> store_ = engine_->open();
  sites::TlsMemory tls_memory_{*store_};
  io::Transport* transport_ = nullptr;  // none: the network's
  bool by_dns_ = false;                 // what has no route goes by `resolver_`
  testing::FakeResolver resolver_{executor_};
  testing::SeededRandom random_{1};
  RouteTable routes_;
  std::vector<std::unique_ptr<testing::ScriptedPeer>> peers_;
  std::unique_ptr<Deliverer> deliverer_;
  std::vector<Report> reports_;
  std::uint8_t made_ = 0;
};

}  // namespace postrider

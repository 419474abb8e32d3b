// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <utility>

#include "flow/queue/address.h"
#include "testing/world/world.h"

// What goes wrong in a World: when its processes die, what its disks do, whom it cuts off.
namespace postrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds trouble_time = 10min;

}  // namespace

void World::schedule_troubles() {
  const auto sometime = [this] {
    return std::chrono::milliseconds(random_.below(trouble_time.count() / 10));
  };
  for (std::size_t i = 0; i < plan_.crashes; ++i) {
    const auto kind = random_.below(4);
    const bool power = plan_.power && random_.one_in(2);
    executor_.after(sometime(), [this, kind, power] {
      if (healed_) return;
      crash_power_ = power;
      // The next moments decide: at a disk operation, at a named point, or here and now.
      if (kind == 0 && !plan_.reference)
        crash_after_operations_ = random_.between(1, 60);
      else if (kind <= 2)
        crash_after_points_ = random_.between(1, 60);
      else if (node_)
        crash(power);
    });
  }
  if (plan_.aim)
    executor_.after(std::chrono::milliseconds(random_.below(30'000)), [this] { aim_ = plan_.aim; });
  if (plan_.failing_sync)
    executor_.after(sometime(), [this] { disk_.fail({.operations = on({DiskOperation::sync})}); });
  if (plan_.full_disk) {
    executor_.after(sometime(), [this] { disk_.set_capacity(512 << 10); });
    executor_.after(trouble_time / 2, [this] { disk_.set_capacity(1ull << 40); });
  }
  if (plan_.dns_fails) {
    resolver_.fail_one_in(random_.between(3, 20));
    resolver_.set_delay(std::chrono::milliseconds(random_.between(1, 4000)));
    executor_.after(sometime(), [this] { resolver_.fail("d1.test", "SERVFAIL"); });
    executor_.after(sometime(), [this] { resolver_.fail("mx.d3.test", "timed out"); });
  }
  if (plan_.rot > 0)
    executor_.after(sometime(), [this] {
      if (!node_ || crash_now_) return;
      for (std::size_t i = 0; i < plan_.rot; ++i) damaged_ += disk_.rot("spool/", 1);
      crash(true);
    });
  if (plan_.clock_jumps)
    for (int i = 0; i < 3; ++i)
      executor_.after(sometime(), [this] {
        // Never further than half a day from the truth: idempotency keys live a day longer than they must.
        const auto target = std::chrono::hours(static_cast<int>(random_.below(25)) - 12);
        clock_.jump_wall(target - std::exchange(jumped_, target));
      });
  if (plan_.reference)
    database_.set_faults(
        {.unavailable = 40, .ambiguous = 15, .landed_unavailable = 3, .burn = 10, .late_events = 10});
  if (plan_.takeover)
    for (int i = 0; i < 2; ++i)
      executor_.after(sometime(), [this] {
        if (!node_ || crash_now_ || healed_) return;
        // Cut off from the database and alive: its connections to the world still work.
        const auto name = node_->name();
        database_.set_reachable(name, false);
        auto cut = std::make_shared<std::unique_ptr<SimNode>>(std::move(node_));
        executor_.after(100ms, [this] { start_node(); });
        lingering_.push_back(cut);
        executor_.after(40s, [cut] {
          if (*cut) (*cut)->die();
          cut->reset();
        });
      });
  if (plan_.pauses) {
    const auto tenant = random_.below(policies_.all.size());
    const auto set = [this, tenant](bool may) {
      auto changed = std::make_shared<TenantPolicy>(*policies_.all[tenant]);
      changed->may_deliver = may;
      policies_.all[tenant] = std::move(changed);
    };
    executor_.after(sometime(), [set] { set(false); });
    executor_.after(random_.one_in(2) ? std::chrono::minutes(5) : std::chrono::hours(80),
                    [set] { set(true); });
    executor_.after(sometime(), [this] { policies_.stale = true; });
    executor_.after(std::chrono::minutes(2), [this] { policies_.stale = false; });
  }
  executor_.after(trouble_time, [this] { heal(); });
}

void World::heal() {
  healed_ = true;
  crash_after_operations_ = crash_after_points_ = 0;
  aim_.reset();
  disk_.heal();
  disk_.set_capacity(1ull << 40);
  database_.set_faults({});
  resolver_.fail_one_in(0);
  for (const auto* name : {"d1.test", "mx.d3.test"}) resolver_.fail(name, "");
  for (auto& peer : peers_) {
    auto script = PeerScript{};
    script.link.latency = peer->script().link.latency;
    script.offer_tls = peer->script().offer_tls;
    peer->set_script(script);
  }
}

void World::crash(bool power) {
  ++crashes_;
  auto dying = std::move(node_);
  crash_now_ = true;
  disk_.set_down(true);
  store_disk_.set_down(true);
  if (dying) dying->die();
  dying.reset();
  if (power)
    disk_.crash(), store_disk_.crash();
  else
    disk_.kill(), store_disk_.kill();
  executor_.after(std::chrono::milliseconds(random_.between(10, 3000)), [this] { start_node(); });
}

// Whatever the process still does has no effect.
void World::pull_the_plug(bool power) {
  crash_now_ = true;
  if (power)
    disk_.crash();
  else
    disk_.kill();
  disk_.set_down(true);
  store_disk_.set_down(true);
}

void World::reached(std::string_view point, void* context) {
  auto& world = *static_cast<World*>(context);
  if (world.crash_now_) return;
  if (point == "deliver.composing" && world.composes_poison()) {
    world.note_states(point);
    world.crash_power_ = false;
    world.death_ = {++world.deaths_, SIGSEGV, world.node_->cells().busy()};
    return world.pull_the_plug(false);
  }
  const bool aimed = world.aim_ && world.aim_->point == point && world.states().contains(world.aim_->state);
  if (aimed) world.aim_.reset();
  const bool counted = world.crash_after_points_ > 0 && --world.crash_after_points_ == 0;
  if (!aimed && !counted) return;
  world.note_states(point);
  world.pull_the_plug(world.crash_power_);
}

// Whether the transaction being composed has a recipient that nobody survives.
bool World::composes_poison() const {
  if (poisoned_.empty() || !node_) return false;
  for (const auto& work : node_->cells().busy()) {
    const auto* message = node_->road().queue().find(MessageId{work.message});
    for (auto* recipient = message ? message->recipients : nullptr; recipient;
         recipient = recipient->sibling) {
      if (recipient->n < work.first || recipient->n > work.last || recipient->standing != Standing::picked)
        continue;
      if (poisoned_.contains(address_of(*recipient, node_->journal()))) return true;
    }
  }
  return false;
}

void World::note_states(std::string_view point) {
  for (auto& state : states()) reached_.emplace(state, point);
}

// Those in which somebody stands.
std::set<std::string> World::states() const {
  std::set<std::string> out;
  for (const auto& one : submitted_)
    if (one.pending && one.tries > 0 && one.acknowledged.empty()) out.insert("accepting");
  if (!node_) {
    out.insert("recovering");
    return out;
  }
  if (node_->road().queue().parking().recipients() > 0) out.insert("parked");
  node_->road().queue().each_message([&](const Message& message) {
    for (auto* recipient = message.recipients; recipient; recipient = recipient->sibling) {
      switch (recipient->standing) {
        case Standing::waiting:
          out.insert(recipient->in_doubt ? "in doubt" : "waiting");
          break;
        case Standing::picked:
          out.insert("picked");
          break;
        case Standing::settling:
          out.insert("settling");
          break;
        case Standing::held:
          out.insert("held");
          break;
      }
    }
  });
  return out;
}

}  // namespace postrider::testing

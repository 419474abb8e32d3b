// SPDX-License-Identifier: Apache-2.0
#include "testing/world/world.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/crash_point.h"
#include "journal/local/local_journal.h"
#include "protocol/mail/address.h"
#include "records/accepted.h"
#include "testing/reference_journal.h"

namespace postrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t tenants = 3, destinations = 8;
constexpr std::chrono::milliseconds load_time = 40s, trouble_time = 10min;
constexpr auto horizon = std::chrono::hours(24 * 8);

std::string destination(std::size_t i) {
  return "d" + std::to_string(i) + ".test";
}

journal::local::Options options_for(const Plan& plan) {
  journal::local::Options options;
  options.segment_bytes = plan.cramped ? 64 << 10 : 256 << 10;
  options.event_segment_bytes = 32 << 10;
  options.spool_limit = plan.cramped ? 640 << 10 : 64 << 20;
  options.reserve_bytes = 64 << 10;
  options.reserve_percent = 1;
  options.free_segments = 2;
  return options;
}

}  // namespace

Plan draw_plan(SeededRandom& random) {
  Plan plan;
  plan.reference = random.one_in(5);
  plan.crashes = random.between(3, 6);
  plan.failing_sync = random.one_in(6);
  plan.full_disk = random.one_in(8);
  plan.rot = random.one_in(8) ? 1 : 0;
  plan.clock_jumps = random.one_in(4);
  plan.takeover = plan.reference && random.one_in(2);
  plan.pauses = random.one_in(5);
  plan.cramped = random.one_in(3);
  if (plan.reference) plan.failing_sync = plan.full_disk = plan.cramped = false, plan.rot = 0;
  return plan;
}

std::string describe(const Plan& plan) {
  std::string out = fmt::format("{}, {} recipients, {} crashes", plan.reference ? "reference" : "local",
                                plan.recipients, plan.crashes);
  const auto add = [&](bool is, std::string_view what) {
    if (is) out.append(", ").append(what);
  };
  add(plan.failing_sync, "failing sync");
  add(plan.full_disk, "full disk");
  add(plan.rot > 0, "rot");
  add(plan.clock_jumps, "clock jumps");
  add(plan.takeover, "takeover");
  add(plan.pauses, "pauses");
  add(plan.cramped, "cramped");
  return out;
}

struct World::Policies final : postrider::Policies {
  std::vector<std::shared_ptr<TenantPolicy>> all;
  std::shared_ptr<const TenantPolicy> tenant(TenantId id) const override {
    return id.value >= 1 && id.value <= all.size() ? all[id.value - 1] : nullptr;
  }
};

World::World(std::uint64_t seed, Plan plan)
    : plan_(plan),
      random_(seed),
      ids_(random_.fork()),
      executor_(clock_),
      network_(executor_),
      log_(MemoryLog::Keep::counts),
      disk_(random_.word()),
      store_disk_(random_.word()),
      database_(random_.word()),
      policies_(std::make_unique<Policies>()) {
  for (std::size_t i = 1; i <= tenants; ++i) {
    auto policy = std::make_shared<TenantPolicy>();
    policy->id = TenantId{i};
    policy->domains.push_back({"t" + std::to_string(i) + ".test", {}});
    policies_->all.push_back(std::move(policy));
  }
  crash::set_hook(&World::reached, this);
  disk_.on_operation([this](DiskOperation, std::string_view) {
    if (crash_after_operations_ == 0 || crash_now_ || --crash_after_operations_ > 0) return;
    crash_now_ = true;
    if (crash_power_)
      disk_.crash();
    else
      disk_.kill();
    disk_.set_down(true);
    store_disk_.set_down(true);
  });
}

World::~World() {
  for (auto* process : {&node_, &waiting_})
    if (*process) (*process)->die();
  crash::set_hook(nullptr, nullptr);
}

void World::make_peers() {
  std::vector<Route> routes;
  for (std::size_t i = 0; i < destinations; ++i) {
    auto script = i == 0 ? PeerScript{} : peer_script(random_);
    if (plan_.takeover) script.link.latency = std::chrono::milliseconds(random_.between(1, 4000));
    peers_.push_back(
        std::make_unique<ScriptedPeer>(executor_, "mx." + destination(i), script, random_.word()));
    const io::Endpoint at{"10.0.0." + std::to_string(i + 1), 25};
    network_.listen(at, *peers_.back());
    Route route;
    route.domain = destination(i);
    route.next_hop = at;
    routes.push_back(std::move(route));
  }
  routes_ = RouteTable(std::move(routes));
}

void World::make_submissions() {
  std::size_t made = 0;
  while (made < plan_.recipients) {
    Submitted one;
    auto& submission = one.submission;
    submission.tenant = TenantId{random_.between(1, tenants)};
    submission.shared.from = {"from@t" + std::to_string(submission.tenant.value) + ".test", ""};
    submission.shared.subject = fmt::format("s{}", submitted_.size());
    std::string text(plan_.cramped ? random_.between(3000, 9000) : random_.between(10, 900), 'x');
    if (!plan_.cramped && random_.one_in(20))
      text.assign(random_.between(20'000, 60'000), 'f');                  // several frames
    if (!plan_.cramped && random_.one_in(60)) text.assign(300'000, 'b');  // a body of its own
    submission.shared.content = {{"text/plain", std::move(text)}};
    const bool large = submitted_.empty() && random_.one_in(4);
    const auto personalizations = large ? 110 : random_.one_in(3) ? random_.between(2, 12) : 1;
    for (std::uint64_t p = 0; p < personalizations; ++p) {
      Personalization personalization;
      for (auto n = random_.one_in(3) ? random_.between(2, 4) : 1; n > 0; --n) {
        auto email = fmt::format("r{}@{}", made++, destination(random_.below(destinations)));
        one.recipients.push_back(email);
        personalization.to.push_back({std::move(email), ""});
      }
      if (large)
        personalization.substitutions = {{"name", std::string(300, 'n')}};
      else if (random_.one_in(4))
        personalization.substitutions = {{"x", "z"}};
      if (random_.one_in(10))
        personalization.send_at = clock_.wall() + std::chrono::seconds(random_.between(60, 7200));
      submission.personalizations.push_back(std::move(personalization));
    }
    if (random_.one_in(2)) {
      submission.idempotency = Submission::Idempotency{fmt::format("key{}", submitted_.size()), {}};
      submission.idempotency->digest[0] = static_cast<std::uint8_t>(submitted_.size());
    }
    submitted_.push_back(std::move(one));
  }
  for (std::size_t i = 0; i < submitted_.size(); ++i) {
    submitted_[i].pending = true;
    executor_.after(std::chrono::milliseconds(random_.below(load_time.count())), [this, i] { submit(i); });
  }
}

void World::submit(std::size_t index) {
  auto& one = submitted_[index];
  ++one.tries;
  // A client whose server does not answer asks again if that is safe, and for a while if it was not even
  // reached.
  if (!node_ || crash_now_) {
    executor_.after(5s, [this, index] { submit(index); });
    return;
  }
  if (one.recipients.size() > 100 && !plan_.reference && !healed_ && random_.one_in(2)) {
    // A batch of many frames: the power goes while it is on its way to the disk.
    crash_power_ = true;
    crash_after_operations_ = random_.between(1, 3);
  }
  node_->submit(one.submission, [this, index, process = processes_](Result<Accepted> result) {
    if (crash_now_ || process != processes_ || !node_)
      return;  // it died before the answer left it: see below
    answered(index, result);
  });
  // Nothing heard for a minute: the same question again, or never mind.
  executor_.after(60s, [this, index, tries = one.tries] {
    auto& asked = submitted_[index];
    if (!asked.pending || asked.tries != tries) return;
    if (asked.submission.idempotency && asked.tries < 50)
      submit(index);
    else
      asked.pending = false;
  });
}

void World::answered(std::size_t index, const Result<Accepted>& result) {
  auto& one = submitted_[index];
  if (result.ok()) {
    one.acknowledged.push_back(result->message);
    one.acknowledged_at = executor_.now();
    // Now and then the answer is lost on its way, and a client with a key asks once more.
    if (one.submission.idempotency && one.acknowledged.size() < 2 && random_.one_in(4))
      executor_.after(3s, [this, index] { submit(index); });
    else
      one.pending = false;
    return;
  }
  const bool later = result.error().code == Code::exhausted || result.error().code == Code::unavailable;
  // The key decides whether asking again is safe after anything but a clear "not now".
  if (one.tries < 50 && (result.error().code == Code::exhausted || (later && one.submission.idempotency)))
    executor_.after(20s, [this, index] { submit(index); });
  else
    one.pending = false;
}

std::unique_ptr<journal::Journal> World::engine(const std::string& process) {
  if (plan_.reference)
    return std::make_unique<ReferenceJournal>(
        database_, clock_,
        ReferenceJournal::Options{.stream = "a", .node = plan_.takeover ? process : "a", .ttl = 4s});
  journal::local::Key wrapping{};
  wrapping[0] = 7;
  return std::make_unique<journal::local::LocalJournal>(disk_, ids_, clock_, log_, wrapping,
                                                        options_for(plan_));
}

void World::start_node() {
  if (node_ || waiting_) return;
  disk_.set_down(false);
  store_disk_.set_down(false);
  crash_now_ = false;
  ++processes_;
  const auto name = fmt::format("p{:03}", processes_);
  waiting_ = std::make_unique<SimNode>(SimNode::World{executor_, network_, store_disk_, *policies_, routes_,
                                                      ids_, log_, batches_, plan_.max_age},
                                       name, engine(name));
  try_start();
}

void World::try_start() {
  const auto started = waiting_->start();
  if (started.ok() && !crash_now_) {
    restarts_.push_back(
        {executor_.now(), waiting_->name(), {waiting_->in_doubt().begin(), waiting_->in_doubt().end()}});
    node_ = std::move(waiting_);
    return;
  }
  if (!crash_now_ && (started.error().code == Code::fenced || started.error().code == Code::unavailable)) {
    // The stream is another's until its lease is certainly dead; the one who waits must be the one who
    // watched.
    executor_.after(500ms, [this] {
      if (waiting_) try_start();
    });
    return;
  }
  if (!crash_now_) last_failure_ = started.error().detail;
  const auto dying = std::move(waiting_);
  dying->die();
  if (crash_now_) {
    ++crashes_;
    if (crash_power_)
      store_disk_.crash();
    else
      store_disk_.kill();
  }
  executor_.after(1s, [this] { start_node(); });
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

void World::reached(std::string_view point, void* context) {
  auto& world = *static_cast<World*>(context);
  if (world.crash_now_) return;
  if (world.crash_after_points_ == 0 || --world.crash_after_points_ > 0) return;
  world.note_states(point);
  world.crash_now_ = true;
  if (world.crash_power_)
    world.disk_.crash();
  else
    world.disk_.kill();
  world.disk_.set_down(true);
  world.store_disk_.set_down(true);
}

void World::note_states(std::string_view point) {
  const std::string at(point);
  for (const auto& one : submitted_)
    if (one.pending && one.tries > 0 && one.acknowledged.empty()) reached_.emplace("accepting", at);
  if (!node_) {
    reached_.emplace("recovering", at);
    return;
  }
  node_->road().queue().each_message([&](const Message& message) {
    for (auto* recipient = message.recipients; recipient; recipient = recipient->sibling) {
      switch (recipient->standing) {
        case Standing::waiting:
          reached_.emplace(recipient->in_doubt ? "in doubt" : "waiting", at);
          break;
        case Standing::picked:
          reached_.emplace("picked", at);
          break;
        case Standing::settling:
          reached_.emplace("settling", at);
          break;
        case Standing::held:
          reached_.emplace("held", at);
          break;
      }
    }
  });
}

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
  if (plan_.failing_sync)
    executor_.after(sometime(), [this] { disk_.fail({.operations = on({DiskOperation::sync})}); });
  if (plan_.full_disk) {
    executor_.after(sometime(), [this] { disk_.set_capacity(512 << 10); });
    executor_.after(trouble_time / 2, [this] { disk_.set_capacity(1ull << 40); });
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
    const auto tenant = random_.below(tenants);
    const auto set = [this, tenant](bool may) {
      auto changed = std::make_shared<TenantPolicy>(*policies_->all[tenant]);
      changed->may_deliver = may;
      policies_->all[tenant] = std::move(changed);
    };
    executor_.after(sometime(), [set] { set(false); });
    executor_.after(random_.one_in(2) ? std::chrono::minutes(5) : std::chrono::hours(80),
                    [set] { set(true); });
  }
  executor_.after(trouble_time, [this] { heal(); });
}

void World::heal() {
  healed_ = true;
  crash_after_operations_ = crash_after_points_ = 0;
  disk_.heal();
  disk_.set_capacity(1ull << 40);
  database_.set_faults({});
  for (auto& peer : peers_) {
    auto script = PeerScript{};
    script.link.latency = peer->script().link.latency;
    peer->set_script(script);
  }
}

bool World::clients_done() const {
  return std::ranges::none_of(submitted_, &Submitted::pending);
}

bool World::at_rest() const {
  return healed_ && node_ && !crash_now_ && node_->quiet() && lingering_.empty() && clients_done();
}

std::vector<Arrived> World::arrivals() const {
  std::vector<Arrived> out;
  for (const auto& peer : peers_)
    for (const auto& message : peer->received()) {
      if (!message.taken()) continue;
      for (const auto& recipient : message.envelope.recipients)
        out.push_back({recipient, message.data, message.at, message.answer_read() && !message.kept_silently,
                       message.helo});
    }
  std::ranges::sort(out, {}, [](const Arrived& one) { return std::tie(one.at, one.recipient, one.sender); });
  return out;
}

Verdict World::run() {
  make_peers();
  make_submissions();
  schedule_troubles();
  start_node();
  const auto end = executor_.now() + horizon;
  Verdict verdict;
  while (executor_.now() < end && executor_.step()) {
    if (crash_now_ && node_) crash(crash_power_);
    if (node_ && node_->wants_restart()) crash(false);
    if (node_) node_->pump();
    for (auto& cut : lingering_)
      if (*cut) (*cut)->pump();
    std::erase_if(lingering_, [](const auto& cut) { return !*cut; });
    if (at_rest()) {
      verdict.finished = true;
      break;
    }
  }
  const auto arrived = arrivals();
  verdict.recipients = 0;
  for (const auto& one : submitted_) {
    verdict.recipients += one.recipients.size();
    if (!one.acknowledged.empty()) verdict.acknowledged += one.recipients.size();
  }
  std::set<std::string> distinct;
  for (const auto& message : arrived) distinct.insert(message.recipient);
  verdict.arrived = arrived.size();
  verdict.duplicates = arrived.size() - distinct.size();
  verdict.crashes = crashes_;
  verdict.restarts = restarts_.size();
  verdict.reached = reached_;
  if (!verdict.finished) {
    verdict.violations.push_back({"L", "it never came to rest: " + unrest()});
    return verdict;
  }
  // How long after its acceptance a message may still arrive: its age, what it was scheduled ahead, a sweep.
  std::optional<Duration> latest;
  if (!plan_.clock_jumps) latest = plan_.max_age + 2h + 10min;
  Account account{submitted_, arrived, restarts_,      batches_,     held(),
                  damaged_,   latest,  node_->store(), clock_.wall()};
  verdict.violations = check(account);
  return verdict;
}

std::string World::unrest() const {
  const auto asking = std::ranges::count_if(submitted_, &Submitted::pending);
  if (!node_) return fmt::format("{} clients asking, no process runs ({})", asking, last_failure_);
  return fmt::format("{} clients asking, {} cut off, {} recipients left, {}", asking, lingering_.size(),
                     node_->road().queue().recipients(), node_->unrest());
}

std::set<std::string> World::held() const {
  std::set<std::string> out;
  node_->road().queue().each_message([&](const Message& message) {
    for (auto* recipient = message.recipients; recipient; recipient = recipient->sibling)
      if (auto bytes = node_->journal().read({&recipient->queued, 1}); bytes.ok())
        if (auto queued = records::decode_queued(bytes->front()); queued.ok()) out.insert(queued->email);
  });
  return out;
}

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#include "testing/world/world.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/crash_point.h"
#include "base/stable_hash.h"
#include "flow/queue/address.h"
#include "journal/local/local_journal.h"
#include "protocol/mail/address.h"
#include "testing/reference_journal.h"

namespace postrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t tenants = 3, destinations = 8;
constexpr std::chrono::milliseconds load_time = 40s;
constexpr auto horizon = std::chrono::hours(24 * 8);

std::string destination(std::size_t i) {
  return "d" + std::to_string(i) + ".test";
}

// Domains to which no mail can go, and with which status it is refused.
const std::map<std::string, std::string> unreachable_domains{
    {"gone.test", "5.1.2"}, {"null.test", "5.1.10"}, {"inside.test", "5.4.4"}};

std::string somewhere(SeededRandom& random) {
  if (!random.one_in(30)) return destination(random.below(destinations));
  return std::next(unreachable_domains.begin(),
                   static_cast<std::ptrdiff_t>(random.below(unreachable_domains.size())))
      ->first;
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

std::chrono::milliseconds keep_events(const Plan& plan) {
  if (plan.forgetful) return std::chrono::minutes(3);
  return std::chrono::hours(24 * 30);
}

}  // namespace

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
      resolver_(executor_, random_.word()) {
  for (std::size_t i = 1; i <= tenants; ++i) {
    auto policy = std::make_shared<TenantPolicy>();
    policy->id = TenantId{i};
    policy->domains.push_back({"t" + std::to_string(i) + ".test", {}});
    policies_.all.push_back(std::move(policy));
  }
  crash::set_hook(&World::reached, this);
  disk_.on_operation([this](DiskOperation, std::string_view) {
    if (crash_after_operations_ == 0 || crash_now_ || --crash_after_operations_ > 0) return;
    pull_the_plug(crash_power_);
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
    // Every second one is found by DNS, and then its address must be one that anybody may have.
    const bool routed = i % 2 == 0;
    const io::Endpoint at{(routed ? "10.0.0." : "20.0.0.") + std::to_string(i + 1), 25};
    network_.listen(at, *peers_.back());
    if (!routed) {
      make_zone(destination(i), at.address);
      continue;
    }
    Route route;
    route.domain = destination(i);
    route.next_hop = at;
    routes.push_back(std::move(route));
  }
  routes_ = RouteTable(std::move(routes));
  resolver_.set("null.test", {.mx = {{0, ""}}});
  resolver_.set("inside.test", {.mx = {{10, "localhost.test"}}});
  resolver_.set("localhost.test", {.ipv4 = {"127.0.0.1"}});
}

// A domain whose server is at this address, found in one of the ways there are.
void World::make_zone(const std::string& domain, const std::string& address) {
  if (random_.one_in(4)) return resolver_.set(domain, {.ipv4 = {address}});  // itself
  std::vector<dns::Mx> hosts;
  const auto add = [&](std::uint16_t preference, std::string host, std::string at) {
    hosts.push_back({preference, host});
    resolver_.set(std::move(host), {.ipv4 = {std::move(at)}});
  };
  add(20, "mx." + domain, address);
  if (random_.one_in(3)) add(20, "twin." + domain, "20.0.1.2");    // as good, and dead too
  if (random_.one_in(3)) add(10, "dead." + domain, "20.0.1.1");    // nobody listens there
  if (random_.one_in(3)) add(30, "inside." + domain, "10.0.0.1");  // somebody does, and it is none of theirs
  resolver_.set(domain, {.mx = std::move(hosts)});
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
      text.assign(random_.between(20'000, 60'000), 'f');  // several frames
    if (!plan_.cramped && random_.one_in(plan_.large ? 4 : 60))
      text.assign(300'000, 'b');  // a body of its own
    submission.shared.content = {{"text/plain", std::move(text)}};
    const bool large = submitted_.empty() && random_.one_in(3);
    const auto personalizations = large ? 110 : random_.one_in(3) ? random_.between(2, 12) : 1;
    for (std::uint64_t p = 0; p < personalizations; ++p) {
      Personalization personalization;
      for (auto n = random_.one_in(3) ? random_.between(2, 4) : 1; n > 0; --n) {
        auto email = fmt::format("r{}@{}", made++, somewhere(random_));
        one.recipients.push_back(email);
        personalization.to.push_back({std::move(email), ""});
      }
      if (large)
        personalization.substitutions = {{"name", std::string(300, 'n')}};
      else if (random_.one_in(4))
        personalization.substitutions = {{"x", "z"}};
      if (random_.one_in(plan_.ahead ? 2 : 10))
        personalization.send_at =
            clock_.wall() + std::chrono::seconds(random_.between(plan_.ahead ? 4000 : 60, 20'000));
      submission.personalizations.push_back(std::move(personalization));
    }
    if (random_.one_in(2)) {
      submission.idempotency = Submission::Idempotency{fmt::format("key{}", submitted_.size()), {}};
      submission.idempotency->digest[0] = static_cast<std::uint8_t>(submitted_.size());
    }
    submitted_.push_back(std::move(one));
  }
  for (std::size_t i = 0; i < plan_.poison; ++i)
    poisoned_.insert(submitted_[random_.below(submitted_.size())].recipients.front());
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
  if (one.recipients.size() > 100 && !plan_.reference && !healed_) {
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
  waiting_ = std::make_unique<SimNode>(
      SimNode::World{executor_, network_, store_disk_, policies_, routes_, resolver_, ids_, log_, batches_,
                     plan_.max_age, keep_events(plan_), plan_.takeover ? stable_hash(name) : 0, damaged_ > 0},
      name, engine(name), death_);
  try_start();
}

void World::try_start() {
  const auto started = waiting_->start();
  if (started.ok() && !crash_now_) {
    restarts_.push_back(
        {executor_.now(), waiting_->name(), {waiting_->in_doubt().begin(), waiting_->in_doubt().end()}});
    node_ = std::move(waiting_);
    death_.reset();
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
                       message.helo, peer->name(), message.connected, message.tls});
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
  if (!plan_.clock_jumps) latest = plan_.max_age + 6h + 10min;
  Account account{submitted_,     arrived,
                  restarts_,      batches_,
                  held(),         held(Reason::suspected),
                  poisoned_,      unreachable_domains,
                  damaged_,       latest,
                  node_->store(), clock_.wall()};
  verdict.violations = check(account);
  return verdict;
}

std::string World::unrest() const {
  const auto asking = std::ranges::count_if(submitted_, &Submitted::pending);
  if (!node_) return fmt::format("{} clients asking, no process runs ({})", asking, last_failure_);
  return fmt::format("{} clients asking, {} cut off, {} recipients left, {}", asking, lingering_.size(),
                     node_->road().queue().recipients(), node_->unrest());
}

// Who is still in the queue when all is over, or only those held for this reason.
std::set<std::string> World::held(std::optional<Reason> why) const {
  std::set<std::string> out;
  node_->road().queue().each_message([&](const Message& message) {
    for (auto* recipient = message.recipients; recipient; recipient = recipient->sibling)
      if (!why || (recipient->standing == Standing::held && recipient->reason == *why))
        if (auto email = address_of(*recipient, node_->journal()); !email.empty())
          out.insert(std::move(email));
  });
  return out;
}

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#include "testing/world/sim_node.h"

#include <fmt/core.h>

#include <cassert>

#include "readers/cursors.h"
#include "store/sqlite/sqlite_store.h"

namespace postrider::testing {
namespace {

constexpr auto pace = std::chrono::milliseconds(2);
constexpr auto upkeep_pause = std::chrono::milliseconds(20);
constexpr auto renewal = std::chrono::seconds(1);
constexpr int upkeep_steps = 64;

// The operator of the world writes nothing down.
struct Decision {
  Result<void> record(store::Transaction&) const { return {}; }
};

}  // namespace

SimNode::SimNode(World world, std::string name, std::unique_ptr<journal::Journal> engine,
                 const std::optional<io::CrashFile::Death>& death)
    : world_(world),
      name_(std::move(name)),
      home_(world.executor),
      wall_(world.executor.clock()),
      journal_(std::move(engine), world.batches),
      committer_(journal_, {}, world.log),
      suspects_(world.store_disk) {
  if (death) suspects_.died(death->life, death->works);
  Road::Options options;
  options.suspects = &suspects_;
  options.retry.max_age = world_.max_age;
  options.limits.window_start = 4;
  options.node = world_.node;
  options.background = [this](Executor::Work work) {
    home_.post(std::move(work));
    return true;
  };
  road_ = std::make_unique<Road>(
      journal_, committer_, world_.log, options,
      [this](TenantId tenant) {
        const auto policy = world_.policies.tenant(tenant);
        return policy && policy->may_deliver && world_.policies.current();
      },
      [this](std::vector<Assignment> assignments) { preparer_->prepare(std::move(assignments), now()); },
      [this] { road_awake_ = true; }, now());
  preparer_ = std::make_unique<Preparer>(
      journal_, world_.policies, signer_, cells_, Preparer::Options{.cache_bytes = 1 << 20},
      [this](std::vector<Prepared> prepared) {
        home_.post([this, messages = std::move(prepared)]() mutable {
          for (auto& message : messages) deliverer_->take(std::move(message));
        });
      },
      [this](Report report) { road_->reported(std::move(report)); });
  intake_ = std::make_unique<Intake>(journal_, committer_, world_.policies, world_.random,
                                     [this](Admission admission) { road_->admitted(std::move(admission)); });
}

SimNode::~SimNode() = default;

Result<void> SimNode::start() {
  PR_TRY(suspects_.load());
  const auto recovered = PR_TRY(journal_.recover(
      [this](journal::Sequence sequence, const journal::Label& label) { road_->restore(sequence, label); }));
  quarantined_ = recovered.quarantined.size();
  road_->restored(recovered, now());
  road_->queue().each_message([this](const Message& message) {
    for (auto* recipient = message.recipients; recipient; recipient = recipient->sibling)
      if (recipient->in_doubt) in_doubt_.insert(recipient->id());
  });

  vfs_ = std::make_unique<DiskVfs>(world_.store_disk, world_.executor.clock(), world_.random);
  store_ = PR_TRY(store::open_sqlite({.path = "store.db", .vfs = vfs_->name(), .readers = 0}));
  const store::Schema* schemas[] = {&sites::schema(), &readers::schema(), &activity::schema()};
  PR_TRY(store_->migrate(schemas, now()));
  reader_ = std::make_unique<readers::Reader>(journal_, *store_, effect_, world_.log,
                                              readers::Reader::Options{.stream = "a"});
  tls_memory_ = std::make_unique<sites::TlsMemory>(*store_);
  PR_TRY(tls_memory_->load(now()));
  deliverer_ = std::make_unique<Deliverer>(
      CourierTools{.home = home_,
                   .transport = world_.network.transport(name_),
                   .clock = world_.executor.clock(),
                   .wall = wall_,
                   .journal = journal_,
                   .committer = committer_,
                   .cells = cells_,
                   .tls_memory = *tls_memory_,
                   .reports = [this](Report report) { road_->reported(std::move(report)); },
                   .node = world_.node,
                   .helo = name_,
                   .source = name_,
                   .resolver = &world_.resolver,
                   .random = &world_.random},
      world_.routes, Deliverer::Options{.connections_most = 4});
  road_awake_ = true;
  upkeep();
  renew();
  return {};
}

void SimNode::submit(const Submission& submission, Intake::Done done) {
  intake_->take(submission, now(), std::move(done));
}

void SimNode::pump() {
  if (dying_ || !reader_) return;
  if (committer_.waiting() > 0 && !std::exchange(committing_, true)) {
    home_.after(pace, [this] { commit(); });
    // Now and then upkeep comes first, as it may: what is on its way to the disk then sees it happen.
    if (++commits_ % 2 == 0) home_.after(pace / 2, [this] { tidy(); });
  }
  if (road_awake_ && !std::exchange(stepping_, true)) home_.post([this] { step_road(); });
  if (deliverer_->connections() > 0 && !std::exchange(ticking_, true))
    home_.after(std::chrono::seconds(1), [this] { tick(); });
}

void SimNode::commit() {
  committing_ = false;
  using Step = journal::Committer::Step;
  auto did = Step::worked;
  while ((did = committer_.commit_once()) == Step::worked) {
  }
  if (did == Step::again && !std::exchange(committing_, true))
    home_.after(std::chrono::milliseconds(50), [this] { commit(); });
  reader_idle_ = false;
  if (!std::exchange(keeping_, true)) home_.after(upkeep_pause, [this] { upkeep(); });
}

void SimNode::tidy() {
  for (int i = 0; i < upkeep_steps; ++i) {
    const auto more = journal_.maintain(now(), now() - world_.keep_events);
    if (!more.ok() || !*more) break;
  }
}

void SimNode::upkeep() {
  keeping_ = false;
  tidy();
  using Step = readers::Reader::Step;
  auto did = Step::worked;
  while ((did = reader_->step(now())) == Step::worked) {
  }
  // A process that is cut off has lost its store with its stream. What fails is tried again next time.
  if (journal_.lease().holds(world_.executor.now())) static_cast<void>(tls_memory_->flush(now()));
  // Bit rot in the last batch cannot be told from a torn one: the log ends before it, and a reader that had
  // read it is held. The operator lets it begin anew, which changes nothing but what it had lost.
  if (did == Step::held && world_.rotten && reader_->resume({}, now(), Decision{}).ok()) did = Step::worked;
  reader_idle_ = did == Step::idle && reader_->status().lag == 0;
  const auto waits = did == Step::held ? false : !reader_idle_;
  if (waits && !std::exchange(keeping_, true)) home_.after(std::chrono::seconds(1), [this] { upkeep(); });
}

void SimNode::renew() {
  home_.after(renewal, [this] {
    // A lease is renewed by what is written anyway, and by this when nothing is.
    if (journal_.lease().valid_until != Instant::max()) {
      static_cast<void>(journal_.maintain(now(), now() - world_.keep_events));
      renew();
    }
  });
}

void SimNode::step_road() {
  stepping_ = road_awake_ = false;
  const auto next = road_->step(now());
  if (next <= now())
    road_awake_ = true;
  else
    plan_road(next);
}

void SimNode::plan_road(Time next) {
  if (road_next_ > now() && road_next_ <= next) return;  // somebody wakes it earlier
  road_next_ = next;
  home_.after(wall_.when(next) - world_.executor.now(), [this] { road_awake_ = true; });
}

void SimNode::tick() {
  ticking_ = false;
  deliverer_->tick(world_.executor.now());
}

bool SimNode::quiet() const {
  const auto held = static_cast<std::size_t>(road_->counts().held.load());
  return committer_.waiting() == 0 && !committing_ && !road_awake_ && !stepping_ && reader_idle_ &&
         !keeping_ && road_->queue().recipients() <= held && road_->queue().parking().recipients() == 0;
}

std::string SimNode::unrest() const {
  const auto reader = reader_->status();
  return fmt::format("{} groups waiting, committing {}, road {}/{}, reader idle {} lag {} {}, upkeep {}",
                     committer_.waiting(), committing_, road_awake_, stepping_, reader_idle_, reader.lag,
                     reader.held, keeping_);
}

void SimNode::die() {
  dying_ = true;
  journal_.die();
  world_.network.crash(name_);
  if (deliverer_) deliverer_->drain();
  const auto connections = [this] { return deliverer_ ? deliverer_->connections() : 0; };
  for (int i = 0; i < 1000 && (connections() > 0 || committer_.waiting() > 0); ++i) {
    while (committer_.commit_once() == journal::Committer::Step::worked) {
    }
    world_.resolver.hurry();
    world_.executor.run_until(world_.executor.now());
  }
  assert(connections() == 0);  // a coroutine left behind would outlive what it refers to
  world_.network.restart(name_);
}

}  // namespace postrider::testing

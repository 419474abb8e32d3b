// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "flow/deliver/deliverer.h"
#include "flow/deliver/preparer.h"
#include "flow/intake/intake.h"
#include "flow/policy/tenant_policy.h"
#include "flow/road/road.h"
#include "flow/sign/signer.h"
#include "io/crash_file.h"
#include "journal/committer.h"
#include "readers/activity/activity.h"
#include "readers/reader.h"
#include "services/sites/tls_memory.h"
#include "store/store.h"
#include "testing/disk_vfs.h"
#include "testing/fake_resolver.h"
#include "testing/faulty_disk.h"
#include "testing/sim_executor.h"
#include "testing/simulated_network.h"
#include "testing/world/mortal_journal.h"

namespace postrider::testing {

// A signer without keys: the empty answer at once. What it would cost is not what the world tests.
class NullSigner final : public Signer {
 public:
  void sign(std::vector<Request> requests, Done done) override {
    done(std::vector<Result<std::string>>(requests.size(), Result<std::string>(std::string("null"))));
  }
};

// One process of the platform: the same parts that app wires to threads, wired to the simulated executor. It
// starts by recovering, works when pumped, and dies without a word.
class SimNode {
 public:
  struct World {  // what outlives processes
    SimExecutor& executor;
    SimulatedNetwork& network;
    FaultyDisk& store_disk;
    const Policies& policies;
    const RouteTable& routes;
    FakeResolver& resolver;  // for what has no route
    Random& random;
    Log& log;
    std::vector<MortalJournal::Batch>& batches;
    std::chrono::milliseconds max_age, keep_events;
    std::uint64_t node = 0;  // who the process is among those that take this stream
    bool rotten = false;     // the disk has lost what was durable: a reader may find its log shorter
  };
  // `death` = what an earlier process left in its crash slots.
  SimNode(World world, std::string name, std::unique_ptr<journal::Journal> engine,
          const std::optional<io::CrashFile::Death>& death);
  ~SimNode();

  // fenced = the stream is somebody else's still: try again. Everything else that is not ok ends this
  // process.
  Result<void> start();
  // Who was in doubt when this process started: an earlier one may have delivered to them.
  const std::set<RecipientId>& in_doubt() const { return in_doubt_; }
  std::size_t quarantined() const { return quarantined_; }

  void submit(const Submission& submission, Intake::Done done);
  void pump();  // after every step of the world: whatever has become possible is asked for
  // Nothing is on its way: not in the journal, not on the road but for who is held, not before the reader.
  bool quiet() const;
  std::string unrest() const;  // what keeps it from being quiet, in words
  // The process has noticed that it cannot go on (a sync failed, fenced): an operator would restart it.
  bool wants_restart() const { return committer_.stopped(); }

  // The machine has stopped under it: nothing it still does has an effect. Its loose ends are tied up so that
  // it can be destroyed.
  void die();

  Road& road() { return *road_; }
  store::Store& store() { return *store_; }
  journal::Journal& journal() { return journal_; }
  const io::WorkCells& cells() const { return cells_; }
  const std::string& name() const { return name_; }

 private:
  // Work of this process only: gone with it.
  class Home final : public Executor {
   public:
    explicit Home(SimExecutor& executor) : executor_(executor), alive_(std::make_shared<bool>(true)) {}
    ~Home() override { *alive_ = false; }
    void post(Work work) override { executor_.post(guarded(std::move(work))); }
    void after(Duration delay, Work work) { executor_.after(delay, guarded(std::move(work))); }

   private:
    Work guarded(Work work) {
      return [alive = alive_, todo = std::move(work)]() mutable {
        if (*alive) todo();
      };
    }
    SimExecutor& executor_;
    std::shared_ptr<bool> alive_;
  };

  Time now() const { return wall_.at(world_.executor.now()); }
  void commit();
  void tidy();  // the journal's upkeep alone
  void upkeep();
  void step_road();
  void plan_road(Time next);
  void tick();
  void renew();

  World world_;
  std::string name_;
  Home home_;
  AnchoredClock wall_;
  MortalJournal journal_;
  journal::Committer committer_;
  NullSigner signer_;
  std::array<io::WorkCells::Cell, 1> cell_{};
  io::WorkCells cells_{cell_};
  Suspects suspects_;
  std::unique_ptr<DiskVfs> vfs_;
  std::unique_ptr<store::Store> store_;
  activity::ActivityEffect effect_;
  std::unique_ptr<readers::Reader> reader_;
  std::unique_ptr<Road> road_;
  std::unique_ptr<sites::TlsMemory> tls_memory_;
  std::unique_ptr<Deliverer> deliverer_;
  std::unique_ptr<Preparer> preparer_;
  std::unique_ptr<Intake> intake_;

  std::set<RecipientId> in_doubt_;
  std::size_t quarantined_ = 0;
  std::size_t commits_ = 0;
  bool dying_ = false;
  bool committing_ = false, keeping_ = false, stepping_ = false, ticking_ = false;
  bool road_awake_ = false;
  bool reader_idle_ = false;
  Time road_next_{};
};

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "testing/fake_clock.h"
#include "testing/fake_resolver.h"
#include "testing/faulty_disk.h"
#include "testing/memory_log.h"
#include "testing/reference_database.h"
#include "testing/scripted_peer.h"
#include "testing/seeded_random.h"
#include "testing/sim_executor.h"
#include "testing/simulated_network.h"
#include "testing/world/checker.h"
#include "testing/world/history.h"
#include "testing/world/plan.h"
#include "testing/world/sim_node.h"

namespace postrider::testing {

struct Verdict {
  std::vector<Violation> violations;
  std::size_t recipients = 0, acknowledged = 0, arrived = 0, duplicates = 0, crashes = 0, restarts = 0;
  std::set<std::pair<std::string, std::string>> reached;  // (state of queue-states.md, crash point)
  bool finished = false;                                  // everything came to rest
};

// The whole platform with clients, a network of mail servers and a disk, in one thread, from one seed: the
// same seed gives the same run. Clients submit, processes crash at any disk operation or named point and
// start again, at last everything heals; then the history is checked (assurance 4.2).
class World {
 public:
  World(std::uint64_t seed, Plan plan);
  ~World();

  Verdict run();

 private:
  struct Policies final : postrider::Policies {
    std::vector<std::shared_ptr<TenantPolicy>> all;
    std::shared_ptr<const TenantPolicy> tenant(TenantId id) const override {
      return id.value >= 1 && id.value <= all.size() ? all[id.value - 1] : nullptr;
    }
    bool current() const override { return !stale; }
    bool stale = false;
  };

  void make_peers();
  void make_zone(const std::string& domain, const std::string& address);
  void make_submissions();
  void schedule_troubles();
  void submit(std::size_t index);
  void answered(std::size_t index, const Result<Accepted>& result);
  std::unique_ptr<journal::Journal> engine(const std::string& process);
  void start_node();
  void try_start();
  void crash(bool power);
  void pull_the_plug(bool power);
  bool composes_poison() const;
  void heal();
  void note_states(std::string_view point);
  std::set<std::string> states() const;
  bool at_rest() const;
  bool clients_done() const;
  std::vector<Arrived> arrivals() const;
  std::set<std::string> held(std::optional<Reason> why = {}) const;
  std::string unrest() const;  // why at_rest() says no, in words
  static void reached(std::string_view point, void* context);

  Plan plan_;
  SeededRandom random_;
  SeededRandom ids_;  // what the platform itself draws
  FakeClock clock_;
  SimExecutor executor_;
  SimulatedNetwork network_;
  MemoryLog log_;
  FaultyDisk disk_;        // the journal's
  FaultyDisk store_disk_;  // the store's; the same machine, so they die together
  ReferenceDatabase database_;
  FakeResolver resolver_;
  RouteTable routes_;
  Policies policies_;
  std::vector<std::unique_ptr<ScriptedPeer>> peers_;
  std::vector<Submitted> submitted_;
  std::vector<Restart> restarts_;
  std::vector<MortalJournal::Batch> batches_;
  std::unique_ptr<SimNode> node_;
  std::unique_ptr<SimNode> waiting_;  // wants the stream, which is somebody else's still
  std::vector<std::shared_ptr<std::unique_ptr<SimNode>>> lingering_;  // cut off, not dead yet
  std::size_t processes_ = 0;
  std::size_t crashes_ = 0;
  std::size_t damaged_ = 0;
  bool crash_now_ = false;  // asked for inside a disk operation or at a crash point
  bool crash_power_ = false;
  std::set<std::string> poisoned_;             // addresses
  std::optional<io::CrashFile::Death> death_;  // what the crash slots say, until a process has taken it in
  std::uint64_t deaths_ = 0;
  std::uint64_t crash_after_operations_ = 0;  // 0 = not armed
  std::uint64_t crash_after_points_ = 0;
  std::optional<Aim> aim_;  // armed
  bool healed_ = false;
  std::chrono::hours jumped_{0};  // how far the wall clock is from the truth
  std::string last_failure_;      // why the last start failed
  std::set<std::pair<std::string, std::string>> reached_;
};

}  // namespace postrider::testing

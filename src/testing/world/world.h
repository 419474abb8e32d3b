// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "testing/fake_clock.h"
#include "testing/faulty_disk.h"
#include "testing/memory_log.h"
#include "testing/reference_database.h"
#include "testing/scripted_peer.h"
#include "testing/seeded_random.h"
#include "testing/sim_executor.h"
#include "testing/simulated_network.h"
#include "testing/world/checker.h"
#include "testing/world/history.h"
#include "testing/world/sim_node.h"

namespace postrider::testing {

// What one seed makes happen. Drawn by the seed; a test may set what it is about.
struct Plan {
  bool reference = false;  // the database's model instead of the local engine
  std::size_t recipients = 200;
  std::size_t crashes = 3;
  bool power = true;  // some crashes take the page cache with them
  bool failing_sync = false;
  bool full_disk = false;
  std::size_t rot = 0;  // places that rot
  bool clock_jumps = false;
  bool takeover = false;  // reference only: the node is cut off and another takes its stream
  bool pauses = false;    // tenants are suspended for a while, once for longer than mail lives
  bool cramped = false;   // little disk: segments are recycled and cleaned all the time
  std::chrono::milliseconds max_age = std::chrono::hours(72);
};
Plan draw_plan(SeededRandom& random);
std::string describe(const Plan& plan);  // in a few words, for whoever looks at a seed

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
  struct Policies;

  void make_peers();
  void make_submissions();
  void schedule_troubles();
  void submit(std::size_t index);
  void answered(std::size_t index, const Result<Accepted>& result);
  std::unique_ptr<journal::Journal> engine(const std::string& process);
  void start_node();
  void try_start();
  void crash(bool power);
  void heal();
  void note_states(std::string_view point);
  bool at_rest() const;
  bool clients_done() const;
  std::vector<Arrived> arrivals() const;
  std::set<std::string> held() const;
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
  RouteTable routes_;
  std::unique_ptr<Policies> policies_;
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
  std::uint64_t crash_after_operations_ = 0;  // 0 = not armed
  std::uint64_t crash_after_points_ = 0;
  bool healed_ = false;
  std::chrono::hours jumped_{0};  // how far the wall clock is from the truth
  std::string last_failure_;      // why the last start failed
  std::set<std::pair<std::string, std::string>> reached_;
};

}  // namespace postrider::testing

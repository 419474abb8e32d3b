// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/anchored_wall.h"
#include "app/config.h"
#include "app/current.h"
#include "app/data_directory.h"
#include "app/evidence.h"
#include "app/journal_directory.h"
#include "app/journal_thread.h"
#include "app/repeating_thread.h"
#include "app/road_thread.h"
#include "app/upkeep.h"
#include "base/clock.h"
#include "base/log.h"
#include "edge/api/door.h"
#include "edge/api/health.h"
#include "edge/api/mail_send.h"
#include "edge/api/metrics.h"
#include "edge/api/router.h"
#include "flow/deliver/capturer.h"
#include "flow/deliver/deliverer.h"
#include "flow/deliver/preparer.h"
#include "flow/intake/intake.h"
#include "flow/policy/policy_book.h"
#include "flow/road/road.h"
#include "flow/sign/local_signer.h"
#include "io/crash_file.h"
#include "io/http_server.h"
#include "io/runtime.h"
#include "io/system_clock.h"
#include "io/system_random.h"
#include "io/tcp_transport.h"
#include "io/tls_client.h"
#include "io/tls_identity.h"
#include "io/worker_pool.h"
#include "journal/committer.h"
#include "journal/local/local_journal.h"
#include "readers/activity/activity.h"
#include "readers/reader.h"
#include "services/accounts/key_uses.h"
#include "services/sites/tls_memory.h"

namespace postrider::app {

// The running server. Members start top to bottom and stop bottom to top; what a member uses stands above it.
class Platform {
 public:
  // Opens everything and starts it; on return every door is open.
  static Result<std::unique_ptr<Platform>> start(const Config& config, DataDirectory& data, Clock& clock,
                                                 Random& random, Log& log);
  ~Platform();

  // Closes the doors, lets what is in flight come home, and stops; at most `grace` long.
  void drain(Duration grace);
  // Takes over what Takes::reload names, the log's level excepted, and reads the certificate anew. Nothing
  // has changed when it fails.
  Result<void> reload(const Config& next);

  std::string ready_line() const;  // "ready http=127.0.0.1:8025"
  DataDirectory& data() { return data_; }
  PolicyBook& policies() { return *policies_; }
  sites::TlsMemory& tls_memory() { return *tls_memory_; }
  void control_changed() { control_->wake(); }

  // Runs on the road thread and waits: the only place from which the queue may be looked at.
  template <class Look>
  auto on_road(Look look) {
    std::promise<std::invoke_result_t<Look&, Road&>> answer;
    road_thread_->post([&] { answer.set_value(look(*road_)); });
    return answer.get_future().get();
  }
  Time now() const { return wall_.at(clock_.monotonic()); }

  // What metrics look at; any thread, as long as the platform lives.
  const journal::Journal& journal() const { return *journal_; }
  const journal::Committer& committer() const { return *committer_; }
  const Road& road() const { return *road_; }
  const Intake& intake() const { return *intake_; }
  const std::atomic<std::uint64_t>& accepted() const { return accepted_; }
  readers::Reader& reader() { return *reader_; }
  const Evidence& evidence() const { return evidence_; }
  io::HttpCounts http_counts() const;  // nothing before the door is open
  void each_thread(const std::function<void(std::string name, std::function<Duration()> cpu)>& visit);

 private:
  Platform(const Config& config, DataDirectory& data, Clock& clock, Random& random, Log& log);
  Result<void> open();
  Result<void> open_journal();
  Result<void> open_suspects();
  void wire_road();
  void open_readers();
  Result<void> wire_doors();
  Result<void> recover();
  void start_threads();
  void follow_control();
  std::string why_not_ready() const;
  std::string warning() const;
  void dispatch(std::vector<Assignment> assignments);
  void deliver(std::vector<Prepared> prepared);
  bool plaintext_allowed(const io::Endpoint& peer) const;

  struct Keys final : api::KeyBook {
    explicit Keys(const PolicyBook& from) : book(from) {}
    std::shared_ptr<const accounts::ApiKey> find(const ApiKeyId& id) const override { return book.key(id); }
    const PolicyBook& book;
  };
  struct Lane {  // what one loop has for delivery
    std::unique_ptr<io::TcpTransport> transport;
    std::unique_ptr<Deliverer> deliverer;
  };

  const Config& config_;
  DataDirectory& data_;
  Clock& clock_;
  Random& random_;
  Log& log_;
  AnchoredClock wall_;
  AnchoredWall door_clock_{clock_, wall_};
  Upkeep upkeep_;
  Evidence evidence_{clock_};
  std::atomic<bool> serving_ = false;
  std::atomic<std::uint64_t> accepted_ = 0;
  bool following_ = true;  // the control feed could be read last time

  std::unique_ptr<JournalDirectory> journal_directory_;
  journal::local::LocalJournal* journal_ = nullptr;  // the directory's
  std::unique_ptr<journal::Committer> committer_;
  std::unique_ptr<io::CrashFile> crash_file_;
  std::unique_ptr<Suspects> suspects_;
  std::unique_ptr<io::WorkerPool> signers_;
  std::unique_ptr<LocalSigner> signer_;
  std::unique_ptr<PolicyBook> policies_;
  std::unique_ptr<RoadThread> road_thread_;
  Current<RouteTable> routes_;
  Current<std::vector<std::string>> plaintext_from_;
  std::unique_ptr<io::TlsClient> tls_client_;
  std::unique_ptr<io::Runtime> runtime_;
  std::unique_ptr<Road> road_;
  std::unique_ptr<sites::TlsMemory> tls_memory_;
  std::vector<Lane> lanes_;
  std::unique_ptr<Capturer> capturer_;
  std::unique_ptr<Preparer> preparer_;
  std::unique_ptr<io::WorkerPool> composers_;
  std::unique_ptr<Intake> intake_;
  activity::ActivityEffect activity_effect_;
  std::unique_ptr<readers::Reader> reader_;
  std::unique_ptr<accounts::KeyUses> key_uses_;
  std::unique_ptr<io::WorkerPool> workers_;
  std::unique_ptr<Keys> keys_;
  std::unique_ptr<api::Authenticator> authenticator_;
  std::unique_ptr<api::MailSend> mail_send_;
  std::unique_ptr<api::Health> health_;
  std::unique_ptr<api::Metrics> metrics_;
  std::unique_ptr<api::Router> router_;
  std::unique_ptr<api::Door> door_;
  std::unique_ptr<io::CurrentIdentity> identity_;
  std::unique_ptr<JournalThread> journal_thread_;
  std::unique_ptr<RepeatingThread> capture_thread_, reader_thread_, control_, ticker_, upkeep_thread_;
  std::unique_ptr<io::HttpServer> http_;
  std::atomic<const io::HttpServer*> counted_ = nullptr;  // http_, for its own connections' threads
};

}  // namespace postrider::app

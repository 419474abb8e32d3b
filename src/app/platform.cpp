// SPDX-License-Identifier: Apache-2.0
#include "app/platform.h"

#include <algorithm>
#include <thread>

#include "app/host_port.h"
#include "app/metrics.h"
#include "app/networks.h"
#include "base/stable_hash.h"
#include "edge/api/errors.h"
#include "io/loop.h"

namespace postrider::app {
namespace {

constexpr auto control_pause = std::chrono::milliseconds(200);
constexpr auto reader_pause = std::chrono::milliseconds(100);  // fewer, larger transactions
constexpr auto capture_pause = std::chrono::milliseconds(100);

std::size_t or_cores(std::size_t wanted) {
  return wanted ? wanted : std::max(1u, std::thread::hardware_concurrency());
}

// Which loop this thread runs; set once by each.
thread_local io::Loop* current_loop = nullptr;

}  // namespace

Platform::Platform(const Config& config, DataDirectory& data, Clock& clock, Random& random, Log& log)
    : config_(config), data_(data), clock_(clock), random_(random), log_(log), wall_(clock), upkeep_(log) {}

Result<std::unique_ptr<Platform>> Platform::start(const Config& config, DataDirectory& data, Clock& clock,
                                                  Random& random, Log& log) {
  std::unique_ptr<Platform> platform(new Platform(config, data, clock, random, log));
  PR_TRY(platform->open());
  return platform;
}

Result<void> Platform::open() {
  PR_TRY(open_journal());
  PR_TRY(open_suspects());
  signers_ = std::make_unique<io::WorkerPool>("sign", or_cores(config_.limits_signers), 100'000);
  signer_ =
      std::make_unique<LocalSigner>([this](Executor::Work work) { return signers_->post(std::move(work)); });
  policies_ = std::make_unique<PolicyBook>(
      *data_.store, *data_.domains,
      PolicyBook::KeyRing{[this](SigningKeyId id, SigningKey key) { signer_->add(id, std::move(key)); },
                          [this](SigningKeyId id) { signer_->remove(id); }},
      clock_, log_);
  PR_TRY(policies_->rebuild());

  routes_.replace(RouteTable(config_.delivery_routes));
  plaintext_from_.replace(config_.http_plaintext_from);
  tls_client_ = PR_TRY(io::TlsClient::create({}));
  runtime_ = std::make_unique<io::Runtime>(or_cores(config_.limits_loops), "loop");
  for (auto* loop : runtime_->loops()) loop->post([loop] { current_loop = loop; });
  tls_memory_ = std::make_unique<sites::TlsMemory>(*data_.store);
  PR_TRY(tls_memory_->load(now()));
  wire_road();

  open_readers();
  PR_TRY(wire_doors());
  serving_ = true;
  return {};
}

Result<void> Platform::open_journal() {
  journal_directory_ = PR_TRY(JournalDirectory::open(config_, data_.root, clock_, random_, log_));
  journal_ = &journal_directory_->journal();
  committer_ = std::make_unique<journal::Committer>(*journal_, journal::Committer::Options{}, log_);
  return {};
}

Result<void> Platform::open_suspects() {
  suspects_ = std::make_unique<Suspects>(*data_.disk);
  // Without it the counts begin anew: two more deaths, not a server that does not start.
  if (auto loaded = suspects_->load(); !loaded.ok())
    log_.alarm("suspects_unreadable", {{"why", loaded.error().detail}});
  crash_file_ = PR_TRY(io::CrashFile::open(config_.data + "/crash-slots"));
  const auto& death = crash_file_->death();
  if (!death) return {};
  log_.alarm("died_by_signal", {{"signal", death->signal}, {"working_on", death->works.size()}});
  suspects_->died(death->life, death->works);
  return {};
}

void Platform::wire_road() {
  road_thread_ = std::make_unique<RoadThread>(clock_, wall_);
  const auto node = stable_hash(config_.node_name);
  Road::Options options;
  options.suspects = suspects_.get();
  options.node = node;
  options.retry.max_age = config_.delivery_max_age;
  options.background = [this](Executor::Work work) { return workers_->post(std::move(work)); };
  road_ = std::make_unique<Road>(
      *journal_, *committer_, log_, options,
      [this](TenantId tenant) {
        const auto policy = policies_->tenant(tenant);
        return policy && policy->may_deliver && policies_->current();
      },
      [this](std::vector<Assignment> assignments) { dispatch(std::move(assignments)); },
      [this] { road_thread_->wake(); }, now());

  const Reports reports = [this](Report report) { road_->reported(std::move(report)); };
  for (auto* loop : runtime_->loops()) {
    Lane lane;
    lane.transport = std::make_unique<io::TcpTransport>(*loop, *tls_client_);
    lane.deliverer = std::make_unique<Deliverer>(
        CourierTools{.home = *loop,
                     .transport = *lane.transport,
                     .clock = clock_,
                     .wall = wall_,
                     .journal = *journal_,
                     .committer = *committer_,
                     .cells = crash_file_->cells(),
                     .tls_memory = *tls_memory_,
                     .reports = reports,
                     .node = node,
                     .helo = config_.node_name,
                     .source = config_.delivery_sources.empty() ? "" : config_.delivery_sources.front()},
        *routes_.get(), Deliverer::Options{});
    lanes_.push_back(std::move(lane));
  }
  capturer_ = std::make_unique<Capturer>(*data_.captures, crash_file_->cells(), reports, log_);
  preparer_ = std::make_unique<Preparer>(
      *journal_, *policies_, *signer_, crash_file_->cells(),
      Preparer::Options{.sign = config_.delivery_sign, .signers = signers_->threads()},
      [this](std::vector<Prepared> prepared) { deliver(std::move(prepared)); }, reports);
  composers_ = std::make_unique<io::WorkerPool>("compose", 1, 1'000'000);
  intake_ =
      std::make_unique<Intake>(*journal_, *committer_, *policies_, random_, [this](Admission admission) {
        accepted_.fetch_add(1, std::memory_order_relaxed);
        road_->admitted(std::move(admission));
      });
}

Result<void> Platform::recover() {
  const auto began = clock_.monotonic();
  auto recovered = PR_TRY(journal_->recover(
      [this](journal::Sequence sequence, const journal::Label& label) { road_->restore(sequence, label); }));
  for (const auto& damage : recovered.quarantined)
    log_.alarm("journal_quarantined", {{"where", damage.where}, {"why", damage.why}});
  journal_thread_ = std::make_unique<JournalThread>(
      *journal_, *committer_, clock_, log_, JournalThread::Options{.keep_events = config_.retention_events});
  road_->restored(recovered, now());
  crash_file_->begin(1 + random_.next() / 2);  // only after the last death has been counted
  log_.info("journal_recovered",
            {{"epoch", recovered.epoch},
             {"live", recovered.live},
             {"quarantined", recovered.quarantined.size()},
             {"milliseconds",
              std::chrono::duration_cast<std::chrono::milliseconds>(clock_.monotonic() - began).count()}});
  road_thread_->start(*road_);
  return {};
}

void Platform::dispatch(std::vector<Assignment> assignments) {
  auto shared = std::make_shared<std::vector<Assignment>>(std::move(assignments));
  const bool taken = composers_->post([this, shared] { preparer_->prepare(std::move(*shared), now()); });
  if (taken) return;
  for (auto& assignment : *shared) {
    auto report = same_for_all(std::move(assignment), Report::One{});
    report.stale = true;
    road_->reported(std::move(report));
  }
}

void Platform::deliver(std::vector<Prepared> prepared) {
  const auto routes = routes_.get();
  std::vector<std::vector<Prepared>> by_lane(lanes_.size());
  for (auto& message : prepared) {
    // In capture mode nothing leaves this machine but where the operator has laid a route himself.
    if (config_.delivery_mode == DeliveryMode::capture && !routes->find(message.domain))
      capturer_->add(std::move(message));
    else
      by_lane[message.assignment.lane % lanes_.size()].push_back(std::move(message));
  }
  for (std::size_t which = 0; which < lanes_.size(); ++which) {
    if (by_lane[which].empty()) continue;
    runtime_->loop(which).post([this, which, messages = std::move(by_lane[which])]() mutable {
      for (auto& message : messages) lanes_[which].deliverer->take(std::move(message));
    });
  }
}

void Platform::open_readers() {
  reader_ = std::make_unique<readers::Reader>(*journal_, *data_.store, activity_effect_, log_,
                                              readers::Reader::Options{.stream = config_.node_name});
}

bool Platform::plaintext_allowed(const io::Endpoint& peer) const {
  if (is_loopback(peer.address)) return true;
  const auto networks = plaintext_from_.get();
  return std::ranges::any_of(*networks,
                             [&](const std::string& network) { return in_network(peer.address, network); });
}

std::string Platform::why_not_ready() const {
  if (!serving_) return "starting or stopping";
  if (committer_->stopped()) return "the journal has stopped";
  if (!policies_->current()) return "the store cannot be read: who may send is not known";
  if (journal_->space().refusing) return "the spool is full";
  return {};
}

// Mail is taken all the same.
std::string Platform::warning() const {
  if (road_->counts().unreturned.load() > 0)
    return "mail that was parked cannot be read back from the journal and waits; it is tried again every "
           "minute, and the log says why";
  const auto reader = reader_->status();
  if (!reader.held.empty())
    return "the activity reader is held: what happens is not shown; see postrider reader list";
  return reader.waits.empty() ? "" : "the activity reader waits: what happens is shown later";
}

Result<void> Platform::wire_doors() {
  workers_ = std::make_unique<io::WorkerPool>("work", or_cores(0), 10'000);
  keys_ = std::make_unique<Keys>(*policies_);
  key_uses_ = std::make_unique<accounts::KeyUses>(*data_.store);
  authenticator_ = std::make_unique<api::Authenticator>(*keys_);
  mail_send_ = std::make_unique<api::MailSend>(*intake_);
  health_ = std::make_unique<api::Health>([this] { return why_not_ready(); }, [this] { return warning(); });
  evidence_.add(data_.captures->probes());
  metrics_ = std::make_unique<api::Metrics>(all_metrics(*this));
  router_ = std::make_unique<api::Router>();
  router_->add(*mail_send_);
  router_->add(*health_);
  router_->add(*metrics_);
  door_ = std::make_unique<api::Door>(
      api::Door::Parts{.router = *router_,
                       .authenticator = *authenticator_,
                       .clock = door_clock_,
                       .random = random_,
                       .workers = *workers_,
                       .log = log_,
                       .here = []() -> Executor& { return *current_loop; },
                       .used = [this](const Tenant& tenant, const ApiKeyId& key,
                                      Time at) { key_uses_->note(tenant, key, at); }});

  io::HttpOptions options;
  options.door.at = PR_TRY(parse_endpoint(config_.http_listen));
  if (!config_.http_certificate.empty()) {
    identity_ = std::make_unique<io::CurrentIdentity>(PR_TRY(io::TlsIdentity::load(
        under(config_.data, config_.http_certificate), under(config_.data, config_.http_key))));
    options.identity = identity_.get();
  }
  options.plaintext_allowed = [this](const io::Endpoint& peer) { return plaintext_allowed(peer); };
  options.refuse = api::unreadable;
  // The port before the rest: a start that fails now has sent nothing yet, and who comes while it goes on
  // waits and is not sent away.
  http_ = PR_TRY(io::HttpServer::open(
      runtime_->loops(), std::move(options),
      [this](io::HttpExchange& exchange) { return door_->answer(exchange); }, log_));

  PR_TRY(recover());
  start_threads();
  http_->start();
  counted_ = http_.get();
  return {};
}

void Platform::start_threads() {
  capture_thread_ = std::make_unique<RepeatingThread>("capture", [this]() -> Duration {
    capturer_->wait(capture_pause);
    while (capturer_->step(clock_.wall())) {
    }
    return Duration::zero();
  });
  reader_thread_ = std::make_unique<RepeatingThread>("reader", [this]() -> Duration {
    using Step = readers::Reader::Step;
    switch (reader_->step(clock_.wall())) {
      case Step::worked:
        return Duration::zero();
      case Step::idle:
        return reader_pause;
      case Step::later:
      case Step::held:
        break;
    }
    return std::chrono::seconds(1);
  });
  control_ = std::make_unique<RepeatingThread>("control", [this]() -> Duration {
    follow_control();
    return control_pause;
  });
  // Not the ticker's: what is swept after a day may take a while.
  upkeep_.add("key uses", std::chrono::minutes(1), [this] { return key_uses_->flush(); });
  upkeep_.add("tls memory", std::chrono::minutes(1), [this] { return tls_memory_->flush(clock_.wall()); });
  add_retention(upkeep_, *data_.store, *data_.captures, clock_, config_.retention_events);
  upkeep_.add("evidence", std::chrono::minutes(10), [this] { return evidence_.measure(); });
  upkeep_thread_ = std::make_unique<RepeatingThread>("upkeep", [this]() -> Duration {
    upkeep_.step(clock_.monotonic());
    return std::chrono::seconds(10);
  });
  ticker_ = std::make_unique<RepeatingThread>("ticker", [this]() -> Duration {
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      runtime_->loop(i).post([this, i] { lanes_[i].deliverer->tick(clock_.monotonic()); });
    return std::chrono::seconds(1);
  });
}

// Says when it loses the feed and when it has it again, not five times a second.
void Platform::follow_control() {
  const auto changes = policies_->follow();
  if (changes.ok() && *changes > 0) road_thread_->wake();
  if (changes.ok() == std::exchange(following_, changes.ok())) return;
  if (changes.ok()) {
    log_.info("control_feed_back");
    return road_thread_->wake();
  }
  log_.alarm("control_feed_lost",
             {{"why", changes.error().detail},
              {"nothing_is_taken_or_sent_after_seconds", PolicyBook::stale_after.count()}});
}

void Platform::each_thread(
    const std::function<void(std::string name, std::function<Duration()> cpu)>& visit) {
  visit("journal", [this] { return journal_thread_->cpu_time(); });
  visit("road", [this] { return road_thread_->cpu_time(); });
  visit("compose", [this] { return composers_->cpu_time(); });
  visit("sign", [this] { return signers_->cpu_time(); });
  visit("loop", [this] {
    Duration total{0};
    for (auto* loop : runtime_->loops()) total += loop->cpu_time();
    return total;
  });
  visit("work", [this] { return workers_->cpu_time(); });
  visit("reader", [this] { return reader_thread_->cpu_time(); });
}

io::HttpCounts Platform::http_counts() const {
  const auto* server = counted_.load();
  return server ? server->counts() : io::HttpCounts{};
}

std::string Platform::ready_line() const {
  return "ready http=" + io::to_string(http_->endpoint());
}

Result<void> Platform::reload(const Config& next) {
  if ((identity_ == nullptr) != next.http_certificate.empty())
    return Error{Code::invalid, "http.tls.certificate: a restart is needed to begin or end speaking TLS"};
  PR_TRY(check_routes(config_.delivery_mode, next.delivery_routes));  // by the mode that goes on
  if (identity_)
    identity_->replace(PR_TRY(
        io::TlsIdentity::load(under(next.data, next.http_certificate), under(next.data, next.http_key))));
  const RouteTable routes(next.delivery_routes);
  routes_.replace(routes);
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    runtime_->loop(i).post([this, i, routes] { lanes_[i].deliverer->reroute(routes); });
  plaintext_from_.replace(next.http_plaintext_from);
  journal_->set_limits(next.limits_spool, next.limits_idempotency_keys);
  return {};
}

void Platform::drain(Duration grace) {
  if (!serving_.exchange(false)) return;
  const auto until = clock_.monotonic() + grace;
  // Doors first, so that nothing new comes in; then what is out comes home; then it is written down.
  http_->stop_accepting();
  http_->drain(std::min(until, clock_.monotonic() + std::chrono::seconds(5)));
  road_->stop_picking();
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    runtime_->loop(i).post([this, i] { lanes_[i].deliverer->drain(); });
  const auto& counts = road_->counts();
  while (clock_.monotonic() < until && (counts.out.load() > 0 || counts.ending.load() > 0))
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (const auto late = counts.out.load(), ending = counts.ending.load(); late > 0 || ending > 0)
    log_.warning("drain_incomplete", {{"transactions", late}, {"not_dropped_yet", ending}});
  while (clock_.monotonic() < until && committer_->waiting() > 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  if (auto done = tls_memory_->flush(clock_.wall()); !done.ok())
    log_.warning("tls_memory", {{"why", done.error().detail}});
}

Platform::~Platform() {
  drain(std::chrono::seconds(1));
  counted_ = nullptr;
  http_.reset();
  ticker_.reset();
  upkeep_thread_.reset();
  control_.reset();
  capture_thread_.reset();
  // From here on it is also what a start that failed half-way leaves, with everything under way: whoever
  // hands on stops before those he hands to.
  if (road_thread_) road_thread_->stop();
  composers_.reset();  // prepares what it has, which the signers below it still sign
  signers_.reset();
  journal_thread_.reset();
  runtime_.reset();  // couriers still out are dropped here; their intents tell the next start
  reader_thread_.reset();
  if (journal_ && !committer_->stopped()) static_cast<void>(journal_->close());
}

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#include "app/metrics.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <utility>

#include "app/platform.h"

namespace postrider::app {
namespace {

double memory_bytes() {
  long pages = 0, resident = 0;
  if (auto* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double in_seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

using Type = api::Metric::Type;
using Add = std::function<void(std::string name, std::string help, Type type, std::function<double()> value,
                               std::vector<Pair> labels)>;

void add_http(const Platform& platform, const Add& add) {
  const auto one = [&](std::string name, std::string help, Type type, auto member) {
    add(std::move(name), std::move(help), type,
        [&platform, member] { return double(platform.http_counts().*member); }, {});
  };
  one("postrider_http_connections_total", "Connections accepted", Type::counter,
      &io::HttpCounts::connections);
  one("postrider_http_connections", "Connections open", Type::gauge, &io::HttpCounts::open);
  one("postrider_http_plaintext_refused_total", "Connections refused because they were not encrypted",
      Type::counter, &io::HttpCounts::plaintext_refused);
  one("postrider_http_handshakes_failed_total", "TLS handshakes that failed", Type::counter,
      &io::HttpCounts::handshakes_failed);
  one("postrider_http_unreadable_total", "Requests that are not HTTP", Type::counter,
      &io::HttpCounts::unreadable);
  one("postrider_http_body_bytes", "Memory that request bodies take", Type::gauge,
      &io::HttpCounts::body_bytes);
  for (std::size_t digit = 1; digit <= 5; ++digit)
    add("postrider_http_answers_total", "Answers by class of status", Type::counter,
        [&platform, digit] { return double(platform.http_counts().answers[digit]); },
        {{"status", std::to_string(digit) + "xx"}});
}

// What is a text is not for Prometheus.
void add_evidence(const Evidence& evidence, const Add& add) {
  const auto each = [&](std::string_view name, std::string_view help, auto value) {
    for (std::size_t i = 0; i < evidence.size(); ++i)
      add(std::string(name), std::string(help), Type::gauge,
          [&evidence, value, i] { return value(evidence, i); }, {{"probe", std::string(evidence.name(i))}});
  };
  each("postrider_probe", "What a control is held to, as last measured",
       [](const Evidence& from, std::size_t i) {
         const auto fact = from.fact(i);
         const auto* number = fact ? std::get_if<std::int64_t>(&*fact) : nullptr;
         return number ? double(*number) : std::nan("");
       });
  each("postrider_probe_age_seconds", "How long ago that was", [](const Evidence& from, std::size_t i) {
    const auto age = from.age(i);
    return age ? in_seconds(*age) : std::nan("");
  });
  each("postrider_probe_current", "1 = it was measured, and not too long ago",
       [](const Evidence& from, std::size_t i) { return from.is_current(i) ? 1.0 : 0.0; });
}

}  // namespace

std::vector<api::Metric> all_metrics(Platform& platform) {
  std::vector<api::Metric> out;
  const auto add = [&](std::string name, std::string help, Type type, std::function<double()> value,
                       std::vector<Pair> labels = {}) {
    out.push_back({std::move(name), std::move(help), type, std::move(labels), std::move(value)});
  };
  const auto* journal = &platform.journal();
  const auto* road = &platform.road();
  const auto* counts = &road->counts();
  const auto loaded = [](const auto& atomic) {
    return [&atomic] { return static_cast<double>(atomic.load(std::memory_order_relaxed)); };
  };

  add("postrider_accepted_total", "Requests acknowledged", Type::counter, loaded(platform.accepted()));
  add("postrider_journal_batches_total", "Batches made durable", Type::counter,
      [journal] { return double(journal->counters().batches); });
  add("postrider_journal_groups_total", "Groups committed in them", Type::counter,
      [journal] { return double(journal->counters().groups); });
  add("postrider_journal_bytes_written_total", "Bytes written to the journal", Type::counter,
      [journal] { return double(journal->counters().bytes_written); });
  add("postrider_journal_syncs_total", "fsyncs", Type::counter,
      [journal] { return double(journal->counters().syncs); });
  add("postrider_journal_sync_seconds_total", "Time spent in them", Type::counter,
      [journal] { return double(journal->counters().sync_ns) / 1e9; });
  add("postrider_journal_live_records", "Records held in the spool", Type::gauge,
      [journal] { return double(journal->counters().live); });
  add("postrider_journal_disk_bytes", "Disk the journal takes", Type::gauge,
      [journal] { return double(journal->space().used); });
  add("postrider_journal_refusing", "1 = above the watermark, intake is refused", Type::gauge,
      [journal] { return journal->space().refusing ? 1.0 : 0.0; });
  add("postrider_journal_failed", "1 = a sync failed, nothing is acknowledged until a restart", Type::gauge,
      [journal] { return journal->counters().failed ? 1.0 : 0.0; });
  add("postrider_control_stale", "1 = policies are too old to act upon, nothing is taken or sent",
      Type::gauge, [&platform] { return platform.policies().current() ? 0.0 : 1.0; });
  add("postrider_journal_quarantined_total", "Damaged ranges set aside", Type::counter,
      [journal] { return double(journal->counters().quarantined); });
  add("postrider_idempotency_keys", "Idempotency-Keys remembered", Type::gauge,
      [journal] { return double(journal->counters().claims); });
  add("postrider_idempotency_refused_total", "Requests refused because their key could not be remembered",
      Type::counter, [&platform] { return double(platform.intake().promises_refused()); });
  add("postrider_commit_waiting", "Groups waiting for the next batch", Type::gauge,
      [&platform] { return double(platform.committer().waiting()); });
  add("postrider_queue_waiting", "Recipients waiting", Type::gauge, loaded(counts->waiting));
  add("postrider_queue_parked", "Recipients due later, kept on disk only", Type::gauge,
      loaded(counts->parked));
  add("postrider_queue_recalls_failing", "Recalls of parked mail that failed and are tried again",
      Type::gauge, loaded(counts->unreturned));
  add("postrider_untried_total", "Recipients put back because this machine could open no connection",
      Type::counter, loaded(counts->untried));
  add("postrider_queue_in_flight", "Transactions handed out", Type::gauge, loaded(counts->out));
  add("postrider_queue_settling", "Recipients ended or put off, which is not durable yet", Type::gauge,
      loaded(counts->settling));
  add("postrider_settlements_refused_total", "Settlements refused by a full disk; they are offered again",
      Type::counter, loaded(counts->settlements_refused));
  add("postrider_queue_dropping", "Recipients told to be dropped who are not yet", Type::gauge,
      loaded(counts->ending));
  add("postrider_queue_held", "Recipients held for the operator", Type::gauge, loaded(counts->held));
  add("postrider_queue_suspected", "Those of them over whom the process died twice", Type::gauge,
      loaded(counts->suspected));
  const auto outcome = [&](std::string kind, const std::atomic<std::uint64_t>& value) {
    add("postrider_outcomes_total", "What attempts came to", Type::counter, loaded(value),
        {{"kind", std::move(kind)}});
  };
  outcome("delivered", counts->delivered);
  outcome("deferred", counts->deferred);
  outcome("bounce", counts->bounced);
  outcome("blocked", counts->blocked);
  outcome("dropped", counts->dropped);
  add("postrider_possible_duplicates_total", "Recipients settled after an attempt whose fate was unknown",
      Type::counter, loaded(counts->possible_duplicates));
  add("postrider_tls_withheld_total", "Dialogues ended because a site that has offered TLS did not",
      Type::counter, [&platform] { return double(platform.tls_memory().times_withheld()); });
  add("postrider_reader_lag_events", "Events the reader has not taken in", Type::gauge,
      [&platform] { return double(platform.reader().status().lag); }, {{"reader", "activity"}});
  add("postrider_reader_held", "1 = its log does not fit its cursor: it waits for the operator", Type::gauge,
      [&platform] { return platform.reader().status().held.empty() ? 0.0 : 1.0; }, {{"reader", "activity"}});
  add_http(platform, add);
  add_evidence(platform.evidence(), add);
  const auto cpu = [&](std::string name, std::function<Duration()> time) {
    add("postrider_thread_cpu_seconds_total", "CPU time by kind of thread", Type::counter,
        [time = std::move(time)] { return in_seconds(time()); }, {{"thread", std::move(name)}});
  };
  platform.each_thread(cpu);
  add("postrider_memory_bytes", "Resident memory", Type::gauge, memory_bytes);
  return out;
}

}  // namespace postrider::app

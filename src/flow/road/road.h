// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "flow/queue/queue.h"
#include "flow/road/suspects.h"
#include "flow/road/trials.h"
#include "flow/schedule/assignment.h"
#include "flow/schedule/scheduler.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "model/event.h"

namespace postrider {

// The road thread's work as steps: what is waiting, who goes next, and what became of it. Queue, scheduler
// and settlement live here and nowhere else; values come in from any thread through the inbox and leave
// through `dispatch`.
class Road {
 public:
  struct Options {
    Scheduler::Limits limits;
    RetryPolicy retry;
    Suspects* suspects = nullptr;  // over whom earlier processes died; null = nobody keeps count
    std::chrono::milliseconds unknown_wait = std::chrono::minutes(10);  // RFC 5321's wait for the final reply
    std::uint64_t node = 0;  // who we are among those that wrote intents: CourierTools::node
    // Does slow work on another thread, or says that it cannot now. Without it nobody is ever parked.
    std::function<bool(Executor::Work)> background;
  };
  using Dispatch = std::function<void(std::vector<Assignment>)>;
  using Wake = std::function<void()>;  // the inbox has something; called on the thread that put it there

  Road(journal::Journal& journal, journal::Committer& committer, Log& log, Options options,
       Scheduler::MaySend may_send, Dispatch dispatch, Wake wake, Time now);

  // Any thread.
  void admitted(Admission admission);        // its group is durable
  void reported(Report report);              // an attempt is over
  void stop_picking() { picking_ = false; }  // drain: what is out comes home, nothing new leaves

  // The road thread. recover() once, before the first step; it needs the journal's records fed by restore().
  void restore(journal::Sequence sequence, const journal::Label& label) { queue_.restore(sequence, label); }
  void restored(const journal::Recovered& recovered, Time now);
  // One round: takes in what arrived, settles, hands out what is due. Returns when it next has something to
  // do by itself.
  Time step(Time now);

  // An operator's: retry now; let go on what is held; give up, with a dropped event, in the steps that
  // follow. To one, or to everybody it applies to. Returns how many. not_found, unavailable (its fate is
  // being decided, or the journal has stopped) and invalid (release of what is not held) are about the one.
  enum class Order { retry, release, drop };
  Result<std::size_t> order(Order order, std::optional<RecipientId> which, Time now);

  // An order finds only who is in memory. Who gives it asks first who is parked (nullopt = of all); if
  // somebody is, he has the journal recall() them on his own thread and, whatever it says, returns the
  // answer.
  Recall begin_recall(std::optional<RecipientId> which);
  void end_recall(const Result<Recalled>& found, Time now);

  Queue& queue() { return queue_; }
  const Queue& queue() const { return queue_; }
  const Scheduler& scheduler() const { return scheduler_; }

  // For metrics; any thread.
  struct Counts {
    std::atomic<std::uint64_t> delivered = 0, deferred = 0, bounced = 0, blocked = 0, dropped = 0;
    std::atomic<std::uint64_t> possible_duplicates = 0;
    std::atomic<std::int64_t> waiting = 0, parked = 0, out = 0, held = 0, suspected = 0;  // of those held
    std::atomic<std::uint64_t> untried = 0;  // put back: we had no descriptor or memory to connect with
    std::atomic<std::uint64_t> settlements_refused = 0;  // for want of room, each time they were offered
    std::atomic<std::int64_t> ending = 0;                // given up, and not written down yet
    std::atomic<std::int64_t> settling = 0;              // ended or put off, which is not durable yet
    std::atomic<std::int64_t> unreturned = 0;            // recalls of parked mail that failed, tried again
  };
  const Counts& counts() const { return counts_; }

 private:
  static constexpr auto sweep_every = std::chrono::seconds(60);
  static constexpr auto offer_every = std::chrono::seconds(1);
  static constexpr std::size_t ended_at_once = 64;     // each has its address read from the journal
  static constexpr std::size_t cleaned_at_once = 256;  // records, at most
  struct Settlement;                                   // one group of ends and deferrals, until it is durable
  struct Cleaning;
  struct Receipt {
    std::shared_ptr<Settlement> settlement;
    std::shared_ptr<Cleaning> cleaning;
    Result<journal::Receipt> result;
  };
  struct Returned {
    Recall what;
    Result<Recalled> found;
  };
  struct Inbox {
    std::vector<Admission> admissions;
    std::vector<Report> reports;
    std::vector<Receipt> receipts;
    std::vector<Returned> returned;
  };

  Inbox take_inbox();
  void judge_suspects();
  Time pick(Time now);
  void publish_counts();
  Result<std::vector<Recipient*>> choose(Order order, std::optional<RecipientId> which) const;
  Result<void> acquit(std::span<Recipient* const> chosen);
  enum class GivenUp : std::uint8_t { ordered, expired };
  void give_up(Recipient& recipient, GivenUp why);
  void end_some(Time now);
  void drop(Recipient& recipient, Time now);
  void line_up(Recipient& recipient, Time now);
  void hold(Recipient& recipient);
  void let_go(std::span<Recipient* const> recipients);
  void take_in(const Report& report, Time now);
  static bool has_moved(const Assignment& assignment, const Assignment::To& to);
  void say_untried(const Report& report, Time now);
  void again(const Report& report, Time now);  // at once, or held; it does not count as an attempt
  void settle(const Report& report, std::size_t i, Time now);
  void end(Recipient& recipient, const Report::One& result, EventKind kind, Refusal refusal,
           const Report& report, Time now);
  void put_off(Recipient& recipient, const Report::One& result, const Report& report, Time now);
  void wait_out(Recipient& recipient, Time now);
  void move(Recipient& recipient);
  // `last` and `report` are those of the attempt after which its time was over, or say nothing.
  void expire(Recipient& recipient, const Report::One& last, const Report& report, Time now);
  void expire_held(Time now);
  void sweep(Time now);
  enum class Recalling { yes, no };
  void clean(Recalling recalling);
  void park(Time now);
  void bring_back(Recall what);
  void submit(std::shared_ptr<Settlement> settlement);
  void flush();
  void settled(Receipt& receipt, Time now);
  void cleaned(Cleaning& cleaning, const Result<journal::Receipt>& result);
  void release(std::vector<journal::Sequence> sequences);
  void push(Receipt receipt);
  void push(Returned returned);
  Settlement& open();

  journal::Journal& journal_;
  journal::Committer& committer_;
  Log& log_;
  Options options_;
  Dispatch dispatch_;
  Wake wake_;
  Queue queue_;
  Scheduler scheduler_;
  Trials trials_;
  std::mutex mutex_;
  Inbox inbox_;
  std::atomic<bool> picking_ = true;
  std::shared_ptr<Settlement> open_;
  std::vector<journal::Sequence> left_behind_;  // by messages that are gone; the next group releases them
  std::vector<std::shared_ptr<Settlement>> refused_;  // no room on the disk: offered again
  std::size_t clean_most_;                            // records in the next group that copies some elsewhere
  journal::Sequence admitted_below_{};  // whoever was stored below has been admitted, since the sweep before
  Time next_sweep_{}, next_offer_{}, next_untried_alarm_{};
  std::vector<Recipient*> held_;  // all of them, in the order in which they were
  // Standing at picked and in no line: a million may be given up at once, and mail goes on in between.
  std::vector<std::pair<Recipient*, GivenUp>> ending_;
  std::vector<Recall> unreturned_;  // the journal could not tell: asked again
  Counts counts_;
};

}  // namespace postrider

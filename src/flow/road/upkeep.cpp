// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/crash_point.h"
#include "flow/road/road.h"

// What the road does about once a minute: it expires, parks, and clears the cleaner's way.
namespace postrider {

struct Road::Cleaning {
  struct Moved {
    MessageId message;
    std::optional<std::uint32_t> n;  // a recipient's record; else the message's own
    journal::Sequence from;
  };
  std::vector<Moved> moved;  // one per move of its group
};

void Road::sweep(Time now) {
  next_sweep_ = now + sweep_every;
  const auto max_age = options_.retry.max_age.count();
  for (auto* recipient : scheduler_.expired(millis(now))) give_up(*recipient, GivenUp::expired);
  for (auto* recipient : trials_.expired(millis(now), max_age)) give_up(*recipient, GivenUp::expired);
  expire_held(now);
  for (auto& what : std::exchange(unreturned_, {})) bring_back(std::move(what));
  clean(Recalling::yes);
  admitted_below_ = journal_.recallable();
  park(now);
}

// A hold does not stop the clock.
void Road::expire_held(Time now) {
  const auto max_age = options_.retry.max_age.count();
  std::vector<Recipient*> over;
  for (auto* recipient : held_) {
    const auto& message = *recipient->message;
    // How old a message is whose accepted record is lost nobody knows; it was there when this was due.
    const auto expires =
        message.accepted ? message.expires_ms(recipient->n, max_age) : recipient->due_ms + max_age;
    if (recipient->standing == Standing::held && expires <= millis(now)) over.push_back(recipient);
  }
  let_go(over);
  for (auto* recipient : over) give_up(*recipient, GivenUp::expired);
}

// One that has been taken out of its line, or let go on.
void Road::give_up(Recipient& recipient, GivenUp why) {
  recipient.standing = Standing::picked;
  ending_.emplace_back(&recipient, why);
}

void Road::end_some(Time now) {
  for (auto left = ended_at_once; left > 0 && !ending_.empty(); --left) {
    const auto [recipient, why] = ending_.back();
    ending_.pop_back();
    if (why == GivenUp::ordered)
      drop(*recipient, now);
    else
      expire(*recipient, Report::One{}, Report{}, now);
  }
  flush();
}

void Road::park(Time now) {
  if (!options_.background || !picking_) return;
  const auto now_ms = millis(now);
  const auto recallable = journal_.recallable();
  struct Seen {
    bool parkable = false;
    std::uint32_t taken = 0;
  };
  std::unordered_map<const Message*, Seen> messages;
  const auto taken = scheduler_.take_later(now_ms + Parking::hour_ms, [&](const Recipient& recipient) {
    const auto [seen, fresh] = messages.try_emplace(recipient.message);
    if (fresh) seen->second.parkable = queue_.parkable(*recipient.message, recallable, now_ms);
    return seen->second.parkable;
  });
  for (const auto* recipient : taken) ++messages[recipient->message].taken;
  std::vector<Message*> whole;
  for (auto* recipient : taken) {
    auto& seen = messages[recipient->message];
    if (seen.taken < recipient->message->here)
      scheduler_.add(*recipient, now_ms);  // another of them hangs elsewhere, in line for a trial
    else if (std::exchange(seen.parkable, false))
      whole.push_back(recipient->message);
  }
  for (auto* message : whole) queue_.park(*message);
  if (!unreturned_.empty()) return;
  if (const auto missing = queue_.parking().missing(); missing > 0)
    log_.alarm("parked_missing", {{"recipients", missing}});
}

void Road::bring_back(Recall what) {
  queue_.parking().begin(what);
  auto shared = std::make_shared<Recall>(std::move(what));
  const bool taken = options_.background([this, shared] {
    auto found = recall(journal_, *shared);
    push(Returned{std::move(*shared), std::move(found)});
  });
  if (!taken) push(Returned{std::move(*shared), Error{Code::exhausted, "no thread is free for it"}});
}

Recall Road::begin_recall(std::optional<RecipientId> which) {
  Recall what;
  if (!which)
    what = queue_.parking().everybody();
  else if (queue_.parking().recipients() > 0 && !queue_.find(which->message))
    what.add(which->message);
  if (!what.hashes.empty()) queue_.parking().begin(what);
  return what;
}

void Road::end_recall(const Result<Recalled>& found, Time now) {
  if (found.ok()) {
    auto back = queue_.take_back(*found);
    release(std::move(back.orphans));
    for (auto* recipient : back.waiting) {
      if (recipient->standing == Standing::held)
        hold(*recipient);
      else
        line_up(*recipient, now);
    }
  }
  queue_.parking().end();
}

void Road::clean(Recalling recalling) {
  auto cleaning = std::make_shared<Cleaning>();
  journal::Group group;
  Recall absent;
  for (const auto& record : journal_.worth_moving(clean_most_)) {
    const MessageId owner{record.label.owner};
    if (record.sequence < admitted_below_ && !queue_.find(owner)) absent.add(owner);
    const auto what = queue_.movable(record);
    if (!what.recipient && !what.message) continue;
    if (what.message) ++what.message->copying;
    group.moves.push_back({record.sequence, record.label});
    if (what.recipient && !PR_MUTANT(7)) what.recipient->standing = Standing::settling;
    cleaning->moved.push_back({MessageId{record.label.owner},
                               what.recipient ? std::optional(what.recipient->n) : std::nullopt,
                               record.sequence});
  }
  // Who is parked stands in the way too: back in memory it is copied next time. Not who was stored since the
  // last sweep: his admission may be on its way here.
  if (recalling == Recalling::yes && queue_.parking().recipients() > 0 && !absent.hashes.empty())
    bring_back(std::move(absent));
  if (group.moves.empty()) return;
  committer_.submit(std::move(group),
                    [this, cleaning = std::move(cleaning)](Result<journal::Receipt> result) mutable {
                      push({nullptr, std::move(cleaning), std::move(result)});
                    });
}

void Road::cleaned(Cleaning& cleaning, const Result<journal::Receipt>& result) {
  // Records differ in size a thousandfold: a group that fits nowhere is tried with half as many.
  if (!result.ok() && result.error().code == Code::invalid)
    clean_most_ = std::max<std::size_t>(1, cleaning.moved.size() / 2);
  else
    clean_most_ = std::min(clean_most_ * 2, cleaned_at_once);
  std::vector<journal::Sequence> left_behind;
  for (std::size_t i = 0; i < cleaning.moved.size(); ++i) {
    const auto& moved = cleaning.moved[i];
    auto* message = queue_.find(moved.message);
    auto* recipient = moved.n ? queue_.find(RecipientId{moved.message, *moved.n}) : nullptr;
    if (recipient && recipient->standing == Standing::settling)
      recipient->standing = recipient->reason == Reason::none ? Standing::waiting : Standing::held;
    if (message && !moved.n) --message->copying;
    if (!result.ok()) continue;
    const journal::Sequence to{result->first.value + i};
    // A message stays until its copies are known. A copy that is nobody's all the same must not stay live.
    const bool wanted = moved.n ? recipient && message->here > 0 : message != nullptr;
    if (wanted)
      queue_.moved({recipient, moved.n ? nullptr : message}, moved.from, to);
    else if (!PR_MUTANT(7))
      left_behind.push_back(to);
  }
  release(std::move(left_behind));
  if (result.ok()) clean(Recalling::no);  // one group after the other, as long as there is something to gain
}

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "readers/reader.h"

#include <utility>
#include <vector>

#include "base/crash_point.h"
#include "records/event.h"

namespace postrider::readers {
namespace {

Time time_of(const Event& event) {
  return std::visit([](const auto& told) { return told.at; }, event);
}

std::string describe(journal::Cursor cursor) {
  return std::to_string(cursor.incarnation) + "/" + std::to_string(cursor.sequence);
}

}  // namespace

Reader::Step Reader::step(Time now) {
  const auto done = follow(now);
  note_wait(done ? nullptr : &done.error());
  return done ? *done : Step::later;
}

// Said when it begins and when it is over, not every second of a full disk.
void Reader::note_wait(const Error* why) {
  bool waited = false;
  {
    const std::lock_guard lock(mutex_);
    waited = !std::exchange(status_.waits, why ? why->detail : "").empty();
  }
  if (why && !waited)
    log_.warning("reader_waits",
                 {{"reader", place_.reader}, {"code", name(why->code)}, {"why", why->detail}});
  else if (!why && waited)
    log_.info("reader_goes_on", {{"reader", place_.reader}});
}

Result<Reader::Step> Reader::follow(Time now) {
  // Read each time, not remembered: another node may have taken this stream over, an operator may have moved
  // the cursor, a commit whose answer was lost may have moved it too.
  const auto at = PR_TRY(stored_progress(now));
  if (!at.held.empty()) {
    say_held(at.held);
    return Step::held;
  }
  if (said_held_) log_.info("reader_follows", {{"reader", place_.reader}, {"stream", place_.stream}});
  said_held_ = false;
  {
    const std::lock_guard lock(mutex_);
    status_.following = true;
    status_.held.clear();
  }

  auto page = journal_.read_events(at.cursor, page_);
  if (!page && page.error().code == Code::invalid)
    return hold_at("the cursor " + describe(at.cursor) + " is ahead of the log, whose tail is " +
                       describe(journal_.events_tail()),
                   now);
  if (!page && page.error().code == Code::not_found)
    return hold_at("the cursor " + describe(at.cursor) + " is of another life of the log, whose tail is " +
                       describe(journal_.events_tail()),
                   now);
  if (!page) return std::move(page).error();
  if (page->events.empty() && page->next == at.cursor) {
    note(at.cursor);
    return Step::idle;
  }
  return apply(at, *page, now);
}

Result<Progress> Reader::stored_progress(Time now) {
  const auto found =
      PR_TRY(store::reading(store_, [&](store::Transaction& tx) { return progress(tx, place_); }));
  if (found) return *found;
  PR_TRY(store::writing(store_, [&](store::Transaction& tx) -> Result<void> {
    PR_TRY(begin_at_oldest(tx, place_, now));
    return tx.commit_system("a reader that is new to this stream");
  }));
  return Progress{};
}

Result<Reader::Step> Reader::apply(const Progress& at, const journal::EventPage& page, Time now) {
  std::vector<Told> told;
  told.reserve(page.events.size());
  struct Unreadable {
    const journal::EventRecord* record;
    std::string why;
  };
  std::vector<Unreadable> unreadable;
  for (const auto& record : page.events) {
    auto event = records::decode_event(record.bytes);
    if (event)
      told.push_back({record.sequence, std::move(*event)});
    else
      unreadable.push_back({&record, event.error().detail});
  }

  PR_TRY(store::writing(store_, [&](store::Transaction& tx) -> Result<void> {
    // Planted: a crash between two transactions would lose the effect.
    if (!told.empty() && !PR_MUTANT(14)) PR_TRY(effect_.apply(tx, told));
    for (const auto& [record, why] : unreadable)
      PR_TRY(set_aside(tx, place_, page.next.incarnation, *record, why, now));
    PR_TRY(advance(tx, place_, at.cursor, page.next, now));
    PR_CRASH_POINT("readers.before_commit");
    return tx.commit_system("events were applied");
  }));
  PR_CRASH_POINT("readers.after_commit");

  if (!unreadable.empty())
    log_.alarm("reader_set_aside", {{"reader", place_.reader},
                                    {"events", unreadable.size()},
                                    {"first", unreadable.front().record->sequence},
                                    {"why", unreadable.front().why}});
  {
    const std::lock_guard lock(mutex_);
    status_.applied += told.size();
    status_.set_aside += unreadable.size();
    if (!told.empty()) status_.upto = time_of(told.back().event);
  }
  note(page.next);
  return Step::worked;
}

Reader::Step Reader::hold_at(std::string_view why, Time now) {
  const auto kept = store::writing(store_, [&](store::Transaction& tx) -> Result<void> {
    PR_TRY(hold(tx, place_, why, now));
    return tx.commit_system("its log does not fit its cursor");
  });
  // Without it the next step finds the same again: nothing is read either way.
  if (!kept) log_.warning("reader_waits", {{"reader", place_.reader}, {"why", kept.error().detail}});
  say_held(std::string(why));
  return Step::held;
}

void Reader::say_held(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    status_.following = false;
    status_.held = why;
  }
  if (said_held_) return;
  said_held_ = true;
  log_.alarm("reader_held", {{"reader", place_.reader}, {"stream", place_.stream}, {"why", why}});
}

void Reader::note(journal::Cursor cursor) {
  const std::lock_guard lock(mutex_);
  cursor_ = cursor;
}

Reader::Status Reader::status() const {
  const auto tail = journal_.events_tail();
  const std::lock_guard lock(mutex_);
  auto status = status_;
  const bool same_life = cursor_.incarnation == tail.incarnation || cursor_ == journal::Cursor{};
  if (same_life && tail.sequence > cursor_.sequence) status.lag = tail.sequence - cursor_.sequence;
  return status;
}

}  // namespace postrider::readers

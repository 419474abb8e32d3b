// SPDX-License-Identifier: Apache-2.0
#include "testing/world/checker.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace postrider::testing {
namespace {

bool is_final(EventKind kind) {
  return kind == EventKind::delivered || kind == EventKind::bounce || kind == EventKind::dropped;
}

class Check {
 public:
  explicit Check(const Account& account) : account_(account) {
    for (const auto& arrived : account.arrived) arrivals_[arrived.recipient].push_back(&arrived);
  }

  std::vector<Violation> run() {
    for (const auto& submitted : account_.submitted) one(submitted);
    for (const auto& recipient : account_.suspected)
      if (!account_.poisoned.contains(recipient)) violation("L", recipient + " is held for what another did");
    contain_damage();
    no_stripping();
    return std::move(violations_);
  }

 private:
  void violation(std::string property, std::string what) {
    violations_.push_back({std::move(property), std::move(what)});
  }

  // What the store says of this request: by address.
  std::map<std::string, activity::Timeline> told(const Submitted& submitted, const MessageId& id) {
    activity::Activity activity(account_.store);
    std::map<std::string, activity::Timeline> out;
    const auto tenant = recorded_tenant(submitted.submission.tenant);
    const auto messages = activity.recipients(tenant, id, account_.now);
    if (!messages.ok())
      return violation("E", "the activity store cannot be read: " + messages.error().detail), out;
    for (const auto& message : *messages)
      if (auto timeline = activity.timeline(tenant, message.id, account_.now); timeline.ok() && *timeline)
        out.emplace(message.to, std::move(**timeline));
    return out;
  }

  void one(const Submitted& submitted) {
    for (const auto& id : submitted.acknowledged)
      if (id != submitted.acknowledged.front())
        violation("D", "one idempotency key, two messages: " + submitted.recipients.front());
    if (submitted.refused)
      for (const auto& recipient : submitted.recipients)
        if (!arrivals_[recipient].empty())
          violation("L", recipient + " was refused and arrived all the same");
    for (const auto& recipient : submitted.recipients) twice(recipient);
    // A request nobody was told of is either not there at all or there as a whole: half of one is a loss too.
    const auto id =
        submitted.acknowledged.empty() ? id_on_the_wire(submitted) : submitted.acknowledged.front();
    if (!id) return;
    too_late(submitted);
    const auto events = told(submitted, id);
    for (const auto& recipient : submitted.recipients) {
      const auto timeline = events.find(recipient);
      const bool arrived = !arrivals_[recipient].empty();
      const bool known = timeline != events.end();
      const bool ended =
          known && std::ranges::any_of(timeline->second.events, is_final, &activity::Happened::kind);
      if (account_.suspected.contains(recipient) && known && !ended) continue;
      const bool held = account_.damaged_places > 0 && account_.held.contains(recipient);
      if (!arrived && !ended && !held) {
        if (account_.damaged_places > 0)
          missing_.insert(id);
        else
          violation("L", recipient + " of " + to_string(id) + " was taken and is nowhere");
        continue;
      }
      if (account_.damaged_places > 0) continue;
      if (!known)
        violation("E", recipient + " of " + to_string(id) + " has no events");
      else
        events_of(recipient, timeline->second, arrived);
    }
  }

  MessageId id_on_the_wire(const Submitted& submitted) {
    for (const auto& recipient : submitted.recipients)
      if (const auto ids = ids_of(recipient); !ids.empty()) return *ids.begin();
    return {};
  }

  void too_late(const Submitted& submitted) {
    if (!account_.latest || submitted.acknowledged.empty()) return;
    for (const auto& recipient : submitted.recipients)
      for (const auto* copy : arrivals_[recipient])
        if (copy->at > submitted.acknowledged_at + *account_.latest)
          violation("E", recipient + " arrived after its time had run out");
  }

  void nowhere(const std::string& recipient, const activity::Timeline& timeline) {
    const auto known = account_.nowhere.find(recipient.substr(recipient.find('@') + 1));
    for (const auto& event : timeline.events) {
      if (event.kind != EventKind::bounce || event.status == "5.4.7") continue;
      const bool by_dns = event.status.starts_with("5.1.") || event.status.starts_with("5.4.");
      if (known == account_.nowhere.end() ? by_dns : event.status != known->second)
        violation("N", recipient + " was refused: " + event.status + " " + event.response);
    }
  }

  void events_of(const std::string& recipient, const activity::Timeline& timeline, bool arrived) {
    nowhere(recipient, timeline);
    std::size_t finals = 0, processed = 0;
    bool delivered = false;
    for (const auto& event : timeline.events) {
      finals += is_final(event.kind);
      processed += event.kind == EventKind::processed;
      delivered = delivered || event.kind == EventKind::delivered;
      if (event.at < timeline.events.front().at) violation("E", recipient + ": events out of order");
    }
    if (processed != 1) violation("E", fmt::format("{}: {} processed events", recipient, processed));
    if (finals > 1) violation("E", fmt::format("{}: {} final events", recipient, finals));
    if (finals == 0) violation("E", recipient + ": no final event");
    if (delivered && !arrived) violation("E", recipient + ": told as delivered, never arrived");
    // A peer that keeps a message without saying so may well be told of as a bounce; one whose answer we read
    // may not.
    if (arrived && finals > 0 && !delivered) {
      const auto& copies = arrivals_[recipient];
      if (std::ranges::any_of(copies, [&](const Arrived* copy) {
            return copy->answer_read && !excused(recipient, *copy, never);
          }))
        violation("E", recipient + ": arrived and was answered, told as not delivered");
    }
  }

  // Whether the sender of `first` could not know that it had arrived when it, or its heir, sent again before
  // `until`.
  bool excused(const std::string& recipient, const Arrived& first, Instant until) {
    if (!first.answer_read) return true;
    const auto id = ids_of(recipient);
    return std::ranges::any_of(account_.restarts, [&](const Restart& restart) {
      return restart.at + slack >= first.at && restart.at <= until &&
             std::ranges::any_of(restart.in_doubt,
                                 [&](const RecipientId& doubt) { return id.contains(doubt.message); });
    });
  }

  std::set<MessageId> ids_of(const std::string& recipient) {
    // Also a request that was never acknowledged may have been stored: its id is in what arrived.
    std::set<MessageId> out;
    for (const auto* copy : arrivals_[recipient]) {
      constexpr std::string_view field = "Message-ID: <";
      const auto at = copy->data.find(field);
      if (at == std::string::npos) continue;
      if (auto id = parse_message_id(std::string_view(copy->data).substr(at + field.size(), 22)))
        out.insert(*id);
    }
    return out;
  }

  static std::string unsigned_part(const std::string& data) {
    const auto at = data.find("Date: ");
    return at == std::string::npos ? data : data.substr(at);
  }

  void twice(const std::string& recipient) {
    const auto found = arrivals_.find(recipient);
    if (found == arrivals_.end()) return;
    const auto& copies = found->second;
    for (std::size_t i = 1; i < copies.size(); ++i) {
      if (!excused(recipient, *copies[i - 1], copies[i]->at))
        violation("D",
                  fmt::format("{} arrived {} times; nothing excuses copy {} from {} after one from {}",
                              recipient, copies.size(), i + 1, copies[i]->sender, copies[i - 1]->sender));
      if (unsigned_part(copies[i]->data) != unsigned_part(copies[0]->data))
        violation("D", recipient + ": copies differ");
    }
    fenced(recipient, copies);
  }

  // A process that lost its stream must not finish what it had begun once its heir has started.
  void fenced(const std::string& recipient, const std::vector<const Arrived*>& copies) {
    for (const auto* copy : copies)
      for (const auto& restart : account_.restarts)
        if (restart.process > copy->sender && copy->at > restart.at + slack)
          violation("D", fmt::format(
                             "{}: {} sent {} s after {} had taken over", recipient, copy->sender,
                             std::chrono::duration_cast<std::chrono::seconds>(copy->at - restart.at).count(),
                             restart.process));
  }

  // One rotten place damages one batch at most: whatever is missing must have stood in as few batches as
  // there were places.
  void contain_damage() {
    if (missing_.empty()) return;
    auto left = missing_;
    for (std::size_t place = 0; place < account_.damaged_places && !left.empty(); ++place) {
      const MortalJournal::Batch* best = nullptr;
      std::size_t most = 0;
      for (const auto& batch : account_.batches) {
        const auto covers = static_cast<std::size_t>(
            std::ranges::count_if(left, [&](const MessageId& id) { return batch.messages.contains(id); }));
        if (covers > most) most = covers, best = &batch;
      }
      if (best) std::erase_if(left, [&](const MessageId& id) { return best->messages.contains(id); });
    }
    if (!left.empty())
      violation("L", fmt::format("{} messages are missing that no damaged place held", left.size()));
  }

  // What a process has learnt lives at least as long as it does: its store is written behind.
  void no_stripping() {
    std::map<std::pair<std::string, std::string>, Instant> under_tls;
    for (const auto& copy : account_.arrived) {
      const std::pair site(copy.sender, copy.peer);
      if (copy.tls) {
        under_tls.emplace(site, copy.at);
      } else if (const auto since = under_tls.find(site);
                 since != under_tls.end() && copy.connected > since->second) {
        violation("T", copy.recipient + " went to " + copy.peer + " in the clear");
      }
    }
  }

  static constexpr auto slack = std::chrono::seconds(10);  // longer than any line takes to bring a dot

  const Account& account_;
  std::map<std::string, std::vector<const Arrived*>> arrivals_;
  std::set<MessageId> missing_;
  std::vector<Violation> violations_;
};

}  // namespace

std::vector<Violation> check(const Account& account) {
  return Check(account).run();
}

}  // namespace postrider::testing

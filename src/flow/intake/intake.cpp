// SPDX-License-Identifier: Apache-2.0
#include "flow/intake/intake.h"

#include <algorithm>
#include <utility>

#include "base/crash_point.h"
#include "base/stable_hash.h"
#include "protocol/mail/address.h"
#include "records/accepted.h"
#include "records/event.h"
#include "records/kind.h"

namespace postrider {
namespace {

// A day is promised; another one keeps the promise when somebody sets the clock ahead meanwhile.
constexpr auto claim_age = std::chrono::hours(48);

journal::Label label(records::Kind kind, const MessageId& id, std::uint32_t n, Time due, std::uint64_t lane) {
  journal::Label label;
  label.kind = static_cast<std::uint8_t>(kind);
  label.owner = id.bytes;
  label.n = n;
  label.due_ms = due == Time{} ? 0 : millis(due);
  label.lane = lane;
  return label;
}

// What is told of a request: one event, or several when its personalizations together are large, because
// events have a limit. The largest one that a door lets in stays below it.
class Telling {
 public:
  explicit Telling(Processed common) : event_(std::move(common)) {}

  void add(Processed::Part part) {
    const auto bytes = bytes_of(part);
    if (bytes_ + bytes > event_most && !event_.parts.empty()) tell();
    bytes_ += bytes;
    event_.parts.push_back(std::move(part));
  }
  std::vector<std::string> events() && {
    tell();
    return std::move(told_);
  }

 private:
  static constexpr std::size_t event_most = journal::Journal::event_limit / 10;

  static std::size_t bytes_of(const Processed::Part& part) {
    constexpr std::size_t around = 16;  // numbers and lengths
    auto bytes = part.subject.size() + around;
    for (const auto& [name, value] : part.custom_args) bytes += name.size() + value.size() + around;
    for (const auto& recipient : part.recipients) bytes += recipient.email.size() + around;
    return bytes;
  }
  void tell() {
    Event whole(std::move(event_));
    told_.push_back(records::encode(whole));
    event_ = std::move(std::get<Processed>(whole));
    event_.parts.clear();
    bytes_ = 0;
  }

  Processed event_;
  std::size_t bytes_ = 0;
  std::vector<std::string> told_;
};

// What a request is told whose key is taken already.
Result<Accepted> replay(const journal::Claim& taken, const std::array<std::uint8_t, 32>& digest) {
  if (taken.digest != digest) return Error{Code::exists, "idempotency key used for another request"};
  Accepted before{{}, true};
  taken.answer.copy(reinterpret_cast<char*>(before.message.bytes.data()), before.message.bytes.size());
  return before;
}

}  // namespace

std::uint64_t lane_of(std::string_view ascii_domain) {
  return stable_hash(ascii_domain);
}

Result<std::vector<journal::Blob>> Intake::stage(std::vector<journal::Entry>& entries) {
  std::vector<journal::Blob> staged;
  for (auto& entry : entries) {
    if (entry.bytes.size() <= journal::Journal::inline_limit) continue;
    auto blob = journal_.stage(entry.bytes);
    if (!blob.ok()) {
      give_back(staged);
      return std::move(blob).error();
    }
    staged.push_back(entry.blob = *blob);
    std::string().swap(entry.bytes);
  }
  return staged;
}

void Intake::give_back(const std::vector<journal::Blob>& staged) {
  for (const auto& blob : staged) journal_.unstage(blob);
}

Result<Intake::Plan> Intake::plan(const Submission& submission, Time now) {
  if (!policies_.current())
    return Error{Code::unavailable, "the control feed is stale: who may send is not known"};
  const auto policy = policies_.tenant(submission.tenant);
  if (!policy || !policy->may_submit) return Error{Code::closed, "the account is deactivated or banned"};
  const auto from = PR_TRY(mail::Address::parse(submission.shared.from.email));
  if (!policy->domain_for(from.ascii_domain()))
    return Error{Code::forbidden, "no sending domain of this account"};

  Plan plan;
  plan.group.purpose = journal::Purpose::intake;
  auto& admission = plan.admission;
  admission.id = new_message_id(random_);
  admission.tenant = submission.tenant;

  const bool single = submission.personalizations.size() == 1;
  records::Accepted accepted{submission.tenant, submission.key, now, submission.shared, std::nullopt};
  if (single) accepted.only = submission.personalizations.front();
  const auto since = single ? std::max(now, submission.personalizations.front().send_at.value_or(now)) : now;
  admission.since_ms = millis(since);

  Processed processed;
  processed.at = now;
  processed.tenant = submission.tenant;
  processed.key = submission.key;
  processed.message = admission.id;
  processed.from = submission.shared.from.email;
  processed.subject = submission.shared.subject;
  processed.categories = submission.shared.categories;
  processed.custom_args = submission.shared.custom_args;
  Telling telling(std::move(processed));

  std::vector<journal::Entry> variants, recipients;
  std::uint32_t n = 0;
  for (std::uint32_t index = 0; index < submission.personalizations.size(); ++index) {
    const auto& personalization = submission.personalizations[index];
    const auto send_at =
        personalization.send_at && *personalization.send_at > now ? *personalization.send_at : Time{};
    if (!single) {
      journal::Entry entry;
      entry.label = label(records::Kind::variant, admission.id, n, send_at, index);
      entry.bytes = records::encode(records::Variant{personalization});
      variants.push_back(std::move(entry));
      admission.variants.push_back({{}, n, index, send_at == Time{} ? 0 : millis(send_at)});
    }
    Processed::Part part;
    part.subject = personalization.subject;
    part.custom_args = personalization.custom_args;
    for (const auto* list : {&personalization.to, &personalization.cc, &personalization.bcc}) {
      for (const auto& contact : *list) {
        const auto address = PR_TRY(mail::Address::parse(contact.email));
        const auto lane = lane_of(address.ascii_domain());
        const auto due = std::max(now, send_at);
        journal::Entry entry;
        entry.label = label(records::Kind::queued, admission.id, n, due, lane);
        entry.bytes = records::encode(records::Queued{contact.email, index});
        recipients.push_back(std::move(entry));
        admission.to.push_back({{}, n, millis(due), lane});
        part.recipients.push_back({n, contact.email, send_at});
        ++n;
      }
    }
    telling.add(std::move(part));
  }

  journal::Entry first;
  first.label = label(records::Kind::accepted, admission.id, n, since, submission.tenant.value);
  first.bytes = records::encode(accepted);
  auto& entries = plan.group.entries;
  entries.reserve(1 + variants.size() + recipients.size());
  entries.push_back(std::move(first));
  std::ranges::move(variants, std::back_inserter(entries));
  std::ranges::move(recipients, std::back_inserter(entries));
  plan.group.events = std::move(telling).events();
  return plan;
}

void Intake::take(const Submission& submission, Time now, Done done) {
  auto planned = plan(submission, now);
  if (!planned.ok()) return done(std::move(planned).error());
  auto& group = planned->group;
  if (submission.idempotency) {
    // Nothing is staged for a request that was taken before. Two at the same moment the commit tells apart.
    if (const auto taken = journal_.claim(submission.tenant.value, submission.idempotency->key))
      return done(replay(*taken, submission.idempotency->digest));
    journal::Claim claim;
    claim.tenant = submission.tenant.value;
    claim.key = submission.idempotency->key;
    claim.digest = submission.idempotency->digest;
    claim.answer.assign(reinterpret_cast<const char*>(planned->admission.id.bytes.data()), 16);
    claim.expires = now + claim_age;
    group.claim = std::move(claim);
  }
  auto staged = stage(group.entries);
  if (!staged.ok()) return done(std::move(staged).error());
  if (PR_MUTANT(17) && group.claim) {  // planted: the idempotency record goes in a group of its own
    journal::Group alone;
    alone.claim = std::exchange(group.claim, std::nullopt);
    committer_.submit(std::move(alone), [](Result<journal::Receipt>) {});
  }
  if (PR_MUTANT(2)) {  // planted: the answer does not wait for the commit
    std::exchange(done, [](Result<Accepted>) {})(Accepted{planned->admission.id, false});
  }
  const auto digest =
      submission.idempotency ? submission.idempotency->digest : std::array<std::uint8_t, 32>{};
  auto answer = [this, digest, staged = *std::move(staged), admission = std::move(planned->admission),
                 done = std::move(done)](Result<journal::Receipt> receipt) mutable {
    if (!receipt.ok() || receipt->taken) give_back(staged);
    if (!receipt.ok()) return done(std::move(receipt).error());
    if (receipt->taken) return done(replay(*receipt->taken, digest));
    auto place = receipt->first.value;
    admission.accepted = journal::Sequence{place++};
    for (auto& variant : admission.variants) variant.sequence = journal::Sequence{place++};
    for (auto& to : admission.to) to.queued = journal::Sequence{place++};
    const Accepted accepted{admission.id, false};
    PR_CRASH_POINT("intake.before_answer");
    admit_(std::move(admission));
    done(accepted);
  };
  committer_.submit(std::move(group), std::move(answer));
}

bool Intake::may_promise(TenantId tenant, std::string_view key) {
  if (journal_.may_claim(tenant.value) || journal_.claim(tenant.value, key)) return true;
  promises_refused_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

}  // namespace postrider

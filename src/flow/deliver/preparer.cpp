// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/preparer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/crash_point.h"
#include "protocol/mail/address.h"
#include "protocol/smtp/dot_stuff.h"

namespace postrider {
namespace {

Error personalization_lost() {
  return {Code::corrupt, "the personalization is missing"};
}

constexpr std::size_t signed_together = 4;  // messages at most: the first waits for the last, 1 ms or three

// What a failure to prepare means for the recipients, in the words the operator will read.
Report::One as_result(const Error& error) {
  Report::One result;
  result.fate = Fate::local;
  result.text = error.detail;
  if (error.code == Code::not_found) {
    result.content = Reading::missing;
  } else if (error.code == Code::corrupt) {
    result.content = Reading::damaged;
  } else if (error.code == Code::forbidden) {
    result.code = 550;
    result.status = "5.7.1";
  } else if (error.code == Code::invalid) {
    result.code = 554;
    result.status = "5.6.0";
  }
  return result;
}

// The records at these places. Neighbours read together cost one decryption; but one that cannot be read
// fails them all, and then each is read by itself.
std::vector<Result<std::string>> read_each(const journal::Journal& journal,
                                           std::span<const journal::Sequence> places) {
  std::vector<Result<std::string>> out;
  out.reserve(places.size());
  auto together = journal.read(places);
  if (together.ok()) {
    std::ranges::move(*together, std::back_inserter(out));
  } else if (together.error().code == Code::not_found || together.error().code == Code::corrupt) {
    for (const auto& place : places) {
      auto alone = journal.read({&place, 1});
      if (alone.ok())
        out.emplace_back(std::move(alone->front()));
      else
        out.emplace_back(std::move(alone).error());
    }
  } else {
    out.assign(places.size(), together.error());
  }
  return out;
}

// A recipient whose own personalization is lost is given to the one before it, whose content is not for him.
Result<records::Queued> queued_of(const Result<std::string>& bytes, std::uint32_t personalization) {
  if (!bytes.ok()) return bytes.error();
  auto queued = records::decode_queued(*bytes);
  if (queued.ok() && queued->variant != personalization) return personalization_lost();
  return queued;
}

// The header with its signatures and the blank line, as it travels.
Result<std::string> signed_head(const std::string& header, std::span<const dkim::Unsigned> unsigned_headers,
                                std::span<const Result<std::string>> signatures) {
  std::string whole;
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    if (!signatures[i].ok())
      return Error{Code::unavailable, "signing failed: " + signatures[i].error().detail};
    whole += dkim::finish(unsigned_headers[i], *signatures[i]);
  }
  whole.append(header).append("\r\n");
  // No header line of ours starts with a dot, but custom header names may hold one.
  std::string stuffed;
  PR_TRY(smtp::append_dot_stuffed(stuffed, whole));
  return stuffed;
}

}  // namespace

void Preparer::refuse(Assignment assignment, const Error& error) {
  reports_(same_for_all(std::move(assignment), as_result(error)));
}

// Some cannot be read; the others only share their transaction, and nothing is wrong with them.
void Preparer::refuse(Assignment assignment, std::span<const Result<records::Queued>> queued) {
  const Error beside{Code::unavailable, "somebody else in its transaction cannot be read"};
  Report report;
  report.results.reserve(queued.size());
  for (const auto& one : queued) report.results.push_back(as_result(one.ok() ? beside : one.error()));
  report.assignment = std::move(assignment);
  reports_(std::move(report));
}

Result<std::shared_ptr<const Source>> Preparer::source(const Assignment& assignment) {
  if (auto known = cache_.find(assignment.message)) return known;
  const auto bytes = PR_TRY(journal_.read({&assignment.accepted, 1}));
  auto made = PR_TRY(prepare_source(assignment.message, PR_TRY(records::decode_accepted(bytes.front()))));
  cache_.add(made);
  return made;
}

Preparer::Stored Preparer::read(const Assignment& assignment) const {
  std::vector<journal::Sequence> wanted;
  wanted.reserve(assignment.to.size() + 1);
  for (const auto& to : assignment.to) wanted.push_back(to.queued);
  if (assignment.variant) wanted.push_back(assignment.variant);
  const auto bytes = read_each(journal_, wanted);

  Stored stored{{}, records::Variant{}};
  stored.queued.reserve(assignment.to.size());
  for (std::size_t i = 0; i < assignment.to.size(); ++i)
    stored.queued.push_back(queued_of(bytes[i], assignment.index));
  if (assignment.variant)
    stored.variant = bytes.back().ok() ? records::decode_variant(*bytes.back()) : bytes.back().error();
  return stored;
}

Result<void> Preparer::compose_for(Assignment& assignment, Stored stored, Time now,
                                   Composition& composition) {
  const auto from = PR_TRY(source(assignment));
  Prepared prepared;
  prepared.emails.reserve(stored.queued.size());
  for (auto& queued : stored.queued) prepared.emails.push_back(std::move(queued->email));

  PR_CRASH_POINT("deliver.composing");
  PR_POISON(prepared.emails.front());
  if (!assignment.variant && !from->accepted.only) return personalization_lost();
  const auto variant = PR_TRY(std::move(stored.variant));
  const auto& personalization = assignment.variant ? variant.personalization : *from->accepted.only;
  auto composed = PR_TRY(compose(*from, personalization, assignment.first));

  const auto policy = policies_.tenant(assignment.tenant);
  const auto* domain = policy ? policy->domain_for(composed.from_domain) : nullptr;
  if (!domain)
    return Error{Code::forbidden, composed.from_domain + " is not a sending domain of this account any more"};
  if (sign_ && domain->keys_unreadable)
    return Error{Code::unavailable, "the DKIM keys of " + domain->name + " cannot be read"};

  const auto address = PR_TRY(mail::Address::parse(prepared.emails.front()));
  prepared.domain = address.ascii_domain();
  prepared.sender = std::move(composed.sender);
  prepared.utf8 = composed.utf8;
  prepared.body = std::move(composed.body);

  std::vector<dkim::Unsigned> headers;
  for (const auto& key : domain->keys) {
    if (!sign_) break;
    headers.push_back(key.header.prepare(composed.headers, prepared.body->hash, now));
    composition.requests.push_back({key.id, headers.back().digest});
  }
  prepared.head = std::move(composed.headers);
  prepared.assignment = std::move(assignment);
  composition.messages.push_back({std::move(prepared), std::move(headers)});
  return {};
}

void Preparer::prepare(std::vector<Assignment> assignments, Time now) {
  const auto share =
      std::clamp((assignments.size() + signers_ - 1) / signers_, std::size_t{1}, signed_together);
  Composition composition;
  for (auto& assignment : assignments) {
    const io::WorkingOn working(cells_, work_of(assignment));
    auto stored = read(assignment);
    if (!std::ranges::all_of(stored.queued, &Result<records::Queued>::ok))
      refuse(std::move(assignment), stored.queued);
    else if (auto composed = compose_for(assignment, std::move(stored), now, composition); !composed.ok())
      refuse(std::move(assignment), composed.error());
    if (composition.messages.size() >= share) sign(std::exchange(composition, {}));
  }
  if (!composition.messages.empty()) sign(std::move(composition));
}

void Preparer::sign(Composition composition) {
  if (composition.requests.empty()) return finish(std::move(composition.messages), {});
  signer_.sign(std::move(composition.requests), [this, messages = std::move(composition.messages)](
                                                    std::vector<Result<std::string>> signatures) mutable {
    finish(std::move(messages), signatures);
  });
}

void Preparer::finish(std::vector<Composition::One> messages,
                      std::span<const Result<std::string>> signatures) {
  std::vector<Prepared> finished;
  finished.reserve(messages.size());
  for (auto& [message, headers] : messages) {
    const io::WorkingOn working(cells_, work_of(message.assignment));
    const auto own = signatures.first(headers.size());
    signatures = signatures.subspan(headers.size());
    auto head = signed_head(message.head, headers, own);
    if (!head.ok()) {
      refuse(std::move(message.assignment), head.error());
      continue;
    }
    message.head = *std::move(head);
    finished.push_back(std::move(message));
  }
  if (!finished.empty()) ready_(std::move(finished));
}

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/preparer.h"

#include <algorithm>
#include <utility>

#include "base/crash_point.h"
#include "protocol/mail/address.h"
#include "protocol/smtp/dot_stuff.h"
#include "records/accepted.h"

namespace postrider {
namespace {

constexpr std::size_t signed_together = 4;  // messages at most: the first waits for the last, 1 ms or three

// What a failure to prepare means for the recipients, in the words the operator will read.
Report::One as_result(const Error& error) {
  Report::One result;
  result.fate = Fate::local;
  result.text = error.detail;
  if (error.code == Code::forbidden) {
    result.code = 550;
    result.status = "5.7.1";
  } else if (error.code == Code::invalid) {
    result.code = 554;
    result.status = "5.6.0";
  }
  return result;
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
  auto report = same_for_all(std::move(assignment), as_result(error));
  report.missing = error.code == Code::not_found;
  report.damaged = error.code == Code::corrupt;
  reports_(std::move(report));
}

Result<std::shared_ptr<const Source>> Preparer::source(const Assignment& assignment) {
  if (auto known = cache_.find(assignment.message)) return known;
  const auto bytes = PR_TRY(journal_.read({&assignment.accepted, 1}));
  auto made = PR_TRY(prepare_source(assignment.message, PR_TRY(records::decode_accepted(bytes.front()))));
  cache_.add(made);
  return made;
}

Result<void> Preparer::compose_for(Assignment& assignment, Time now, Composition& composition) {
  std::vector<journal::Sequence> wanted;
  wanted.reserve(assignment.to.size() + 1);
  for (const auto& to : assignment.to) wanted.push_back(to.queued);
  if (assignment.variant) wanted.push_back(assignment.variant);
  const auto bytes = PR_TRY(journal_.read(wanted));
  const auto from = PR_TRY(source(assignment));

  Prepared prepared;
  prepared.emails.reserve(assignment.to.size());
  for (std::size_t i = 0; i < assignment.to.size(); ++i)
    prepared.emails.push_back(std::move(PR_TRY(records::decode_queued(bytes[i])).email));

  PR_CRASH_POINT("deliver.composing");
  PR_POISON(prepared.emails.front());
  records::Variant variant;
  if (assignment.variant)
    variant = PR_TRY(records::decode_variant(bytes.back()));
  else if (!from->accepted.only)
    return Error{Code::corrupt, "the personalization is missing"};
  const auto& personalization = assignment.variant ? variant.personalization : *from->accepted.only;
  // When a personalization's record is lost, the one before it seems to have its people, too. They must not
  // get what was meant for others.
  const auto people = personalization.to.size() + personalization.cc.size() + personalization.bcc.size();
  if (std::ranges::any_of(assignment.to, [&](const auto& to) { return to.n - assignment.first >= people; }))
    return Error{Code::corrupt, "the personalization is missing"};
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
    if (auto composed = compose_for(assignment, now, composition); !composed.ok())
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

// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/preparer.h"

#include <utility>

#include "base/crash_point.h"
#include "protocol/mail/address.h"
#include "protocol/smtp/dot_stuff.h"
#include "records/accepted.h"

namespace postrider {
namespace {

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

Result<Prepared> Preparer::compose_for(Assignment& assignment, Time now,
                                       std::vector<dkim::Unsigned>& signatures,
                                       std::vector<Signer::Request>& requests) {
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
  auto composed = PR_TRY(compose(*from, personalization, assignment.first));

  const auto policy = policies_.tenant(assignment.tenant);
  const auto* domain = policy ? policy->domain_for(composed.from_domain) : nullptr;
  if (!domain)
    return Error{Code::forbidden, composed.from_domain + " is not a sending domain of this account any more"};
  for (const auto& key : domain->keys) {
    if (!sign_) break;
    signatures.push_back(key.header.prepare(composed.headers, composed.body->hash, now));
    requests.push_back({key.id, signatures.back().digest});
  }

  const auto address = PR_TRY(mail::Address::parse(prepared.emails.front()));
  prepared.domain = address.ascii_domain();
  prepared.sender = std::move(composed.sender);
  prepared.utf8 = composed.utf8;
  prepared.head = std::move(composed.headers);
  prepared.body = std::move(composed.body);
  return prepared;
}

void Preparer::prepare(Assignment assignment, Time now) {
  std::vector<dkim::Unsigned> unsigned_headers;
  std::vector<Signer::Request> requests;
  const io::WorkingOn working(cells_, work_of(assignment));
  auto prepared = compose_for(assignment, now, unsigned_headers, requests);
  if (!prepared.ok()) return refuse(std::move(assignment), prepared.error());
  prepared->assignment = std::move(assignment);
  signer_.sign(std::move(requests),
               [this, message = std::move(*prepared),
                headers = std::move(unsigned_headers)](std::vector<Result<std::string>> signatures) mutable {
                 const io::WorkingOn finishing(cells_, work_of(message.assignment));
                 std::string signed_headers;
                 for (std::size_t i = 0; i < signatures.size(); ++i) {
                   if (!signatures[i].ok())
                     return refuse(std::move(message.assignment),
                                   {Code::unavailable, "signing failed: " + signatures[i].error().detail});
                   signed_headers += dkim::finish(headers[i], *signatures[i]);
                 }
                 signed_headers.append(message.head).append("\r\n");
                 message.head.clear();
                 // No header line of ours starts with a dot, but custom header names may hold one.
                 if (auto stuffed = smtp::append_dot_stuffed(message.head, signed_headers); !stuffed.ok())
                   return refuse(std::move(message.assignment), stuffed.error());
                 ready_(std::move(message));
               });
}

}  // namespace postrider

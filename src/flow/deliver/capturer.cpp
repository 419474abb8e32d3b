// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/capturer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "protocol/smtp/data_reader.h"

namespace postrider {
namespace {

// The value of a header field as it stands, unfolded; for lists only.
std::string field(std::string_view head, std::string_view name) {
  for (std::size_t at = 0; at < head.size();) {
    auto end = head.find("\r\n", at);
    if (end == std::string_view::npos) end = head.size();
    if (head.substr(at).starts_with(name)) {
      std::string value(head.substr(at + name.size(), end - at - name.size()));
      for (at = end + 2; at < head.size() && (head[at] == ' ' || head[at] == '\t'); at = end + 2) {
        end = std::min(head.find("\r\n", at), head.size());
        value.append(head.substr(at, end - at));
      }
      return value;
    }
    at = end + 2;
  }
  return {};
}

// The message as a receiver would have it.
std::string received(std::string_view head, std::string_view wire) {
  smtp::DataReader reader(head.size() + wire.size());
  for (std::string_view part : {head, wire, std::string_view(".\r\n")}) reader.read(part);
  return reader.take();
}

}  // namespace

void Capturer::add(Prepared prepared) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(prepared));
  }
  arrived_.notify_one();
}

void Capturer::wait(Duration most) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, most, [&] { return !waiting_.empty(); });
}

std::vector<Prepared> Capturer::take() {
  std::lock_guard lock(mutex_);
  std::vector<Prepared> batch;
  for (std::size_t bytes = 0; !waiting_.empty() && bytes < bytes_most_; waiting_.pop_front()) {
    bytes += waiting_.front().wire_size() * waiting_.front().emails.size();
    batch.push_back(std::move(waiting_.front()));
  }
  return batch;
}

// One message may be more than a transaction should hold, with all its recipients. When a later part fails,
// what was stored is found there at the next attempt.
Result<void> Capturer::store(std::span<const Prepared> batch, Time now) {
  std::vector<capture::CapturedMessage> messages;
  std::size_t bytes = 0;
  for (const auto& prepared : batch) {
    const io::WorkingOn working(cells_, work_of(prepared.assignment));
    const auto raw = std::make_shared<const std::string>(received(prepared.head, prepared.body->wire));
    const auto from = field(prepared.head, "From: "), subject = field(prepared.head, "Subject: ");
    for (std::size_t i = 0; i < prepared.emails.size(); ++i) {
      const RecipientId id{prepared.assignment.message, prepared.assignment.to[i].n};
      messages.push_back({prepared.assignment.tenant, to_string(id), prepared.sender, prepared.emails[i],
                          from, subject, now, raw});
      bytes += raw->size();
      if (bytes < bytes_most_) continue;
      PR_TRY(captures_.append(std::exchange(messages, {})));
      bytes = 0;
    }
  }
  return captures_.append(messages);
}

bool Capturer::step(Time now) {
  auto batch = take();
  if (batch.empty()) return false;
  const auto stored = store(batch, now);
  if (!stored.ok()) log_.warning("capture_failed", {{"why", stored.error().detail}});
  Report::One result;
  result.fate = stored.ok() ? Fate::answered : Fate::local;
  result.at = At::dot;
  result.code = stored.ok() ? 250 : 0;
  result.status = stored.ok() ? "2.0.0" : "4.3.0";
  result.text = stored.ok() ? "250 2.0.0 captured" : "the capture store does not take it now";
  for (auto& prepared : batch) {
    auto report = same_for_all(std::move(prepared.assignment), result);
    for (std::size_t i = 0; i < report.results.size(); ++i)
      report.results[i].email = std::move(prepared.emails[i]);
    reports_(std::move(report));
  }
  return true;
}

}  // namespace postrider

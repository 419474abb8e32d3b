// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"
#include "protocol/mail/date.h"
#include "readers/activity/activity.h"

namespace postrider::app {
namespace {

std::string in_words(const activity::Timeline& timeline) {
  std::string out = to_string(timeline.message.id) + "\n  to " + timeline.message.to + "  from " +
                    timeline.message.from + "\n  " + timeline.message.subject + "\n  " +
                    std::string(activity::name(timeline.message.status)) + "\n";
  for (const auto& event : timeline.events) {
    out += "    " + mail::date(event.at) + "  " + std::string(name(event.kind));
    if (event.refusal != Refusal::none) out += " (" + std::string(name(event.refusal)) + ")";
    if (!event.response.empty()) out += "  " + event.response;
    if (!event.tls_version.empty()) out += "  [" + event.tls_version + "]";
    out += event.possible_duplicate ? "  possible duplicate\n" : "\n";
  }
  return out;
}

// An X-Message-Id names a request, which may have many recipients; sg_message_id names one of them.
Result<Output> show(Workbench& bench, const Arguments& arguments) {
  const auto text = arguments.plain().size() == 1 ? arguments.plain().front() : std::string();
  const auto one = parse_recipient_id(text);
  const auto message = one ? std::optional(one->message) : parse_message_id(text);
  if (!message) return Error{Code::invalid, "say which message: its X-Message-Id, or one recipient's id"};

  activity::Activity activity(*bench.data.store, bench.config.retention_events);
  const auto now = bench.clock.wall();
  const auto owner = PR_TRY(activity.owner(*message));
  if (!owner)
    return Error{Code::not_found,
                 text + " is not known: it was never accepted here, or its activity is older than " +
                     std::to_string(bench.config.retention_events.count()) + " days"};
  const auto tenant = bench.op.act_for(*owner);
  std::vector<activity::Timeline> timelines;
  for (const auto& recipient : PR_TRY(activity.recipients(tenant, *message, now))) {
    if (one && recipient.id != *one) continue;
    if (auto timeline = PR_TRY(activity.timeline(tenant, recipient.id, now)))
      timelines.push_back(std::move(*timeline));
  }
  if (timelines.empty()) return Error{Code::not_found, text + " has no such recipient"};

  Output out;
  for (const auto& timeline : timelines) out.text += in_words(timeline);
  if (timelines.size() == 1) {
    out.json = activity::to_json(timelines.front());
    return out;
  }
  out.json = "{\"id\":\"" + to_string(*message) + "\",\"recipients\":[";
  for (const auto& timeline : timelines)
    out.json += (&timeline == &timelines.front() ? "" : ",") + activity::to_json(timeline);
  out.json += "]}";
  return out;
}

}  // namespace

std::vector<Command> message_commands() {
  return {
      {"message show", "ID", "what became of a message: an X-Message-Id, or one recipient's id", {}, show}};
}

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>

#include "app/command.h"
#include "protocol/json/writer.h"
#include "protocol/mail/date.h"

namespace postrider::app {
namespace {

constexpr std::array list_options{Option{"--limit", "N", "how many, newest first (default 50)"}};

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void describe(json::Writer& writer, const capture::CaptureSummary& summary) {
  writer.key("id").number(summary.id).key("message").string(summary.recipient_id);
  writer.key("mail_from").string(summary.mail_from).key("to").string(summary.rcpt);
  writer.key("from").string(summary.from).key("subject").string(summary.subject);
  writer.key("timestamp").number(seconds(summary.captured)).key("size").number(summary.size);
}

Result<Output> list(Workbench& bench, const Arguments& arguments) {
  const auto limit = number(arguments.get("--limit", "50"));
  if (!limit || *limit < 1 || *limit > 1000) return Error{Code::invalid, "--limit must be 1 to 1000"};
  Output out;
  json::Writer writer(out.json);
  writer.begin_array();
  for (const auto& summary :
       PR_TRY(bench.data.captures->list_all(bench.clock.wall(), 0, static_cast<int>(*limit)))) {
    writer.begin_object();
    describe(writer, summary);
    writer.end_object();
    out.text += std::to_string(summary.id) + "  " + mail::date(summary.captured) + "  to " + summary.rcpt +
                "  " + summary.subject + "\n";
  }
  writer.end_array();
  if (out.text.empty()) out.text = "nothing has been captured\n";
  return out;
}

Result<Output> show(Workbench& bench, const Arguments& arguments) {
  const auto id = arguments.plain().size() == 1 ? number(arguments.plain().front()) : std::nullopt;
  if (!id) return Error{Code::invalid, "say which message by its number in `capture list`: capture show 1"};
  const auto shown = PR_TRY(bench.data.captures->show_any(*id, bench.clock.wall()));
  if (!shown)
    return Error{Code::not_found, "no captured message has the number " + arguments.plain().front()};
  Output out;
  json::Writer writer(out.json);
  writer.begin_object();
  describe(writer, shown->summary);
  writer.key("raw").string(shown->raw).end_object();
  out.text = shown->raw;
  return out;
}

}  // namespace

std::vector<Command> capture_commands() {
  return {
      {"capture list", "", "messages caught instead of sent, newest first", list_options, list},
      {"capture show", "ID", "one of them, as it would have arrived", {}, show},
  };
}

}  // namespace postrider::app

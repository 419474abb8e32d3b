// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>

#include "app/command.h"
#include "app/journal_directory.h"
#include "app/platform.h"
#include "base/stable_hash.h"
#include "flow/queue/address.h"
#include "flow/queue/queue.h"
#include "protocol/json/writer.h"
#include "protocol/mail/date.h"

namespace postrider::app {
namespace {

constexpr std::array list_options{Option{"--limit", "N", "how many (default 100)"}};
constexpr std::array order_options{Option{"--all", "", "everybody"}};

// A recipient as a command shows it.
struct Row {
  RecipientId id;
  TenantId tenant;
  std::string email;
  std::string_view state = "waiting";
  Reason reason = Reason::none;
  std::int64_t due_ms = 0;
  std::uint16_t attempts = 0;
  bool in_doubt = false;
};

std::string_view name(Standing standing) {
  switch (standing) {
    case Standing::waiting:
      return "waiting";
    case Standing::picked:
      return "in flight";
    case Standing::settling:
      return "settling";
    case Standing::held:
      return "held";
  }
  return "unknown";
}

std::string_view name(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "";
    case Reason::damaged:
      return "damaged";
    case Reason::suspected:
      return "suspected";
  }
  return "";
}

Row row_of(const Recipient& recipient, const journal::Journal& journal) {
  return {recipient.id(),           recipient.message->tenant, address_of(recipient, journal),
          name(recipient.standing), recipient.reason,          recipient.due_ms,
          recipient.attempt,        recipient.in_doubt};
}

std::vector<Row> rows_of(const Queue& queue, const journal::Journal& journal, std::size_t limit) {
  std::vector<const Recipient*> chosen;
  queue.each_message([&](const Message& message) {
    for (auto* recipient = message.recipients; recipient; recipient = recipient->sibling)
      chosen.push_back(recipient);
  });
  const auto last = chosen.begin() + static_cast<std::ptrdiff_t>(std::min(limit, chosen.size()));
  std::ranges::partial_sort(chosen, last, {}, &Recipient::due_ms);
  chosen.erase(last, chosen.end());
  std::vector<Row> rows;
  for (const auto* recipient : chosen) rows.push_back(row_of(*recipient, journal));
  return rows;
}

// Looks at the queue: the running server's on its road thread, or one made from the journal here.
template <class Look>
Result<std::invoke_result_t<Look&, const Queue&, const journal::Journal&>> look_at_queue(Workbench& bench,
                                                                                         Look look) {
  if (bench.running)
    return bench.running->on_road([&](Road& road) { return look(road.queue(), bench.running->journal()); });
  auto journal =
      PR_TRY(JournalDirectory::open(bench.config, bench.data.root, bench.clock, bench.random, bench.log));
  Queue queue;
  PR_TRY(journal->journal().recover(
      [&](journal::Sequence sequence, const journal::Label& label) { queue.restore(sequence, label); }));
  const auto all = queue.restored(stable_hash(bench.config.node_name));
  Suspects suspects(*bench.data.disk);
  PR_TRY(suspects.load());
  for (auto* recipient : all.waiting) {
    if (suspects.of(recipient->id()) != Suspects::Verdict::held || recipient->standing == Standing::held)
      continue;
    recipient->standing = Standing::held;
    recipient->reason = Reason::suspected;
  }
  auto seen = look(queue, journal->journal());
  PR_TRY(journal->journal().close());
  return seen;
}

void describe(json::Writer& writer, const Row& row) {
  writer.begin_object()
      .key("id")
      .string(to_string(row.id))
      .key("account")
      .string(std::to_string(row.tenant.value));
  writer.key("to").string(row.email).key("state").string(row.state);
  if (row.reason != Reason::none) writer.key("reason").string(name(row.reason));
  writer.key("attempts").number(row.attempts);
  writer.key("due")
      .number(seconds(from_millis(row.due_ms)))
      .key("possible_duplicate")
      .boolean(row.in_doubt)
      .end_object();
}

std::string line(const Row& row) {
  return to_string(row.id) + "  " + row.email + "  " + std::string(row.state) +
         (row.reason == Reason::none ? "" : ": " + std::string(name(row.reason))) + ", " +
         std::to_string(row.attempts) + " attempts, due " + mail::date(from_millis(row.due_ms)) + "\n";
}

// Who is parked comes back into memory, so that what follows finds them: one, or all. The journal is asked on
// this thread, which takes a while when it is large.
Result<void> bring_back(Workbench& bench, std::optional<RecipientId> which) {
  if (!bench.running) return {};
  const auto parked = bench.running->on_road([&](Road& road) { return road.begin_recall(which); });
  if (parked.hashes.empty()) return {};
  const auto found = recall(bench.running->journal(), parked);
  bench.running->on_road([&](Road& road) {
    road.end_recall(found, bench.running->now());
    return true;
  });
  if (!found.ok()) return found.error();
  return {};
}

Result<Output> list(Workbench& bench, const Arguments& arguments) {
  const auto text = arguments.get("--limit", "100");
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size() || limit == 0 || limit > 10'000)
    return Error{Code::invalid, "--limit must be 1 to 10000"};
  struct Seen {
    std::size_t recipients = 0, parked = 0;
    std::vector<Row> rows;
  };
  const auto seen = PR_TRY(look_at_queue(bench, [&](const Queue& queue, const journal::Journal& journal) {
    const auto parked = queue.parking().recipients();
    return Seen{queue.recipients() + parked, parked, rows_of(queue, journal, limit)};
  }));
  Output out;
  json::Writer writer(out.json);
  writer.begin_object()
      .key("waiting")
      .number(seen.recipients)
      .key("parked")
      .number(seen.parked)
      .key("recipients")
      .begin_array();
  for (const auto& row : seen.rows) {
    describe(writer, row);
    out.text += line(row);
  }
  writer.end_array().end_object();
  out.text += std::to_string(seen.recipients) + " recipients waiting";
  if (seen.parked > 0)
    out.text += ", " + std::to_string(seen.parked) + " of them parked until their hour comes";
  out.text += "\n";
  return out;
}

Result<Output> show(Workbench& bench, const Arguments& arguments) {
  const auto id =
      arguments.plain().size() == 1 ? parse_recipient_id(arguments.plain().front()) : std::nullopt;
  if (!id) return Error{Code::invalid, "say which recipient by its id in `queue list`"};
  PR_TRY(bring_back(bench, id));
  const auto row = PR_TRY(
      look_at_queue(bench, [&](const Queue& queue, const journal::Journal& journal) -> std::optional<Row> {
        const auto* recipient = queue.find(*id);
        if (!recipient) return std::nullopt;
        return row_of(*recipient, journal);
      }));
  if (!row)
    return Error{Code::not_found,
                 arguments.plain().front() + " is not waiting; see `message show` for what became of it"};
  Output out;
  json::Writer writer(out.json);
  describe(writer, *row);
  out.text = line(*row);
  return out;
}

Result<Output> order(Workbench& bench, const Arguments& arguments, Road::Order what, std::string_view done) {
  std::optional<RecipientId> which;
  const bool all = arguments.has("--all");
  if (arguments.plain().size() == 1) which = parse_recipient_id(arguments.plain().front());
  if (all ? !arguments.plain().empty() : !which)
    return Error{Code::invalid, "say which recipient by its id in `queue list`, or --all alone"};
  if (!bench.running)
    return Error{Code::unavailable, "no server runs on this data directory; start it first"};
  if (what != Road::Order::release) PR_TRY(bring_back(bench, which));  // what is held is never parked
  const auto count = PR_TRY(
      bench.running->on_road([&](Road& road) { return road.order(what, which, bench.running->now()); }));
  Output out;
  json::Writer(out.json).begin_object().key("recipients").number(count).end_object();
  out.text = std::to_string(count) + " recipients " + std::string(done) + "\n";
  return out;
}

}  // namespace

std::vector<Command> queue_commands() {
  const auto ordered = [](Road::Order what, std::string_view done) {
    return [what, done](Workbench& bench, const Arguments& arguments) {
      return order(bench, arguments, what, done);
    };
  };
  return {
      {"queue list", "", "recipients still to be delivered, next ones first", list_options, list},
      {"queue show", "ID", "one of them", {}, show},
      {"queue retry", "ID | --all", "try now instead of when due", order_options,
       ordered(Road::Order::retry, "will be tried now")},
      {"queue release", "ID | --all", "let go on what was held", order_options,
       ordered(Road::Order::release, "released")},
      {"queue drop", "ID | --all", "give up; each gets a dropped event", order_options,
       ordered(Road::Order::drop, "will be dropped")},
  };
}

}  // namespace postrider::app

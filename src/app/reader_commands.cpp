// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "app/command.h"
#include "app/journal_directory.h"
#include "app/platform.h"
#include "protocol/json/writer.h"
#include "readers/activity/activity.h"
#include "readers/reader.h"

namespace postrider::app {
namespace {

constexpr std::array resume_options{
    Option{"--from", "oldest|newest", "go on with the oldest event kept (the default), or what comes next"}};

// The running server's journal and reader, or ones made from the files here.
template <class Use>
auto with_reader(Workbench& bench, Use use)
    -> std::invoke_result_t<Use&, readers::Reader&, const journal::Journal&> {
  if (bench.running) return use(bench.running->reader(), bench.running->journal());
  auto directory =
      PR_TRY(JournalDirectory::open(bench.config, bench.data.root, bench.clock, bench.random, bench.log));
  auto& journal = directory->journal();
  PR_TRY(journal.recover([](journal::Sequence, const journal::Label&) {}));
  activity::ActivityEffect effect;
  readers::Reader reader(journal, *bench.data.store, effect, bench.log, {.stream = bench.config.node_name});
  auto used = use(reader, std::as_const(journal));
  PR_TRY(journal.close());
  return used;
}

// What is stored of a reader, beside the log that it reads.
struct Row {
  readers::Place place;
  readers::Progress progress;
  journal::Cursor tail;

  bool same_life() const {
    return progress.cursor == journal::Cursor{} || progress.cursor.incarnation == tail.incarnation;
  }
  std::uint64_t lag() const {
    const auto read = progress.cursor.sequence;
    return same_life() && tail.sequence > read ? tail.sequence - read : 0;
  }
};

Result<Row> row_of(Workbench& bench, const readers::Reader& reader, const journal::Journal& journal) {
  const auto stored = PR_TRY(store::reading(
      *bench.data.store, [&](store::Transaction& tx) { return readers::progress(tx, reader.place()); }));
  return Row{reader.place(), stored.value_or(readers::Progress{}), journal.events_tail()};
}

Result<Output> list(Workbench& bench, const Arguments&) {
  const auto row =
      PR_TRY(with_reader(bench, [&](const readers::Reader& reader, const journal::Journal& journal) {
        return row_of(bench, reader, journal);
      }));
  Output out;
  json::Writer writer(out.json);
  writer.begin_object().key("readers").begin_array().begin_object();
  writer.key("reader").string(row.place.reader).key("stream").string(row.place.stream);
  writer.key("held").boolean(!row.progress.held.empty());
  if (!row.progress.held.empty()) writer.key("why").string(row.progress.held);
  writer.key("behind").number(row.lag()).end_object().end_array().end_object();
  out.text = row.place.reader + "  " +
             (row.progress.held.empty() ? std::to_string(row.lag()) + " events behind"
                                        : "held: " + row.progress.held) +
             "\n";
  return out;
}

Result<Output> resume(Workbench& bench, const Arguments& arguments) {
  const auto from = arguments.has("--from") ? arguments.get("--from") : "oldest";
  if (arguments.plain().size() != 1)
    return Error{Code::invalid, "say which reader as `reader list` names it"};
  if (from != "oldest" && from != "newest") return Error{Code::invalid, "--from must be oldest or newest"};
  const auto& name = arguments.plain().front();
  PR_TRY(with_reader(bench, [&](readers::Reader& reader, const journal::Journal& journal) -> Result<void> {
    const auto row = PR_TRY(row_of(bench, reader, journal));
    if (row.place.reader != name) return Error{Code::not_found, "no reader is called \"" + name + "\""};
    if (row.progress.held.empty()) return Error{Code::invalid, name + " is not held"};
    const auto author = bench.op.author();
    return reader.resume(
        from == "oldest" ? journal::Cursor{} : row.tail, author.now,
        audit::AuditEntry{author, {}, "reader.resume", name + " from " + std::string(from), {}, {}});
  }));
  Output out;
  json::Writer(out.json).begin_object().key("reader").string(name).key("from").string(from).end_object();
  out.text = name + (from == "oldest" ? " goes on with the oldest event that is kept\n"
                                      : " goes on with what happens next; what it has missed is not shown\n");
  return out;
}

}  // namespace

std::vector<Command> reader_commands() {
  return {
      {"reader list", "", "who follows the event log, how far behind, and who is held", {}, list},
      {"reader resume", "READER [--from oldest|newest]", "let a held reader go on", resume_options, resume},
  };
}

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "app/command.h"
#include "app/journal_directory.h"
#include "journal/local/verify.h"
#include "protocol/json/writer.h"

namespace postrider::app {
namespace {

Result<Output> verify(Workbench& bench, const Arguments&) {
  if (bench.running)
    return Error{Code::unavailable, "the journal is in use; stop the server and verify then"};
  const auto directory =
      PR_TRY(JournalDirectory::open(bench.config, bench.data.root, bench.clock, bench.random, bench.log));
  const auto report = PR_TRY(journal::local::verify(directory->disk(), directory->key()));
  Output out;
  json::Writer writer(out.json);
  writer.begin_object().key("sound").boolean(report.sound()).key("stream").string(report.stream);
  writer.key("epoch").number(report.epoch).key("live").number(report.live);
  writer.key("segments").number(report.segments.size()).key("free_segments").number(report.free_segments);
  out.text = fmt::format("{} live records in {} segments ({} more are free), epoch {}\n", report.live,
                         report.segments.size(), report.free_segments, report.epoch);
  writer.key("damage").begin_array();
  const auto tell = [&](const std::string& where, const std::string& why) {
    writer.begin_object().key("where").string(where).key("why").string(why).end_object();
    out.text += "damaged: " + where + ": " + why + "\n";
  };
  for (const auto& damage : report.damage) tell(damage.where, damage.why);
  for (const auto& segment : report.segments)
    for (const auto& damage : segment.damage) tell(segment.path + ", " + damage.where, damage.why);
  writer.end_array().end_object();
  out.status = report.sound() ? 0 : 1;
  return out;
}

}  // namespace

std::vector<Command> journal_commands() {
  return {{"journal verify",
           "",
           "read every byte of the journal, change nothing, and say what is damaged",
           {},
           verify}};
}

}  // namespace postrider::app

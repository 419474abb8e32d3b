// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"
#include "app/journal_directory.h"
#include "protocol/json/writer.h"

namespace postrider::app {
namespace {

Result<Output> verify(Workbench& bench, const Arguments&) {
  if (bench.running)
    return Error{Code::unavailable, "the journal is in use; stop the server and verify then"};
  auto directory =
      PR_TRY(JournalDirectory::open(bench.config, bench.data.root, bench.clock, bench.random, bench.log));
  const auto recovered =
      PR_TRY(directory->journal().recover([](journal::Sequence, const journal::Label&) {}));
  Output out;
  json::Writer writer(out.json);
  writer.begin_object()
      .key("live")
      .number(recovered.live)
      .key("epoch")
      .number(recovered.epoch)
      .key("damage")
      .begin_array();
  out.text = std::to_string(recovered.live) + " live records\n";
  for (const auto& damage : recovered.quarantined) {
    writer.begin_object().key("where").string(damage.where).key("why").string(damage.why).end_object();
    out.text += "damaged: " + damage.where + ": " + damage.why + "\n";
  }
  writer.end_array().end_object();
  PR_TRY(directory->journal().close());
  return out;
}

}  // namespace

std::vector<Command> journal_commands() {
  return {{"journal verify", "", "read the whole journal and say what is damaged", {}, verify}};
}

}  // namespace postrider::app
